"""Changing the model's switches and faults from JSON, by name, with every mistake named."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from local.sagemaker.faults import Ending, Failing, Faults
from local.sagemaker.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping


def show_switches(switches: Switches) -> dict[str, object]:
    """The switches as JSON."""
    return asdict(switches)


def set_switches(switches: Switches, wanted: Mapping[str, Any]) -> None:
    """Set the switches named in `wanted`; the others stay. ValueError for a name or a type that is not one."""
    default = Switches()
    for name, value in wanted.items():
        _known(name, default)
        number = isinstance(getattr(default, name), float)
        if number and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"switch {name}={value!r} is not a number of AWS seconds")
        if not number and not isinstance(value, bool):
            raise ValueError(f"switch {name}={value!r} is neither true nor false")
    for name, value in wanted.items():
        setattr(switches, name, value)


def show_faults(faults: Faults) -> dict[str, object]:
    """The faults in force as JSON."""
    return {
        name: sorted(value) if isinstance(value, set) else value for name, value in asdict(faults).items()
    }


def set_faults(faults: Faults, wanted: Mapping[str, Any]) -> None:
    """Set the faults named in `wanted` to its values, and only those; `{}` ends all. ValueError for another name."""
    default = Faults()
    made: dict[str, Any] = {}
    for name, value in wanted.items():
        _known(name, default)
        if name == "failing":
            made[name] = {operation: Failing(**how) for operation, how in value.items()}
        elif name == "ending":
            made[name] = {endpoint: Ending(**how) for endpoint, how in value.items()}
        elif name == "most_schedules":
            made[name] = None if value is None else int(value)
        else:
            made[name] = type(getattr(default, name))(value)
    for field in fields(default):
        if not wanted or field.name in made:
            setattr(faults, field.name, made.get(field.name, getattr(default, field.name)))


def _known(name: str, of: object) -> None:
    names = [field.name for field in fields(of)]  # type: ignore[arg-type] # one of the two dataclasses
    if name not in names:
        raise ValueError(f"there is no {name!r}; there are: {', '.join(names)}")
