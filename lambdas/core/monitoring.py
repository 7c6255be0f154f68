"""Points the group's monitoring schedules at the live version once it is verified, and says what is not monitored."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambdas.core import actions as do
from lambdas.core.bounds import brief
from lambdas.core.errors import Busy, GreenlightError
from lambdas.core.facts import Baseline, EndpointStatus, Inspection, VersionDetail
from lambdas.core.hints import MONITORING
from lambdas.core.ledger import Kind
from lambdas.core.names import SWEEP, digest, schedule_name, versioned_name
from lambdas.core.record import Cause, Monitored, Phase, Placement
from lambdas.core.spec import Monitor, MonitoringSpec
from lambdas.core.turn import Need, Turn, Wish, is_other_mode

AGAIN = 3600.0  # seconds until what could not be monitored is tried again, by a sweep
SOON = 60.0  # seconds until what AWS was too busy for, or what nobody knows the end of, is tried again
# MonitoringExecutionStatus [B]
COMPLETED, VIOLATIONS, FAILED = "Completed", "CompletedWithViolations", "Failed"

_MOST_OLD = (
    24  # job definitions that SageMaker would not let go; what is older stays there, and costs nothing
)
_MEMBERS = {
    Monitor.DATA_QUALITY: "ModelDataQuality",
    Monitor.MODEL_QUALITY: "ModelQuality",
    Monitor.BIAS: "Bias",
    Monitor.EXPLAINABILITY: "Explainability",
}
_WITH_CONFIG = frozenset({Monitor.BIAS, Monitor.EXPLAINABILITY})


def in_words(monitor: Monitor) -> str:
    """What a schedule watches, in words."""
    return monitor.value.replace("_", " ")


def follow_live(turn: Turn) -> Need | None:
    """Have each schedule that the spec names watch the live version by that version's own baseline.

    Never before it is verified, nor while anything moves: until then the schedules stay where they are.
    """
    record, endpoint = turn.record, turn.facts.endpoint
    if record.phase is Phase.UNMANAGED or record.rollout is not None:
        return None
    live = record.live_placement()
    if endpoint is None and live is None:
        _remove(turn, frozenset(Monitor), "the endpoint is gone")
        return None
    if endpoint is None or live is None or live.live_at is None:
        return None
    if endpoint.status is not EndpointStatus.IN_SERVICE or endpoint.config != live.config:
        return None
    if is_other_mode(turn) or record.is_newer:
        return None
    wanted = turn.spec.monitoring.schedules if turn.spec.monitoring is not None else {}
    _remove(turn, frozenset(Monitor) - wanted.keys(), "the group's spec does not ask for it")
    return _put(turn, turn.spec.monitoring, live) if turn.spec.monitoring is not None else None


def _put(turn: Turn, spec: MonitoringSpec, live: Placement) -> Need | None:
    _tell_of_recovery(turn)
    due = [monitor for monitor in Monitor if monitor in spec.schedules and _is_due(turn, monitor, live)]
    if not due:
        return None
    if live.version not in turn.facts.details:
        return Need(details=frozenset({live.version}))
    detail = turn.facts.details[live.version]
    found = {monitor: _baseline(detail, monitor, live.version) for monitor in due}
    files = {
        uri
        for baseline in found.values()
        if isinstance(baseline, Baseline)
        for uri in (baseline.constraints, baseline.statistics, baseline.config)
        if uri is not None
    }
    if unread := files - turn.facts.reports.keys():
        return Need(baselines=frozenset(unread))
    for monitor, baseline in found.items():
        broken = _unreadable(turn, baseline) if isinstance(baseline, Baseline) else baseline
        if isinstance(baseline, Baseline) and broken is None:
            _point(turn, spec, monitor, live.version, baseline)
        else:
            _give_up(turn, monitor, live.version, str(broken))
    return None


def _tell_of_recovery(turn: Turn) -> None:
    """What AWS had said no to was done by a later try."""
    for monitor, known in turn.record.monitored.items():
        if known.done and known.definition is not None and known.problem is not None:
            turn.say(
                Kind.MONITORING, f"{in_words(monitor)} of v{known.version} is watched now", known.version
            )
            _note(turn, monitor, replace(known, problem=None))


def _wanted(turn: Turn, monitor: Monitor) -> str:
    spec = turn.spec.monitoring
    if spec is None:
        raise AssertionError(f"{monitor.value} is wanted by a spec without monitoring")
    return digest(spec.schedules[monitor], spec.role, spec.output, spec.kms_key, turn.spec.endpoint.name)


def _is_due(turn: Turn, monitor: Monitor, live: Placement) -> bool:
    """Whether the schedule is not where it should be, and may be moved now."""
    known = turn.record.monitored.get(monitor)
    if known is None or (known.version, known.wanted) != (live.version, _wanted(turn, monitor)):
        return True
    return (known.is_moving or known.problem is not None) and _may_try(turn, known)


def _may_try(turn: Turn, known: Monitored) -> bool:
    """Whether enough time has passed since the last try: not much if nobody knows how it went."""
    if known.is_moving:
        return turn.facts.now - known.tried_at >= SOON
    swept = any(hint.source == SWEEP for hint in turn.facts.hints)
    return swept and turn.facts.now - known.tried_at >= AGAIN


def _baseline(detail: VersionDetail | None, monitor: Monitor, version: int) -> Baseline | str:
    """The version's own baseline, or why there is none: another version's would compare with other data."""
    if detail is None:
        return f"v{version} is no longer in the registry, which has its baseline"
    member = _MEMBERS[monitor]
    baseline = detail.baselines.get(monitor, Baseline())
    if baseline.constraints is None:
        return (
            f"v{version} was registered without a baseline for it: neither DriftCheckBaselines.{member} nor"
            f" ModelMetrics.{member} has constraints"
        )
    if monitor is Monitor.DATA_QUALITY and baseline.statistics is None:
        return f"v{version} was registered with constraints and no statistics in DriftCheckBaselines.{member}"
    if monitor in _WITH_CONFIG and baseline.config is None:
        return f"v{version} was registered without DriftCheckBaselines.{member}.ConfigFile, the analysis to be repeated"
    return baseline


def _unreadable(turn: Turn, baseline: Baseline) -> str | None:
    for uri in (baseline.constraints, baseline.statistics, baseline.config):
        problem = turn.facts.reports[uri].problem if uri is not None else None
        if problem is not None:
            return f"its baseline {uri}: {problem}"
    return None


def _point(turn: Turn, spec: MonitoringSpec, monitor: Monitor, version: int, baseline: Baseline) -> None:
    """Move the schedule to this version; told when it is set out to, and done until it is."""
    group, wanted = turn.record.group, _wanted(turn, monitor)
    known = turn.record.monitored.get(monitor)
    name = versioned_name(group, version, monitor, wanted, baseline)
    old = _old(known, but=name)
    told = known is not None and known.definition == name
    problem = known.problem if known is not None and told else None
    set_out = Monitored(version, wanted, name, problem, old, tried_at=turn.facts.now)
    _note(turn, monitor, set_out)
    if not told:
        turn.say(
            Kind.MONITORING,
            f"{in_words(monitor)} of v{version} is watched by its own baseline, {baseline.constraints}",
            version,
            schedule=schedule_name(group, monitor),
            definition=name,
        )
    turn.actions.append(_action(turn, spec, monitor, baseline, set_out))
    _afterwards(turn, monitor, replace(set_out, old=(), done=True))


def _action(
    turn: Turn, spec: MonitoringSpec, monitor: Monitor, baseline: Baseline, made: Monitored
) -> do.PutMonitoring:
    if made.definition is None:
        raise AssertionError(f"{monitor.value} of v{made.version} is to be watched by no definition")
    return do.PutMonitoring(
        schedule=schedule_name(turn.record.group, monitor),
        monitor=monitor,
        definition=made.definition,
        endpoint=turn.spec.endpoint.name,
        wanted=spec.schedules[monitor],
        role=spec.role,
        output=spec.output,
        kms_key=spec.kms_key,
        baseline=baseline,
        tags=turn.tags,
        old=made.old,
    )


def _give_up(turn: Turn, monitor: Monitor, version: int, problem: str) -> None:
    """Say why the version is not monitored; a schedule with another version's baseline would be wrong about it."""
    problem = brief(problem)
    known, wanted = turn.record.monitored.get(monitor), _wanted(turn, monitor)
    if known is None or (known.version, known.problem) != (version, problem):
        turn.say(Kind.UNMONITORED, f"{in_words(monitor)} of v{version} is not monitored: {problem}", version)
    old = _old(known)
    stuck = known.stuck if known is not None else None
    given_up = Monitored(
        version, wanted, None, problem, old, done=not old, tried_at=turn.facts.now, stuck=stuck
    )
    _note(turn, monitor, given_up)
    if old:
        turn.actions.append(_removal(turn, monitor, old))
        _afterwards(turn, monitor, replace(given_up, old=(), done=True, stuck=None))


