"""Versions that wait for a decision: notes them, reminds of them, and says when nobody decided for too long."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lambdas.core.facts import VersionSummary
from lambdas.core.intake import MOST_AT_ONCE
from lambdas.core.ledger import Kind
from lambdas.core.record import Approval, Pending
from lambdas.core.turn import Need, Turn

_HOUR, _DAY = 3600.0, 86400.0
_MOST = 100  # the youngest; whoever registers more without deciding is reminded of these


def take_pending(turn: Turn) -> Need | None:
    """Record each version that was registered since the last look, and what is due of those that wait.

    Time is all that changes here, and the full sweep looks every hour: so long a reminder may be late. The registry's
    statuses stay as they are; deciding is for people.
    """
    if (need := _take_registrations(turn)) is not None:
        return need
    waiting = _waiting(turn)
    if waiting != turn.record.pending:
        turn.update(pending=waiting)
    _expire(turn)
    _remind(turn)
    return None


def _undecided(turn: Turn) -> list[VersionSummary]:
    """Youngest first. What was decided on and set back to pending is a decision, and not waited for."""
    known = turn.record.versions
    found = [v for v in turn.facts.versions if v.approval is Approval.PENDING and v.version not in known]
    return sorted(found, key=lambda v: v.version, reverse=True)[:_MOST]


def _take_registrations(turn: Turn) -> Need | None:
    """Each of them once, oldest first."""
    news = sorted((v for v in _undecided(turn) if v.version > turn.record.noted), key=lambda v: v.version)
    room = max(0, MOST_AT_ONCE - len(turn.events))
    turn.again = turn.again or len(news) > room
    news = news[:room]
    if missing := {v.version for v in news} - turn.facts.details.keys():
        return Need(details=frozenset(missing))
    for summary in news:
        detail = turn.facts.details[summary.version]
        by = detail.registrant if detail is not None else None
        pending = {**turn.record.pending, summary.version: Pending(summary.created, turn.facts.now)}
        turn.update(noted=summary.version, pending=pending)
        turn.say(
            Kind.PENDING,
            f"v{summary.version} was registered and waits for a decision",
            summary.version,
            registered_by=None if by is None else str(by),
            registered_at=round(summary.created, 3),
        )
    return None


def _waiting(turn: Turn) -> Mapping[int, Pending]:
    """What was there before the first look waits from then on."""
    known, now = turn.record.pending, turn.facts.now
    return {
        v.version: known.get(v.version) or Pending(now, now)
        for v in _undecided(turn)
        if v.version <= turn.record.noted
    }


def _expire(turn: Turn) -> None:
    days, now = turn.spec.review.expiry_days, turn.facts.now
    late = [n for n, one in _open(turn).items() if days and now - one.since >= days * _DAY]
    if late:
        turn.say(
            Kind.EXPIRED,
            f"{_named(late)}: nobody decided for {days} days; reminders end, and the status stays as it is",
            versions=sorted(late),
        )
        _change(turn, late, expired=True)


def _remind(turn: Turn) -> None:
    """One entry for all that wait, so that many versions are no flood."""
    hours, now, waiting = turn.spec.review.reminder_hours, turn.facts.now, _open(turn)
    due = hours and any(now - max(one.since, one.reminded) >= hours * _HOUR for one in waiting.values())
    if due:
        oldest = min(one.since for one in waiting.values())
        turn.say(
            Kind.REMINDER,
            f"{_named(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for a decision, the longest for "
            f"{(now - oldest) / _HOUR:.0f} hours",
            versions=sorted(waiting),
        )
        _change(turn, waiting, reminded=now)


def _open(turn: Turn) -> dict[int, Pending]:
    return {number: one for number, one in turn.record.pending.items() if not one.expired}


def _change(turn: Turn, numbers: Iterable[int], **changes: Any) -> None:
    changed = {number: replace(turn.record.pending[number], **changes) for number in numbers}
    turn.update(pending={**turn.record.pending, **changed})


def _named(numbers: Iterable[int]) -> str:
    return ", ".join(f"v{number}" for number in sorted(numbers))
