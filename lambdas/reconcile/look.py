"""One look at a group: observe, decide, record, act. All policy is in `lambdas.core`."""

import functools
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lambdas.adapters.concurrently import concurrently
from lambdas.core.actions import Action
from lambdas.core.decide import Part, afterwards, decide, decide_part
from lambdas.core.errors import Conflict, GreenlightError, Permanent, Refused, Transient, Unreadable
from lambdas.core.facts import (
    Execution,
    Facts,
    Hint,
    Inspection,
    Lookup,
    Outcome,
    Payload,
    Probe,
    Report,
    RunStatus,
    SpecRead,
    Trail,
    Trial,
)
from lambdas.core.foreign import boundary, read_json, reason
from lambdas.core.hints import SPEC
from lambdas.core.names import ACCOUNT_WIDE, SWEEP
from lambdas.core.places import why_not_read
from lambdas.core.quality import LARGEST_BASELINE, MOST_BYTES, report_from
from lambdas.core.record import Failing, Record
from lambdas.core.samples import sample_of
from lambdas.core.setback import setback
from lambdas.core.spec import Freeze, Recurring
from lambdas.core.turn import Decision, Need, is_unsettled
from lambdas.reconcile.ports import Ports

_log = logging.getLogger(__name__)
_MOST_PARTS = 2_000_000  # of a baseline: twice the numbers that fit into one that Model Monitor makes
_MOST_TURNS = 10  # each turn takes in at most 80 decisions; what is left is taken by the sweep's next look
_MOST_NEEDS = 10  # a decision asks for details, alarms, the spec; more rounds than that is a bug
_NEEDS_EACH = (
    3  # and for each version that must not start, before it tries the next: its details, report, sample
)
Deciding = Callable[[Facts], Decision | Need]


@dataclass(frozen=True)
class Step:
    """One decision of a look, as performed; for logs and metrics."""

    decision: Decision
    failure: str | None = None


@dataclass(frozen=True)
class PartFailed:
    """An optional part of a look that came to nothing; all that was decided stands."""

    part: Part
    error: Exception


@dataclass
class _Look:
    """One look in the making.

    `late`: what AWS did not answer in time, and is no reason to decide nothing: the message comes back for it.
    `failing`: why parts came to nothing, by their names.
    """

    ports: Ports
    late: list[Transient] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)


def look(
    ports: Ports, group: str, hints: Sequence[Hint], record: Record | None = None
) -> Iterator[Step | PartFailed]:
    """Take the next step of a group towards what the registry wants, and the ones known to follow at once.

    What was decided comes first, is committed and performed. Then each optional part follows by itself, on what was
    committed: whatever fails there has no way to touch a rejection or a way back.

    Args:
        ports: the world.
        group: the model package group's name.
        hints: what events said; evidence of approvals, and whether the spec must be read afresh.
        record: the group's record, if it was just loaded.

    Yields:
        Each decision after it was recorded and performed, and each optional part that came to nothing.

    Raises:
        Transient: nothing was lost; the same look must be repeated later.
    """
    one = _Look(ports)
    for _ in range(_MOST_TURNS):
        facts = observed(ports, group, hints, record)
        facts, step = _take(one, facts, decide)
        yield step
        again = step.decision.again
        if not again and step.decision.record is not None and group != ACCOUNT_WIDE:
            facts, again = yield from _take_parts(one, facts)
        if not again:
            break
        record = None
    _note_failing(one, facts)
    if one.late:
        raise one.late[0]


def _take_parts(one: _Look, facts: Facts) -> Generator[Step | PartFailed, None, tuple[Facts, bool]]:
    """The optional parts, one after the other; returns the facts afterwards, and whether to look again at once."""
    again = False
    for part in Part:
        try:
            facts, step = _take(one, facts, functools.partial(decide_part, part))
        except Conflict:
            raise  # another look changed the record: what this one knows of it is no longer so
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not touch what was decided
            if isinstance(error, Transient):
                one.late.append(error)
            else:
                one.failing[part.value] = reason(error)
                yield PartFailed(part, error)
            facts = replace(facts, record=one.ports.store.load(facts.group))  # it may have come half the way
            continue
        if step.decision.changed or step.failure is not None:
            yield step
        again = again or step.decision.again
    return facts, again


def _note_failing(one: _Look, facts: Facts) -> None:
    """Let people see which parts of the group's looks fail, and since when; and that none does any more."""
    record = facts.record
    if record is None:
        return
    known = record.failing
    failing = {
        name: Failing(known[name].since if name in known else facts.now, why)
        for name, why in one.failing.items()
    }
    if failing != known:
        one.ports.store.commit(replace(record, failing=failing), (), is_unsettled(record, facts.now))


