"""The decision: facts of one look in; actions, next record and ledger entries out. Pure."""

from collections.abc import Callable

from lambdas.core import rules
from lambdas.core.breaches import take_breaches
from lambdas.core.facts import Facts
from lambdas.core.intake import onboard, take_acts, take_decisions, take_spec
from lambdas.core.monitoring import follow_live, take_inspections
from lambdas.core.moves import move
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.retraining import take_runs
from lambdas.core.review import take_pending
from lambdas.core.rules import Verdict
from lambdas.core.turn import Decision, Need, Turn

RULES: tuple[Callable[[Turn], Verdict], ...] = (
    rules.no_spec,
    rules.foreign_endpoint,
    rules.halted,
    rules.busy,
    rules.failed_endpoint,
    rules.ended_rollout,
    rules.probation,
    rules.drift,
    move,
)
"""In order; the first that decides, decides. Pauses and freeze windows hold inside `move`: what happened is
taken in all the same."""


def decide(facts: Facts) -> Decision | Need:
    """Decide the one next step of a group.

    Args:
        facts: one look at the group; optional parts are empty until a decision asks for them.

    Returns:
        A `Need` naming what must be read first (call again with richer facts of the same look), or a
        `Decision`. Its `record` is None when the group is not ours: nothing is to be written or done.
    """
    if facts.group == ACCOUNT_WIDE:
        return take_breaches(facts)
    turn = _turn(facts)
    if isinstance(turn, Need):
        return turn
    if turn is None:
        return Decision(record=None, reason="the group has no spec; it is not ours")
    take_spec(turn)
    for take in (take_decisions, take_acts, take_pending, take_inspections, take_runs):
        if (need := take(turn)) is not None:
            return need
    if turn.again:
        return turn.decision()  # nothing is done on half of what was decided; the next turn takes in the rest
    for rule in RULES:
        verdict = rule(turn)
        if isinstance(verdict, Need):
            return verdict
        if verdict:
            break
    return follow_live(turn) or turn.decision()


def _turn(facts: Facts) -> Turn | Need | None:
    return onboard(facts) if facts.record is None else Turn(facts, facts.record)
