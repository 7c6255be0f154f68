"""Frozen dataclasses to plain JSON values and back.

`decode` is strict: an unknown key and a wrong type are errors, as they should be in what people write. What another
release of ours may have written is read by `decode_kept`: a class that is `Open` keeps the keys that it does not know,
and they are written again as they were. With `newer`, what cannot be read at all is kept so, too.
"""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from lambdas.core.errors import Malformed
from lambdas.core.text import cut, quoted

T = TypeVar("T")
Decoder = Callable[[object], object]
_PLAIN = (str, int, float, bool, types.NoneType)
_UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Open:
    """What another release may have written: `unknown` holds what this one cannot read, by key, as JSON has it.

    It is part of the value: it is compared, it survives `replace`, and it is written again.
    """

    unknown: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)


SomeOpen = TypeVar("SomeOpen", bound=Open)


class _Reading(enum.Enum):
    """How strict a decoder is."""

    STRICT = "strict"  # unknown keys are errors
    KEPT = "kept"  # open classes keep them
    NEWER = "newer"  # and what cannot be read beside them


class _MisfitError(Exception):
    """What does not fit, in words that follow the name of the place; `path` is filled in on the way out."""

    def __init__(self, words: str) -> None:
        self.path, self.words = "", words


def encode(value: object) -> Any:
    """Turn dataclasses, enums, tuples and mappings into JSON values; fields at their default are left out."""
    if type(value) in _PLAIN:  # most are; an enum is of a type of its own
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _with_unknown(value, {name: encode(member) for name, member in _told(value)})
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def spelled_out(value: object) -> Any:
    """As `encode`, with the fields that are at their default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {one.name: spelled_out(getattr(value, one.name)) for one in _fields(type(value))}
        return _with_unknown(value, told)
    if isinstance(value, Mapping):
        return {str(key): spelled_out(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [spelled_out(item) for item in value]
    return encode(value)


def _told(value: Any) -> Iterator[tuple[str, object]]:
    """The members of a dataclass that are not at their default."""
    kind: Any = type(value)
    for name, default in _defaults(kind):
        member = getattr(value, name)
        if member != default:
            yield name, member


def _with_unknown(value: Any, told: dict[str, Any]) -> dict[str, Any]:
    """With what could not be read, but where another value has taken its place since."""
    for name, kept in value.unknown.items() if isinstance(value, Open) else ():
        member = getattr(value, name, None)
        if isinstance(kept, list) and isinstance(member, tuple):
            told[name] = [*told.get(name, ()), *kept]
        elif isinstance(kept, dict) and isinstance(member, Mapping):
            told[name] = kept | told.get(name, {})
        elif name not in told or (isinstance(member, enum.Enum) and member is _stand_in(type(member))):
            told[name] = kept
    return told


def decode(kind: type[T], data: object, where: str = "") -> T:
    """Read JSON values as `kind`.

    Raises:
        Malformed: naming the place, what stands there and what is allowed.
    """
    return _read(kind, data, where, _Reading.STRICT)


def decode_kept(kind: type[T], data: object, where: str = "", *, newer: bool = False) -> T:
    """Read what a release of ours wrote, as `kind`.

    Args:
        kind: what to read; each class in it that is `Open` keeps the keys that it does not know.
        data: JSON values.
        where: how messages call it.
        newer: a newer release wrote it, whose values may be such as this one does not know: an open class keeps those
            as they are and has its default in their place, or its enum's `stand_in`.

    Raises:
        Malformed: naming the place, what stands there and what is allowed.
    """
    return _read(kind, data, where, _Reading.NEWER if newer else _Reading.KEPT)


def changed(value: SomeOpen, **changes: Any) -> SomeOpen:
    """As `replace`; what was kept for a member that could not be read goes when the member gets another value."""
    void = {
        n
        for n in value.unknown
        if n in changes and changes[n] != getattr(value, n) and not _is_part(value, n)
    }
    unknown = {name: kept for name, kept in value.unknown.items() if name not in void}
    return dataclasses.replace(value, **changes, **({_UNKNOWN: unknown} if void else {}))


def _is_part(value: Open, name: str) -> bool:
    """Whether only some entries of a member could not be read."""
    kept, member = value.unknown[name], getattr(value, name)
    lists = isinstance(kept, list) and isinstance(member, tuple)
    return lists or (isinstance(kept, dict) and isinstance(member, Mapping))


def unknown_keys(value: object, path: str = "") -> Iterator[str]:
    """Where there is what this release cannot read, as paths such as `endpoint.colour`."""
    if isinstance(value, Open):
        yield from (f"{path}{name}" for name in sorted(value.unknown))
        for field in dataclasses.fields(value):
            yield from unknown_keys(getattr(value, field.name), f"{path}{field.name}.")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from unknown_keys(one, f"{path[:-1]}[{number}].")


def _read(kind: type[T], data: object, where: str, reading: _Reading) -> T:
    try:
        return typing.cast(T, _decoder(kind, reading)(data))  # type: ignore[arg-type] # a class is hashable
    except _MisfitError as error:
        raise Malformed(f"{where or kind.__name__}{cut(error.path, 200)} {error.words}") from error


@functools.cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass with their defaults, to compare with."""
    return tuple((field.name, _default(field)) for field in _fields(kind))


