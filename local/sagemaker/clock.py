"""The clocks that the model can live by."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how fast AWS's time passes."""

    def now(self) -> float:
        """Epoch seconds: what timestamps show."""
        ...

    def scale(self) -> float:
        """AWS seconds per clock second: a wait of n AWS seconds takes n/scale."""
        ...


class WallClock:
    """The machine's clock, with AWS's waits shortened by a factor."""

    def __init__(self, scale: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError(f"scale {scale!r} is not positive; it is AWS seconds per wall second")
        self._scale = scale

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def scale(self) -> float:
        """AWS seconds per wall second."""
        return self._scale


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float) -> None:
        self._now = start

    def now(self) -> float:
        """Epoch seconds."""
        return self._now

    def scale(self) -> float:
        """Always 1: virtual seconds are AWS seconds."""
        return 1.0

    def advance(self, seconds: float) -> None:
        """Move on. ValueError for a negative number: time does not run backwards."""
        if seconds < 0:
            raise ValueError(f"cannot advance a clock by {seconds!r} s; time does not run backwards")
        self._now += seconds

    def advance_to(self, at: float) -> None:
        """Move on to exactly this time, unless it is past: sums of fractions of a second may end just before it."""
        self._now = max(self._now, at)
