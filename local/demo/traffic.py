"""Clients of the endpoint: a steady stream of real requests, counted by how they were answered."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from botocore.exceptions import ClientError


@dataclass
class Traffic:
    """Sends requests in a thread of its own until stopped; use as a context manager.

    `requests` yields bodies; swap them with `send` while it runs. `pause` in seconds between two requests. With
    `labels`, what is true of each request, requests have an id, and `tell` is told the label of each that is answered.
    """

    runtime: Any
    endpoint: str
    content_type: str
    requests: Iterator[bytes]
    pause: float = 0.02
    labels: Iterator[int] | None = None
    tell: Callable[[str, int], None] | None = None
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

    def send(self, requests: Iterator[bytes], labels: Iterator[int] | None = None) -> None:
        """From now on, send these, of which these labels are true."""
        with self._lock:
            self.requests, self.labels = requests, labels

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
                label = None if self.labels is None else next(self.labels)
            outcome = self._one(body, label)
            with self._lock:
                self._counts[outcome] += 1
            time.sleep(self.pause)

    def _one(self, body: bytes, label: int | None) -> str:
        known = {} if label is None else {"InferenceId": str(uuid.uuid4())}
        try:
            self.runtime.invoke_endpoint(
                EndpointName=self.endpoint, ContentType=self.content_type, Body=body, **known
            )
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            return "model error" if code == "ModelError" else code
        if label is not None and self.tell is not None:
            self.tell(known["InferenceId"], label)
        return "answered"


def truth(s3: Any, bucket: str, group: str) -> Callable[[str, int], None]:
    """What `tell` may be: puts what was true of a request where retraining finds it, by the request's id."""

    def tell(inference_id: str, malignant: int) -> None:
        key = f"{group}/truth/{inference_id}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"malignant": malignant}).encode())

    return tell
