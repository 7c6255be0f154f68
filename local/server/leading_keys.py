"""DynamoDB's condition key dynamodb:LeadingKeys: the partition keys that a request touches.

DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Request = Mapping[str, Any]
    PartitionKey = Callable[[str], str | None]  # of a table or index, by ARN

_EQUALS = re.compile(r"(#?[\w.]+)\s*=\s*(:\w+)")
_MEMBERS = {
    "dynamodb:PutItem": "Put",
    "dynamodb:UpdateItem": "Update",
    "dynamodb:DeleteItem": "Delete",
    "dynamodb:ConditionCheckItem": "ConditionCheck",
    "dynamodb:GetItem": "Get",
}


def leading_keys(request: Request, action: str, resource_arn: str, partition_key: PartitionKey) -> list[str]:
    """The partition keys that a JSON request touches with one action in one table or index.

    Args:
        request: of any operation; what it asks of other tables, or with other actions, is left out.
        action: as policies name it, dynamodb:PutItem for example.
        resource_arn: of the table or index.
        partition_key: the partition key's name; None for a table that is not there.

    Returns:
        Each key's value as text; empty if the action has no keys, as Scan, or the table is not there.
    """
    name = partition_key(resource_arn)
    if name is None:
        return []
    items = [item for item in _items(request, action, resource_arn) if name in item]
    found = {text for item in items for text in _texts(item[name])}
    return sorted(found | set(_asked_for(request, name)))


def _items(request: Request, action: str, resource_arn: str) -> Iterable[Mapping[str, Any]]:
    """Every item or key that the request has for this action and table."""
    table = _table_of(resource_arn)
    for part in (request, *_of_transaction(request, action)):
        if _table_of(str(part.get("TableName", ""))) == table:
            yield from (part[member] for member in ("Key", "Item") if member in part)
    for named, asked in request.get("RequestItems", {}).items():
        if _table_of(named) == table:
            yield from _of_batch(asked)


def _of_transaction(request: Request, action: str) -> Iterable[Request]:
    member = _MEMBERS.get(action, "")
    return [item[member] for item in request.get("TransactItems", []) if member in item]


def _of_batch(asked: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(asked, dict):
        return list(asked.get("Keys", []))
    writes = [write for entry in asked for write in entry.values()]
    return [write.get("Item") or write.get("Key") or {} for write in writes]


def _asked_for(request: Request, name: str) -> Iterable[str]:
    """The partition key of a query."""
    for attribute, condition in request.get("KeyConditions", {}).items():
        if attribute == name:
            yield from (text for value in condition.get("AttributeValueList", []) for text in _texts(value))
    names, values = (request.get(f"ExpressionAttribute{kind}") or {} for kind in ("Names", "Values"))
    for attribute, value in _EQUALS.findall(request.get("KeyConditionExpression") or ""):
        if names.get(attribute, attribute) == name and value in values:
            yield from _texts(values[value])


def _texts(value: Mapping[str, Any]) -> Iterable[str]:
    return [str(content) for content in value.values()]


def _table_of(name_or_arn: str) -> str:
    return name_or_arn.rpartition(":table/")[2].partition("/")[0]
