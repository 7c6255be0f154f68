"""A group's ledger as JSON Lines that anyone can verify offline, and those lines read again, in one spelling only."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.core.codec import decode
from lambdas.core.errors import Malformed
from lambdas.core.ledger import Entry, as_body, first_broken
from lambdas.core.record import Head
from lambdas.core.text import quoted

_RECIPE = (
    "hash = SHA-256, in hexadecimal, of the UTF-8 text: group, newline, seq, newline, previous, newline, body; "
    "previous = the hash of the entry before, empty for the first; head = the last entry's seq and hash, as the "
    "group's record had them when this was exported"
)

_WHAT_TO_DO = (
    "do not rely on this file: verify it as `greenlight history GROUP --export` printed it, or export it anew"
)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GROUP = re.compile("#?[A-Za-z0-9](-*[A-Za-z0-9])*")  # ModelPackageGroupName [B], or the account's ledger
_SHOWN = 60  # bytes of what is spelled otherwise


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
    yield from map(_entry_line, entries)


def _entry_line(entry: Entry) -> str:
    return json.dumps({"seq": entry.seq, "previous": entry.previous, "hash": entry.hash, "body": entry.body})


def from_bytes(content: bytes) -> History:
    """Read an export: each line must be, byte for byte, what `to_lines` writes for what is read in it.

    JSON lets one line say two things (a key twice, of which readers take one or the other), and hides words from
    `grep` (escapes). Whoever reads the file with other eyes than ours must find what was verified. Every release has
    written lines and bodies in this one way, so older exports are read.

    Raises:
        Malformed: a line is not one of ours; names its number, and says what to do.
    """
    # Not `splitlines`, which takes eight other characters for ends of lines.
    lines = content.removesuffix(b"\n").split(b"\n")
    if lines == [b""]:
        raise Malformed("there is no line; the first is a header that names the ledger")
    try:
        header = _header(_text(lines[0], "line 1"), "line 1")
        entries = tuple(
            _entry(header.ledger, _text(line, f"line {number}"), f"line {number}")
            for number, line in enumerate(lines[1:], start=2)
        )
    except Malformed as error:
        raise Malformed(f"{error}; {_WHAT_TO_DO}") from error
    return History(header.ledger, entries, header.head)


def _text(line: bytes, where: str) -> str:
    """A line's characters: all ASCII, since JSON escapes the others."""
    if not line.strip():
        raise Malformed(f"{where} is blank")
    if line.startswith(_MARKS) or b"\0" in line:
        raise Malformed(
            f"{where} is UTF-16, or begins with a byte order mark; an export has neither, but an editor or "
            "PowerShell's > may write it anew so"
        )
    if line.endswith(b"\r"):
        raise Malformed(f"{where} ends with a carriage return; an export has none")
    try:
        return line.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed(f"{where} is not ASCII, first at byte {error.start + 1}") from error


def _header(text: str, where: str) -> _Header:
    header = decode(_Header, _object(text, where), where)
    if _GROUP.fullmatch(header.ledger) is None:
        raise Malformed(f"{where} names {quoted(header.ledger)}, which is no group's name")
    _same(text, next(to_lines(header.ledger, (), header.head)), where)
    return header


def _entry(group: str, text: str, where: str) -> Entry:
    line = decode(_Line, _object(text, where), where)
    entry = Entry(group, line.seq, line.previous, line.hash, line.body)
    _same(text, _entry_line(entry), where)
    where = f"{where}'s body"
    _same(entry.body, as_body(_object(entry.body, where)), where)
    return entry


def _object(text: str, where: str) -> dict[str, Any]:
    """What a text says."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"{where} has half a character (a lone surrogate)") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{where} is not JSON: {error}") from error
    except Malformed as error:
        raise Malformed(f"{where}{error}") from error
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {quoted(value)}; expected an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Malformed(f" has the key {quoted(twice)} more than once")
    return found


def _no_number(constant: str) -> None:
    raise Malformed(f" has {constant}, which is no number in JSON")


def _same(text: str, ours: str, where: str) -> None:
    if text == ours:
        return
    pairs = enumerate(zip(text, ours, strict=False))
    at = next((number for number, (one, our) in pairs if one != our), min(len(text), len(ours)))
    raise Malformed(
        f"{where} is not spelled as an export spells it, first at character {at + 1}: {quoted(text[at:], _SHOWN)}"
    )
