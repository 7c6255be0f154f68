"""Versions of what releases write for each other: the record and the spec.

A *minor* one adds keys that a release may do without: whoever does not know them ignores them, keeps them, and goes on.
A *major* one changes what is there, or adds what must not be ignored: an older release takes ways back and aborts, and
moves nothing forward (docs/operations.md, "Upgrade and downgrade").
"""

import re
from dataclasses import dataclass

from lambdas.core.errors import Malformed

_SPELLED = re.compile(r"([1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


@dataclass(frozen=True, order=True)
class Schema:
    """Major and minor."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST = Schema(1, 0)
"""Of what does not say its schema: the first release did not."""


def schema_of(told: object, where: str) -> Schema:
    """Read a schema such as `1.1`.

    Raises:
        Malformed: it is none; says where.
    """
    match = _SPELLED.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        raise Malformed(f"{where}.schema is {told!r}; expected a major and a minor number, such as 1.0")
    return Schema(int(match[1]), int(match[2]))
