"""Lets invocations run without threads, so that a history runs the same way each time."""

from collections.abc import Callable
from typing import Any

from lambdas.adapters import concurrently as threads
from lambdas.reconcile import batch, look

Patch = Callable[[Any, str, Any], None]


def one_after_the_other(*calls: Callable[[], Any]) -> list[Any]:
    """Stands in for `concurrently`."""
    return [call() for call in calls]


def without_threads(patch: Patch) -> None:
    """Replace `concurrently` where the functions use it (`patch`: as pytest's monkeypatch.setattr)."""
    for module in (look, batch, threads):
        patch(module, "concurrently", one_after_the_other)
