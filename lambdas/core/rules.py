"""The rules of the decision, one function each, in the order in which they are asked.

A rule returns a `Need` (something must be read first), True (it decided) or None (the next rule is asked).
"""

from dataclasses import replace

from lambdas.core import refusals
from lambdas.core.actions import ClearAbort, DeleteEndpoint, TripAbort
from lambdas.core.answers import Blame, blame_of_failure
from lambdas.core.desired import last_known_good, overtaken, serves_rightly, targets
from lambdas.core.facts import BUSY, AlarmState, Endpoint, EndpointStatus, Outcome, Trial
from lambdas.core.holds import held
from lambdas.core.ledger import Kind
from lambdas.core.monitoring import release
from lambdas.core.names import GROUP_TAG, REASON_TAG, abort_alarm
from lambdas.core.record import Direction, Phase, Placement, Rollout
from lambdas.core.smoke import smoke_test
from lambdas.core.spec import VARIANT, EndpointMode
from lambdas.core.turn import Need, Turn, on_probation

Verdict = Need | bool | None


def no_spec(turn: Turn) -> Verdict:
    """1. Without a spec the group is not ours (any more): nothing."""
    read = turn.facts.spec
    unmanaged = turn.record.phase is Phase.UNMANAGED
    gone = unmanaged if read is None or read.problem is not None else read.spec is None
    if not gone:
        return None
    turn.enter(Phase.UNMANAGED, "the group has no spec; its endpoint is left as it is", Kind.UNMANAGED)
    return True


def foreign_endpoint(turn: Turn) -> Verdict:
    """2. An endpoint that we did not make is touched by nobody but its owner."""
    endpoint = turn.facts.endpoint
    if endpoint is None or turn.record.placement(endpoint.config) is not None:
        return None
    if turn.facts.tags is None:
        return Need(tags=True)
    if turn.facts.tags.get(GROUP_TAG) == turn.record.group:
        return _adopt(turn, endpoint)
    turn.enter(
        Phase.FOREIGN,
        f"endpoint {endpoint.name} exists and is not ours; it stays untouched."
        f" Give the group another endpoint name, delete that endpoint, or give it to us: `greenlight adopt"
        f" {turn.record.group}`, which sets the tag {GROUP_TAG}",
        Kind.FOREIGN,
    )
    return True


def _adopt(turn: Turn, endpoint: Endpoint) -> Verdict:
    """An endpoint that its owner gave us by our tag: what it serves is replaced by the next rollout, not before."""
    if endpoint.variants != (VARIANT,):
        turn.enter(
            Phase.FOREIGN,
            f"endpoint {endpoint.name} has our tag, and cannot be ours: a rollout keeps the variants, and it has"
            f" {', '.join(endpoint.variants)} where we have {VARIANT}. Give the group another endpoint name",
            Kind.FOREIGN,
        )
        return True
    if turn.record.live is None and turn.record.rollout is None and turn.record.adopted != endpoint.config:
        turn.update(adopted=endpoint.config)
        why = (turn.facts.tags or {}).get(REASON_TAG)
        turn.say(
            Kind.ADOPTED,
            f"endpoint {endpoint.name} is ours by its tag; it serves {endpoint.config} until the next rollout"
            + (f". Given because: {why}" if why else ""),
            config=endpoint.config,
            why=why,
        )
    return None


def halted(turn: Turn) -> Verdict:
    """5b. A failed rollback leaves the endpoint in a state that only a person can judge."""
    endpoint = turn.facts.endpoint
    if endpoint is None or endpoint.status not in {
        EndpointStatus.UPDATE_ROLLBACK_FAILED,
        EndpointStatus.OUT_OF_SERVICE,
    }:
        return None
    why = (endpoint.failure or "SageMaker gives no reason").rstrip(".")
    turn.enter(
        Phase.HALTED,
        f"endpoint {endpoint.name} is {endpoint.status.value}: {why}. See the runbook, 'Halted'",
        Kind.HALTED,
    )
    return True


