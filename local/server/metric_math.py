"""CloudWatch metric math for alarms: one expression over the values of one period. Pure.

The functions are those of "Using metric math" that give one value per period from single values: arithmetic,
comparison, AND, OR, IF, FILL with a number, MIN, MAX, SUM, AVG over metrics, ABS, CEIL, FLOOR, PERIOD. Anything
else is refused when the alarm is made.
"""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = float | None

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISON: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OVER_MANY: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}
_OF_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


def check(expression: str, names: set[str]) -> None:
    """Raise ValueError, naming the part, unless `expression` can be evaluated over metrics named `names`."""
    _evaluate(_parse(expression), dict.fromkeys(names, 1.0), 60)


def evaluate(expression: str, values: Mapping[str, Value], period: int) -> Value:
    """The value of `expression` in one period; None for no data point.

    `values` are the period's values by metric ID (None: no data), `period` its length in seconds. No data in, or a
    division by zero, gives no data out, but for FILL, IF, and functions over several metrics.
    """
    return _evaluate(_parse(expression), values, period)


def _parse(expression: str) -> ast.expr:
    text = expression.replace("&&", " and ").replace("||", " or ").replace("^", "**")
    text = text.replace(" AND ", " and ").replace(" OR ", " or ").strip()
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"metric math {expression!r} is not an expression: {error.msg}") from error


def _evaluate(node: ast.expr, values: Mapping[str, Value], period: int) -> Value:
    def value(inner: ast.expr) -> Value:
        return _evaluate(inner, values, period)

    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            if name not in values:
                raise ValueError(f"metric math names {name!r}, which is no metric of the alarm")
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _of_one(operator.neg, value(inner))
        case ast.BinOp(op=operation, left=left, right=right) if type(operation) in _ARITHMETIC:
            return _of_two(_ARITHMETIC[type(operation)], value(left), value(right))
        case ast.Compare(ops=[comparison], left=left, comparators=[right]) if type(comparison) in _COMPARISON:
            return _of_two(_COMPARISON[type(comparison)], value(left), value(right))
        case ast.BoolOp(op=operation, values=parts):
            known = [part or 0.0 for part in map(value, parts)]
            return float(all(known) if isinstance(operation, ast.And) else any(known))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name.upper(), arguments, values, period, value)
        case _:
            raise ValueError(f"metric math {ast.unparse(node)!r} is not one that the local AWS evaluates")


def _call(
    name: str,
    arguments: list[ast.expr],
    values: Mapping[str, Value],
    period: int,
    value: Callable[[ast.expr], Value],
) -> Value:
    if name == "IF" and len(arguments) in (2, 3):
        chosen = [value(argument) for argument in arguments]
        return chosen[1] if chosen[0] else (chosen[2] if len(chosen) == 3 else None)  # noqa: PLR2004 - IF's three parts
    if name == "FILL" and len(arguments) == 2:  # noqa: PLR2004 - FILL's two parts
        filled = [value(argument) for argument in arguments]
        return filled[1] if filled[0] is None else filled[0]
    if name == "PERIOD" and len(arguments) == 1:
        value(arguments[0])
        return float(period)
    if name in _OF_ONE and len(arguments) == 1:
        return _of_one(_OF_ONE[name], value(arguments[0]))
    if name in _OVER_MANY and len(arguments) == 1:
        found = [item for item in _many(arguments[0], values, value) if item is not None]
        return _OVER_MANY[name](found) if found else None
    raise ValueError(
        f"metric math function {name} with {len(arguments)} arguments is not one that is evaluated here"
    )


def _many(node: ast.expr, values: Mapping[str, Value], value: Callable[[ast.expr], Value]) -> list[Value]:
    if isinstance(node, ast.List):
        return [value(item) for item in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "METRICS":
        return list(values.values())
    return [value(node)]


def _of_one(operation: Callable[[float], float], inner: Value) -> Value:
    return None if inner is None else float(operation(inner))


def _of_two(operation: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return float(operation(left, right))
    except (ZeroDivisionError, OverflowError):
        return None


def names_in(expression: str) -> set[str]:
    """The metric IDs that `expression` names."""
    tree = _parse(expression)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions}
