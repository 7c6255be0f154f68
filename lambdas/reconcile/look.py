"""One look at a group: observe, decide, record, act. All policy is in `lambdas.core`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lambdas.adapters.concurrently import concurrently
from lambdas.core.decide import decide
from lambdas.core.errors import GreenlightError, Permanent, Unreadable
from lambdas.core.facts import (
    Execution,
    Facts,
    Hint,
    Inspection,
    Payload,
    Report,
    RunStatus,
    SpecRead,
)
from lambdas.core.hints import SPEC
from lambdas.core.names import ACCOUNT_WIDE, SWEEP
from lambdas.core.quality import MOST_BYTES, report_from
from lambdas.core.record import Record
from lambdas.core.samples import sample_of
from lambdas.core.setback import setback
from lambdas.core.turn import Decision, Need
from lambdas.reconcile.ports import Ports

_LARGEST_BASELINE = (
    20_000_000  # bytes: Model Monitor's statistics hold a sketch of each feature, of up to 100 kB
)
_MOST_TURNS = 10  # each turn takes in at most 80 decisions; what is left is taken by the sweep's next look
_MOST_NEEDS = 10  # a decision asks for details, alarms, the spec; more rounds than that is a bug
_NEEDS_EACH = (
    3  # and for each version that must not start, before it tries the next: its details, report, sample
)


@dataclass(frozen=True)
class Step:
    """One decision of a look, as performed; for logs and metrics."""

    decision: Decision
    failure: str | None = None


def look(ports: Ports, group: str, hints: Sequence[Hint], record: Record | None = None) -> Iterator[Step]:
    """Take the next step of a group towards what the registry wants, and the ones known to follow at once.

    Args:
        ports: the world.
        group: the model package group's name.
        hints: what events said; evidence of approvals, and whether the spec must be read afresh.
        record: the group's record, if it was just loaded.

    Yields:
        Each decision after it was recorded and performed.

    Raises:
        Transient: nothing was lost; the same look must be repeated later.
    """
    for _ in range(_MOST_TURNS):
        facts = observed(ports, group, hints, record)
        step = _take(ports, facts)
        yield step
        if not step.decision.again:
            return
        record = None


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
    if record is None or any(hint.source in {SPEC, SWEEP} for hint in hints):
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
    return replace(facts, frozen=ports.holding(windows, facts.now)) if windows else facts


def _endpoint_name(record: Record | None, read: SpecRead | None) -> str | None:
    """A group's endpoint keeps its name; only a group without a record takes it from a spec just read."""
    if record is not None and record.spec is not None:
        return record.spec.endpoint.name
    return read.spec.endpoint.name if read is not None and read.spec is not None else None


def _take(ports: Ports, facts: Facts) -> Step:
    facts, decision = _decided(ports, facts)
    record = decision.record
    if record is None:
        return Step(decision)
    if decision.changed or decision.actions:
        # Also for an action that is only repeated: if another look has gone on meanwhile, it must not be done.
        record = ports.store.commit(record, decision.entries, decision.unsettled)
    for action in decision.actions:
        try:
            ports.executor.perform(action)
        except GreenlightError as error:
            outcome = setback(facts, record, action, error)
            if outcome is None or outcome.record is None:
                raise
            if outcome.changed:
                ports.store.commit(outcome.record, outcome.entries, outcome.unsettled)
            return Step(outcome, failure=f"{type(action).__name__}: {error}")
    if decision.then is not None:
        ports.store.commit(replace(decision.then, revision=record.revision), (), decision.unsettled)
    return Step(decision)


def decided(ports: Ports, facts: Facts) -> Decision:
    """The decision on facts and on whatever it asks for beside; nothing of it is done."""
    return _decided(ports, facts)[1]


def _decided(ports: Ports, facts: Facts) -> tuple[Facts, Decision]:
    for _ in range(_MOST_NEEDS + _NEEDS_EACH * len(facts.versions)):
        outcome = decide(facts)
        if isinstance(outcome, Decision):
            return facts, outcome
        facts = _satisfy(ports, facts, outcome)
    raise AssertionError(f"group {facts.group}: a decision asked for more and more facts: {outcome}")


def _satisfy(ports: Ports, facts: Facts, need: Need) -> Facts:
    """Read what a decision asks for, all at once, and add it to the facts."""
    arns = {v.version: v.arn for v in facts.versions if v.version in need.details}
    wanted = sorted(arns)
    reports, baselines = sorted(need.reports), sorted(need.baselines)
    payloads, schedules = sorted(need.payloads), sorted(need.inspections)
    spec, actors, alarms, tags, trail, trial, execution, *more = concurrently(
        lambda: ports.specs.read(facts.group) if need.spec and facts.spec is None else facts.spec,
        lambda: ports.specs.actors(facts.group) if need.actors else facts.actors,
        lambda: ports.alarms.states(need.alarms) if need.alarms else {},
        lambda: ports.endpoints.tags(facts.endpoint.arn) if need.tags and facts.endpoint else facts.tags,
        lambda: ports.trail.writes(need.trail) if need.trail else facts.trail,
        lambda: ports.trials.make(need.trial) if need.trial else facts.trial,
        lambda: _execution(ports, need.execution) if need.execution else facts.execution,
        *(lambda arn=arns[version]: ports.registry.detail(arn) for version in wanted),
        *(lambda uri=uri: _report(ports, facts, uri) for uri in reports),
        *(lambda uri=uri: _baseline(ports, facts, uri) for uri in baselines),
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
        reports={**facts.reports, **dict(zip((*reports, *baselines), answers, strict=False))},
        payloads={**facts.payloads, **dict(zip(payloads, answers, strict=False))},
        execution=execution,
        inspections={**facts.inspections, **dict(zip(schedules, answers, strict=False))},
    )
    return _with_calendar(ports, facts) if need.spec else facts


def _report(ports: Ports, facts: Facts, uri: str) -> Report:
    return report_from(lambda: _object(ports, facts, uri, MOST_BYTES))


def _baseline(ports: Ports, facts: Facts, uri: str) -> Report:
    """Whether a baseline can be read, and is JSON; what it says is for the monitoring job."""
    return Report(problem=report_from(lambda: _object(ports, facts, uri, _LARGEST_BASELINE), "it").problem)


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
        return Payload(sample_of(_object(ports, facts, uri, MOST_BYTES)))
    except Unreadable as error:
        return Payload(problem=f"its sample payload cannot be read: {error}")


def _object(ports: Ports, facts: Facts, uri: str, most: int) -> bytes:
    read = facts.spec.spec if facts.spec is not None else None
    spec = read or (facts.record.spec if facts.record is not None else None)
    if spec is None or spec.reader_role is None:
        raise Unreadable("the group's stack has no role for it")
    return ports.objects.read(spec.reader_role, uri, most)
