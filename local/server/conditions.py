"""How IAM compares ARNs, and finds the tags of a resource for every kind of policy.

IAM guide, "IAM JSON policy elements: Condition operators", Amazon Resource Name (ARN) condition operators: part by
part, so that a star in one part never stands for a colon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = 6
_TAGS = ("aws:resourcetag/", "iam:resourcetag/")


def install() -> None:
    """Compare by part in all four operators, and look for tags whichever policy asks."""
    _compare_by_part()
    _find_tags()


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
