"""Search expressions: what each filter means, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Record = dict[str, Any]
_ORDERINGS = {"GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"}
_TEXT_ONLY = {"Contains", "In"}


def matches(record: Record, expression: Mapping[str, Any], properties: frozenset[str]) -> bool:
    """Whether a record satisfies a SearchExpression.

    Args:
        record: the resource in the API's form.
        expression: Filters, NestedFilters and SubExpressions, joined by Operator (And unless said otherwise).
        properties: the resource's property names.

    Raises:
        SageMakerError: ValidationException for an unknown property, or an operator that does not go with it.
    """
    verdicts = [_holds(record, one, properties) for one in expression.get("Filters", [])]
    verdicts += [_nested_holds(record, one, properties) for one in expression.get("NestedFilters", [])]
    verdicts += [matches(record, one, properties) for one in expression.get("SubExpressions", [])]
    if not verdicts:
        return True
    return any(verdicts) if expression.get("Operator") == "Or" else all(verdicts)


def value_at(record: Record, name: str) -> Any:
    """A property by its dotted name; map keys and tag keys may hold dots; None: it is not there."""
    first, _, rest = name.partition(".")
    value = record.get(first)
    if first == "Tags" and rest:
        return next((tag["Value"] for tag in value or [] if tag["Key"] == rest), None)
    if not rest:
        return value
    if isinstance(value, list):
        return [value_at(item, rest) for item in value if isinstance(item, dict)]
    if not isinstance(value, dict):
        return None
    return value[rest] if rest in value else value_at(value, rest)


def check_property(name: str, properties: frozenset[str]) -> None:
    """Refuse a property that the resource does not have."""
    if name.partition(".")[0] not in properties:
        raise invalid(f"Invalid property name: {name}.")


def _nested_holds(record: Record, nested: Mapping[str, Any], properties: frozenset[str]) -> bool:
    """Whether one object of a list satisfies all filters at once."""
    prefix = nested["NestedPropertyName"]
    check_property(prefix, properties)
    objects = value_at(record, prefix)
    filters: Sequence[Mapping[str, Any]] = nested["Filters"]
    for one in filters:
        if not one["Name"].startswith(prefix + "."):
            raise invalid(f"Filter {one['Name']} is not on a property of {prefix}.")
    return any(
        all(_compare(value_at(item, one["Name"][len(prefix) + 1 :]), one) for one in filters)
        for item in (objects if isinstance(objects, list) else [objects])
        if isinstance(item, dict)
    )


def _holds(record: Record, one: Mapping[str, Any], properties: frozenset[str]) -> bool:
    check_property(one["Name"], properties)
    value = value_at(record, one["Name"])
    if isinstance(value, list):
        return any(_compare(item, one) for item in value)
    return _compare(value, one)


def _compare(value: Any, one: Mapping[str, Any]) -> bool:
    operator = str(one.get("Operator", "Equals"))
    if operator in {"Exists", "NotExists"}:
        return (value is not None) is (operator == "Exists")
    if "Value" not in one:
        raise invalid(f"Filter {one['Name']} with operator {operator} needs a Value.")
    if value is None:
        return operator == "NotEquals"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _compare_number(float(value), operator, one)
    if operator in _ORDERINGS:
        raise invalid(f"Operator {operator} is not supported for text property {one['Name']}.")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    wanted = str(one["Value"])
    verdicts: dict[str, bool] = {
        "Equals": text == wanted,
        "NotEquals": text != wanted,
        "Contains": wanted in text,
        "In": text in [part.strip() for part in wanted.split(",")],
    }
    return verdicts[operator]


def _compare_number(value: float, operator: str, one: Mapping[str, Any]) -> bool:
    if operator in _TEXT_ONLY:
        raise invalid(f"Operator {operator} is only supported for text properties, not for {one['Name']}.")
    wanted = _number(one)
    verdicts: dict[str, bool] = {
        "Equals": value == wanted,
        "NotEquals": value != wanted,
        "GreaterThan": value > wanted,
        "GreaterThanOrEqualTo": value >= wanted,
        "LessThan": value < wanted,
        "LessThanOrEqualTo": value <= wanted,
    }
    return verdicts[operator]


def _number(one: Mapping[str, Any]) -> float:
    """A filter's value: a time in the one documented form, without an offset, or a number [B, Filter]."""
    text = one["Value"]
    try:
        if not one["Name"].endswith("Time"):
            return float(text)
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise invalid(f"Invalid value {text} for property {one['Name']}.") from error
    return moment.timestamp()