def busy(turn: Turn) -> Verdict:
    """4. While the endpoint is busy: abort a rollout whose target is no longer wanted, else wait."""
    endpoint, rollout = turn.facts.endpoint, turn.record.rollout
    if endpoint is None or endpoint.status not in BUSY:
        return None
    if rollout is None or (rollout.held and rollout.config not in {endpoint.pending_config, endpoint.config}):
        return True  # autoscaling, a deletion of ours, or AWS's own maintenance: its end brings the next look
    if rollout.held:  # AWS said no, and yet it is under way: an earlier try had got through
        rollout = replace(rollout, held=False)
        turn.update(rollout=rollout)
    if rollout.abort_at is None and not _must_abort(turn, rollout):
        if endpoint.status is EndpointStatus.ROLLING_BACK:
            turn.enter(Phase.ROLLING, f"SageMaker is rolling v{rollout.version} back")
        else:
            turn.enter(Phase.ROLLING, f"v{rollout.version} is on its way")
        return True
    return _abort(turn, rollout, endpoint)


def _must_abort(turn: Turn, rollout: Rollout) -> bool:
    """A backward rollout is never aborted: that would lead back to what it leads away from. An abort is a way
    back, which a pause may hold."""
    if rollout.direction is Direction.BACKWARD or held(turn, Direction.BACKWARD) is not None:
        return False
    return turn.record.versions[rollout.version].is_rejected


def _abort(turn: Turn, rollout: Rollout, endpoint: Endpoint) -> Verdict:
    placement = turn.record.placement(rollout.config)
    serverless = placement is not None and placement.mode is EndpointMode.SERVERLESS
    if endpoint.status is EndpointStatus.CREATING or serverless:
        # Neither watches an alarm, and a creation has nothing to go back to. The version goes when it is over.
        meanwhile = "its serverless endpoint is updated" if serverless else "its endpoint is created"
        turn.enter(Phase.ROLLING, f"v{rollout.version} was rejected while {meanwhile}; it goes next")
        return True
    alarm = abort_alarm(turn.record.group)
    if alarm not in turn.facts.alarms:
        return Need(alarms=(alarm,))
    if rollout.abort_at is None:
        turn.update(rollout=replace(rollout, abort_at=turn.facts.now))
        turn.say(
            Kind.ABORT,
            f"v{rollout.version} was rejected in flight: abort",
            rollout.version,
            rollout=rollout.id,
        )
    turn.enter(Phase.ABORTING, f"v{rollout.version} was rejected in flight; traffic goes back")
    # Recorded once, but tripped until seen: the first attempt may have been lost after it was recorded.
    if turn.facts.alarms[alarm] is AlarmState.ALARM:
        turn.update(tripped=0.0)
    elif endpoint.status is EndpointStatus.UPDATING:
        turn.update(tripped=turn.facts.now)
        turn.actions.append(TripAbort(turn.record.group))
    return True


def failed_endpoint(turn: Turn) -> Verdict:
    """5. A Failed endpoint can only be deleted: note which version failed, and make room for the next."""
    endpoint = turn.facts.endpoint
    if endpoint is None or endpoint.status is not EndpointStatus.FAILED:
        if turn.record.broken:
            turn.update(broken=False)
        return None
    if not turn.record.broken:
        _note_broken(turn, endpoint)
    wanted = targets(turn.record, turn.spec)
    if not wanted:
        turn.enter(
            Phase.WITHDRAWN, f"endpoint {endpoint.name} failed and nothing good is left", Kind.WITHDRAWN
        )
        return True
    holds = [held(turn, target.direction) for target in wanted]
    if all(holds):
        turn.enter(
            Phase.PAUSED, f"{holds[0]}; endpoint {endpoint.name} failed and is not replaced", Kind.PAUSED
        )
        return True
    turn.enter(Phase.ROLLING, f"endpoint {endpoint.name} failed; it is replaced")
    release(turn)
    turn.actions.append(DeleteEndpoint(endpoint.name))
    return True


def _note_broken(turn: Turn, endpoint: Endpoint) -> None:
    reason, blame = endpoint.failure or "SageMaker gives no reason", blame_of_failure(endpoint.failure)
    live = turn.record.live_placement()
    if turn.record.rollout is not None:
        end_rollout(turn, turn.record.rollout, blame, reason)
    elif live is not None and blame is Blame.VERSION:
        _fail_live(turn, live, f"its endpoint failed: {reason}")
    turn.update(broken=True)


