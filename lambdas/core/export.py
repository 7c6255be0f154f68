"""A group's ledger as JSON Lines that anyone can verify offline, and those lines read again."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.core.codec import decode
from lambdas.core.errors import Malformed
from lambdas.core.ledger import Entry, first_broken
from lambdas.core.record import Head

_RECIPE = (
    "hash = SHA-256, in hexadecimal, of the UTF-8 text: group, newline, seq, newline, previous, newline, body; "
    "previous = the hash of the entry before, empty for the first; head = the last entry's seq and hash, as the "
    "group's record had them when this was exported"
)


@dataclass(frozen=True)
class _Line:
    seq: int
    previous: str
    hash: str
    body: str


@dataclass(frozen=True)
class _Header:
    ledger: str
    head: Head
    recipe: str = _RECIPE


@dataclass(frozen=True)
class History:
    """An exported ledger: of which group, its entries, and where the record says that it ends."""

    group: str
    entries: tuple[Entry, ...]
    head: Head

    def first_broken(self) -> int | None:
        """The number of the first entry that is missing, out of order or not what was written; None: all is well."""
        return first_broken(self.group, self.entries, self.head)

    def has(self, noted: Head) -> bool:
        """Whether an entry is in it as it was noted elsewhere: a whole chain may be written anew, and be whole."""
        return any((entry.seq, entry.hash) == (noted.seq, noted.hash) for entry in self.entries)


def to_lines(group: str, entries: Iterable[Entry], head: Head) -> Iterator[str]:
    """A header with the group, the record's head and how to verify; then an entry a line, its body byte for byte."""
    header = {"ledger": group, "head": {"seq": head.seq, "hash": head.hash}, "recipe": _RECIPE}
    yield json.dumps(header)
    for entry in entries:
        line = {"seq": entry.seq, "previous": entry.previous, "hash": entry.hash, "body": entry.body}
        yield json.dumps(line)


def from_lines(lines: Iterable[str]) -> History:
    """Read what `to_lines` wrote.

    Raises:
        Malformed: a line is not one of ours; names its number.
    """
    header: _Header | None = None
    entries: list[Entry] = []
    for number, text in enumerate(lines, start=1):
        if header is None:
            header = decode(_Header, _object(text, number), f"line {number}")
            continue
        line = decode(_Line, _object(text, number), f"line {number}")
        entries.append(Entry(header.ledger, line.seq, line.previous, line.hash, line.body))
    if header is None:
        raise Malformed("there is no line; the first is a header that names the ledger")
    return History(header.ledger, tuple(entries), header.head)


def _object(text: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"line {number} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed(f"line {number} is {value!r}; expected an object")
    return value
