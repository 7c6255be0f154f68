"""The record of a group: what was decided, what is kept, what is in flight. One item in DynamoDB."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lambdas.core.answers import Blame
from lambdas.core.archive import NO_ARCHIVE, Approval, Archive
from lambdas.core.codec import Open, decode, decode_kept, encode
from lambdas.core.errors import Malformed
from lambdas.core.identity import Identity
from lambdas.core.schema import OLDEST, Schema, schema_of
from lambdas.core.spec import EndpointMode, GroupSpec, Monitor

__all__ = ("Approval",)  # it is the record's word as much as the archive's

SCHEMA = Schema(1, 1)
"""Of the records that this release writes. 1.1: archive, waiting; see `lambdas.core.schema`."""


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

    @staticmethod
    def stand_in() -> "Phase":
        """For one that a newer release knows: each look finds its own."""
        return Phase.IDLE


SETTLED_PHASES = frozenset({Phase.IDLE, Phase.SETTLED, Phase.FOREIGN, Phase.WITHDRAWN, Phase.UNMANAGED})


class Direction(StrEnum):
    """Why a rollout moves the endpoint."""

    FORWARD = "forward"  # to a newly approved version
    BACKWARD = "backward"  # off a rejected or failed version, to one that was good
    RESPEC = "respec"  # the same version under a changed spec

    @staticmethod
    def stand_in() -> "Direction":
        """For one that a newer release knows: it can be aborted."""
        return Direction.FORWARD


SAME_CALL = 3.0  # seconds between CloudTrail's time of a call, in whole seconds, and the registry's


@dataclass(frozen=True)
class Witness(Open):
    """One write to a version, as CloudTrail saw it; `at` in epoch seconds, whole ones.

    `id`: the event's. `approval`: the status it wrote, None: it wrote none. `reason`: the ApprovalDescription it wrote,
    empty: none. `content`: it wrote the inference specification. `registered`: it made the version.
    """

    id: str
    group: str
    version: int
    at: float
    by: Identity
    approval: Approval | None = None
    reason: str = ""
    content: bool = False
    registered: bool = False

    @property
    def changed_content(self) -> bool:
        """Whether it changed what was registered."""
        return self.content and not self.registered

    @property
    def is_against(self) -> bool:
        """Whether it is a decision against the version."""
        return self.approval in {Approval.REJECTED, Approval.PENDING} and not self.registered

    def is_of(self, at: float) -> bool:
        """Whether it is of the call to which the registry gives this time."""
        return abs(self.at - at) < SAME_CALL


@dataclass(frozen=True)
class Search(Open):
    """How far CloudTrail was read for a version, where it holds more calls than one look reads; epoch seconds.

    From `since` to `until` nothing is missing. `step`: seconds that are read at once. `found`: what was written to the
    version meanwhile, oldest first, the last ones.
    """

    since: float
    until: float
    step: float
    found: tuple[Witness, ...] = ()


@dataclass(frozen=True)
class Decided(Open):
    """The last decision about a version, and whether it failed since; `at` in epoch seconds.

    `by`: who decided, None: not known. `reason`: what was said in that very call, empty: nothing, as far as known.
    `untold`: one of the two is not known, and CloudTrail is asked. `read`: the time of the version's last write when
    `fingerprint` was taken; 0: not known. `confirmed`: `fingerprint` is known to be of what was approved, not of what
    somebody made of it since; `changed`: how it is known to differ. `dated`: an event told that `at` is its time.
    `writer`: who last wrote the content after it was registered, at `written`; None: nobody, as far as known. `unsure`:
    from when on somebody who is not known may have written it; `eventless`: only for want of the decision's own event.
    `not_before`: when the version last had
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
    untold: bool = False
    search: Search | None = None
    fingerprint: str | None = None
    read: float = 0.0
    confirmed: bool = False
    changed: str | None = None
    dated: bool = False
    registrant: Identity | None = None
    writer: Identity | None = None
    written: float = 0.0
    unsure: float | None = None
    eventless: bool = False
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
class Placement(Open):
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
class Rollout(Open):
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
class Refusal(Open):
    """What AWS last answered to a rollout to a config, where it is not the version's own failure.

    `reason`: in AWS's words. `since`: the first such answer; `at`: the last; `tries`: how many there were. `due`: when
    it is tried again, None: not by itself. `waits`: nobody need look yet. `decided`, `spec`: when the version was last
    decided on, and a digest of the group's spec, at the last answer: with another of either it is tried again at once.
    `direction`: of the rollout that it was an answer to. Times in epoch seconds.
    """

    version: int
    blame: Blame
    reason: str
    since: float
    at: float
    tries: int
    due: float | None
    waits: bool
    decided: float
    spec: str
    direction: Direction = Direction.FORWARD


