"""Waiting for what happens by itself, no longer than needed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


def eventually(find: Callable[[], Found], *, within: float = 300.0) -> Found:
    """What `find` gives once it gives something true; fails the test if it does not within that many seconds."""
    deadline = time.monotonic() + within
    while True:
        if found := find():
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"nothing after {within} s: {found!r}")
        time.sleep(0.02)
