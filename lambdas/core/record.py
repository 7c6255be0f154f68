"""The record of a group: what was decided, what is kept, what is in flight. One item in DynamoDB."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lambdas.core.codec import decode, encode
from lambdas.core.errors import Malformed
from lambdas.core.identity import Identity
from lambdas.core.spec import EndpointMode, GroupSpec, Monitor


class Approval(StrEnum):
    """ModelApprovalStatus [B]; DELETED is ours: the version is no longer in the registry."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"
    DELETED = "Deleted"


def approval_of(status: object) -> Approval | None:
    """What AWS calls ModelApprovalStatus; None: it is no such status."""
    told = (approval for approval in Approval if approval is not Approval.DELETED)
    return next((approval for approval in told if approval.value == status), None)


class Phase(StrEnum):
    """Where a group stands. A closed set; the runbook has a paragraph for each."""

    IDLE = "Idle"  # nothing approved yet that we act on
    SETTLED = "Settled"  # the endpoint serves what the registry wants
    ROLLING = "Rolling"  # a rollout is in flight
    ABORTING = "Aborting"  # the version in flight was rejected; traffic is on its way back
    BLOCKED = "Blocked"  # an approved version must not start; the reason says why
    WAITING = "Waiting"  # AWS cannot take the next step yet (quota, an alarm that must be OK first)
    PAUSED = "Paused"  # a person or a freeze window holds forward moves
    FOREIGN = "Foreign"  # an endpoint of that name exists that we did not make
    HALTED = "Halted"  # SageMaker left the endpoint in a state only a person can resolve
    WITHDRAWN = "Withdrawn"  # the live version is rejected or failed, and nothing good is left
    UNMANAGED = "Unmanaged"  # the group's spec is gone; its endpoint is left as it is


SETTLED_PHASES = frozenset({Phase.IDLE, Phase.SETTLED, Phase.FOREIGN, Phase.WITHDRAWN, Phase.UNMANAGED})


class Direction(StrEnum):
    """Why a rollout moves the endpoint."""

    FORWARD = "forward"  # to a newly approved version
    BACKWARD = "backward"  # off a rejected or failed version, to one that was good
    RESPEC = "respec"  # the same version under a changed spec


@dataclass(frozen=True)
class Decided:
    """The last decision about a version, and whether it failed since; `at` in epoch seconds.

    `by`: who decided, None: not known. `confirmed`: `fingerprint` is known to be of what was approved, not of what
    somebody made of it since; `changed`: how it is known to differ. `dated`: an event told that `at` is its time.
    `writer`: who last wrote the content after it was registered, at `written`; None: nobody, as far as known. `unsure`:
    from when on somebody who is not known may have written it. `not_before`: when the version last had
    another status, as far as known; an approval that is older proves nothing. `recorded`: the time that the ledger's
    last entry of it gives; later evidence may change `at`. `renewed`: when somebody asked for another try.
    `seen`: up to which time of its last write nothing took the decision back; `rewritten`: the time of a later one,
    by nobody who may decide, of which CloudTrail has not told yet what it was.
    `failures` counts how often the version failed: part of its next config's name, so that a new attempt has a fleet,
    metrics and alarms of its own.
    """

    approval: Approval
    at: float
    by: Identity | None = None
    reason: str = ""
    fingerprint: str | None = None
    confirmed: bool = False
    changed: str | None = None
    dated: bool = False
    registrant: Identity | None = None
    writer: Identity | None = None
    written: float = 0.0
    unsure: float | None = None
    not_before: float = 0.0
    recorded: float = 0.0
    seen: float = 0.0
    rewritten: float | None = None
    renewed: float = 0.0
    failed: str | None = None
    failures: int = 0

    @property
    def is_rejected(self) -> bool:
        """Whether it was decided against: rejected, or set back to pending."""
        return self.approval in {Approval.REJECTED, Approval.PENDING}

    @property
    def since(self) -> float:
        """From when on it counts, against other decisions."""
        return max(self.at, self.renewed)


