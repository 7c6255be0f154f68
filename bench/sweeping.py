"""The sweep is to cost what changed, however many groups there are: calls and memory at ten thousand groups."""

import logging
import math
import tracemalloc
from collections import Counter
from typing import Any

from aws_lambda_powertools import Logger

from bench.row import Row
from lambdas.adapters.queue import Queue
from lambdas.adapters.registry import Registry
from lambdas.adapters.specs import Specs
from lambdas.adapters.store import Store
from lambdas.core.names import PARAMETER_PREFIX
from lambdas.sweep.handler import App, sweep
from tests.simulation.aws.client import Client

GROUPS = 10_000
FEWER = 1_000
LOOK = 3  # calls of a look that finds nothing to do; tests/simulation/test_calls.py counts them
NOW = 1_800_000_000.0
_PAGE, _PARAMETERS, _BATCH = 100, 10, 10  # the most that AWS gives, or takes, at once


class Account:
    """So many groups, of which some have a version that changed; it counts its calls.

    A sweep asks what changed and lists no group's versions, so none are here that did not.

    Args:
        groups: how many.
        changed: in how many a version was written since the last sweep.
        endpoints: of how many the endpoint changed, too.
    """

    def __init__(self, groups: int, changed: int = 0, endpoints: int = 0) -> None:
        self.names = [f"group-{number:05}" for number in range(groups)]
        self.changed, self.endpoints = changed, endpoints
        self.calls: Counter[str] = Counter()
        self.asked = 0

    def sweep(self, *, full: bool = False) -> None:
        """Sweep once, as the function does."""
        services = {
            name: Client(name, self._answer, validates=False)
            for name in ("sagemaker", "ssm", "dynamodb", "sqs")
        }
        clients: dict[str, Any] = {**services}
        app = App(
            registry=Registry(clients["sagemaker"]),
            specs=Specs(clients["ssm"]),
            store=Store(clients["dynamodb"], "state", ledger_table=""),
            queue=Queue(clients["sqs"], "queue"),
            logger=Logger(service="bench", level=logging.CRITICAL),
            now=lambda: NOW,
        )
        sweep(app, full=full)

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls[operation] += 1
        answer: dict[str, Any] = getattr(self, f"_{operation}")(request)
        return answer

    def _GetItem(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        swept = request["Key"]["group"]["S"] == "#sweep"
        return {"Item": {"at": {"N": repr(NOW - 300)}}} if swept else {}

    def _PutItem(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        return {}

    def _Query(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        if request["IndexName"] == "unsettled":
            return {"Items": []}
        name = request["ExpressionAttributeValues"][":name"]
        return {"Items": [{"group": name}]}

    def _Search(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        start = int(request.get("NextToken", 0))
        models = request["Resource"] == "ModelPackage"
        found = self.names[: self.changed if models else self.endpoints]
        page = found[start : start + _PAGE]
        key, name = ("ModelPackage", "ModelPackageGroupName") if models else ("Endpoint", "EndpointName")
        more = {"NextToken": str(start + _PAGE)} if start + _PAGE < len(found) else {}
        return {"Results": [{key: {name: one}} for one in page], **more}

    def _GetParametersByPath(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        start = int(request.get("NextToken", 0))
        page = self.names[start : start + _PARAMETERS]
        more = {"NextToken": str(start + _PARAMETERS)} if start + _PARAMETERS < len(self.names) else {}
        return {"Parameters": [{"Name": f"{PARAMETER_PREFIX}{name}"} for name in page], **more}

    def _SendMessageBatch(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        self.asked += len(request["Entries"])
        return {"Successful": [], "Failed": []}


def calls_when(changed: int, endpoints: int = 0) -> int:
    """Calls of one sweep of ten thousand groups, of which so many changed."""
    account = Account(GROUPS, changed, endpoints)
    account.sweep()
    return account.calls.total()


def ratio() -> float:
    """Calls of a sweep when one group in a hundred changed, with those of the looks that it asks for, to the latter."""
    changed = GROUPS // 100
    return (calls_when(changed) + changed * LOOK) / (changed * LOOK)


def peak(groups: int, *, full: bool) -> float:
    """The most memory that a sweep takes while one group in a hundred changed, in MB."""
    account = Account(groups, groups // 100)
    account.sweep()  # what is made once is no part of it
    tracemalloc.start()
    try:
        account.sweep(full=full)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def full_pass() -> int:
    """Calls of a full pass of ten thousand groups."""
    account = Account(GROUPS)
    account.sweep(full=True)
    if account.asked != GROUPS:
        raise RuntimeError(f"a full pass asked for {account.asked} looks, not {GROUPS}")
    return account.calls.total()


def rows() -> list[Row]:
    """Calls and memory."""
    counted = f"counted; {GROUPS:,} groups, however many versions each has"
    least = 2 * math.ceil(GROUPS / _BATCH)
    return [
        Row("sweep: nothing changed", calls_when(0), "calls", counted, 5),
        Row(
            "sweep: 1 % changed, with its looks",
            ratio(),
            "times",
            f"{counted}; of the calls of the looks alone",
            1.2,
        ),
        Row(
            "sweep: 1 % and their endpoints changed",
            calls_when(GROUPS // 100, GROUPS // 100),
            "calls",
            counted,
        ),
        Row("sweep: full pass", full_pass(), "calls", f"{counted}; {least:,} list and send ten groups each"),
        Row(
            f"sweep: memory, {FEWER:,} groups",
            peak(FEWER, full=True),
            "MB",
            "allocated at the peak of a full pass",
        ),
        Row(f"sweep: memory, {GROUPS:,} groups", peak(GROUPS, full=True), "MB", "the same"),
    ]
