"""IAM's decision over statements of a template, as far as our policies use it; what it does not know, it refuses."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

Context = Mapping[str, str | list[str]]


def text(value: Any) -> str:
    """An ARN of a template as text: `*` for any reference but partition, region and account."""
    known = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
    if isinstance(value, str):
        return value
    ((function, inner),) = value.items()
    if function == "Fn::Join":
        return str(inner[0]).join(text(part) for part in inner[1])
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda match: known[match[1]], inner)
    if function == "Fn::FindInMap":
        return f"<{inner[0]}>"
    return known.get(inner, f"<{inner}>") if isinstance(inner, str) else f"<{'.'.join(inner)}>"


def allowed(
    statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether these statements allow an action: some Allow fits, and no Deny does."""
    effects = {s["Effect"] for s in statements if _fits(s, action, resource, context or {})}
    return effects == {"Allow"}


def _fits(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        _means(statement, "Action", action)
        and _means(statement, "Resource", resource)
        and all(
            _holds(operator, _list(wanted), context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _means(statement: Mapping[str, Any], element: str, value: str) -> bool:
    """Whether a statement's Action or Resource, or what it has instead, is about this; actions in any casing."""

    def like(pattern: Any) -> bool:
        if element == "Action":
            return _like(pattern.lower(), value.lower())
        return _like(text(pattern), value)

    if element in statement:
        return any(like(pattern) for pattern in _list(statement[element]))
    return not any(like(pattern) for pattern in _list(statement[f"Not{element}"]))


def _holds(operator: str, wanted: list[Any], found: str | list[str] | None) -> bool:
    values = [text(value) for value in wanted]
    if operator == "Null":
        return (found is None) == (values == ["true"])
    if operator == "ForAllValues:StringEquals":
        return all(value in values for value in _list(found or []))
    if operator.endswith("IfExists") and found is None:
        return True
    if operator.startswith(("StringEquals", "Bool")):
        return found is not None and found in values
    if operator == "StringNotEquals":
        return found is None or found not in values
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return isinstance(found, str) and any(_like(value, found) for value in values)
    if operator in ("StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not (isinstance(found, str) and any(_like(value, found) for value in values))
    raise AssertionError(f"the tests do not know {operator}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in pattern)
    return re.compile("".join(parts), re.DOTALL)