def _remove(turn: Turn, monitors: frozenset[Monitor], why: str) -> None:
    """Delete schedules that nobody asks for (any more)."""
    for monitor in Monitor:
        known = turn.record.monitored.get(monitor)
        if known is None or monitor not in monitors:
            continue
        old = _old(known)
        if known.definition is not None:
            turn.say(Kind.MONITORING, f"{in_words(monitor)} is no longer monitored: {why}", known.version)
        elif old and not _may_try(turn, known):
            continue
        if not old:
            _note(turn, monitor, None)
            continue
        turn.actions.append(_let_go(turn, monitor, known, old))
        _afterwards(turn, monitor, None)


def release(turn: Turn) -> None:
    """The endpoint is about to be deleted: its schedules go first, for SageMaker may not let it go beside them [?]."""
    for monitor in Monitor:
        known = turn.record.monitored.get(monitor)
        old = _old(known)
        if known is None or not old or (known.definition is None and not _may_try(turn, known)):
            continue
        turn.actions.append(_let_go(turn, monitor, known, old))


def _let_go(turn: Turn, monitor: Monitor, known: Monitored, old: tuple[str, ...]) -> do.RemoveMonitoring:
    """Note that a schedule is on its way out, wanted by nothing; the action that takes it there."""
    going = Monitored(known.version, "", None, None, old, tried_at=turn.facts.now, stuck=known.stuck)
    _note(turn, monitor, going)
    return _removal(turn, monitor, old)


