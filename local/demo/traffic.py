"""Clients of the endpoint: a steady stream of real requests, counted by how they were answered."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from botocore.exceptions import ClientError


@dataclass
class Traffic:
    """Sends requests in a thread of its own until stopped; use as a context manager.

    `requests` yields bodies; swap them with `send` while it runs. `pause` in seconds between two requests.
    """

    runtime: Any
    endpoint: str
    content_type: str
    requests: Iterator[bytes]
    pause: float = 0.02
    _counts: Counter[str] = field(default_factory=Counter, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def send(self, requests: Iterator[bytes]) -> None:
        """From now on, send these."""
        with self._lock:
            self.requests = requests

    def since(self) -> Counter[str]:
        """How requests were answered since the last call: `answered`, `model error`, or AWS's error code."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts

    def answered(self) -> int:
        """How many were answered since the last call of `since`."""
        with self._lock:
            return self._counts["answered"]

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                body = next(self.requests)
            outcome = self._one(body)
            with self._lock:
                self._counts[outcome] += 1
            time.sleep(self.pause)

    def _one(self, body: bytes) -> str:
        try:
            self.runtime.invoke_endpoint(EndpointName=self.endpoint, ContentType=self.content_type, Body=body)
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            return "model error" if code == "ModelError" else code
        return "answered"
