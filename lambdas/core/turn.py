"""One turn of deciding: the next record, events and actions as the rules build them up."""

from dataclasses import dataclass, field, replace
from typing import Any

from lambdas.core.actions import Action
from lambdas.core.acts import Act
from lambdas.core.bounds import bounded, briefly, short
from lambdas.core.codec import changed
from lambdas.core.facts import Facts, Lookup, Probe
from lambdas.core.ledger import Entry, Event, Kind, chain
from lambdas.core.names import GROUP_TAG
from lambdas.core.record import SETTLED_PHASES, Cause, Decided, Phase, Record, written_as
from lambdas.core.spec import GroupSpec


@dataclass(frozen=True)
class Need:
    """What a decision must still know; the shell reads it and asks again with richer facts."""

    details: frozenset[int] = frozenset()
    alarms: tuple[str, ...] = ()
    trail: tuple[Lookup, ...] = ()
    spec: bool = False
    tags: bool = False
    actors: bool = False
    reports: frozenset[str] = frozenset()
    payloads: frozenset[str] = frozenset()
    baselines: frozenset[str] = frozenset()
    trial: Probe | None = None
    execution: str | None = None
    inspections: frozenset[str] = frozenset()

    @property
    def reads_content(self) -> bool:
        """Whether it is read in S3, where people put what they like."""
        return bool(self.reports or self.payloads or self.baselines)


@dataclass(frozen=True)
class Decision:
    """What to do next, and why.

    `record` and `entries` are committed in one transaction before any of `actions` is performed; `then` is
    committed after all of them succeeded (effects that are safe to repeat are recorded only when done).
    `events` is what `entries` hold, before it was numbered and chained.
    `again`: more is already known to be waiting; look again at once. `soon`: the same look may succeed in seconds.
    """

    record: Record | None
    reason: str
    entries: tuple[Entry, ...] = ()
    events: tuple[Event, ...] = ()
    actions: tuple[Action, ...] = ()
    then: Record | None = None
    changed: bool = False
    unsettled: bool = False
    again: bool = False
    soon: bool = False


@dataclass(frozen=True)
class Wish:
    """Why the group's pipeline is to run, and who asks, where a person does."""

    cause: Cause
    reason: str
    by: str | None = None


@dataclass
class Turn:
    """The decision in the making. Lives only inside `decide` and `decide_part`, which stay pure functions.

    `wishes`: reasons for a run of the group's pipeline. `words`: what was said in the decision on a version, whole,
    where it is known only now: the record has its beginning. `said`: what this turn's entries say of decisions.
    """

    facts: Facts
    record: Record
    events: list[Event] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    said: dict[int, Decided] = field(default_factory=dict)
    then: dict[str, Any] = field(default_factory=dict)
    again: bool = False
    soon: bool = False

    @property
    def spec(self) -> GroupSpec:
        """The group's spec; rules run only for groups that have one."""
        if self.record.spec is None:
            raise AssertionError("a rule ran for a group without a spec")
        return self.record.spec

    @property
    def tags(self) -> dict[str, str]:
        """Those of everything that is made for the group."""
        return {**self.spec.tags, GROUP_TAG: self.record.group}

    def update(self, **changes: Any) -> None:
        """Change the next record."""
        self.record = changed(self.record, **changes)

    def decided(self, version: int, **changes: Any) -> None:
        """Change what is remembered of a version."""
        self.remember(version, changed(self.record.versions[version], **changes))

    def remember(self, version: int, decided: Decided) -> None:
        """Replace what is remembered of a version; what was decided on waits for no decision."""
        pending = {number: one for number, one in self.record.pending.items() if number != version}
        self.update(
            versions={**self.record.versions, version: briefly(decided)},
            pending=pending,
            waiting=self.record.waiting - (version in self.record.pending),
        )

    def is_news(self, act: Act) -> bool:
        """Whether somebody asks for something that was not taken in yet."""
        return self.record.acts.get(act.kind) != act.stamp

    def taken(self, act: Act) -> str | None:
        """Note that an act was taken in; who asked for it, None: not known."""
        self.update(acts={**self.record.acts, act.kind: act.stamp})
        return (self.facts.actors or {}).get(act.kind)

    def placed(self, config: str, **changes: Any) -> None:
        """Change what is remembered of a placement."""
        kept = tuple(changed(p, **changes) if p.config == config else p for p in self.record.kept)
        self.update(kept=kept)

    def say(self, kind: Kind, reason: str, version: int | None = None, **data: Any) -> None:
        """Put something into the ledger."""
        self.events.append(Event(kind, self.facts.now, reason, version, data))

    def enter(
        self, phase: Phase, reason: str, kind: Kind | None = None, version: int | None = None, **data: object
    ) -> None:
        """Be in a phase for a reason; with `kind`, the ledger is told when either is new, with this data."""
        if (self.record.phase, self.record.reason) == (phase, short(reason)):
            return
        since = self.record.since if self.record.phase is phase else self.facts.now
        self.update(phase=phase, reason=short(reason), since=since)
        if kind is not None:
            self.say(kind, reason, version, **data)

    def decision(self) -> Decision:
        """The finished decision: events chained to the ledger's end, the record pointing there, within its bounds."""
        entries, head = chain(self.record.group, self.record.head, self.events)
        end = replace(self.record.head, seq=head.seq, hash=head.hash)
        record = replace(bounded(self.record, self._news()), head=end)
        if record != self.facts.record:
            record = replace(record, schema=written_as(record.schema))
        return Decision(
            record=record,
            reason=record.reason,
            entries=entries,
            events=tuple(self.events),
            actions=tuple(self.actions),
            then=replace(record, **self.then) if self.then else None,
            changed=record != self.facts.record,
            unsettled=is_unsettled(record, self.facts.now) or self.again,
            again=self.again,
            soon=self.soon,
        )

    def _news(self) -> set[int]:
        """Versions on record whose status is another by now: the next look takes that in, and must know what it was."""
        known = self.record.versions
        return {
            one.version
            for one in self.facts.versions
            if one.version in known and known[one.version].approval is not one.approval
        }


def is_unsettled(record: Record, now: float) -> bool:
    """Whether the sweep should look at the group even if nothing changed."""
    if record.phase is Phase.UNMANAGED:
        return False
    return (
        record.phase not in SETTLED_PHASES
        or record.rollout is not None
        or on_probation(record, now)
        or record.retraining.run is not None
        or record.retraining.drift > 0.0
        or any(known.is_moving for known in record.monitored.values())
        or any(decided.untold for decided in record.versions.values())
    )


def is_other_mode(turn: Turn) -> bool:
    """Whether the spec asks for another mode than the endpoint has. What the new mode cannot have, the endpoint keeps
    for as long as it serves: autoscaling, its capacity, the schedules that watch it."""
    endpoint = turn.facts.endpoint
    return endpoint is not None and endpoint.mode is not turn.spec.endpoint.mode


def on_probation(record: Record, now: float) -> bool:
    """Whether the live version's alarms still send it back."""
    live = record.live_placement()
    if live is None or live.live_at is None or record.spec is None:
        return False
    return now < live.live_at + record.spec.probation_minutes * 60
