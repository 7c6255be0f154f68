"""Starts the group's pipeline when the live version drifts, or a person asks: one run at a time, and not too often."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from lambdas.core.actions import AskToRetrain
from lambdas.core.acts import RETRAIN as RETRAIN_ACT
from lambdas.core.acts import retrain_of
from lambdas.core.bounds import MOST_ANSWERS, brief
from lambdas.core.codec import changed
from lambdas.core.errors import GreenlightError, Malformed
from lambdas.core.facts import AlarmState, Execution, RunStatus, Started, VersionDetail
from lambdas.core.hints import ALARM, RUN, SPEC
from lambdas.core.holds import of_newer_release
from lambdas.core.ledger import Kind
from lambdas.core.names import RETRAIN, RUN_KEY, SWEEP, run_name, schedule_name
from lambdas.core.record import Approval, Cause, Phase, Run
from lambdas.core.spec import RetrainingSpec
from lambdas.core.turn import Need, Turn, Wish

CALM = 3600.0  # seconds for which alarms must be quiet before drift is said to have ended: they flap
ASK_AGAIN = (
    600.0  # seconds after which the function `retrain` is told again; what it was told before is void by then
)
GIVE_UP = 3600.0  # seconds after which a run that did not start has failed
FRESH = 300.0  # seconds for which what `retrain` was told holds; with its longest run less than ASK_AGAIN
_HOUR, _WEEK = 3600.0, 7 * 86400.0
_MOST_PAST = 20  # runs that are remembered
_ASKED_ONCE = frozenset({Cause.PERSON, Cause.REJECTION})  # and each time answered
# What a record knows before any.
_NO_DRIFT: Mapping[str, object] = {"drift": 0.0, "calm": 0.0, "flaps": 0, "rolled_back": False}
_ENDED = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.GONE})


def take_runs(turn: Turn) -> Need | None:
    """Take in what people ask for, drift, what became of the run under way, and each reason for another."""
    if (need := _take_request(turn)) is not None:
        return need
    managed = _is_managed(turn)
    if managed and (need := _take_alarms(turn) or _take_run(turn)) is not None:
        return need
    if managed:
        _take_rejection(turn)
    _start(turn)
    return None


def _take_request(turn: Turn) -> Need | None:
    """Take in, once, that a person asks for a run; it was read with the spec."""
    read = turn.facts.spec
    asked = [act for act in (read.acts if read is not None else ()) if act.kind == RETRAIN_ACT]
    news = [act for act in asked if turn.is_news(act)]
    if news and turn.facts.actors is None:
        return Need(actors=True)
    for act in news:
        by = turn.taken(act)
        try:
            turn.wishes.append(Wish(Cause.PERSON, retrain_of(act.text), by))
        except Malformed as error:
            turn.say(Kind.RETRAIN_HELD, f"a run was asked for and cannot be read: {error}", by=by)
    return None


def _comes_from(turn: Turn, *sources: str) -> bool:
    return any(hint.source in sources for hint in turn.facts.hints)


# --- drift -----------------------------------------------------------------------------------------------


def _take_alarms(turn: Turn) -> Need | None:
    """Whether the group's drift alarms say now that the live version drifts."""
    spec = turn.spec.retraining
    if spec is None or not spec.alarms:
        _change(turn, **_NO_DRIFT, missing=())
        return None
    if not _comes_from(turn, ALARM, SWEEP, SPEC, RETRAIN, RUN):
        return None
    if set(spec.alarms) - turn.facts.alarms.keys():
        return Need(alarms=spec.alarms)
    _note_missing(turn, tuple(n for n in spec.alarms if turn.facts.alarms[n] is AlarmState.MISSING))
    live = turn.record.live_placement()
    if live is None or live.live_at is None:
        return None  # there is nothing that could drift
    loud = [name for name in spec.alarms if turn.facts.alarms[name] is AlarmState.ALARM]
    _note_version(turn, live.version, loud)
    if heard := [name for name in loud if name not in turn.record.retraining.deaf]:
        _note_drift(turn, live.version, heard)
    elif turn.record.retraining.drift:
        _note_calm(turn)
    return None


def _note_version(turn: Turn, version: int, loud: list[str]) -> None:
    """What alarms said when a version took over, they said of the one before: its own is heard once they were OK."""
    known = turn.record.retraining
    if known.of == version:
        _change(turn, deaf=tuple(name for name in known.deaf if name in loud))
        return
    deaf = tuple(loud) if known.of else ()
    if known.drift and known.of:
        what = f"; what is in ALARM says nothing of v{version} until it was OK" if deaf else ""
        turn.say(Kind.DRIFT, f"v{known.of} drifted, and v{version} is live{what}", version, alarms=loud)
    _change(turn, **_NO_DRIFT, of=version, deaf=deaf, held=None)


