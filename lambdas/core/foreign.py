"""The boundary around what other people wrote: it bounds size, depth and parts, and every failure becomes a reason."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lambdas.core.errors import Transient, Unreadable
from lambdas.core.text import cut, one_line

MOST_BYTES = 1_000_000  # of a JSON document that people register or configure
MOST_DEPTH = 64  # objects and lists inside one another
MOST_PARTS = 200_000  # brackets, commas and colons: members and items, roughly
MOST_QUOTED = 200  # characters of somebody else's text in a message of ours
_LONGEST_REASON = 300  # bytes of a reason, as JSON has it

# The closing quote is optional, so that a string that never ends is read once and not from each quote in it.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]', re.DOTALL)


@contextmanager
def boundary(what: str) -> Iterator[None]:
    """Turn whatever is raised while foreign content is read into `Unreadable`.

    Args:
        what: is read, in words; the beginning of the reason.

    Raises:
        Transient: AWS did not answer, and may later; how often that is asked again is not the content's to say.
        Unreadable: something else was raised, be it `RecursionError`, `MemoryError` or a library's own error. Its text
            is one line with at most 300 bytes of foreign words.
    """
    try:
        yield
    except Transient:
        raise
    except Unreadable as error:
        raise Unreadable(f"{what} cannot be read: {reason(error)}") from error
    except Exception as error:  # what foreign content makes a library raise is not ours to foresee
        raise Unreadable(f"{what} cannot be read: {type(error).__name__}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """An error's words, in one line of bounded length: they may quote what somebody wrote."""
    return cut(one_line(str(error), _LONGEST_REASON), _LONGEST_REASON) or type(error).__name__


def read_json(
    content: bytes,
    *,
    most_bytes: int = MOST_BYTES,
    most_parts: int = MOST_PARTS,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Read JSON that somebody else wrote, in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Args:
        content: the document.
        most_bytes: its size at most.
        most_parts: how many members and items it may have, roughly.
        pairs: what becomes of an object's members; None: a dictionary.

    Returns:
        The document's value.

    Raises:
        Unreadable: it is too large, nested too deep, has too many parts, or is not JSON; says which.
    """
    if len(content) > most_bytes:
        raise Unreadable(f"it has {len(content)} bytes; at most {most_bytes} are read")
    try:
        text = content.decode(json.detect_encoding(content)).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        _bound(text, most_parts)
        return json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {reason(error)}") from error


def _bound(text: str, most_parts: int) -> None:
    """Refuse a document before it is built: a parser's own limits are a crash, and differ from Python to Python."""
    depth = parts = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark.startswith('"'):
            continue
        parts += 1
        depth += (mark in "[{") - (mark in "]}")
        if depth > MOST_DEPTH:
            raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep")
        if parts > most_parts:
            raise Unreadable(f"it has more than {most_parts} members and items")


def named(name: str) -> str:
    """A name that somebody wrote, as a message has it: in one line of at most 200 characters."""
    return one_line(name, MOST_QUOTED)
