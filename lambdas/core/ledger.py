"""The ledger's entries and the hash chain that shows any removed, edited or overwritten one."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lambdas.core.errors import Malformed
from lambdas.core.record import Head
from lambdas.core.text import cut

MOST_ENTRY = 32_768
"""Bytes of an entry's body: a transaction's 99 stay below the 4 MB that DynamoDB takes at once, the record included."""
_MEMBERS = 32  # of an entry's data
_MEASURES = ((4_096, 256), (1_024, 64), (256, 32), (64, 8), (12, 4))
"""Bytes of a text as JSON, and items of a list, that an entry has: the first of these with which it is small enough."""


class Kind(StrEnum):
    """What an entry tells."""

    ONBOARDED = "onboarded"
    DECISION = "decision"
    CORRECTED = "decision.corrected"
    WITNESS = "witness"
    UNPROVEN = "unproven"
    STARTED = "rollout.started"
    SUCCEEDED = "rollout.succeeded"
    FAILED = "rollout.failed"
    ABORT = "rollout.abort"
    ABORTED = "rollout.aborted"
    SUPERSEDED = "rollout.superseded"
    VERSION_FAILED = "version.failed"
    SPEC_FAILED = "spec.failed"
    BLOCKED = "blocked"
    WAITING = "waiting"
    PAUSED = "paused"
    FOREIGN = "foreign"
    HALTED = "halted"
    WITHDRAWN = "withdrawn"
    SPEC = "spec"
    UNMANAGED = "unmanaged"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ADOPTED = "adopted"
    BREAK_GLASS = "break-glass"
    PENDING = "pending"
    REMINDER = "reminder"
    EXPIRED = "expired"
    DRIFT = "drift"
    MONITORING = "monitoring"
    UNMONITORED = "unmonitored"
    RETRAIN_STARTED = "retrain.started"
    RETRAIN_SUCCEEDED = "retrain.succeeded"
    RETRAIN_FAILED = "retrain.failed"
    RETRAIN_HELD = "retrain.held"


NEED_A_PERSON = frozenset(
    {Kind.BLOCKED, Kind.FOREIGN, Kind.HALTED, Kind.RETRAIN_FAILED, Kind.UNPROVEN, Kind.WITHDRAWN}
)
"""What does not go on, or not rightly, until somebody has looked."""


@dataclass(frozen=True)
class Event:
    """Something to be recorded; `at` in epoch seconds, `data` holds JSON values only."""

    kind: Kind
    at: float
    reason: str
    version: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An event with its place in the chain: `hash` covers the content and `previous`."""

    group: str
    seq: int
    previous: str
    hash: str
    body: str


def event_of(entry: Entry) -> Event:
    """What an entry tells.

    Raises:
        Malformed: its body is not one that we wrote.
    """
    try:
        body = json.loads(entry.body)
        return Event(Kind(body["kind"]), body["at"], body["reason"], body["version"], body["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"entry {entry.seq} of group {entry.group} cannot be read: {error}") from error


def chain(group: str, head: Head, events: Iterable[Event]) -> tuple[tuple[Entry, ...], Head]:
    """Number the events after `head` and link each to the one before; returns them and the new head."""
    entries: list[Entry] = []
    for event in events:
        body = _body(event)
        seq = head.seq + 1
        entry = Entry(group, seq, head.hash, _digest(group, seq, head.hash, body), body)
        entries.append(entry)
        head = Head(seq, entry.hash)
    return tuple(entries), head


def first_broken(group: str, entries: Iterable[Entry], head: Head | None = None) -> int | None:
    """The number of the first entry that is missing, out of order or not what was written; None: all is well.

    `head`: the record's head, where known; with it, entries cut off at the end show too.
    """
    expected = Head()
    for entry in entries:
        if (entry.seq, entry.previous) != (expected.seq + 1, expected.hash):
            return expected.seq + 1
        if not intact(replace(entry, group=group)):
            return entry.seq
        expected = Head(entry.seq, entry.hash)
    cut_off = head is not None and (head.seq, head.hash) != (expected.seq, expected.hash)
    return expected.seq + 1 if cut_off else None


def intact(entry: Entry) -> bool:
    """Whether its hash is that of its content; whether it is the one that was written, only the whole chain tells."""
    return entry.hash == _digest(entry.group, entry.seq, entry.previous, entry.body)


def _body(event: Event) -> str:
    """An entry's content, of at most MOST_ENTRY bytes: with less of long texts and lists, where it takes that."""
    body = ""
    for text, items in _MEASURES:
        body = _within(event, text, items)
        if len(body) <= MOST_ENTRY:
            break
    return body


def _within(event: Event, text: int, items: int) -> str:
    """With texts of so many bytes, and so many items of a list or an object; `data.cut` names what has less of it."""
    data = {cut(name, text): _cut(value, text, items) for name, value in list(event.data.items())[:_MEMBERS]}
    if short := sorted(name for name, value in event.data.items() if data.get(name) != _plain(value)):
        data["cut"] = [cut(name, text) for name in short[:_MEMBERS]]
    content = {
        "kind": event.kind.value,
        "at": round(event.at, 3),
        "reason": cut(event.reason, text),
        "version": event.version,
        "data": data,
    }
    return as_body(content)


def as_body(content: Mapping[str, Any]) -> str:
    """An entry's content in the one spelling that its hash is of."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _cut(value: Any, text: int, items: int) -> Any:
    if isinstance(value, str):
        return cut(value, text)
    if isinstance(value, Mapping):
        return {cut(str(name), text): _cut(one, text, items) for name, one in list(value.items())[:items]}
    if isinstance(value, list | tuple):
        return [_cut(one, text, items) for one in value[:items]]
    return _finite(value)


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else _finite(value)


def _finite(value: Any) -> Any:
    """JSON has no number that is not finite: it is told as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _digest(group: str, seq: int, previous: str, body: str) -> str:
    return hashlib.sha256(f"{group}\n{seq}\n{previous}\n{body}".encode()).hexdigest()
