"""Decisions of the ledger as they are known by now: who made them, and why, is sometimes told later.

An entry is never changed. An entry of the kind `decision.corrected` names the decision that it is about; whoever shows
the ledger to people shows what it says at the decision itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lambdas.core.ledger import Event, Kind

NO_REASON = "no reason given"
_TOLD = ("by", "why", "registered_by")


def decision_in_words(version: int, before: str | None, after: str, why: object) -> str:
    """What an entry says of a decision.

    Args:
        version: its number.
        before: its status until then, None: not known.
        after: its status since.
        why: what was said in the call, None or empty: nothing, as far as known.
    """
    return with_reason(f"v{version}: {f'{before} → ' if before else ''}{after}", why)


def with_reason(said: str, why: object) -> str:
    """A sentence of a decision, and what was said in the call; None or empty: nothing, as far as known."""
    return f"{said}: {why}" if why else f"{said}; {NO_REASON}"


def corrected(events: Iterable[Event]) -> tuple[Event, ...]:
    """The same entries, each decision with the last that is known of it.

    Args:
        events: of one group's ledger, oldest first. Entries that are missing correct nothing.

    Returns:
        As many, in the same order. A corrected decision has `corrected: true` in its data.
    """
    told = tuple(events)
    latest: dict[tuple[int | None, object], Mapping[str, Any]] = {}
    for event in told:
        if event.kind is Kind.CORRECTED:
            latest[event.version, event.data.get("corrects")] = event.data
    return tuple(_with(event, latest) for event in told)


def _with(event: Event, latest: Mapping[tuple[int | None, object], Mapping[str, Any]]) -> Event:
    if event.kind is not Kind.DECISION or event.version is None:
        return event
    known = latest.get((event.version, event.data.get("decided_at")))
    if known is None:
        return event
    data = {**event.data, **{name: known.get(name) for name in _TOLD}, "corrected": True}
    words = decision_in_words(event.version, data.get("before"), str(data.get("after")), data["why"])
    return replace(event, reason=words, data=data)