def _removal(turn: Turn, monitor: Monitor, old: tuple[str, ...]) -> do.RemoveMonitoring:
    return do.RemoveMonitoring(schedule_name(turn.record.group, monitor), monitor, old)


def _old(known: Monitored | None, but: str | None = None) -> tuple[str, ...]:
    """The job definitions that were made before, and are not the one that is wanted."""
    if known is None:
        return ()
    made = (*known.old, known.definition)
    return tuple(dict.fromkeys(one for one in made if one is not None and one != but))[-_MOST_OLD:]


def _note(turn: Turn, monitor: Monitor, what: Monitored | None) -> None:
    turn.update(monitored=_with(turn.record.monitored, monitor, what))
    if "monitored" in turn.then:
        _afterwards(turn, monitor, what)


def _afterwards(turn: Turn, monitor: Monitor, what: Monitored | None) -> None:
    turn.then["monitored"] = _with(turn.then.get("monitored", turn.record.monitored), monitor, what)


def _with(
    monitored: Mapping[Monitor, Monitored], monitor: Monitor, what: Monitored | None
) -> dict[Monitor, Monitored]:
    rest = {key: value for key, value in monitored.items() if key is not monitor}
    return rest if what is None else {**rest, monitor: what}


def not_done(turn: Turn, monitor: Monitor, error: GreenlightError) -> None:
    """AWS said no to a schedule's move: said once, tried again by a sweep after a while; nothing else waits for it.

    A schedule that is at work, as while one of its runs goes on, is nobody's news: the next sweep tries again.
    """
    known, why = turn.record.monitored[monitor], brief(str(error))
    if isinstance(error, Busy):
        return
    if known.definition is None:
        if known.stuck != why:
            what = f"what watched {in_words(monitor)} is still there"
            turn.say(Kind.UNMONITORED, f"{what}: {error}", known.version)
        _note(turn, monitor, replace(known, stuck=why, tried_at=turn.facts.now))
        return
    if known.problem != why:
        turn.say(
            Kind.UNMONITORED,
            f"{in_words(monitor)} of v{known.version} is not monitored: {error}",
            known.version,
        )
    _note(turn, monitor, replace(known, problem=why, tried_at=turn.facts.now))


