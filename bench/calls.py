"""The warm path: what each kind of event costs in calls of AWS, how many of them wait for one another, processor time.

On the simulation: the real `reconcile` with its real adapters, on an account in memory; a call takes one round trip.
tests/simulation/test_calls.py holds the counts.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.row import Row, median_row
from tests.simulation.aws.account import ACCOUNT, Call
from tests.simulation.aws.limited import ROUND_TRIP
from tests.simulation.life import _specification, person
from tests.simulation.storm import Storm, gathered

GROUP = "counted"
REPEATS = 60  # events that change nothing, for the processor's time
_SETTLE = 3_600.0  # seconds until nothing is in flight any more


@dataclass
class Cost:
    """Of one kind of event: its calls by operation, and the longest chain of calls that wait for one another."""

    calls: Counter[str] = field(default_factory=Counter)
    depth: int = 0

    @property
    def total(self) -> int:
        """All calls."""
        return self.calls.total()


class Counted:
    """One group in a calm account, and what reconcile called since the last `begin`."""

    def __init__(self, storm: Storm) -> None:
        self.storm, self._since, self.versions = storm, 0, 1

    def decide(self, version: int, status: str) -> None:
        """An approver writes a status."""
        self._as(f"{GROUP}-approver").update_model_package(
            ModelPackageArn=_arn(version), ModelApprovalStatus=status
        )

    def annotate(self) -> None:
        """The registrant notes something on the first version: an event, and nothing to do."""
        note = {"note": str(self.storm.aws.clock.now())}
        self._as(f"{GROUP}-registrant").update_model_package(
            ModelPackageArn=_arn(1), CustomerMetadataProperties=note
        )

    def register(self) -> int:
        """Another version, of which CloudTrail has told; its number."""
        self.versions += 1
        self._as(f"{GROUP}-registrant").create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification=_specification(f"s3://models/{GROUP}/{self.versions}.tar.gz"),
        )
        self.settle()
        return self.versions

    def settle(self) -> None:
        """Let everything happen that was going to."""
        until = self.storm.aws.clock.now() + _SETTLE
        self.storm.aws.tasks.at(until, lambda: None)
        self.storm.run(lambda: self.storm.aws.clock.now() >= until and self.storm.aws.queue.is_empty())

    def begin(self) -> None:
        """Count from here on."""
        self._since = len(self.storm.aws.log)

    def until(self, done: Callable[[list[Call]], bool]) -> None:
        """Let time pass until the calls since are such, and the invocation has ended."""
        self.storm.run(lambda: done(self.log()) and self.storm.source.running == 0)

    def log(self) -> list[Call]:
        """What reconcile called since."""
        return [call for call in self.storm.aws.log[self._since :] if call.function.startswith("reconcile")]

    def cost(self) -> Cost:
        """Of all that was called since. Calls that are made side by side end at the same moment."""
        log = self.log()
        rounds = {round(call.at / ROUND_TRIP) for call in log}
        return Cost(Counter(call.operation for call in log), len(rounds))

    def _as(self, role: str) -> Any:
        return self.storm.aws.clients("person", person(role, f"one-of-{role}")).sagemaker


def _arn(version: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{GROUP}/{version}"


@contextmanager
def counted() -> Iterator[Counted]:
    """A group whose first version is live, at rest."""
    with gathered([GROUP]) as storm:
        storm.approve(rate=None)
        storm.run(storm.all_done)
        one = Counted(storm)
        one.settle()
        yield one


def costs() -> dict[str, Cost]:
    """What each kind of event costs.

    Returns:
        `no-op`: an event that changes nothing; `approval`: until SageMaker has taken the update; `outcome`: from there
        until success is on record, all events of the endpoint; `rollback`: a rejection of the live version, until the
        update back is taken; `abort`: a rejection in flight, until the alarm's metric is written.
    """
    found = {}
    with counted() as one:
        one.begin()
        one.annotate()
        one.until(bool)
        found["no-op"] = one.cost()
        second = one.register()
        one.begin()
        one.decide(second, "Approved")
        one.until(_has("UpdateEndpoint"))
        found["approval"] = one.cost()
        one.begin()
        before = one.storm.successes[GROUP]
        one.until(lambda _: one.storm.successes[GROUP] > before)
        found["outcome"] = one.cost()
        one.settle()
        one.begin()
        one.decide(second, "Rejected")
        one.until(_has("UpdateEndpoint"))
        found["rollback"] = one.cost()
        one.settle()
        third = one.register()
        one.decide(third, "Approved")
        one.begin()
        one.until(_has("UpdateEndpoint"))
        one.begin()
        one.decide(third, "Rejected")
        one.until(_has("PutMetricData"))
        found["abort"] = one.cost()
    return found


def _has(operation: str) -> Callable[[list[Call]], bool]:
    return lambda log: any(call.operation == operation for call in log)


def processor() -> list[float]:
    """Processor milliseconds of events that change nothing, one by one; the account in memory takes its part of it."""
    measured = []
    with counted() as one:
        for _ in range(REPEATS):
            one.annotate()
            one.begin()
            began = time.process_time()
            one.until(bool)
            measured.append((time.process_time() - began) * 1000)
    return measured


def rows() -> list[Row]:
    """Calls, their depth, and the processor's time."""
    most = {("no-op", "calls"): 3, ("approval", "in a row"): 9}
    found = []
    for kind, cost in costs().items():
        for unit, figure in (("calls", cost.total), ("in a row", cost.depth)):
            what = f"event: {kind}, {'AWS calls' if unit == 'calls' else 'calls that wait for one another'}"
            found.append(Row(what, figure, unit, "counted on the simulation", most.get((kind, unit))))
    how = "an event that changes nothing, AWS answered in memory at once, its part of the time included"
    return [*found, median_row("event: no-op, processor", processor(), "ms", how)]
