"""The log of every API call the local AWS has served, in memory, so that tests can count calls and see their order."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT_REQUESTS = 50_000


@dataclass(frozen=True)
class Request:
    """One API call: `start` and `end` in epoch seconds (wall time), the caller's ARN, the HTTP status."""

    sequence: int
    start: float
    end: float
    service: str
    operation: str
    principal: str
    status: int
    resource: str = ""


class RequestLog:
    """The last 50,000 calls, in the order in which they ended."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._lock = threading.Lock()
        self._sequence = 0

    def add(
        self,
        *,
        start: float,
        end: float,
        service: str,
        operation: str,
        principal: str,
        status: int,
        resource: str = "",
    ) -> None:
        """Note one call that has ended."""
        with self._lock:
            self._sequence += 1
            self._requests.append(
                Request(self._sequence, start, end, service, operation, principal, status, resource)
            )

    def since(self, sequence: int = 0) -> list[Request]:
        """The calls after the one numbered `sequence` (0: all that are kept)."""
        with self._lock:
            return [request for request in self._requests if request.sequence > sequence]

    def last(self) -> int:
        """The number of the last call; pass it to `since` later."""
        with self._lock:
            return self._sequence

    def as_json(self, sequence: int = 0) -> dict[str, Any]:
        """What GET /_local/requests answers: the calls after `sequence`, and the last number."""
        return {"requests": [asdict(request) for request in self.since(sequence)], "last": self.last()}

    def clear(self) -> None:
        """Forget the calls; numbers go on."""
        with self._lock:
            self._requests.clear()
