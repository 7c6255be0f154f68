"""Frozen dataclasses to plain JSON values and back, strictly: unknown keys and wrong types are errors."""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lambdas.core.errors import Malformed

T = TypeVar("T")
Decoder = Callable[[object], object]
_PLAIN = (str, int, float, bool, types.NoneType)


class _MisfitError(Exception):
    """What does not fit, in words that follow the name of the place; `path` is filled in on the way out."""

    def __init__(self, words: str) -> None:
        self.path, self.words = "", words


def encode(value: object) -> Any:
    """Turn dataclasses, enums, tuples and mappings into JSON values; fields at their default are left out."""
    if type(value) in _PLAIN:  # most are; an enum is of a type of its own
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = ((name, getattr(value, name), default) for name, default in _defaults(type(value)))
        return {name: encode(member) for name, member, default in members if member != default}
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
    try:
        return typing.cast(T, _decoder(kind)(data))  # type: ignore[arg-type] # a class is hashable
    except _MisfitError as error:
        raise Malformed(f"{where or kind.__name__}{error.path} {error.words}") from error


@functools.cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass with their defaults, to compare with."""
    return tuple((field.name, _default(field)) for field in dataclasses.fields(kind))


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@functools.cache
def _decoder(kind: Any) -> Decoder:
    """How values are read as a type; found once for each, for looking into types takes longer than all the rest."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(typing.cast(type[Any], kind))
    if origin in (types.UnionType, typing.Union):
        some = _decoder(next(a for a in args if a is not types.NoneType))
        return lambda data: None if data is None else some(data)
    if origin is tuple:
        return _of_tuple(_decoder(args[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _of_mapping(args[0], _decoder(args[1]))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _of_enum(kind)
    if kind is float:
        return _number
    if kind is Any or kind is object:
        return lambda data: data
    return lambda data: _want(kind, data)


def _of_dataclass(kind: type[Any]) -> Decoder:
    hints, fields = typing.get_type_hints(kind), dataclasses.fields(kind)
    required = frozenset(field.name for field in fields if _default(field) is dataclasses.MISSING)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields}

    def read(data: object) -> object:
        given = _want(dict, data)
        if unknown := sorted(given.keys() - decoders.keys()):
            raise _MisfitError(f"has unknown keys {', '.join(unknown)}; known: {', '.join(decoders)}")
        if missing := sorted(required - given.keys()):
            raise _MisfitError(f"lacks {', '.join(missing)}")
        return kind(**_members(given, decoders.__getitem__))

    return read


def _members(given: Mapping[str, object], decoder: Callable[[str], Decoder]) -> dict[str, object]:
    """The members of an object, each by its own decoder."""
    found, name = {}, ""
    try:
        for name, item in given.items():
            found[name] = decoder(name)(item)
    except _MisfitError as error:
        error.path = f".{name}{error.path}"
        raise
    return found


def _of_tuple(one: Decoder) -> Decoder:
    def read(data: object) -> object:
        items: list[object] = []
        given = _want(list, data)
        try:
            for item in given:
                items.append(one(item))  # noqa: PERF401 - how far it came is part of the message
        except _MisfitError as error:
            error.path = f"[{len(items)}]{error.path}"
            raise
        return tuple(items)

    return read


def _of_mapping(key: Any, one: Decoder) -> Decoder:
    def read(data: object) -> object:
        return {_key(key, name): value for name, value in _members(_want(dict, data), lambda _: one).items()}

    return read


def _of_enum(kind: type[enum.Enum]) -> Decoder:
    def read(data: object) -> object:
        try:
            return kind(data)
        except ValueError as error:
            allowed = ", ".join(str(member.value) for member in kind)
            raise _MisfitError(f"is {data!r}; allowed: {allowed}") from error

    return read


def _key(kind: Any, key: str) -> object:
    try:
        return kind(key)
    except ValueError as error:
        raise _MisfitError(f"has the key {key!r}; expected {kind.__name__}") from error


def _number(data: object) -> float:
    try:
        return float(_want((int, float), data))
    except OverflowError as error:
        raise _MisfitError(f"is {data!r}; expected a number of usual size") from error


def _want(kind: Any, data: object) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise _MisfitError(f"is {data!r}; expected {getattr(kind, '__name__', 'a number')}")
    return data
