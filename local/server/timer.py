"""The heartbeat: one thread that runs what is due on the scaled clock, and nothing when nothing is."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Timer:
    """Runs callables at wall times, in one thread; `failures` keeps what they raised, for the health page."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="local-aws-timer", daemon=True)
        self.failures: list[str] = []

    def start(self) -> None:
        """Begin to run what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Run nothing more; waits for what is running."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Run `action` at the wall time `when` (epoch seconds; a past time: at once)."""
        with self._changed:
            heapq.heappush(self._due, (when, next(self._numbers), action))
            self._changed.notify()

    def every(self, seconds: Callable[[], float], action: Callable[[], None]) -> None:
        """Run `action` again and again, `seconds()` wall seconds after the start of the last run."""

        def run() -> None:
            started = time.time()
            try:
                action()
            finally:
                self.at(max(started + seconds(), time.time() + 0.005), run)

        self.at(time.time() + seconds(), run)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (not self._due or self._due[0][0] > time.time()):
                    self._changed.wait(self._due[0][0] - time.time() if self._due else None)
                if self._stopped:
                    return
                _, _, action = heapq.heappop(self._due)
            try:
                action()
            except Exception as error:
                logger.exception("the local AWS failed at something it does by itself")
                self.failures.append(f"{type(error).__name__}: {error}")
