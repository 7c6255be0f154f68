"""What was seen of a group in one look: the registry, the endpoint, alarms, and what events hinted at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lambdas.core.acts import Act
from lambdas.core.content import Container, fingerprint
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Record, Witness
from lambdas.core.spec import VARIANT, Calendar, DataCapture, EndpointMode, Freeze, GroupSpec, Monitor
from lambdas.core.trail import Breach


class EndpointStatus(StrEnum):
    """EndpointStatus of DescribeEndpoint [B]."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


BUSY = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)


class AlarmState(StrEnum):
    """StateValue of DescribeAlarms; MISSING is ours: there is no such alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    MISSING = "MISSING"


@dataclass(frozen=True)
class VersionSummary:
    """One version as ListModelPackages tells it; `created` in epoch seconds."""

    version: int
    arn: str
    approval: Approval
    status: str
    created: float


@dataclass(frozen=True)
class Baseline:
    """What a version's traffic is held against: S3 URIs of its DriftCheckBaselines, or of its ModelMetrics.

    `config`: of the bias or explainability analysis (DriftCheckBaselines.….ConfigFile).
    """

    constraints: str | None = None
    statistics: str | None = None
    config: str | None = None


@dataclass(frozen=True)
class VersionDetail:
    """One version as DescribeModelPackage tells it; `modified` in epoch seconds.

    `author` and `registrant` are LastModifiedBy's and CreatedBy's IamIdentity, None where AWS does not give them.
    `evaluation`: the S3 URI of its model quality statistics. `stage`: of its life cycle, with its status. `sample`:
    the S3 URI of its sample payload. `lineage`: MetadataProperties that say something. `content_types`: those of
    requests that it supports. `baselines`: by what they are for.
    """

    version: int
    arn: str
    approval: Approval
    status: str
    modified: float
    containers: tuple[Container, ...] = ()
    author: Identity | None = None
    registrant: Identity | None = None
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    evaluation: str | None = None
    lineage: Mapping[str, str] = field(default_factory=dict)
    has_card: bool = False
    stage: tuple[str, str] | None = None
    sample: str | None = None
    content_types: tuple[str, ...] = ()
    baselines: Mapping[Monitor, Baseline] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A digest of exactly what would run."""
        return fingerprint(self.containers)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as DescribeEndpoint tells it; `modified` in epoch seconds.

    `pending_config` is the config that an update in progress leads to, where AWS says so. `variants`: their names.
    `steps`: what an update is at, such as Baking (VariantStatus of PendingDeploymentSummary). `mode`: of what serves.
    `capture`: what of its requests is kept now, None: nothing.
    """

    name: str
    arn: str
    status: EndpointStatus
    config: str
    modified: float
    pending_config: str | None = None
    failure: str | None = None
    variants: tuple[str, ...] = (VARIANT,)
    steps: tuple[str, ...] = ()
    mode: EndpointMode = EndpointMode.REAL_TIME
    capture: DataCapture | None = None


@dataclass(frozen=True)
class Told:
    """What an event of the registry says of a version as it was at `at` (LastModifiedTime, epoch seconds).

    `wrote`: the members that the write changed (UpdatedModelPackageFields), None where the event does not say.
    `description`: the version's ApprovalDescription after it, None where the event does not say.
    `containers`: None where the event has no readable inference specification.
    """

    version: int
    approval: Approval
    at: float
    wrote: frozenset[str] | None = None
    containers: tuple[Container, ...] | None = None
    description: str | None = None

    @property
    def gave_a_reason(self) -> bool:
        """Whether this very write wrote the status and the description."""
        return self.is_decision and self.wrote is not None and "ApprovalDescription" in self.wrote

    @property
    def is_approval(self) -> bool:
        """Whether this very write approved the version, as far as the event says.

        Writing metadata to an approved version sends an event that says Approved too.
        """
        return self.approval is Approval.APPROVED and self.is_decision

    @property
    def is_decision(self) -> bool:
        """Whether this very write wrote the status, as far as the event says."""
        return self.wrote is not None and "ModelApprovalStatus" in self.wrote

    @property
    def decides_on_own_content(self) -> bool:
        """Whether this very write wrote the status and the content."""
        return self.is_decision and self.wrote is not None and "InferenceSpecification" in self.wrote


@dataclass(frozen=True)
class Started:
    """What the function `retrain` says of a run: the ARN of its execution, or why there is none."""

    run: str
    execution: str | None = None
    problem: str | None = None


class RunStatus(StrEnum):
    """PipelineExecutionStatus of DescribePipelineExecution [B]; GONE is ours: there is no such execution, and
    UNREADABLE: AWS does not let us see it."""

    EXECUTING = "Executing"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"
    GONE = "Gone"
    UNREADABLE = "Unreadable"


@dataclass(frozen=True)
class Execution:
    """A pipeline's execution as read; `registered`: ARNs of the versions that its steps registered."""

    arn: str
    status: RunStatus
    failure: str | None = None
    registered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """A monitoring schedule as it stands, and its last run that ended (DescribeMonitoringSchedule,
    ListMonitoringExecutions).

    `status`: MonitoringExecutionStatus [B] of that run, such as CompletedWithViolations; None: none has ended. `at`:
    its ScheduledTime, epoch seconds. `failure`: why it failed. `definition`: the job definition that the schedule uses
    now, None: there is no such schedule. `state`: MonitoringScheduleStatus [B]. `problem`: why nothing can be read.
    """

    schedule: str
    status: str | None = None
    at: float = 0.0
    failure: str | None = None
    definition: str | None = None
    state: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Hint:
    """What an event says happened. It names a group; the rest is evidence, never an order."""

    source: str
    told: Told | None = None
    witness: Witness | None = None
    breach: Breach | None = None
    started: Started | None = None


