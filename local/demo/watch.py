"""Looks at the group from outside, as an operator would: endpoint, ledger, calls to SageMaker."""

import json
import re
import time
from dataclasses import dataclass
from html import unescape
from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.store import Store
from lambdas.core.ledger import Kind, first_broken
from lambdas.core.names import CONTROLLER_STACK, OBSERVABILITY_STACK, STATE_STACK, version_in
from lambdas.core.record import Phase, Record
from local.aws import LocalAws

_LOOKS_SECONDS = 60.0  # wall time; looks of all groups take a few seconds
_MARKUP = re.compile(r"<cwdb-action.*?</cwdb-action>|<[^>]*>")  # an action's text is for the console


@dataclass(frozen=True)
class LedgerLine:
    """One entry of the ledger, read."""

    seq: int
    kind: str
    at: float
    version: int | None
    reason: str
    data: dict[str, Any]


class Watch:
    """Reads the state of one group, as root; writes nothing."""

    def __init__(self, aws: LocalAws, group: str) -> None:
        self._aws, self.group = aws, group
        self._sagemaker = aws.client("sagemaker")
        self._cloudwatch = aws.client("cloudwatch")
        state, ledger = _tables(aws)
        self._store = Store(aws.client("dynamodb"), state, ledger)

    def endpoint(self) -> dict[str, Any] | None:
        """The endpoint as DescribeEndpoint tells it; None: there is none."""
        record = self.record()
        name = record.spec.endpoint.name if record and record.spec else self.group
        try:
            return dict(self._sagemaker.describe_endpoint(EndpointName=name))
        except ClientError as error:
            if "Could not find endpoint" in str(error):
                return None
            raise

    def live(self) -> int | None:
        """The version that the endpoint serves, if it is in service."""
        endpoint = self.endpoint()
        if endpoint is None or endpoint["EndpointStatus"] != "InService":
            return None
        return version_in(endpoint["EndpointConfigName"])

    def endpoint_config(self) -> str | None:
        """The name of the config that the endpoint serves."""
        endpoint = self.endpoint()
        return None if endpoint is None else str(endpoint["EndpointConfigName"])

    def instances(self) -> int:
        """How many instances are wanted now."""
        endpoint = self.endpoint()
        return 0 if endpoint is None else int(endpoint["ProductionVariants"][0]["DesiredInstanceCount"])

    def record(self) -> Record | None:
        """Greenlight's record of the group."""
        return self._store.load(self.group)

    def record_of(self, group: str) -> Record | None:
        """Greenlight's record of any group."""
        return self._store.load(group)

    def settled_on(self, version: int) -> bool | None:
        """True when the endpoint serves this version and Greenlight has verified it; else None."""
        record = self.record()
        live = record.live_placement() if record else None
        verified = live is not None and live.version == version and record is not None
        settled = verified and record is not None and record.phase is Phase.SETTLED and record.rollout is None
        return True if settled and self.live() == version else None

    def baking(self) -> bool | None:
        """True while a new fleet bakes; else None."""
        endpoint = self.endpoint() or {}
        variants = endpoint.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
        states = [status["Status"] for variant in variants for status in variant.get("VariantStatus", [])]
        return True if "Baking" in states else None

    def progress(self) -> str:
        """One line on where things stand."""
        endpoint, record = self.endpoint(), self.record()
        if endpoint is None:
            return "no endpoint yet"
        variants = endpoint.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
        detail = [status["Status"] for variant in variants for status in variant.get("VariantStatus", [])]
        phase = record.phase.value if record else "not seen yet"
        return f"endpoint {endpoint['EndpointStatus']}{' (' + ', '.join(detail) + ')' if detail else ''}; {phase}"

    def ledger(self) -> list[LedgerLine]:
        """All entries of the group's ledger, oldest first."""
        lines = []
        for entry in self._store.history(self.group):
            body = json.loads(entry.body)
            lines.append(
                LedgerLine(
                    entry.seq,
                    body["kind"],
                    body["at"],
                    body["version"],
                    body["reason"],
                    body.get("data") or {},
                )
            )
        return lines

    def said(self, kind: Kind, version: int) -> int:
        """How often the ledger says this of a version."""
        return sum(1 for line in self.ledger() if line.kind == kind.value and line.version == version)

    def broken_entry(self) -> int | None:
        """The number of the ledger's first entry that is not as it was written; None: all are."""
        record = self.record()
        return first_broken(self.group, self._store.history(self.group), record.head if record else None)

    def alarm_state(self, name: str) -> str:
        """An alarm's state."""
        return str(self._cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])

    def sagemaker_writes(self, since: int) -> list[str]:
        """SageMaker calls by which Greenlight changed something, after the request numbered `since`."""
        reads = ("Describe", "List", "Search", "Get")
        return [
            str(call["operation"])
            for call in self._aws.requests(since)
            if call["service"] == "sagemaker"
            and "reconcile" in str(call["principal"]).lower()
            and not str(call["operation"]).startswith(reads)
        ]

    def sweep(self, *, full: bool = True) -> None:
        """Run the sweep now and wait until its looks are over: the hourly one, of all groups, or that of every few
        minutes, of those that changed or are unsettled.

        Raises:
            RuntimeError: it failed, or its looks do not end; those that fail are tried again later and later.
        """
        functions = self._aws.client("lambda")
        name = self._aws.outputs(CONTROLLER_STACK)["SweepFunction"]
        done = functions.invoke(FunctionName=name, Payload=json.dumps({"full": full}))
        if done.get("FunctionError"):
            raise RuntimeError(f"the sweep failed: {done['Payload'].read().decode()}")
        given_up = time.monotonic() + _LOOKS_SECONDS
        while not self.at_rest():
            if time.monotonic() > given_up:
                waiting, in_flight = self.messages()
                raise RuntimeError(
                    f"{_LOOKS_SECONDS:.0f} s after a sweep {waiting} messages wait for reconcile, and {in_flight} are"
                    f" in flight: looks fail; the log of reconcile says why"
                )
            time.sleep(0.1)

    def page_row(self) -> str:
        """The group's row of the page, as the function `dashboard` draws it: its words.

        Raises:
            RuntimeError: the page has none.
        """
        name = self._aws.outputs(OBSERVABILITY_STACK)["DashboardFunction"]
        done = self._aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        html = str(json.load(done["Payload"]))
        rows = [words(f"<tr{row}") for row in html.split("<tr") if self.group in row]
        if done.get("FunctionError") or not rows:
            raise RuntimeError(f"the page has no row for {self.group}: {html}")
        return rows[0]

    def ledger_table(self) -> str:
        """The ledger's table."""
        return self._aws.outputs(STATE_STACK)["LedgerTable"]

    def queue_url(self) -> str:
        """The reconcile queue."""
        return self._aws.outputs(CONTROLLER_STACK)["QueueUrl"]

    def at_rest(self) -> bool:
        """Whether no message waits or is being worked on."""
        return not any(self.messages())

    def messages(self) -> tuple[int, int]:
        """How many messages wait, and how many are being worked on or put off."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._aws.client("sqs").get_queue_attributes(QueueUrl=self.queue_url(), AttributeNames=names)
        waiting, in_flight = (int(counts["Attributes"][name]) for name in names)
        return waiting, in_flight


def words(html: str) -> str:
    """What there is to read of a part of the page."""
    return unescape(" ".join(_MARKUP.sub(" ", html).split()))


def _tables(aws: LocalAws) -> tuple[str, str]:
    return aws.outputs(STATE_STACK)["StateTable"], aws.outputs(STATE_STACK)["LedgerTable"]