def _note_missing(turn: Turn, missing: tuple[str, ...]) -> None:
    if missing and missing != turn.record.retraining.missing:
        turn.say(
            Kind.UNMONITORED,
            f"drift is not seen by alarms that are missing: {', '.join(missing)}; make them, or name others in the"
            " group's retraining.alarms",
        )
    _change(turn, missing=missing)


def _note_drift(turn: Turn, version: int, loud: list[str]) -> None:
    known = turn.record.retraining
    why = f"in ALARM: {', '.join(loud)}"
    if not known.drift:
        turn.say(Kind.DRIFT, f"v{version} drifts; {why}", version, alarms=loud)
        _change(turn, drift=turn.facts.now, calm=0.0, flaps=0)
    elif known.calm:
        _change(turn, calm=0.0, flaps=known.flaps + 1)
    turn.wishes.append(Wish(Cause.DRIFT, why))


def _note_calm(turn: Turn) -> None:
    known, now = turn.record.retraining, turn.facts.now
    if not known.calm:
        _change(turn, calm=now)
    elif now - known.calm >= CALM:
        again = f"; it had come back {known.flaps} times" if known.flaps else ""
        turn.say(
            Kind.DRIFT, f"no drift any more{again}", alarms=[], seconds=round(known.calm - known.drift, 3)
        )
        _change(turn, **_NO_DRIFT, held=None)


def _take_rejection(turn: Turn) -> None:
    """The live version was rejected: what serves in its place is older."""
    spec, live = turn.spec.retraining, turn.record.live_placement()
    decided = turn.record.versions.get(live.version) if live is not None else None
    if spec is None or live is None or decided is None or not decided.is_rejected:
        return
    if decided.at <= turn.record.retraining.rejected:
        return
    _change(turn, rejected=decided.at)
    if spec.on_rejection:
        why = f": {decided.reason}" if decided.reason else ""
        turn.wishes.append(Wish(Cause.REJECTION, f"v{live.version}, which was live, was rejected{why}"))


# --- the run under way -----------------------------------------------------------------------------------


def _take_run(turn: Turn) -> Need | None:
    for told in (hint.started for hint in turn.facts.hints if hint.started is not None):
        _take_start(turn, told)
    run = turn.record.retraining.run
    if run is None:
        return None
    if not _comes_from(turn, RUN, SWEEP, RETRAIN):
        return None
    if run.execution is None:
        _ask_again(turn, run)
        return None
    if turn.facts.execution is None or turn.facts.execution.arn != run.execution:
        return Need(execution=run.execution)
    _take_execution(turn, run, turn.facts.execution)
    return None


def _take_start(turn: Turn, told: Started) -> None:
    """What the function `retrain` made of a run. That it started may be heard after it was given up."""
    known = turn.record.retraining
    run = next((one for one in (known.run, *known.past) if one is not None and one.id == told.run), None)
    if run is None or run.execution is not None:
        return
    if told.execution is None:
        if run is known.run:
            _fail(turn, run, f"it could not be started: {told.problem or 'no reason is known'}")
        return
    started = replace(run, execution=told.execution)
    past = tuple(one for one in known.past if one.id != run.id)
    if run is known.run or known.run is None:
        stopped = None if known.stopped == _failed(run) else known.stopped
        _change(turn, run=replace(started, ended=0.0, problem=None), past=past, stopped=stopped)
    else:
        _change(turn, past=(*past, started))


def _ask_again(turn: Turn, run: Run) -> None:
    """Nothing was heard of it: the message may be lost, or the answer. Its token starts it only once."""
    now = turn.facts.now
    if now - run.asked_at < ASK_AGAIN:
        return
    if now - run.at >= GIVE_UP:
        _fail(turn, run, "it could not be started for an hour. See the runbook, 'Retraining'")
        return
    _change(turn, run=replace(run, asked_at=now))
    turn.actions.append(AskToRetrain(turn.record.group, run.id))


