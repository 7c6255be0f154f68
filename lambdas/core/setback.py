"""What becomes of a group when AWS refuses an action of a decision."""

from dataclasses import replace

from lambdas.core.actions import (
    Action,
    AskToRetrain,
    CreateConfig,
    CreateEndpoint,
    CreateModel,
    PutGuardrail,
    PutMonitoring,
    RemoveMonitoring,
    TripAbort,
    UpdateEndpoint,
)
from lambdas.core.answers import Blame
from lambdas.core.bounds import short
from lambdas.core.errors import (
    Busy,
    Denied,
    Gone,
    GreenlightError,
    NotOurs,
    Passing,
    Refused,
    SpecRefused,
    Transient,
    VersionRefused,
    Waiting,
)
from lambdas.core.facts import Facts
from lambdas.core.ledger import Kind
from lambdas.core.monitoring import not_done
from lambdas.core.record import Direction, Phase, Record, Rollout
from lambdas.core.refusals import denied, put_off, refused
from lambdas.core.retraining import not_asked
from lambdas.core.rules import end_rollout
from lambdas.core.turn import Decision, Turn

_BEGINS = CreateModel | PutGuardrail | CreateConfig | CreateEndpoint | UpdateEndpoint
"""The actions that begin a rollout: what AWS says to them, it says of where it leads."""


def setback(facts: Facts, record: Record, action: Action, error: GreenlightError) -> Decision | None:
    """Turn an action's error into the next record and ledger entries.

    Args:
        facts: the look on which the decision was made.
        record: the record as committed before the actions.
        action: the action that failed; those before it succeeded, those after it were not tried.
        error: in our own words.

    Returns:
        What to commit; None for a transient error that is nobody's news: the message comes back.
    """
    turn = Turn(replace(facts, record=record), record)
    rollout = record.rollout
    if isinstance(action, PutMonitoring | RemoveMonitoring | AskToRetrain):
        return _beside(turn, action, error)
    match error:
        case Passing() if rollout is not None:
            _pass(turn, facts.record, rollout, str(error))
        case Waiting():
            _hold(turn)
            _enter(turn, facts.record, Phase.WAITING, str(error), Kind.WAITING)
        case Busy() if rollout is not None:
            # Another operation came first: autoscaling say, or an earlier try of ours that got through. The
            # endpoint tells which, as long as it is busy.
            _hold(turn)
            turn.again = True
        case Denied():
            _hold(turn)
            _enter(turn, facts.record, Phase.BLOCKED, f"{error}. See the runbook, 'Denied'", Kind.BLOCKED)
        case NotOurs():
            _hold(turn)
            _enter(turn, facts.record, Phase.BLOCKED, f"{error}. See the runbook, 'Not ours'", Kind.BLOCKED)
        case Gone() if rollout is not None and isinstance(action, CreateEndpoint | UpdateEndpoint):
            turn.placed(action.config, gone=True)
            turn.update(rollout=None)
            reason = f"its kept config is gone; it is made anew: {error}"
            turn.say(Kind.SUPERSEDED, reason, rollout.version, rollout=rollout.id)
            turn.again = True
        case Refused() if isinstance(action, TripAbort):
            return None  # the rollout goes on, and so does the abort: it is tripped until that is seen
        case Refused() if rollout is not None and isinstance(action, _BEGINS):
            end_rollout(turn, rollout, _blame(error), str(error))
            turn.again = True
        case Refused() | Gone():
            _hold(turn)
            _enter(turn, facts.record, Phase.BLOCKED, f"{error}. See the runbook, 'Refused'", Kind.BLOCKED)
        case _:
            return None
    return turn.decision()


def _blame(error: Refused) -> Blame:
    match error:
        case VersionRefused():
            return Blame.VERSION
        case SpecRefused():
            return Blame.SPEC
    return Blame.UNKNOWN


def _pass(turn: Turn, before: Record | None, rollout: Rollout, reason: str) -> None:
    """What passes is waited for, and made again soon. If it does not pass, somebody must look; a way back does not wait
    for that, for another version may be reached where this one is not."""
    waits = put_off(turn, rollout, reason).waits
    if not waits and rollout.direction is Direction.BACKWARD:
        refused(turn, rollout, Blame.PASSING, reason)
        turn.again = True
        return
    _hold(turn)
    turn.soon = waits
    if waits:
        _enter(turn, before, Phase.WAITING, reason, Kind.WAITING)
    else:
        _enter(turn, before, Phase.BLOCKED, denied(reason.rstrip(".")), Kind.BLOCKED)


def _beside(
    turn: Turn, action: PutMonitoring | RemoveMonitoring | AskToRetrain, error: GreenlightError
) -> Decision | None:
    """What is no part of a rollout holds none: it is said, and the look goes on with what is left."""
    if isinstance(error, Transient) and not isinstance(error, Busy | Waiting):
        return None
    if isinstance(action, AskToRetrain):
        not_asked(turn, action.run, error)
    else:
        not_done(turn, action.monitor, error)
    turn.again = True
    return turn.decision()


def _enter(turn: Turn, before: Record | None, phase: Phase, reason: str, kind: Kind) -> None:
    """Tell the ledger only if the look did not begin with the very same setback."""
    told = before is not None and (before.phase, before.reason) == (phase, short(reason))
    turn.enter(phase, reason, None if told else kind)


def _hold(turn: Turn) -> None:
    """AWS said no to the rollout: it has not begun, and the next look may try again."""
    if turn.record.rollout is not None:
        turn.update(rollout=replace(turn.record.rollout, held=True))
