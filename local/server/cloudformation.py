"""CloudFormation: the resource types that ministack lacks or makes incompletely; and patience with stacks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from local.server.requests import Answer

    Properties = Mapping[str, Any]
    Made = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class ResourceType:
    """One resource type, as CloudFormation drives it.

    `create(name, properties)` makes a resource and returns its Ref and attributes; `update(ref, old, new)`
    changes it in place; `delete(ref, properties)` removes it, and does nothing if it is gone. `name_property`
    names it, else CloudFormation does, within `name_length` characters. A change of a `replacing` property makes
    a new resource. Each raises ValueError, saying why, to fail the stack.
    """

    type: str
    name_property: str
    create: Callable[[str, Properties], Made]
    update: Callable[[str, Properties, Properties], Made]
    delete: Callable[[str, Properties], None]
    name_length: int = 128
    replacing: tuple[str, ...] = ()
    tagged: bool = False


def install(types: Iterable[ResourceType]) -> None:
    """Add or replace resource types."""
    for resource in types:
        hooks.private(f"{_CFN}._RESOURCE_HANDLERS")[resource.type] = _handlers(resource)
        hooks.private(f"{_CFN}._REPLACING_PROPERTIES")[resource.type] = (
            resource.name_property,
            *resource.replacing,
        )
        if resource.tagged:
            hooks.private(f"{_CFN}._STACK_TAG_PROPERTY")[resource.type] = ("Tags", "list")


_CFN = "services.cloudformation.provisioners"


def _handlers(resource: ResourceType) -> dict[str, Any]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name = properties.get(resource.name_property) or hooks.private(f"{_CFN}._physical_name")(
            stack_name, logical_id, max_len=resource.name_length
        )
        return resource.create(str(name), properties)

    def update(
        ref: str, old: Properties, new: Properties, _stack_name: str, _logical_id: str | None = None
    ) -> Made:
        return resource.update(ref, old, new)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": resource.delete}


_MOVING = re.compile(rb"<StackStatus>(?!REVIEW)\w+_IN_PROGRESS<")
_PATIENCE = 2.0  # wall seconds; ministack makes most stacks in a fraction of one
_PAUSE = 0.02


async def at_rest(answer: Answer, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """An answer of DescribeStacks in which no stack is being made, unless that takes longer than a moment.

    The CDK looks right after it has asked for a stack, and from then on every five seconds: those it would wait for
    nothing, once for each level of stacks.

    Args:
        answer: the first.
        ask: asks again.
    """
    until = time.monotonic() + _PATIENCE
    while _MOVING.search(answer[2]) and time.monotonic() < until:
        await asyncio.sleep(_PAUSE)
        answer = await ask()
    return answer


def require(answer: tuple[int, Any, bytes], what: str) -> None:
    """Raise ValueError with a service's refusal, so that the stack fails with its words."""
    status, _, body = answer
    if status >= 400:  # noqa: PLR2004 - HTTP's first error status
        raise ValueError(f"{what}: {body.decode(errors='replace')}")


def tag_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """A template's Tags as a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}


def pattern_text(pattern: object) -> str:
    """A template's event pattern as EventBridge's API takes it: JSON text, "" for none."""
    return pattern if isinstance(pattern, str) else json.dumps(pattern) if pattern else ""
