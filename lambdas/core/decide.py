"""The decision: facts of one look in; actions, next record and ledger entries out. Pure.

What was decided, aborts and ways back come first: `decide`. What is optional comes after, each part by itself:
`decide_part`. So nothing that a report, a baseline or a pipeline holds can stop a rejection.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from lambdas.core import rules
from lambdas.core.actions import DeleteEndpoint
from lambdas.core.breaches import take_breaches
from lambdas.core.facts import EndpointStatus, Facts
from lambdas.core.intake import onboard, take_acts, take_decisions, take_spec
from lambdas.core.ledger import Kind
from lambdas.core.monitoring import follow_live, take_inspections
from lambdas.core.moves import move, tell_who_decided
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.record import Phase, Record
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
    move,
)
"""In order; the first that decides, decides. Pauses and freeze windows hold inside `move`: what happened is
taken in all the same."""


class Part(StrEnum):
    """An optional part of a look, in the order in which they are taken. None of them moves the endpoint."""

    REVIEW = "review"
    RETRAINING = "retraining"
    MONITORING = "monitoring"


def decide(facts: Facts) -> Decision | Need:
    """Decide the one next step of a group: what was decided, then aborts, ways back and rollouts.

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
    if turn.record.spec is None:
        why = "a newer release wrote the group's spec, and this one cannot read it; deploy that release's functions"
        turn.enter(Phase.BLOCKED, why, Kind.BLOCKED)
        return turn.decision()
    for take in (take_decisions, take_acts):
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
    return tell_who_decided(turn) or turn.decision()


def decide_part(part: Part, facts: Facts) -> Decision | Need:
    """Decide what an optional part of a look asks for.

    Args:
        part: which.
        facts: of the same look, with the record as `decide` left it; see `afterwards`.

    Returns:
        As `decide`. With `again`, the endpoint may have to move because of it: look again at once.
    """
    if facts.record is None or facts.record.spec is None:
        return Decision(record=None, reason="the group has no spec; it is not ours")
    turn = Turn(facts, facts.record)
    return _take_part(part, turn) or turn.decision()


def _take_part(part: Part, turn: Turn) -> Need | None:
    match part:
        case Part.REVIEW:
            return take_pending(turn)
        case Part.RETRAINING:
            need = take_inspections(turn) or take_runs(turn)
            if need is None:
                rules.drift(turn)
            return need
        case Part.MONITORING:
            return follow_live(turn)


def afterwards(facts: Facts, decision: Decision, record: Record) -> Facts:
    """The facts of a look once a decision of it was recorded and performed, as far as AWS let it be.

    An endpoint that is to be deleted counts as on its way out, also where AWS did not delete it yet: nothing is made
    for it.

    Args:
        facts: on which it was made.
        decision: that was performed.
        record: as committed.
    """
    deleted = any(isinstance(action, DeleteEndpoint) for action in decision.actions)
    endpoint = facts.endpoint
    if deleted and endpoint is not None:
        endpoint = replace(endpoint, status=EndpointStatus.DELETING)
    return replace(facts, record=record, endpoint=endpoint)


def _turn(facts: Facts) -> Turn | Need | None:
    return onboard(facts) if facts.record is None else Turn(facts, facts.record)