@dataclass(frozen=True)
class Placement:
    """A version on a config and a model that we made; `live_at`: when last verified live, epoch seconds.

    `decided_at`: the time of the decision that put it there; only younger approvals replace it. `muted`: further
    alarms that were in ALARM before it served, and say nothing about it until they have been OK. `gone`: its config
    was deleted by somebody; it is made anew before it serves again. `instead_of`: the config of the same version that
    it replaced under a changed spec. `instance_type`: None if it is serverless.
    """

    version: int
    config: str
    model: str
    instance_type: str | None
    alarms: tuple[str, ...] = ()
    live_at: float | None = None
    decided_at: float = 0.0
    muted: tuple[str, ...] = ()
    gone: bool = False
    instead_of: str | None = None
    mode: EndpointMode = EndpointMode.REAL_TIME

    @property
    def is_ready(self) -> bool:
        """Whether it served before and is still there: all it takes to go back to it is one call."""
        return self.live_at is not None and not self.gone


@dataclass(frozen=True)
class Rollout:
    """One attempt to move the endpoint; `endpoint_modified` tells whether AWS ever took it up.

    `endpoint_modified`: LastModifiedTime of the endpoint when the intent was written, None when there was
    no endpoint. `asked_at`: when a look last set out to start it. `held`: AWS said no, so it certainly has not begun,
    whatever else changed the endpoint.
    `abort_at`: when we asked for the abort. `unwatched`: further alarms that do not watch it, for they may speak of
    what it leads off. Times in epoch seconds.
    """

    id: str
    direction: Direction
    version: int
    config: str
    started_at: float
    decided_at: float
    endpoint_modified: float | None = None
    asked_at: float = 0.0
    held: bool = False
    abort_at: float | None = None
    unwatched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pause:
    """A person's hold on a group; `until` in epoch seconds, None: until resumed."""

    reason: str
    until: float | None = None
    rollbacks: bool = True


@dataclass(frozen=True)
class Pending:
    """A version that waits for a decision; times in epoch seconds.

    `reminded`: when somebody was reminded last. `expired`: it has waited as long as the group's review lets it, which
    was said. `fingerprint`: of the content that it was registered with; None: it is not known that nobody wrote since.
    """

    since: float
    reminded: float = 0.0
    expired: bool = False
    fingerprint: str | None = None


@dataclass(frozen=True)
class Monitored:
    """What a monitoring schedule of ours was last pointed at.

    `wanted`: a digest of what the spec asks for; with `version`, all that a job definition is made of. `definition`:
    its name, None: none is wanted, and `problem` says why. `old`: definitions that go once the schedule has moved.
    `done`: it has. `tried_at`: when it was last tried, epoch seconds. `stuck`: why what is not wanted could not be
    deleted. `failing`: why it says nothing, in words: its runs fail, or it stopped.
    """

    version: int
    wanted: str
    definition: str | None = None
    problem: str | None = None
    old: tuple[str, ...] = ()
    done: bool = False
    tried_at: float = 0.0
    stuck: str | None = None
    failing: str | None = None

    @property
    def is_moving(self) -> bool:
        """Whether it was set out to move or delete the schedule, and nobody knows that it was done, or refused."""
        refused = self.problem if self.definition is not None else self.stuck
        return not self.done and refused is None


class Cause(StrEnum):
    """Why a run of the group's pipeline was started."""

    DRIFT = "drift"
    VIOLATIONS = "violations"
    REJECTION = "rejection"
    PERSON = "person"


@dataclass(frozen=True)
class Run:
    """A run of the group's pipeline; times in epoch seconds.

    `live`: the version that was live. `since`: from when on its traffic is to be learned from. `asked_at`: when the
    function `retrain` was last told of it. `execution`: the ARN of the pipeline's execution, None: not known yet.
    `by`: who asked. `pipeline`, `parameters`: what is started, as the spec had it then. `versions`: what it registered
    in this group. `ended`: when it did, 0: it is under way; `problem`:
    why it failed.
    """

    id: str
    cause: Cause
    reason: str
    at: float
    live: int | None = None
    since: float = 0.0
    asked_at: float = 0.0
    execution: str | None = None
    by: str | None = None
    pipeline: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[int, ...] = ()
    ended: float = 0.0
    problem: str | None = None


