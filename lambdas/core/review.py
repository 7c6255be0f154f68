"""Versions that wait for a decision: notes them, reminds of them, and says when nobody decided for too long."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lambdas.core import authorship
from lambdas.core.comparison import Difference, Metric, compare
from lambdas.core.errors import Unreadable
from lambdas.core.facts import VersionDetail, VersionSummary
from lambdas.core.foreign import boundary
from lambdas.core.intake import MOST_AT_ONCE
from lambdas.core.ledger import Kind
from lambdas.core.quality import Compared, shortcomings
from lambdas.core.record import Approval, Pending, unnoted
from lambdas.core.retraining import link
from lambdas.core.turn import Need, Turn

_HOUR, _DAY = 3600.0, 86400.0
_MOST_COMPARED = 10  # of those that are registered at once, the youngest
_MOST_TOLD = 50  # metrics, and differences
_LONGEST = 200  # characters of a name or a value
_MOST = 32  # that are noted in full, the youngest; whoever registers more is reminded of these, and of how many wait
_MOST_NEW = 100  # of those that are registered at once, the youngest; the others are counted


def take_pending(turn: Turn) -> Need | None:
    """Record each version that was registered since the last look, and what is due of those that wait.

    Time is all that changes here, and the full sweep looks every hour: so long a reminder may be late. The registry's
    statuses stay as they are; deciding is for people.
    """
    if (need := _take_registrations(turn)) is not None:
        return need
    undecided = _undecided(turn)
    waiting = _waiting(turn, undecided)
    if (waiting, len(undecided)) != (turn.record.pending, turn.record.waiting):
        turn.update(pending=waiting, waiting=len(undecided))
    _expire(turn)
    _remind(turn)
    return None


def _undecided(turn: Turn) -> list[VersionSummary]:
    """Youngest first. What was decided on and set back to pending is a decision, and not waited for."""
    known, archive = turn.record.versions, turn.record.archive
    found = [
        v
        for v in turn.facts.versions
        if v.approval is Approval.PENDING
        and v.version not in known
        and archive.status(v.version) is None
        and v.version >= archive.floor
    ]
    return sorted(found, key=lambda v: v.version, reverse=True)


def _take_registrations(turn: Turn) -> Need | None:
    """Each of them once, oldest first."""
    news = [v for v in _undecided(turn) if v.version > turn.record.noted][:_MOST_NEW][::-1]
    room = max(0, MOST_AT_ONCE - len(turn.events))
    turn.again = turn.again or len(news) > room
    news = news[:room]
    if (need := _unread(turn, [v.version for v in news])) is not None:
        return need
    compared = {v.version for v in news[-_MOST_COMPARED:]}
    for summary in news:
        detail = turn.facts.details[summary.version]
        by = detail.registrant if detail is not None else None
        known = detail is not None and authorship.is_as_registered(turn.facts, summary, detail)
        one = Pending(
            summary.created, turn.facts.now, fingerprint=detail.fingerprint if known and detail else None
        )
        pending = {**turn.record.pending, summary.version: one}
        turn.update(noted=summary.version, pending=pending)
        turn.say(
            Kind.PENDING,
            f"v{summary.version} was registered and waits for a decision",
            summary.version,
            registered_by=None if by is None else str(by),
            registered_at=round(summary.created, 3),
            **_caused(turn, detail),
            **(_reviewed(turn, detail) if detail is not None and summary.version in compared else {}),
        )
    return None


def _caused(turn: Turn, detail: VersionDetail | None) -> dict[str, Any]:
    """The run of the group's pipeline that registered it, and what that ran for."""
    run = link(turn, detail) if detail is not None else None
    return {} if run is None else {"run": run.id, "cause": run.cause.value, "because": run.reason}


def _unread(turn: Turn, news: list[int]) -> Need | None:
    """What the comparisons need: the versions in full, the live one too, and the reports of those compared."""
    if not news:
        return None
    facts, live = turn.facts, _live(turn)
    if missing := {*news, *([] if live is None else [live])} - facts.details.keys():
        return Need(details=frozenset(missing))
    details = [facts.details[n] for n in (*news[-_MOST_COMPARED:], *([] if live is None else [live]))]
    uris = {one.evaluation for one in details if one is not None and one.evaluation is not None}
    unread = uris - facts.reports.keys()
    return Need(reports=frozenset(unread)) if unread else None


