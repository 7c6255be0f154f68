"""Each private name of ministack that the local AWS relies on is where it is declared to be."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from local.server import hooks

SOURCES = [path for path in Path(hooks.__file__).parent.glob("*.py") if path.name != "hooks.py"]
TEXT = "\n".join(path.read_text() for path in SOURCES)


@pytest.mark.parametrize("hook", hooks.HOOKS, ids=lambda hook: hook.key)
def test_the_hook_is_as_declared(hook: hooks.Hook) -> None:
    """A new ministack moved it: read its code again, and mend what uses it."""
    assert hooks.problem(hook) == ""


def test_ministack_is_the_version_that_was_read() -> None:
    assert version("ministack") == hooks.MINISTACK_VERSION


def test_a_hook_that_moved_is_reported() -> None:
    assert "is gone" in hooks.problem(hooks.Hook("services.sqs", "_no_such_name", "a test"))
    moved = hooks.Hook("services.sqs", "_queue_by_arn", "a test", ("queue", "arn"))
    assert "now takes ('arn',)" in hooks.problem(moved)
    assert "no function" in hooks.problem(hooks.Hook("services.sqs", "_queues", "a test", ("arn",)))


def test_only_declared_names_are_reached() -> None:
    with pytest.raises(KeyError):
        hooks.private("services.sqs._no_such_name")
    with pytest.raises(hooks.HookMovedError, match="as read"):
        hooks.replace("services.sqs._queues", {})


def test_each_declared_name_is_used() -> None:
    unused = [hook.key for hook in hooks.HOOKS if hook.name not in TEXT]
    assert unused == []


def test_no_source_reaches_into_ministack_but_through_the_hooks() -> None:
    assert re.findall(r"from ministack[\w.]* import [^\n]*\b_\w+", TEXT) == []
