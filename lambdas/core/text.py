"""Words that come from outside, as text: no line breaks, nothing that steers a terminal, a mail or a chat."""

import bisect
import json
import reprlib

_CUT = "\N{HORIZONTAL ELLIPSIS}"
_STRANGE = "\N{REPLACEMENT CHARACTER}"
# What some chat or other takes for markup, a mention or a link, and what looks the same and means nothing to any.
_LOOKALIKES = str.maketrans(
    {mark: chr(ord(mark) + 0xFEE0) for mark in "&<>*_~`@[]\\"}  # the full-width forms of ASCII
)

_SPELLED = reprlib.Repr()
_SPELLED.maxstring = _SPELLED.maxother = _SPELLED.maxlong = 1_000
_SPELLED.maxdict = _SPELLED.maxlist = _SPELLED.maxtuple = 20


def printable(text: str, keep: str = "") -> str:
    """Each character that does not print, or turns the writing's direction, shown as the replacement character.

    Args:
        text: what somebody wrote.
        keep: characters to leave as they are all the same.
    """
    return "".join(one if one.isprintable() or one in keep else _STRANGE for one in text)


def one_line(text: str, most: int) -> str:
    """In one line of at most so many characters; what is cut off shows."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def unmarked(line: str) -> str:
    """For a chat, whichever it is: marks and mentions of any markup become characters that only look like them.

    Escaping would be of one chat's markup only, and Amazon Q Developer hands on to several.
    """
    return line.translate(_LOOKALIKES).replace("://", ":／／")  # noqa: RUF001 - that is the point


def ascii_line(text: str, most: int) -> str:
    """In one line of ASCII of at most so many characters."""
    line = one_line(text.replace("→", "->").replace("…", "..."), len(text) + 1)
    line = line.encode("ascii", "replace").decode()
    return line if len(line) <= most else line[: most - 3] + "..."


def well_formed(text: str) -> str:
    """Without the half characters (lone surrogates) that JSON may spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def cut(text: str, most: int) -> str:
    """Cut to at most so many bytes as JSON has it, which is how record and ledger store it; what is cut off shows.

    Counted in characters, a text of 1,024 emoji would take 12 KB: JSON spells each of them in 12 bytes.

    Args:
        text: what somebody wrote.
        most: bytes between the quotation marks; at least 6, which the mark of the cut takes.
    """
    whole = well_formed(text)
    if _bytes(whole[: most + 1]) <= most:
        return whole
    room = most - _bytes(_CUT)
    kept = bisect.bisect_right(range(min(len(whole), room) + 1), room, key=lambda n: _bytes(whole[:n])) - 1
    return whole[:kept] + _CUT


def _bytes(text: str) -> int:
    """As JSON has it."""
    return len(json.dumps(text)) - 2


def quoted(value: object, most: int = 200) -> str:
    """A value that somebody else wrote, as Python would spell it, cut to at most so many bytes (see `cut`).

    However large or deep it is, only its beginning is looked at.
    """
    return cut(_SPELLED.repr(value), most)