def _fields(kind: type[Any]) -> list[dataclasses.Field[Any]]:
    """All but what an open class keeps, which is told in its own way."""
    is_open = issubclass(kind, Open)
    return [one for one in dataclasses.fields(kind) if not (is_open and one.name == _UNKNOWN)]


def _stand_in(kind: type[enum.Enum]) -> object:
    """What stands for a value of an enum that this release does not know; None: nothing can."""
    named = getattr(kind, "stand_in", None)
    return named() if named is not None else None


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@functools.cache
def _decoder(kind: Any, reading: _Reading) -> Decoder:
    """How values are read as a type; found once for each, for looking into types takes longer than all the rest."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(typing.cast(type[Any], kind), reading)
    if origin in (types.UnionType, typing.Union):
        some = _decoder(_some(kind), reading)
        return lambda data: None if data is None else some(data)
    if origin is tuple:
        return _of_tuple(_decoder(args[0], reading))
    if origin is not None and issubclass(origin, Mapping):
        return _of_mapping(args[0], _decoder(args[1], reading))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _of_enum(kind)
    if kind is float:
        return _number
    if kind is Any or kind is object:
        return lambda data: data
    return lambda data: _want(kind, data)


def _some(kind: Any) -> Any:
    """The type that is meant beside None."""
    return next(a for a in typing.get_args(kind) if a is not types.NoneType)


def _of_dataclass(kind: type[Any], reading: _Reading) -> Decoder:
    hints, fields = typing.get_type_hints(kind), _fields(kind)
    required = frozenset(field.name for field in fields if _default(field) is dataclasses.MISSING)
    decoders = {field.name: _decoder(hints[field.name], reading) for field in fields}
    is_open = reading is not _Reading.STRICT and issubclass(kind, Open)

    def read(data: object) -> object:
        given = _want(dict, data)
        strange = {name: item for name, item in given.items() if name not in decoders}
        if strange and not is_open:
            unknown, known = cut(", ".join(sorted(strange)), 200), ", ".join(decoders)
            raise _MisfitError(f"has unknown keys {unknown}; known: {known}")
        if missing := sorted(required - given.keys()):
            raise _MisfitError(f"lacks {', '.join(missing)}")
        if not is_open:
            return kind(**_members(given, decoders.__getitem__))
        familiar = {name: item for name, item in given.items() if name not in strange}
        if reading is _Reading.NEWER:
            found, unread = _as_far_as_possible(kind, familiar)
            return kind(**found, unknown=strange | unread)
        return kind(**_members(familiar, decoders.__getitem__), unknown=strange)

    return read


def _as_far_as_possible(
    kind: type[Any], given: Mapping[str, object]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members that can be read, and what cannot be: whole members, or parts of a list or a mapping."""
    hints, required = typing.get_type_hints(kind), {f.name for f in _fields(kind) if _is_required(f)}
    found: dict[str, Any] = {}
    unread: dict[str, Any] = {}
    for name, item in given.items():
        hint = hints[name]
        try:
            found[name], left = _parts(hint, item)
        except _MisfitError as error:
            stand_in = _stand_in(hint) if isinstance(hint, type) and issubclass(hint, enum.Enum) else None
            if stand_in is not None:
                found[name] = stand_in
            elif name in required:
                error.path = f".{name}{error.path}"
                raise
            left = item
        if left is not None:
            unread[name] = left
    return found, unread


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return _default(field) is dataclasses.MISSING


def _parts(hint: Any, item: object) -> tuple[object, Any]:
    """A value of this type, and which of its parts cannot be read; None: none."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and isinstance(item, list):
        read = [(one, _try(_decoder(args[0], _Reading.NEWER), one)) for one in item]
        left = [one for one, got in read if got is None]
        return tuple(got[0] for _, got in read if got is not None), left or None
    if origin is not None and origin is not tuple and isinstance(item, dict) and issubclass(origin, Mapping):
        decoder = _of_mapping(args[0], _decoder(args[1], _Reading.NEWER))
        each = {name: _try(decoder, {name: one}) for name, one in item.items()}
        whole = {key: one for got in each.values() if got is not None for key, one in got[0].items()}
        return whole, {name: item[name] for name, got in each.items() if got is None} or None
    return _decoder(hint, _Reading.NEWER)(item), None


def _try(decoder: Decoder, data: object) -> tuple[Any] | None:
    try:
        return (decoder(data),)
    except _MisfitError:
        return None  # it is kept as it is: see `_with_unknown`


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
            raise _MisfitError(f"is {quoted(data)}; allowed: {allowed}") from error

    return read


def _key(kind: Any, key: str) -> object:
    try:
        return kind(key)
    except ValueError as error:
        raise _MisfitError(f"has the key {quoted(key)}; expected {kind.__name__}") from error


def _number(data: object) -> float:
    try:
        return float(_want((int, float), data))
    except OverflowError as error:
        raise _MisfitError(f"is {quoted(data)}; expected a number of usual size") from error


def _want(kind: Any, data: object) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise _MisfitError(f"is {quoted(data)}; expected {getattr(kind, '__name__', 'a number')}")
    return data