def _live(turn: Turn) -> int | None:
    """The live version, if it is still in the registry."""
    live = turn.record.live_placement()
    present = {v.version for v in turn.facts.versions}
    return live.version if live is not None and live.version in present else None


def _reviewed(turn: Turn, detail: VersionDetail) -> dict[str, Any]:
    """The comparison, or why there is none: one version's must not keep the others from being told."""
    try:
        with boundary("its comparison"):
            return reviewed(turn, detail)
    except Unreadable as error:
        empty: dict[str, Any] = {"compared_with": None, "metrics": [], "differences": [], "gates": []}
        return {**empty, "report": str(error)}


def reviewed(turn: Turn, detail: VersionDetail) -> dict[str, Any]:
    """What an approver should know of a version, as it goes into the ledger: how it compares with the live one, which
    gates it would not pass, what of its report cannot be read. The facts have all that is needed."""
    live, gates = _live(turn), turn.spec.gates
    beside = turn.facts.details.get(live) if live is not None else None
    candidate = _compared(turn, detail)
    other = None if beside is None else _compared(turn, beside)
    found = compare(other or Compared(_nothing(detail), None), candidate, gates)
    differences = (*found.containers, *found.metadata) if other is not None else ()
    return {
        "compared_with": None if other is None else other.detail.version,
        "metrics": [_metric(one) for one in found.metrics[:_MOST_TOLD]],
        "differences": [_difference(one) for one in differences[:_MOST_TOLD]],
        "gates": list(shortcomings(gates, candidate, other)),
        "report": candidate.report.problem if candidate.report is not None else None,
    }


def _compared(turn: Turn, detail: VersionDetail) -> Compared:
    report = turn.facts.reports.get(detail.evaluation) if detail.evaluation is not None else None
    return Compared(detail, report)


def _nothing(detail: VersionDetail) -> VersionDetail:
    """What a first version is compared with."""
    return replace(detail, version=0, containers=(), metadata={}, lineage={}, evaluation=None)


def _metric(one: Metric) -> dict[str, Any]:
    return {
        "name": one.name[:_LONGEST],
        "before": one.before,
        "after": one.after,
        "change": None
        if one.change is None
        else float(f"{one.change:.10g}"),  # 0.93 - 0.95 is -0.02 to people
        "better": one.better,
    }


def _difference(one: Difference) -> dict[str, Any]:
    before, after = (value[:_LONGEST] if value is not None else None for value in (one.before, one.after))
    return {"name": one.name[:_LONGEST], "before": before, "after": after}


def _waiting(turn: Turn, undecided: Sequence[VersionSummary]) -> Mapping[int, Pending]:
    """What was there before the first look waits from then on; so does what younger ones have made room for."""
    known, now = turn.record.pending, turn.facts.now
    noted = [v.version for v in undecided if v.version <= turn.record.noted][:_MOST]
    return {version: known.get(version) or Pending(now, now) for version in noted}


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
        oldest, crowded = min(one.since for one in waiting.values()), unnoted(turn.record)
        more = f" and {crowded} more" if crowded else ""
        turn.say(
            Kind.REMINDER,
            f"{_named(waiting)}{more} {'waits' if len(waiting) == 1 else 'wait'} for a decision, the longest for "
            f"{(now - oldest) / _HOUR:.0f} hours",
            versions=sorted(waiting),
            **({"more": crowded} if crowded else {}),
        )
        _change(turn, waiting, reminded=now)


def _open(turn: Turn) -> dict[int, Pending]:
    return {number: one for number, one in turn.record.pending.items() if not one.expired}


def _change(turn: Turn, numbers: Iterable[int], **changes: Any) -> None:
    changed = {number: replace(turn.record.pending[number], **changes) for number in numbers}
    turn.update(pending={**turn.record.pending, **changed})


def _named(numbers: Iterable[int]) -> str:
    return ", ".join(f"v{number}" for number in sorted(numbers))