def observed(ports: Ports, group: str, hints: Sequence[Hint], record: Record | None = None) -> Facts:
    """What every look at a group reads."""
    if group == ACCOUNT_WIDE:
        return Facts(group=group, now=ports.now(), record=ports.store.load(group), hints=tuple(hints))
    if record is None:
        record, versions = concurrently(
            lambda: ports.store.load(group), lambda: ports.registry.versions(group)
        )
    else:
        versions = ports.registry.versions(group)
    facts = Facts(group=group, now=ports.now(), record=record, versions=versions, hints=tuple(hints))
    if record is None or record.spec is None or any(hint.source in {SPEC, SWEEP} for hint in hints):
        facts = replace(facts, spec=ports.specs.read(group))
    facts = _with_calendar(ports, facts)
    name = _endpoint_name(record, facts.spec)
    return facts if name is None else replace(facts, endpoint=ports.endpoints.describe(name))


def _with_calendar(ports: Ports, facts: Facts) -> Facts:
    """The recurring freeze windows that hold now: the group's, and the account's where they were just read."""
    read = facts.spec
    spec = read.spec if read is not None and read.spec is not None else facts.record and facts.record.spec
    windows = (
        *(spec.recurring_freeze if spec else ()),
        *(read.calendar.recurring_freeze if read is not None and read.calendar is not None else ()),
    )
    return replace(facts, frozen=_holding(ports, windows, facts.now)) if windows else facts


def _holding(ports: Ports, windows: Sequence[Recurring], now: float) -> tuple[Freeze, ...]:
    """The windows that hold now; one that cannot be reckoned holds what moves forward rather than guess."""
    try:
        with boundary("a recurring freeze window"):
            return ports.holding(windows, now)
    except Unreadable as error:
        return (Freeze(now, now + 1, str(error)),)


def _endpoint_name(record: Record | None, read: SpecRead | None) -> str | None:
    """A group's endpoint keeps its name; only a group without a record takes it from a spec just read."""
    if record is not None and record.spec is not None:
        return record.spec.endpoint.name
    return read.spec.endpoint.name if read is not None and read.spec is not None else None


def _take(one: _Look, facts: Facts, deciding: Deciding) -> tuple[Facts, Step]:
    """Decide, record and act; the facts afterwards, and the step."""
    ports = one.ports
    facts, decision = _decided(ports, facts, deciding, one.late)
    record = decision.record
    if record is None:
        return facts, Step(decision)
    if decision.changed or decision.actions:
        # Also for an action that is only repeated: if another look has gone on meanwhile, it must not be done.
        record = ports.store.commit(record, decision.entries, decision.unsettled)
    for action in decision.actions:
        try:
            ports.executor.perform(action)
        except AssertionError:
            raise  # a mistake of ours, which says so itself
        except Exception as error:
            outcome = setback(facts, record, action, _as_answer(action, error))
            if outcome is None or outcome.record is None:
                raise
            if outcome.changed:
                record = ports.store.commit(outcome.record, outcome.entries, outcome.unsettled)
            step = Step(outcome, failure=f"{type(action).__name__}: {error}")
            return afterwards(facts, decision, record), step
    if decision.then is not None:
        record = ports.store.commit(replace(decision.then, revision=record.revision), (), decision.unsettled)
    return afterwards(facts, decision, record), Step(decision)


def _as_answer(action: Action, error: Exception) -> GreenlightError:
    """What an action failed with, as an answer of AWS: nothing in a version may keep the others from going on."""
    if isinstance(error, GreenlightError):
        return error
    _log.error("%s failed: %s", type(action).__name__, error, exc_info=error)
    return Refused(f"{type(action).__name__} failed: {type(error).__name__}: {reason(error)}")


def decided(ports: Ports, facts: Facts) -> Decision:
    """The decision on facts and on whatever it asks for beside; nothing of it is done."""
    return _decided(ports, facts, decide, [])[1]


def _decided(ports: Ports, facts: Facts, deciding: Deciding, late: list[Transient]) -> tuple[Facts, Decision]:
    for _ in range(_MOST_NEEDS + _NEEDS_EACH * len(facts.versions)):
        outcome = deciding(facts)
        if isinstance(outcome, Decision):
            return facts, outcome
        facts = _satisfy(ports, facts, outcome, late)
    raise AssertionError(f"group {facts.group}: a decision asked for more and more facts: {outcome}")