def ended_rollout(turn: Turn) -> Verdict:
    """6. A rollout of ours has ended: verified only if the endpoint serves the config we asked for."""
    endpoint, rollout = turn.facts.endpoint, turn.record.rollout
    if rollout is None:
        return None
    if endpoint is None:
        if rollout.endpoint_modified is not None:
            turn.update(rollout=None)
            turn.say(
                Kind.SUPERSEDED,
                "the endpoint was deleted under the rollout",
                rollout.version,
                rollout=rollout.id,
            )
        return None
    if endpoint.config == rollout.config:
        return _serves(turn, rollout)
    if rollout.held or endpoint.modified == rollout.endpoint_modified:
        return None  # AWS never took it up: the last rule starts it again, or another one instead
    if rollout.abort_at is not None:
        turn.update(rollout=None)
        if abort_alarm(turn.record.group) in (endpoint.failure or ""):
            turn.update(tripped=0.0)
        turn.say(
            Kind.ABORTED,
            f"v{rollout.version} is off; traffic is back after {turn.facts.now - rollout.abort_at:.0f} s",
            rollout.version,
            rollout=rollout.id,
            seconds_from_rejection=round(turn.facts.now - turn.record.versions[rollout.version].at, 3),
        )
        # Cleared now, so that the next rollout need not wait for the alarm.
        turn.actions.append(ClearAbort(turn.record.group))
    else:
        reason = endpoint.failure or "SageMaker rolled it back and gives no reason"
        end_rollout(turn, rollout, blame_of_failure(endpoint.failure), reason)
    return None


def _serves(turn: Turn, rollout: Rollout) -> Verdict:
    """The endpoint serves what we asked for; now the smoke test says whether that is success."""
    if any(name not in turn.facts.alarms for name in rollout.unwatched):
        return Need(alarms=rollout.unwatched)
    trial = smoke_test(turn, rollout)
    if isinstance(trial, Need):
        return trial
    if trial is not None and trial.outcome is Outcome.INCONCLUSIVE:
        return _untested(turn, rollout, trial.reason)
    if trial is not None and trial.outcome is Outcome.FAILED:
        _fail_serving(turn, rollout, f"its smoke test failed: {trial.reason}")
    else:
        _succeed(turn, rollout, trial)
    return None


def _succeed(turn: Turn, rollout: Rollout, trial: Trial | None) -> None:
    seconds, left = turn.facts.now - rollout.started_at, _seconds_from_rejection(turn)
    _take_over(turn, rollout)
    turn.placed(rollout.config, live_at=turn.facts.now)
    tested = "" if trial is None else f"; its smoke test passed: {trial.reason}"
    turn.say(
        Kind.SUCCEEDED,
        f"v{rollout.version} is live: verified after {seconds:.0f} s{tested}",
        rollout.version,
        rollout=rollout.id,
        config=rollout.config,
        seconds=round(seconds, 3),
        smoke_test="none" if trial is None else trial.outcome.value,
        **left,
    )


def _take_over(turn: Turn, rollout: Rollout) -> None:
    """What the rollout led to is live; whether it is good is not said by that."""
    before = turn.record.live
    turn.update(live=rollout.config, rollout=None)
    refusals.forget(turn, config=rollout.config)
    turn.placed(
        rollout.config,
        decided_at=rollout.decided_at,
        muted=tuple(name for name in rollout.unwatched if turn.facts.alarms[name] is AlarmState.ALARM),
        gone=False,
        instead_of=before if rollout.direction is Direction.RESPEC else None,
    )


def _fail_serving(turn: Turn, rollout: Rollout, reason: str) -> None:
    """It took over and is no good: it is what is live, and has failed, so that the last rule leads off it."""
    _take_over(turn, rollout)
    fail_rollout(turn, rollout, reason)


def _untested(turn: Turn, rollout: Rollout, reason: str) -> Verdict:
    """The smoke test could not be made, which says nothing of the version: it serves on without being called good,
    and each look tries again, until it passes, an alarm trips, or something else is wanted."""
    placement = turn.record.placement(rollout.config)
    alarms = placement.alarms if placement is not None else ()
    if any(name not in turn.facts.alarms for name in alarms):
        return Need(alarms=alarms)
    untested = f"its smoke test could not be made: {reason}"
    if tripped := [name for name in alarms if turn.facts.alarms[name] is AlarmState.ALARM]:
        _fail_serving(turn, rollout, f"its alarm tripped: {', '.join(tripped)}; {untested}")
        return None
    if turn.record.versions[rollout.version].is_rejected or overtaken(turn.record, rollout):
        _take_over(turn, rollout)
        turn.say(Kind.SUPERSEDED, f"v{rollout.version}: {untested}", rollout.version, rollout=rollout.id)
        return None
    turn.enter(Phase.WAITING, f"v{rollout.version} serves; {untested}", Kind.WAITING)
    return True


