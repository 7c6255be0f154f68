"""The service model's patterns, which are Java's, as Python's."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby

_QUANTIFIED_END = re.compile(
    r"\$\{\d+,\d*\}"
)  # tag patterns end in "$" with a length: no more than "the end"
_CATEGORY = re.compile(r"\\p\{(\w)\}")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the service model, to be used with fullmatch: AWS wants the whole value to match."""
    return re.compile(_CATEGORY.sub(lambda found: _ranges(found[1]), _QUANTIFIED_END.sub("", pattern)))


def _ranges(category: str) -> str:
    """The characters of a Unicode category, as the inside of a character class."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _spans()[category])


@cache
def _spans() -> dict[str, list[tuple[int, int]]]:
    """First and last code points of each run of one category, by its letter; one look at all of Unicode."""
    categories = [unicodedata.category(chr(point))[0] for point in range(sys.maxunicode + 1)]
    spans: dict[str, list[tuple[int, int]]] = {}
    first = 0
    for category, run in groupby(categories):
        last = first + len(list(run)) - 1
        spans.setdefault(category, []).append((first, last))
        first = last + 1
    return spans