def _take_execution(turn: Turn, run: Run, execution: Execution) -> None:
    ours, others = _registered(turn, execution)
    versions = tuple(sorted({*run.versions, *ours}))[-MOST_ANSWERS:]
    if versions != run.versions:
        run = replace(run, versions=versions)
        _change(turn, run=run)
    if execution.status is RunStatus.UNREADABLE:
        _note_unreadable(turn, run, str(execution.failure))
    if execution.status not in _ENDED:
        return
    if execution.status is RunStatus.GONE and turn.facts.now - run.asked_at < ASK_AGAIN:
        return  # just started, and not to be seen yet
    if execution.status is RunStatus.GONE:
        _fail(turn, run, "its execution is gone")
    elif execution.status is not RunStatus.SUCCEEDED:
        why = execution.failure or "SageMaker gives no reason"
        _fail(turn, run, f"{execution.status.value.lower()}: {why}")
    elif not versions:
        where = f" it registered {', '.join(others)}, which is not in this group" if others else ""
        _fail(turn, run, f"it succeeded and registered no version here;{where or ' see its register step'}")
    else:
        names = ", ".join(f"v{version}" for version in versions)
        also = f"; beside it registered {', '.join(others)}, which is not in this group" if others else ""
        seconds = turn.facts.now - run.at
        _end(turn, replace(run, problem=None))
        turn.say(
            Kind.RETRAIN_SUCCEEDED,
            f"run {run.id} registered {names} after {seconds:.0f} s{also}",
            versions[-1],
            run=run.id,
            cause=run.cause.value,
            execution=run.execution,
            versions=list(versions),
            elsewhere=list(others),
            seconds=round(seconds, 3),
        )


def _note_unreadable(turn: Turn, run: Run, why: str) -> None:
    if run.problem != brief(why):
        reason = f"run {run.id} goes on, and how cannot be read: {why}"
        turn.say(Kind.RETRAIN_HELD, reason, run.live, run=run.id, cause=run.cause.value)
        _change(turn, run=replace(run, problem=brief(why)))


def _registered(turn: Turn, execution: Execution) -> tuple[list[int], list[str]]:
    """What its steps registered: versions of this group, and ARNs of others. Case tells nothing [aws-facts]."""
    ours: list[int] = []
    others: list[str] = []
    for arn in execution.registered:
        group, _, version = arn.partition(":model-package/")[2].partition("/")
        if group.lower() == turn.record.group.lower() and version.isdecimal():
            ours.append(int(version))
        else:
            others.append(arn)
    return ours, others


def _fail(turn: Turn, run: Run, reason: str) -> None:
    """It is not started again by itself: what failed once fails again, and costs as much."""
    _end(turn, replace(run, problem=brief(reason)))
    _change(turn, stopped=_failed(run))
    turn.say(
        Kind.RETRAIN_FAILED,
        f"run {run.id}: {reason}. No other starts by itself; `greenlight retrain {turn.record.group}` starts one",
        run.live,
        run=run.id,
        cause=run.cause.value,
        execution=run.execution,
    )


def _failed(run: Run) -> str:
    return f"run {run.id} failed"


def _end(turn: Turn, run: Run) -> None:
    ended = replace(run, ended=turn.facts.now)
    _change(turn, run=None, past=(*turn.record.retraining.past, ended)[-_MOST_PAST:])


def not_asked(turn: Turn, run_id: str, error: GreenlightError) -> None:
    """The function `retrain` cannot even be told."""
    run = turn.record.retraining.run
    if run is not None and run.id == run_id:
        _fail(turn, run, f"it could not be started: {error}")


# --- the next run ----------------------------------------------------------------------------------------


def _start(turn: Turn) -> None:
    """Start a run for the first reason that may; a person's goes before all others."""
    if not turn.wishes:
        return
    spec = turn.spec.retraining
    wish = min(turn.wishes, key=lambda one: (one.cause is not Cause.PERSON, one.cause not in _ASKED_ONCE))
    why_not = _why_none(turn) if spec is None or not _is_managed(turn) else _why_not(turn, spec, wish)
    if spec is not None and why_not is None:
        _begin(turn, spec, wish)
    elif wish.cause in _ASKED_ONCE:
        turn.say(
            Kind.RETRAIN_HELD,
            f"not retrained for {_asked_by(wish)}: {why_not}",
            cause=wish.cause.value,
            by=wish.by,
        )
    else:
        _hold(turn, wish.cause, str(why_not))


def _is_managed(turn: Turn) -> bool:
    return turn.record.phase is not Phase.UNMANAGED


def _why_none(turn: Turn) -> str:
    return (
        "the group's spec names no pipeline"
        if _is_managed(turn)
        else "the group is not managed: it has no spec"
    )


def _hold(turn: Turn, cause: Cause, why: str) -> None:
    """Say once why no run begins; drift and violations often ask in turn, and for the same."""
    if brief(why) != turn.record.retraining.held:
        turn.say(Kind.RETRAIN_HELD, f"not retrained for {cause.value}: {why}", cause=cause.value)
    _change(turn, held=brief(why))


def _asked_by(wish: Wish) -> str:
    return f"{wish.by or 'a person'}, who asked" if wish.cause is Cause.PERSON else wish.cause.value