@dataclass(frozen=True)
class Pause(Open):
    """A person's hold on a group; `until` in epoch seconds, None: until resumed."""

    reason: str
    until: float | None = None
    rollbacks: bool = True


@dataclass(frozen=True)
class Pending(Open):
    """A version that waits for a decision; times in epoch seconds.

    `reminded`: when somebody was reminded last. `expired`: it has waited as long as the group's review lets it, which
    was said. `fingerprint`: of the content that it was registered with; None: it is not known that nobody wrote since.
    """

    since: float
    reminded: float = 0.0
    expired: bool = False
    fingerprint: str | None = None


@dataclass(frozen=True)
class Monitored(Open):
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

    @staticmethod
    def stand_in() -> "Cause":
        """For one that a newer release knows: it is under way, whatever for."""
        return Cause.PERSON


@dataclass(frozen=True)
class Run(Open):
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
class Retraining(Open):
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
class Head(Open):
    """The end of the group's ledger: the last entry's number and hash."""

    seq: int = 0
    hash: str = ""


LOOK = "look"
"""The name under which it is remembered that whole looks fail, not only an optional part of them."""


@dataclass(frozen=True)
class Failing:
    """What of the group's looks fails: since when, epoch seconds, and why."""

    since: float
    reason: str


@dataclass(frozen=True)
class Record(Open):
    """Everything we remember of a group; `live` is the config that last was verified live.

    `refused`: a config of the live version under a changed spec that failed; not tried again by itself.
    `refusals`: by config, answers of AWS that are not a version's own failure.
    `unreadable`: why the spec, as last read, is none; the one before it holds.
    `renamed`: another endpoint name that the spec asked for and was told no. `broken`: the endpoint is Failed
    and what made it so is already on record.
    `schema`: of the release that wrote it last, or of a newer one that wrote it before. `versions`: those that the next
    plan may need; of all others `archive` has the status, and the ledger the rest (docs/decisions/025).
    `adopted`: the config on which an endpoint was found that its owner gave us by our tag.
    `acts`: the stamp of each act that was taken in, by its kind.
    `tripped`: when the abort alarm was tripped and has not been seen to go off, epoch seconds.
    `scaling`: the autoscaling that is registered, as text. `since`: when the phase began, epoch seconds.
    `ours_since`: what was approved before is on record, and not acted on; epoch seconds.
    `pending`: the youngest versions that wait for a decision. `waiting`: how many wait in all. `noted`: up to which
    registrations were taken in.
    `heard`: the last events of CloudTrail that are in the ledger, by id, so that none is there twice.
    `monitored`: the monitoring schedules that are ours.
    `failing`: what of the last looks failed, by its name: `look`, or an optional part. It stands beside the body, which
    may be what fails.
    """

    group: str
    spec: GroupSpec | None = None
    schema: str = str(OLDEST)
    revision: int = 0
    phase: Phase = Phase.IDLE
    reason: str = ""
    since: float = 0.0
    ours_since: float = 0.0
    versions: Mapping[int, Decided] = field(default_factory=dict)
    archive: Archive = NO_ARCHIVE
    live: str | None = None
    kept: tuple[Placement, ...] = ()
    rollout: Rollout | None = None
    refused: str | None = None
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    unreadable: str | None = None
    renamed: str | None = None
    broken: bool = False
    scaling: str | None = None
    pause: Pause | None = None
    adopted: str | None = None
    tripped: float = 0.0
    acts: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[int, Pending] = field(default_factory=dict)
    waiting: int = 0
    noted: int = 0
    heard: tuple[str, ...] = ()
    monitored: Mapping[Monitor, Monitored] = field(default_factory=dict)
    retraining: Retraining = Retraining()
    head: Head = Head()
    failing: Mapping[str, Failing] = field(default_factory=dict)

    def placement(self, config: str | None) -> Placement | None:
        """The placement that stands on this config, or None."""
        return next((p for p in self.kept if p.config == config), None)

    def may_start(self, decided: Decided) -> bool:
        """Whether a version may go live by what is known of it: approved since we manage the group, and not failed."""
        ours = decided.at >= self.ours_since
        return decided.approval is Approval.APPROVED and decided.failed is None and ours

    @property
    def is_newer(self) -> bool:
        """Whether a release wrote it whose records this one does not understand in full."""
        return schema_of(self.schema, "record").major > SCHEMA.major

    def live_placement(self) -> Placement | None:
        """The placement last verified live, or None."""
        return self.placement(self.live)