def _satisfy(ports: Ports, facts: Facts, need: Need, late: list[Transient]) -> Facts:
    """Read what a decision asks for, all at once, and add it to the facts."""
    arns = {v.version: v.arn for v in facts.versions if v.version in need.details}
    wanted = sorted(arns)
    reports, baselines = sorted(need.reports), sorted(need.baselines)
    payloads, schedules = sorted(need.payloads), sorted(need.inspections)
    spec, actors, alarms, tags, trail, trial, execution, sound, *more = concurrently(
        lambda: ports.specs.read(facts.group) if need.spec and facts.spec is None else facts.spec,
        lambda: _actors(ports, facts.group) if need.actors else facts.actors,
        lambda: ports.alarms.states(need.alarms) if need.alarms else {},
        lambda: ports.endpoints.tags(facts.endpoint.arn) if need.tags and facts.endpoint else facts.tags,
        lambda: _trail(ports, need.trail, late) if need.trail else facts.trail,
        lambda: _trial(ports, need.trial) if need.trial else facts.trial,
        lambda: _execution(ports, need.execution) if need.execution else facts.execution,
        # One after the other: each may be large, and the function has memory for one.
        lambda: [_baseline(ports, facts, uri) for uri in baselines],
        *(lambda arn=arns[version]: ports.registry.detail(arn) for version in wanted),
        *(lambda uri=uri: _report(ports, facts, uri) for uri in reports),
        *(lambda uri=uri: _sample(ports, facts, uri) for uri in payloads),
        *(lambda schedule=schedule: _inspection(ports, schedule) for schedule in schedules),
    )
    answers = iter(more)
    found = dict.fromkeys(need.details, None) | dict(zip(wanted, answers, strict=False))
    facts = replace(
        facts,
        spec=spec,
        actors=actors,
        alarms={**facts.alarms, **alarms},
        tags=tags,
        trail=trail,
        details={**facts.details, **found},
        trial=trial,
        reports={
            **facts.reports,
            **dict(zip(reports, answers, strict=False)),
            **dict(zip(baselines, sound, strict=True)),
        },
        payloads={**facts.payloads, **dict(zip(payloads, answers, strict=False))},
        execution=execution,
        inspections={**facts.inspections, **dict(zip(schedules, answers, strict=False))},
    )
    return _with_calendar(ports, facts) if need.spec else facts


def _actors(ports: Ports, group: str) -> Mapping[str, str]:
    """Who asked for each act; nobody that is known, where AWS does not let us see it."""
    try:
        return ports.specs.actors(group)
    except Permanent:
        return {}


def _trail(ports: Ports, lookups: Sequence[Lookup], late: list[Transient]) -> Trail:
    """What CloudTrail tells, or that it tells nothing yet: a slow or closed CloudTrail must not hold up a way back."""
    try:
        return ports.trail.writes(lookups)
    except Transient as error:
        if any(lookup.urgent for lookup in lookups):
            late.append(error)
    except Permanent as error:
        _log.warning("CloudTrail cannot be asked: %s", error)
    return Trail((), complete=False)


def _trial(ports: Ports, probe: Probe) -> Trial:
    """What a smoke test shows; what a model answers is foreign, and may make any reader of it fail."""
    try:
        with boundary("its smoke test's answer"):
            return ports.trials.make(probe)
    except Transient:
        raise
    except Unreadable as error:
        return Trial(Outcome.INCONCLUSIVE, str(error))


def _report(ports: Ports, facts: Facts, uri: str) -> Report:
    return report_from(lambda: _object(ports, facts, uri, MOST_BYTES))


def _baseline(ports: Ports, facts: Facts, uri: str) -> Report:
    """Whether a baseline can be read, and is JSON; what it says is for the monitoring job."""
    try:
        with boundary("it"):
            read_json(
                _object(ports, facts, uri, LARGEST_BASELINE),
                most_bytes=LARGEST_BASELINE,
                most_parts=_MOST_PARTS,
                pairs=lambda _: None,  # it is not kept, and would take many times its size
            )
    except Unreadable as error:
        return Report(problem=str(error))
    return Report()


def _execution(ports: Ports, arn: str) -> Execution:
    """A run's execution; that it cannot be seen is no reason to look away from the group."""
    try:
        return ports.pipelines.execution(arn)
    except Permanent as error:
        return Execution(arn, RunStatus.UNREADABLE, str(error))


def _inspection(ports: Ports, schedule: str) -> Inspection:
    """A schedule and its last run, or why they cannot be seen."""
    try:
        return ports.monitoring.last(schedule)
    except Permanent as error:
        return Inspection(schedule, problem=str(error))


def _sample(ports: Ports, facts: Facts, uri: str) -> Payload:
    """A sample payload, or why it cannot be read."""
    try:
        with boundary("its sample payload"):
            return Payload(sample_of(_object(ports, facts, uri, MOST_BYTES)))
    except Unreadable as error:
        return Payload(problem=str(error))


def _object(ports: Ports, facts: Facts, uri: str, most: int) -> bytes:
    read = facts.spec.spec if facts.spec is not None else None
    spec = read or (facts.record.spec if facts.record is not None else None)
    if spec is None or spec.reader_role is None:
        raise Unreadable("the group's stack has no role for it")
    if (why := why_not_read(uri, spec.artifacts)) is not None:
        raise Unreadable(why)
    return ports.objects.read(spec.reader_role, uri, most)