@dataclass(frozen=True)
class Lookup:
    """A version whose writes CloudTrail is asked for; times in epoch seconds.

    `created`: when it was registered; `registration`: who did is asked too. `since`: from when on its approval may have
    been, or from when on CloudTrail was not read yet; `until`: now. `step`: seconds that are to be read at once, as
    `Search` has it; 0: all. `urgent`: something waits for the answer; else the next sweep may ask again.
    """

    version: int
    arn: str
    created: float
    since: float
    until: float
    step: float = 0.0
    registration: bool = True
    urgent: bool = True


@dataclass(frozen=True)
class Trail:
    """What CloudTrail answered; `complete`: it is all that CloudTrail has, not only what one look reads.

    `since`: the versions that it was asked of, each from when on; `until`: up to when nothing is missing; epoch
    seconds. `step`: seconds that were read at once, 0: all.
    """

    witnesses: tuple[Witness, ...]
    complete: bool
    since: Mapping[int, float] = field(default_factory=dict)
    until: float = 0.0
    step: float = 0.0


@dataclass(frozen=True)
class SpecRead:
    """The group's SSM parameter as just read; `modified` in epoch seconds.

    `spec` None: there is none, or it cannot be read as a spec, and `problem` says why. `acts`: what people ask for;
    `calendar`: the freeze windows of the whole account, None: they cannot be read.
    """

    spec: GroupSpec | None
    modified: float
    problem: str | None = None
    acts: tuple[Act, ...] = ()
    calendar: Calendar | None = field(default_factory=Calendar)


@dataclass(frozen=True)
class Report:
    """An evaluation report as read; `problem`: why it could not be."""

    data: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Payload:
    """A version's sample payload as read; `problem`: why it could not be."""

    content: bytes = b""
    problem: str | None = None


@dataclass(frozen=True)
class Probe:
    """One request to an endpoint, and what a sound answer is; the members are `SmokeTest`'s, filled in.

    `seconds`: for an answer; the first may take `cold_start` more. `mode`: whether the answer comes at once, or is
    looked for in S3. `reader`: by which role.
    """

    endpoint: str
    body: bytes
    content_type: str | None
    accept: str | None
    status: int
    answer: str | None
    seconds: int
    mode: EndpointMode = EndpointMode.REAL_TIME
    reader: str | None = None
    cold_start: int = 0


class Outcome(StrEnum):
    """What a smoke test shows."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"  # the request could not be made: says nothing of the version


@dataclass(frozen=True)
class Trial:
    """What came of a smoke test, and how, in words."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Facts:
    """One look at a group.

    What every look reads comes first; the rest is read only when a decision asks for it (see `Need`) and is None, or
    lacks the key, until then. `reports` (baselines too), `payloads`: by their S3 URI. `frozen`: recurring freeze
    windows that hold now. `actors`: who asked for each kind of act. `execution`: of the run under way. `inspections`:
    by schedule.
    """

    group: str
    now: float
    record: Record | None
    versions: tuple[VersionSummary, ...] = ()
    endpoint: Endpoint | None = None
    hints: tuple[Hint, ...] = ()
    spec: SpecRead | None = None
    details: Mapping[int, VersionDetail | None] = field(default_factory=dict)
    alarms: Mapping[str, AlarmState] = field(default_factory=dict)
    trail: Trail | None = None
    tags: Mapping[str, str] | None = None
    frozen: tuple[Freeze, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    payloads: Mapping[str, Payload] = field(default_factory=dict)
    trial: Trial | None = None
    actors: Mapping[str, str] | None = None
    execution: Execution | None = None
    inspections: Mapping[str, Inspection] = field(default_factory=dict)