@dataclass(frozen=True)
class Retraining:
    """What is remembered of drift and of the pipeline's runs; times in epoch seconds.

    `run`: under way. `past`: those that ended, oldest first. `starts`: of the last week. `stopped`: why none is started
    by itself, until a person starts one or the spec changes. `held`: why none was started, as last said.
    `drift`: since when alarms say that the live version drifts, 0: they do not; `calm`: since when they are quiet
    again, 0: they are not. `flaps`: how often they came back. `rolled_back`: what this drift asks of the live version
    was done. `of`: the live version that all this is of, 0: none was seen. `deaf`: alarms that were in ALARM when it
    took over, and say nothing of it until they have been OK. `missing`: alarms that are not there. `inspected`: up to
    which run of each schedule was taken in; `well`: the last of each that found no violations. `rejected`: up to which
    rejection.
    """

    run: Run | None = None
    past: tuple[Run, ...] = ()
    starts: tuple[float, ...] = ()
    stopped: str | None = None
    held: str | None = None
    drift: float = 0.0
    calm: float = 0.0
    flaps: int = 0
    rolled_back: bool = False
    of: int = 0
    deaf: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    inspected: Mapping[str, float] = field(default_factory=dict)
    well: Mapping[str, float] = field(default_factory=dict)
    rejected: float = 0.0


@dataclass(frozen=True)
class Head:
    """The end of the group's ledger: the last entry's number and hash."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True)
class Record:
    """Everything we remember of a group; `live` is the config that last was verified live.

    `refused`: a config of the live version under a changed spec that failed; not tried again by itself.
    `unreadable`: why the spec, as last read, is none; the one before it holds.
    `renamed`: another endpoint name that the spec asked for and was told no. `broken`: the endpoint is Failed
    and what made it so is already on record.
    `adopted`: the config on which an endpoint was found that its owner gave us by our tag.
    `acts`: the stamp of each act that was taken in, by its kind.
    `tripped`: when the abort alarm was tripped and has not been seen to go off, epoch seconds.
    `scaling`: the autoscaling that is registered, as text. `since`: when the phase began, epoch seconds.
    `ours_since`: what was approved before is on record, and not acted on; epoch seconds.
    `pending`: the youngest versions that wait for a decision. `noted`: up to which registrations were taken in.
    `heard`: the last events of CloudTrail that are in the ledger, by id, so that none is there twice.
    `monitored`: the monitoring schedules that are ours.
    """

    group: str
    spec: GroupSpec | None = None
    revision: int = 0
    phase: Phase = Phase.IDLE
    reason: str = ""
    since: float = 0.0
    ours_since: float = 0.0
    versions: Mapping[int, Decided] = field(default_factory=dict)
    live: str | None = None
    kept: tuple[Placement, ...] = ()
    rollout: Rollout | None = None
    refused: str | None = None
    unreadable: str | None = None
    renamed: str | None = None
    broken: bool = False
    scaling: str | None = None
    pause: Pause | None = None
    adopted: str | None = None
    tripped: float = 0.0
    acts: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[int, Pending] = field(default_factory=dict)
    noted: int = 0
    heard: tuple[str, ...] = ()
    monitored: Mapping[Monitor, Monitored] = field(default_factory=dict)
    retraining: Retraining = Retraining()
    head: Head = Head()

    def placement(self, config: str | None) -> Placement | None:
        """The placement that stands on this config, or None."""
        return next((p for p in self.kept if p.config == config), None)

    def live_placement(self) -> Placement | None:
        """The placement last verified live, or None."""
        return self.placement(self.live)


def run_of(record: Record, version: int) -> dict[str, str]:
    """The run that registered a version, as an entry of the ledger has it; nothing where none is known."""
    known = record.retraining
    runs = (*known.past, *([] if known.run is None else [known.run]))
    return next(({"run": run.id} for run in runs if version in run.versions), {})


def record_to_json(record: Record) -> str:
    """The record's body in DynamoDB: compact JSON, defaults left out."""
    return json.dumps(encode(record), sort_keys=True, separators=(",", ":"))


def record_from_json(text: str) -> Record:
    """Read a record's body.

    Raises:
        Malformed: it is not a record's JSON.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the record is not JSON: {error}") from error
    return decode(Record, data, "record")
