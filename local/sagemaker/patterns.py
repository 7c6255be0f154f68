"""The service model's patterns, which are Java's, as Python's."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_QUANTIFIED_END = re.compile(
    r"\$\{\d+,\d*\}"
)  # tag patterns end in "$" with a length: no more than "the end"
_CATEGORY = re.compile(r"\\p\{(\w)\}")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the service model, to be used with fullmatch: AWS wants the whole value to match."""
    return re.compile(_CATEGORY.sub(lambda found: _ranges(found[1]), _QUANTIFIED_END.sub("", pattern)))


@cache
def _ranges(category: str) -> str:
    """The characters of a Unicode category, as the inside of a character class."""
    spans: list[tuple[int, int]] = []
    for point in range(sys.maxunicode + 1):
        if unicodedata.category(chr(point))[0] != category:
            continue
        if spans and spans[-1][1] == point - 1:
            spans[-1] = (spans[-1][0], point)
        else:
            spans.append((point, point))
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)
