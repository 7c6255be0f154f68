"""Frozen dataclasses to plain JSON values and back, strictly: unknown keys and wrong types are errors."""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from lambdas.core.errors import Malformed

T = TypeVar("T")


def encode(value: object) -> Any:
    """Turn dataclasses, enums, tuples and mappings into JSON values; fields at their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], data: object, where: str = "") -> T:
    """Read JSON values as `kind`.

    Raises:
        Malformed: naming the place, what stands there and what is allowed.
    """
    return typing.cast(T, _decode(kind, data, where or kind.__name__))


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _decode(kind: Any, data: object, where: str) -> object:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(typing.cast(type[Any], kind), data, where)
    if origin in (types.UnionType, typing.Union):
        return (
            None if data is None else _decode(next(a for a in args if a is not types.NoneType), data, where)
        )
    if origin is tuple:
        return tuple(
            _decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(_want(list, data, where))
        )
    if origin is not None and issubclass(origin, Mapping):
        items = _want(dict, data, where).items()
        return {_key(args[0], key, where): _decode(args[1], item, f"{where}.{key}") for key, item in items}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError as error:
            allowed = ", ".join(str(member.value) for member in kind)
            raise Malformed(f"{where} is {data!r}; allowed: {allowed}") from error
    if kind is float:
        return _number(data, where)
    if kind is Any or kind is object:
        return data
    return _want(kind, data, where)


def _key(kind: Any, key: str, where: str) -> object:
    try:
        return kind(key)
    except ValueError as error:
        raise Malformed(f"{where} has the key {key!r}; expected {kind.__name__}") from error


def _number(data: object, where: str) -> float:
    try:
        return float(_want((int, float), data, where))
    except OverflowError as error:
        raise Malformed(f"{where} is {data!r}; expected a number of usual size") from error


def _decode_dataclass(kind: type[Any], data: object, where: str) -> object:
    given = _want(dict, data, where)
    hints, required = _fields(kind)  # type: ignore[arg-type] # a class is hashable
    if unknown := sorted(set(given) - hints.keys()):
        raise Malformed(f"{where} has unknown keys {', '.join(unknown)}; known: {', '.join(hints)}")
    if missing := sorted(required - set(given)):
        raise Malformed(f"{where} lacks {', '.join(missing)}")
    return kind(**{name: _decode(hints[name], item, f"{where}.{name}") for name, item in given.items()})


@functools.cache
def _fields(kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """The types of a dataclass's fields, and which have no default; resolving them takes longer than all the rest."""
    hints, fields = typing.get_type_hints(kind), dataclasses.fields(kind)
    required = frozenset(field.name for field in fields if _default(field) is dataclasses.MISSING)
    return {field.name: hints[field.name] for field in fields}, required


def _want(kind: Any, data: object, where: str) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise Malformed(f"{where} is {data!r}; expected {getattr(kind, '__name__', 'a number')}")
    return data
