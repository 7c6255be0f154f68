"""What a call of the widget asks for: all groups, or one of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.core.errors import Malformed
from lambdas.core.text import one_line

_GROUP = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")  # ModelPackageGroupName [B]
_MOST = 10**9  # of any number
_LONGEST = 60  # characters of what is quoted


@dataclass(frozen=True)
class Asked:
    """`group` None: all groups, of which the `page`th part. `version`: the one to decide on; None: the youngest."""

    group: str | None = None
    version: int | None = None
    page: int = 1


def asked(event: Mapping[str, Any]) -> Asked:
    """Read the parameters of a call; whoever may call the function may send anything.

    Args:
        event: `group`, `version`, `page`; what else is there is left alone.

    Raises:
        Malformed: one of them is no name or number; says which.
    """
    group = event.get("group")
    if group is not None and not (isinstance(group, str) and _GROUP.fullmatch(group)):
        raise Malformed(f"group {_quoted(group)} is no name of a model package group")
    return Asked(group, _number(event, "version"), _number(event, "page") or 1)


def _number(event: Mapping[str, Any], name: str) -> int | None:
    value = event.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise Malformed(f"{name} {_quoted(value)} is no number from 1")
    return value


def _quoted(value: object) -> str:
    return one_line(repr(value), _LONGEST)
