"""What STS takes as names of sessions and as source identities, which ministack leaves open.

STS API reference, AssumeRole and AssumeRoleWithWebIdentity: at least 2 and at most 64 characters, of the pattern below.
ministack itself holds GetFederationToken to its own limits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEAST, _MOST = 2, 64
_PATTERN = r"[\w+=,.@-]*"
_NAMES = {  # of each operation: the parameters, and whether they must be there
    "AssumeRole": {"RoleSessionName": True, "SourceIdentity": False},
    "AssumeRoleWithWebIdentity": {"RoleSessionName": True},
}


def problem(operation: str, given: Mapping[str, str]) -> str | None:
    """What STS says of the names in a request; None: it takes them.

    Args:
        operation: of STS; others than those that make sessions of roles have no such names.
        given: the parameters, without those that are not there.
    """
    found = [
        f"Value {value} at '{parameter[0].lower()}{parameter[1:]}' failed to satisfy constraint: {constraint}"
        for parameter, required in _NAMES.get(operation, {}).items()
        for value, constraint in _violated(given.get(parameter), required=required)
    ]
    if not found:
        return None
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _violated(name: str | None, *, required: bool) -> Iterator[tuple[str, str]]:
    """How the name is told, and each constraint that it does not meet."""
    if name is None:
        if required:
            yield "null", "Member must not be null"
        return
    if re.fullmatch(_PATTERN, name, re.ASCII) is None:  # `\w` is ASCII to AWS
        yield f"'{name}'", f"Member must satisfy regular expression pattern: {_PATTERN}"
    if len(name) < _LEAST:
        yield f"'{name}'", f"Member must have length greater than or equal to {_LEAST}"
    if len(name) > _MOST:
        yield f"'{name}'", f"Member must have length less than or equal to {_MOST}"
