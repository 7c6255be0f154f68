"""An announcement as an event on the bus, for machines; docs/events.md says what each is, schemas/events its shape."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdas.core.announcements import Announcement
from lambdas.core.text import well_formed

SCHEMA = 1
"""Of the events' shape. A new member of `data`, or a new kind, is no new shape: consumers pass over both."""

MOST_BYTES = (
    200_000  # of a detail: PutEvents takes 256 KB with all that is around it, as UTF-8 [EB, "PutEvents"]
)
_MOST_REASON = 10_000  # characters, where the whole does not fit


@dataclass(frozen=True)
class DomainEvent:
    """What PutEvents is given: `detail` is JSON, `at` epoch seconds."""

    detail_type: str
    detail: str
    at: float


def to_event(one: Announcement) -> DomainEvent:
    """The event of an announcement; where it is too large, `cut` names what was left out, and the ledger has it."""
    detail: dict[str, Any] = {
        "schema": SCHEMA,
        "id": one.id,
        "group": one.group,
        "seq": one.seq,
        "hash": one.hash,
        "kind": one.kind.value,
        "at": moment(one.at),
        "version": one.version,
        "reason": one.reason,
        "data": dict(one.data),
        "cut": [],
    }
    return DomainEvent(one.telling.detail_type, _written(_fitting(_plain(detail))), one.at)


def moment(at: float) -> str:
    """A time as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fitting(detail: dict[str, Any]) -> dict[str, Any]:
    """Without the largest members of `data`, as many as it takes, and then with the beginning of the reason only."""
    data: dict[str, Any] = dict(detail["data"])
    for name in sorted(data, key=lambda name: _size(data[name]), reverse=True):
        if _size(detail) <= MOST_BYTES:
            return detail
        del data[name]
        detail = {**detail, "data": dict(data), "cut": [*detail["cut"], f"data.{name[:_MOST_REASON]}"]}
    if _size(detail) <= MOST_BYTES:
        return detail
    reason = f"{detail['reason'][:_MOST_REASON]}…"
    return {**detail, "data": {}, "reason": reason, "cut": ["data", "reason"]}


def _size(value: object) -> int:
    return len(_written(value).encode())


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    """JSON that every reader takes: no half characters, no numbers that are none."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {well_formed(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
