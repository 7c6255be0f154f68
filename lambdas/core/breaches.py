"""The account's own ledger: each use of the break-glass role, once."""

from lambdas.core.facts import Facts
from lambdas.core.ledger import Kind
from lambdas.core.record import Phase, Record
from lambdas.core.turn import Decision, Turn

_REMEMBERED = 64  # events of CloudTrail that are known not to be news


def take_breaches(facts: Facts) -> Decision:
    """Record what the hints tell of break-glass; nothing else is ever done for the account as a whole."""
    turn = Turn(facts, facts.record or Record(group=facts.group, since=facts.now))
    heard = list(turn.record.heard)
    for breach in (hint.breach for hint in facts.hints if hint.breach is not None):
        if breach.id in heard:
            continue
        heard.append(breach.id)
        on = f" on endpoint {breach.endpoint}" if breach.endpoint else ""
        reason = f"break-glass: {breach.by} called {breach.call}{on}"
        turn.say(
            Kind.BREAK_GLASS,
            reason,
            event=breach.id,
            by=str(breach.by),
            called=breach.call,
            called_at=breach.at,
        )
        turn.enter(Phase.IDLE, reason)
    turn.update(heard=tuple(heard[-_REMEMBERED:]))
    return turn.decision()
