"""The targets, and how one is run.

A new target is a function with `@target(strategy)` in a module of `TARGET_MODULES`: it takes one input, and raises if
what comes of it is neither an answer nor a reason.
"""

import importlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from lambdas.core.errors import Unreadable

TARGET_MODULES = ("tests.fuzz.archives", "tests.fuzz.documents", "tests.fuzz.looks", "tests.fuzz.options")

_HANGS = 120  # seconds: milliseconds are needed, on whatever machine


@dataclass(frozen=True)
class Target:
    """Something that reads what other people write. `check` raises if it does not stand an input."""

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], object]


_TARGETS: dict[str, Target] = {}


def target(inputs: SearchStrategy[Any]) -> Callable[[Callable[[Any], object]], Callable[[Any], object]]:
    """Register a function as the target of its name."""

    def register(check: Callable[[Any], object]) -> Callable[[Any], object]:
        name = check.__name__
        if name in _TARGETS:
            raise ValueError(f"there are two targets {name}")
        _TARGETS[name] = Target(name, inputs, check)
        return check

    return register


def reason_of(read: Callable[[], object]) -> str | None:
    """Why something cannot be read; None: it can be."""
    try:
        read()
    except Unreadable as error:
        return str(error)
    return None


def targets() -> dict[str, Target]:
    """All targets, by name."""
    for module in TARGET_MODULES:
        importlib.import_module(module)
    return dict(_TARGETS)


@contextmanager
def _no_hanging() -> Iterator[None]:
    """What reads on for ever is found too."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"it has not come to an end within {_HANGS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(one: Target, inputs: int) -> int:
    """Try a target with so many inputs.

    Returns:
        How many were tried; repeats, and the steps by which a failing input is made small, count too.

    Raises:
        Whatever the target raises on the smallest failing input, which is part of its notes.
    """
    tried = 0

    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(one.inputs)
    def attempt(value: Any) -> None:
        nonlocal tried
        tried += 1
        with _no_hanging():
            one.check(value)

    attempt()
    return tried