def _seconds_from_rejection(turn: Turn) -> dict[str, float]:
    """How long the version that was live took traffic after it was rejected; nothing if it was not."""
    live = turn.record.live_placement()
    decided = turn.record.versions.get(live.version) if live else None
    if decided is None or not decided.is_rejected:
        return {}
    return {"seconds_from_rejection": round(turn.facts.now - decided.at, 3)}


def end_rollout(turn: Turn, rollout: Rollout, blame: Blame, reason: str) -> None:
    """A rollout did not come to its good end. A version fails only by what is its own."""
    respec = rollout.direction is Direction.RESPEC
    if blame is Blame.VERSION or (respec and blame in {Blame.SPEC, Blame.UNKNOWN}):
        fail_rollout(turn, rollout, reason)
    else:
        refusals.refused(turn, rollout, blame, reason)


def fail_rollout(turn: Turn, rollout: Rollout, reason: str) -> None:
    """A rollout failed. Under a changed spec the spec is to blame, not the version that served well before."""
    respec = rollout.direction is Direction.RESPEC
    blame = Blame.SPEC if respec else Blame.VERSION
    refusals.end(turn, rollout, blame, reason)
    if respec:
        turn.update(refused=rollout.config)
    else:
        _mark_failed(turn, rollout.version, reason)


def fail_version(turn: Turn, version: int, reason: str) -> None:
    """A live version failed: it is not started again unless it is approved again."""
    _mark_failed(turn, version, reason)
    turn.say(Kind.VERSION_FAILED, f"v{version}: {reason}", version)


def _mark_failed(turn: Turn, version: int, reason: str) -> None:
    turn.decided(version, failed=reason, failures=turn.record.versions[version].failures + 1)


def probation(turn: Turn) -> Verdict:
    """8. A live version on probation whose alarm trips has failed."""
    live, endpoint = turn.record.live_placement(), turn.facts.endpoint
    if live is None or endpoint is None or endpoint.config != live.config or not serves_rightly(turn.record):
        return None
    if not on_probation(turn.record, turn.facts.now):
        return None
    names = (*live.alarms, *turn.spec.guardrails.alarms)
    if any(name not in turn.facts.alarms for name in names):
        return Need(alarms=names)
    tripped = [name for name in names if turn.facts.alarms[name] is AlarmState.ALARM]
    muted = tuple(name for name in live.muted if name in tripped)
    if muted != live.muted:
        turn.placed(live.config, muted=muted)
    if tripped := [name for name in tripped if name not in muted]:
        _fail_live(turn, live, f"on probation its alarm tripped: {', '.join(tripped)}")
    return None


def drift(turn: Turn) -> None:
    """A live version that drifts gives way to the last known good one, if the spec says so; once for each drift.

    Part of retraining, which has just noted the drift: the next turn of the look moves the endpoint.
    """
    spec, known, live = turn.spec.retraining, turn.record.retraining, turn.record.live_placement()
    if spec is None or not spec.roll_back or not known.drift or known.rolled_back:
        return
    alarms = (name for name in spec.alarms if name not in known.deaf)
    loud = [name for name in alarms if turn.facts.alarms.get(name) is AlarmState.ALARM]
    endpoint = turn.facts.endpoint
    if not loud or live is None or endpoint is None or endpoint.config != live.config:
        return
    if turn.record.rollout is not None or live.live_at is None or not serves_rightly(turn.record):
        return
    if held(turn, Direction.BACKWARD) is not None:
        return
    turn.update(retraining=replace(known, rolled_back=True))
    if last_known_good(turn.record) is None:
        turn.say(Kind.DRIFT, f"v{live.version} drifts, and nothing good is left to go back to", live.version)
    else:
        # The version, whatever its spec: what it meets has changed.
        fail_version(turn, live.version, f"it drifts; in ALARM: {', '.join(loud)}")
        turn.again = True


def _fail_live(turn: Turn, live: Placement, reason: str) -> None:
    """What is live failed: the version, or, if the same version served well before, the changed spec."""
    before = turn.record.placement(live.instead_of)
    if before is None or not before.is_ready:
        fail_version(turn, live.version, reason)
        return
    turn.update(refused=live.config)
    turn.say(Kind.SPEC_FAILED, f"v{live.version} under its changed spec: {reason}", live.version)