# --- what the schedules' runs found ----------------------------------------------------------------------


def take_inspections(turn: Turn) -> Need | None:
    """Take in how each schedule stands, and its last run: violations are a reason to retrain; that it fails is said."""
    if turn.spec.monitoring is None or not _asked(turn):
        return None
    schedules = {
        monitor: schedule_name(turn.record.group, monitor)
        for monitor, known in turn.record.monitored.items()
        if known.definition is not None and known.done
    }
    if unread := set(schedules.values()) - turn.facts.inspections.keys():
        return Need(inspections=frozenset(unread))
    for monitor, schedule in schedules.items():
        found = turn.facts.inspections[schedule]
        _note_failing(turn, monitor, found)
        if found.problem is None and found.definition != turn.record.monitored[monitor].definition:
            _set_right(turn, monitor, found)
        elif found.status is not None and _is_news(turn, found):
            _take(turn, found)
    return None


def _asked(turn: Turn) -> bool:
    return any(hint.source in {MONITORING, SWEEP} for hint in turn.facts.hints)


def _is_news(turn: Turn, found: Inspection) -> bool:
    """A run of before the live version took over looked at another version's traffic."""
    live = turn.record.live_placement()
    since = live.live_at if live is not None else None
    seen = turn.record.retraining.inspected.get(found.schedule, 0.0)
    return since is not None and found.at > seen and found.at >= since


def _set_right(turn: Turn, monitor: Monitor, found: Inspection) -> None:
    """Somebody else changed the schedule: it is pointed at the live version again, in this very look if it can be."""
    known = turn.record.monitored[monitor]
    how = "is gone" if found.definition is None else f"uses {found.definition}"
    turn.say(
        Kind.UNMONITORED,
        f"{in_words(monitor)} of v{known.version} is not monitored: schedule {found.schedule} was changed by somebody"
        f" else and {how}; it is set right",
        known.version,
    )
    _note(turn, monitor, replace(known, done=False, tried_at=0.0))


def _note_failing(turn: Turn, monitor: Monitor, found: Inspection) -> None:
    """Say that a schedule does not work when it begins not to; the reason is said again when it is another one, and
    not for a date or an id in it."""
    known = turn.record.monitored[monitor]
    told = _failing(turn, found, known.failing)
    failing = None if told is None else brief(told)
    if failing is not None and (known.failing is None or _shape(failing) != _shape(known.failing)):
        turn.say(
            Kind.UNMONITORED,
            f"{in_words(monitor)} of v{known.version} is not monitored: {failing}",
            known.version,
        )
    if failing != known.failing:
        _note(turn, monitor, replace(known, failing=failing))


def _failing(turn: Turn, found: Inspection, before: str | None) -> str | None:
    if found.problem is not None:
        return f"schedule {found.schedule} cannot be read: {found.problem}"
    if found.state in {"Stopped", "Failed"}:
        return f"schedule {found.schedule} is {found.state}"
    if not _is_news(turn, found):
        return before
    if found.status != FAILED:
        return None
    return f"the runs of {found.schedule} fail: {found.failure or 'SageMaker gives no reason'}"


def _shape(text: str) -> str:
    """A reason without what differs each time."""
    return re.sub(r"[0-9a-f-]*\d[0-9a-f-]*", "", text)


def _take(turn: Turn, found: Inspection) -> None:
    known = turn.record.retraining
    changes: dict[str, Any] = {"inspected": {**known.inspected, found.schedule: found.at}}
    if found.status == COMPLETED:
        changes["well"] = {**known.well, found.schedule: found.at}
    if found.status == VIOLATIONS:
        changes["deaf"] = ()  # measured on this version's own traffic: what its alarms say is of it
    turn.update(retraining=replace(known, **changes))
    spec = turn.spec.retraining
    if found.status == VIOLATIONS and spec is not None and spec.on_violations:
        turn.wishes.append(Wish(Cause.VIOLATIONS, f"the run of {found.schedule} found violations"))
