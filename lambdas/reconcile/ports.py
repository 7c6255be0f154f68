"""What `reconcile` needs of the world; the adapters have exactly this, and so have the fakes of tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lambdas.core.actions import Action
from lambdas.core.facts import (
    AlarmState,
    Endpoint,
    Execution,
    Inspection,
    Lookup,
    Probe,
    SpecRead,
    Trail,
    Trial,
    VersionDetail,
    VersionSummary,
)
from lambdas.core.ledger import Entry
from lambdas.core.record import Record
from lambdas.core.spec import Freeze, Recurring


class Registry(Protocol):
    """The SageMaker Model Registry."""

    def versions(self, group: str) -> tuple[VersionSummary, ...]: ...
    def detail(self, arn: str) -> VersionDetail | None: ...


class Endpoints(Protocol):
    """SageMaker endpoints, as read."""

    def describe(self, name: str) -> Endpoint | None: ...
    def tags(self, arn: str) -> Mapping[str, str]: ...


class Alarms(Protocol):
    """CloudWatch alarms, as read."""

    def states(self, names: Sequence[str]) -> Mapping[str, AlarmState]: ...


class CloudTrail(Protocol):
    """CloudTrail, as asked."""

    def writes(self, lookups: Sequence[Lookup]) -> Trail: ...


class Specs(Protocol):
    """The groups' specs in SSM."""

    def read(self, group: str) -> SpecRead: ...
    def actors(self, group: str) -> Mapping[str, str]: ...


class Objects(Protocol):
    """Objects in S3."""

    def read(self, role: str, uri: str, most: int) -> bytes: ...


class Trials(Protocol):
    """Smoke tests."""

    def make(self, probe: Probe) -> Trial: ...


class Store(Protocol):
    """Record and ledger."""

    def load(self, group: str) -> Record | None: ...
    def commit(self, record: Record, entries: Sequence[Entry], unsettled: bool) -> Record: ...
    def note_failing(self, group: str, now: float, reason: str) -> None: ...
    def group_of_endpoint(self, name: str) -> str | None: ...


class Pipelines(Protocol):
    """Executions of SageMaker pipelines, as read."""

    def execution(self, arn: str) -> Execution: ...


class Monitoring(Protocol):
    """Runs of monitoring schedules, as read."""

    def last(self, schedule: str) -> Inspection: ...


class Executor(Protocol):
    """Performs actions."""

    def perform(self, action: Action) -> None: ...


@dataclass(frozen=True)
class Ports:
    """Everything `reconcile` reads and writes; `now` gives epoch seconds, `holding` the windows that hold at a time."""

    registry: Registry
    endpoints: Endpoints
    alarms: Alarms
    trail: CloudTrail
    specs: Specs
    store: Store
    executor: Executor
    objects: Objects
    trials: Trials
    pipelines: Pipelines
    monitoring: Monitoring
    now: Callable[[], float]
    holding: Callable[[Sequence[Recurring], float], tuple[Freeze, ...]]
