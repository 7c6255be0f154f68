"""What a request uses although the API's own documentation says that it is not supported or is deprecated.

botocore's service models mark few such members and values; for the rest only their documentation says so.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel, Shape

_TAGS = re.compile(r"<[^>]+>")
_SAID = (
    r"(?:not (?:currently |yet )?(?:supported|implemented)\b(?! (?:for|on|by|with|in)\b)"
    r"|(?:this|the) (?:parameter|field|member|property|option|value) (?:is|has been) "
    r"(?:no longer supported|not (?:currently )?supported\.|deprecated)"
    r"|deprecated\b|(?:reserved )?for (?:future|internal)(?: \w+){0,3} use\b|reserved for (?:future|internal) use)"
)
_SENTENCE = re.compile(rf"(?:^|[.:)] )\(?{_SAID}", re.IGNORECASE)
_VALUE = re.compile(r"<code>(?P<value>[^<]+)</code>\s*[:-]\s*(?P<said>.*?)(?=<li>|</li>|<code>|$)", re.DOTALL)


def objections(operation: OperationModel, request: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a request the documentation of its operation takes back.

    Args:
        operation: botocore's model of it, with its documentation.
        request: its parameters, as botocore takes them.

    Returns:
        A sentence for each member or value, with its place; empty: there is none.
    """
    found: list[str] = []
    if operation.deprecated:
        found.append(f"{operation.name} is deprecated")
    if operation.input_shape is not None:
        found += _of(operation.input_shape, request, "")
    return tuple(found)


def _of(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.members.keys() & value.keys():
            member, place = shape.members[name], f"{path}.{name}" if path else name
            if (
                against := "deprecated"
                if member.metadata.get("deprecated")
                else _of_member(member.documentation)
            ):
                yield f"{place} is not to be used: {against}"
            if isinstance(value[name], str) and value[name] in _of_values(member.documentation):
                yield f"{place} is not to be {value[name]}: {_of_values(member.documentation)[value[name]]}"
            yield from _of(member, value[name], place)
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _of(shape.member, item, f"{path}[{number}]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            yield from _of(shape.value, item, f"{path}.{key}")


@cache
def _of_member(documentation: str) -> str:
    """What a member's documentation says against all of it; what it says of one of its values does not count."""
    return _against(_VALUE.sub("", documentation))


@cache
def _of_values(documentation: str) -> dict[str, str]:
    """What a member's documentation says against some of its values, by value."""
    said = {one["value"]: _against(one["said"]) for one in _VALUE.finditer(documentation)}
    return {value: against for value, against in said.items() if against}


def _against(documentation: str) -> str:
    text = " ".join(_TAGS.sub(" ", documentation).split())
    match = _SENTENCE.search(text)
    return "" if match is None else text[match.start() :].strip(" .:()").split(". ")[0][:200]