def _why_not(turn: Turn, spec: RetrainingSpec, wish: Wish) -> str | None:
    """Why no run may start now, in words that stay the same as long as the reason does; None: one may."""
    known, now = turn.record.retraining, turn.facts.now
    if known.run is not None:
        return f"run {known.run.id} is under way"
    if (newer := of_newer_release(turn.record)) is not None:
        return newer
    if wish.cause is Cause.PERSON:
        return None
    if known.stopped is not None:
        return f"{known.stopped}; `greenlight retrain {turn.record.group}` starts another"
    if (answer := _answer(turn)) is not None:
        return f"v{answer}, which a run registered, waits for a decision, or is on its way"
    last = max(known.starts, default=None)
    if last is not None and now < last + spec.cooldown_hours * _HOUR:
        return f"the last run began less than {spec.cooldown_hours} hours ago"
    if len([at for at in known.starts if at > now - _WEEK]) >= spec.most_per_week:
        return f"{spec.most_per_week} runs began within a week"
    return None


def _answer(turn: Turn) -> int | None:
    """The version by which a run answered already: nobody has decided on it, or it is approved and not live yet."""
    record, live = turn.record, turn.record.live_placement()
    made = {version for run in record.retraining.past for version in run.versions}
    waiting = record.pending.keys() | _crowded_out(turn)
    open_ = [version for version in made if version > record.noted or version in waiting]
    for version in made:
        decided = record.versions.get(version)
        if decided is None or decided.approval is not Approval.APPROVED or decided.failed is not None:
            continue
        if live is None or (version != live.version and decided.since > live.decided_at):
            open_.append(version)
    return max(open_, default=None)


def _crowded_out(turn: Turn) -> set[int]:
    """Versions that wait, where more do than are noted."""
    if turn.record.waiting <= len(turn.record.pending):
        return set()
    return {one.version for one in turn.facts.versions if one.approval is Approval.PENDING}


def _begin(turn: Turn, spec: RetrainingSpec, wish: Wish) -> None:
    """Write down what is about to be done; the function `retrain` does it, and may be told so twice."""
    known, now, live = turn.record.retraining, turn.facts.now, turn.record.live_placement()
    # What the live version met since all was well; before it was live, another one met it.
    since = max(live.live_at, _well(turn)) if live is not None and live.live_at is not None else now
    run = Run(
        id=run_name(turn.record.group, turn.record.head.seq + len(turn.events) + 1),
        cause=wish.cause,
        reason=brief(wish.reason),
        at=now,
        live=None if live is None else live.version,
        since=since,
        asked_at=now,
        by=wish.by,
        pipeline=spec.pipeline,
        parameters=spec.parameters,
    )
    turn.say(
        Kind.RETRAIN_STARTED,
        f"run {run.id} of pipeline {spec.pipeline} starts, for {wish.cause.value}: {wish.reason}",
        run.live,
        run=run.id,
        cause=wish.cause.value,
        by=wish.by,
        pipeline=spec.pipeline,
        window=[moment(since), moment(now)],
    )
    starts = (*(at for at in known.starts if at > now - _WEEK), now)
    _change(turn, run=run, starts=starts, stopped=None, held=None)
    turn.actions.append(AskToRetrain(turn.record.group, run.id))


def _well(turn: Turn) -> float:
    """Up to when every schedule of the group's found all well; 0: one of them never did."""
    schedules = [schedule_name(turn.record.group, monitor) for monitor in turn.record.monitored]
    return min((turn.record.retraining.well.get(schedule, 0.0) for schedule in schedules), default=0.0)


def moment(at: float) -> str:
    """A time as pipelines and entries are told it: ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _change(turn: Turn, **changes: object) -> None:
    turn.update(retraining=changed(turn.record.retraining, **changes))


# --- what a run registered -------------------------------------------------------------------------------


def link(turn: Turn, detail: VersionDetail) -> Run | None:
    """The run that registered a version, remembered from now on; None: none that is known."""
    known = turn.record.retraining
    for run in (known.run, *known.past):
        if run is None or not (detail.version in run.versions or _says(detail, run)):
            continue
        linked = replace(run, versions=tuple(sorted({*run.versions, detail.version}))[-MOST_ANSWERS:])
        if run is known.run:
            _change(turn, run=linked)
        else:
            _change(turn, past=tuple(linked if one.id == run.id else one for one in known.past))
        return linked
    return None


def _says(detail: VersionDetail, run: Run) -> bool:
    """Whether the version itself names the run: what SageMaker or its pipeline wrote into it."""
    by_execution = run.execution is not None and detail.lineage.get("GeneratedBy") == run.execution
    return by_execution or detail.metadata.get(RUN_KEY) == run.id
