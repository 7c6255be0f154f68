"""How IAM compares ARNs: part by part, so that a star in one part never stands for a colon.

IAM guide, "IAM JSON policy elements: Condition operators", Amazon Resource Name (ARN) condition operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = 6


def install() -> None:
    """Compare by part in all four operators; ministack compares the whole text."""
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
