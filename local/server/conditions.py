"""How IAM compares ARNs, fills in variables, and finds the tags of a resource for every kind of policy.

IAM guide, "IAM JSON policy elements: Condition operators", Amazon Resource Name (ARN) condition operators: part by
part, so that a star in one part never stands for a colon. "IAM policy elements: Variables and tags": a statement with
a variable that the request has no value for is not met.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9-]+:[^}]+)\}")
_PARTS = 6
_TAGS = ("aws:resourcetag/", "iam:resourcetag/")


def install() -> None:
    """Compare by part in all four operators, look for tags whichever policy asks, and fill in variables."""
    _compare_by_part()
    _find_tags()
    _fill_in_variables()


def _fill_in_variables() -> None:
    met: Callable[[Mapping[str, Any], Any], bool] = hooks.private("core.iam_evaluator._conditions_met")

    def with_variables(conditions: Mapping[str, Any], ctx: Any) -> bool:
        known = {}
        for variable in {one for value in _values(conditions) for one in _VARIABLE.findall(value)}:
            found = hooks.private("core.iam_evaluator._resolve_condition_key")(variable, ctx)
            if not isinstance(found, str):
                return False
            known[variable] = found
        return met(_filled_in(conditions, known) if known else conditions, ctx)

    hooks.replace("core.iam_evaluator._conditions_met", with_variables)


def _values(value: object) -> Iterator[str]:
    """The strings in a condition block."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _values(part)


def _filled_in(value: Any, known: Mapping[str, str]) -> Any:
    """A condition block, each variable replaced by its value."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: known[match[1]], value)
    if isinstance(value, list):
        return [_filled_in(part, known) for part in value]
    return {key: _filled_in(part, known) for key, part in value.items()} if isinstance(value, dict) else value


def _find_tags() -> None:
    """ministack looks for a resource's tags only if an identity policy asks for them, not if a boundary does."""
    resolve: Callable[[str, Any], object] = hooks.private("core.iam_evaluator._resolve_condition_key")

    def with_tags(key: str, ctx: Any) -> object:
        value = resolve(key, ctx)
        return (
            _tag(key.lower(), ctx.resource_arn) if value is None and key.lower().startswith(_TAGS) else value
        )

    hooks.replace("core.iam_evaluator._resolve_condition_key", with_tags)


def _tag(key: str, resource_arn: str) -> str | None:
    from ministack.services.tagging import resource_tags  # noqa: PLC0415 - reads settings at import

    wanted = key.partition("/")[2]
    tags: dict[str, str] = resource_tags(resource_arn) or {}
    return next((value for name, value in tags.items() if name.lower() == wanted), None)


def _compare_by_part() -> None:
    operators: dict[str, Callable[[str, str], bool]] = hooks.private("core.iam_evaluator._CONDITION_OPS")
    operators |= {"arnequals": like, "arnlike": like, "arnnotequals": unlike, "arnnotlike": unlike}


def like(actual: str, expected: str) -> bool:
    """Whether an ARN matches a pattern, both with six parts; a lone star matches all."""
    from ministack.core.iam_evaluator import fnmatch_iam_cs  # noqa: PLC0415 - reads settings at import

    if expected == "*":
        return True
    parts, patterns = actual.split(":", _PARTS - 1), expected.split(":", _PARTS - 1)
    if not len(parts) == len(patterns) == _PARTS:
        return False
    return all(fnmatch_iam_cs(part, pattern) for part, pattern in zip(parts, patterns, strict=True))


def unlike(actual: str, expected: str) -> bool:
    """Whether an ARN does not match a pattern."""
    return not like(actual, expected)