def unnoted(record: Record) -> int:
    """How many versions wait for a decision beside those that are noted in full."""
    return max(0, record.waiting - len(record.pending))


def run_of(record: Record, version: int) -> dict[str, str]:
    """The run that registered a version, as an entry of the ledger has it; nothing where none is known."""
    known = record.retraining
    runs = (*known.past, *([] if known.run is None else [known.run]))
    return next(({"run": run.id} for run in runs if version in run.versions), {})


def written_as(schema: str) -> str:
    """The schema of a record that this release writes: its own, or a newer one, as it keeps what that brought."""
    return str(max(SCHEMA, schema_of(schema, "record")))


def record_to_json(record: Record) -> str:
    """The record's body in DynamoDB: compact JSON, defaults left out."""
    return json.dumps(encode(replace(record, failing={})), sort_keys=True, separators=(",", ":"))


def failing_to_json(failing: Mapping[str, Failing]) -> str:
    """What of a group's looks fails, as it stands beside the record's body."""
    return json.dumps(encode(failing), sort_keys=True, separators=(",", ":"))


def failing_from_json(text: str) -> Mapping[str, Failing]:
    """The same read back; nothing where it cannot be read, for it is no reason to fail."""
    try:
        return {name: decode(Failing, one) for name, one in dict(json.loads(text)).items()}
    except (ValueError, TypeError, Malformed):
        return {}


def record_from_json(text: str) -> Record:
    """Read a record's body, of whatever release.

    Keys that this release does not know are kept. Of a record of a newer schema, so are values that it cannot read: it
    is read as far as it goes, for the sake of ways back and aborts.

    Raises:
        Malformed: it is not a record's JSON.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the record is not JSON: {error}") from error
    schema = schema_of(data.get("schema", str(OLDEST)) if isinstance(data, dict) else str(OLDEST), "record")
    record = decode_kept(Record, data, "record", newer=schema > SCHEMA)
    return _with_each_version(record) if schema > SCHEMA else record


def _with_each_version(record: Record) -> Record:
    """With a decision for each version that serves or is in flight: where it cannot be read, nothing speaks against
    the version, and nothing starts it; what the registry has is news."""
    placed = {placement.version for placement in record.kept}
    placed |= {record.rollout.version} if record.rollout is not None else set()
    unread = {version: Decided(Approval.DELETED, 0.0) for version in placed - record.versions.keys()}
    return replace(record, versions={**record.versions, **unread}) if unread else record
