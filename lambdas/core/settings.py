"""A function's settings to environment variables and back, so that no name is written twice."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from lambdas.core.errors import Malformed

T = TypeVar("T")
_PREFIX = "GREENLIGHT_"
HANDLER = f"{_PREFIX}HANDLER"
"""The variable that names the module of the function's handler."""


def to_environment(settings: Any) -> dict[str, str]:
    """The environment variables from which `from_environment` reads the same settings again."""
    return {
        _PREFIX + field.name.upper(): str(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
    }


def from_environment(kind: type[T], environment: Mapping[str, str]) -> T:
    """Read a settings dataclass whose fields are all strings.

    Raises:
        Malformed: naming every variable that is not set.
    """
    names = {field.name: _PREFIX + field.name.upper() for field in dataclasses.fields(kind)}  # type: ignore[arg-type] # T is a dataclass; typing cannot say so
    if missing := [variable for variable in names.values() if not environment.get(variable)]:
        raise Malformed(f"environment lacks {', '.join(missing)}; infra sets them from {kind.__name__}")
    return kind(**{name: environment[variable] for name, variable in names.items()})
