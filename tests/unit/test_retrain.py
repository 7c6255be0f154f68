"""The function `retrain`: a run is started once and told; what must not be started is not; no message harms another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from lambdas.core.errors import Denied, GreenlightError, Refused, Throttled
from lambdas.core.record import Record
from lambdas.retrain.report import Report
from lambdas.retrain.starter import Starter
from tests.unit.test_report import counted
from tests.unit.test_running import ASKED_AT, RUN, waiting

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/retrain-churn/execution/abc"


@dataclass
class World:
    """Store, pipelines and queue of the function, and what goes wrong with them."""

    record: Record | None = field(default_factory=waiting)
    now: float = ASKED_AT + 1
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    executions: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)

    def load(self, group: str) -> Record | None:
        self._fail("load")
        return self.record if group == "churn" else None

    def start(self, pipeline: str, run: str, description: str, parameters: Mapping[str, str]) -> str:
        self._fail("start")
        assert (pipeline, parameters["GreenlightRun"]) == ("retrain-churn", run)
        assert description.startswith("Greenlight starts this for")
        return self.executions.setdefault(run, ARN)

    def tell(
        self, group: str, run: str, at: float, *, execution: str | None = None, problem: str | None = None
    ) -> None:
        self._fail("tell")
        assert at == self.now
        self.told.append((group, run, execution, problem))

    def _fail(self, call: str) -> None:
        if self.errors.get(call):
            raise self.errors[call].pop(0)

    def process(self, *bodies: str) -> list[str]:
        """Have the function work off messages m0, m1, …"""
        report = Report(Logger(service="retrain"))
        starter = Starter(self, self, self, report, lambda: self.now)
        return starter.process(
            [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
        )


def asking(run: str = RUN, group: str = "churn") -> str:
    return json.dumps({"greenlight": {"source": "retrain", "group": group, "run": run}})


def test_a_run_is_started_and_reconcile_is_told_its_execution() -> None:
    world = World()
    assert world.process(asking()) == []
    assert world.executions == {RUN: ARN}
    assert world.told == [("churn", RUN, ARN, None)]


def test_what_is_asked_for_twice_is_one_execution_told_twice() -> None:
    world = World()
    assert world.process(asking(), asking()) == []
    assert len(world.executions) == 1
    assert world.told == [("churn", RUN, ARN, None)] * 2


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, asking("churn-run-8")),
        ({}, asking(group="fraud")),
        ({"record": None}, asking()),
        ({"record": waiting(execution=ARN)}, asking()),
        ({"now": ASKED_AT + 300}, asking()),
    ],
    ids=["another run", "another group", "no record", "started already", "stale"],
)
def test_what_must_not_be_started_is_not_and_nobody_is_told(changes: dict[str, Any], body: str) -> None:
    world = replace(World(), **changes)
    assert world.process(body) == []
    assert (world.executions, world.told) == ({}, [])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            Refused("starting pipeline retrain-churn: there is no pipeline of that name"),
            "there is no pipeline",
        ),
        (
            Refused("ValidationException: parameter GreenlightRun is unknown"),
            "does not declare GreenlightRun",
        ),
        (Denied("AccessDenied: not authorized"), "not authorized"),
    ],
    ids=["unknown pipeline", "undeclared parameter", "denied"],
)
def test_a_run_that_can_never_be_started_is_told_with_its_reason(error: GreenlightError, says: str) -> None:
    world = World(errors={"start": [error]})
    assert world.process(asking()) == []
    ((_, run, execution, problem),) = world.told
    assert (run, execution) == (RUN, None)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize("call", ["load", "start", "tell"])
def test_what_passes_by_itself_brings_the_message_back_and_then_it_is_one_execution(call: str) -> None:
    world = World(errors={call: [Throttled("slow down")]})
    assert world.process(asking()) == ["m0"]
    assert world.told == []
    assert world.process(asking()) == []
    assert world.executions == {RUN: ARN}
    assert world.told == [("churn", RUN, ARN, None)]


def test_a_reader_that_is_denied_the_record_does_not_say_that_the_run_failed() -> None:
    world = World(errors={"load": [Denied("not authorized to perform dynamodb:GetItem")]})
    assert world.process(asking()) == ["m0"]
    assert world.told == []


def test_an_unreadable_message_and_a_fault_come_back_and_touch_no_other() -> None:
    world = World(errors={"load": [KeyError("a bug")]})
    assert world.process("not json", asking(), asking()) == ["m0", "m1"]
    assert world.told == [("churn", RUN, ARN, None)]


def test_what_is_done_is_counted_by_function_and_group(capsys: pytest.CaptureFixture[str]) -> None:
    errors: dict[str, list[Exception]] = {"start": [Throttled("slow"), KeyError("bug"), Refused("no")]}
    World(errors=errors).process(*[asking()] * 4, asking("churn-run-1"), "not json")
    of_group = {"Function": "retrain", "Group": "churn"}
    assert counted(capsys.readouterr().out) == [
        ("start.retried", of_group),
        ("start.failed", of_group),
        ("refused", of_group),
        ("started", of_group),
        ("void", of_group),
        ("unreadable", {"Function": "retrain"}),
    ]
