"""One fleet: a process that serves one model, started, asked and stopped from here."""

import contextlib
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from local.serving import frames
from local.serving.archive import ArchiveError, extract
from local.serving.defaults import JSON
from local.serving.failures import failure
from local.serving.processes import Worker, open_worker

ANSWER_TIMEOUT = 60.0
"""Seconds in which a model must answer: botocore sagemaker-runtime, InvokeEndpoint: "within 60 seconds"."""
_LOG_SHOWN = 2_000  # characters
_UNAVAILABLE, _TIMED_OUT = 503, 504


class ServingError(Exception):
    """The fleet does not serve; says why."""


@dataclass(frozen=True)
class Answer:
    """What the model answered: an HTTP status, a body, its type, microseconds it took."""

    status: int
    body: bytes
    content_type: str
    latency_us: int


class FleetProcess:
    """Serves one artifact in a process of its own, which ends when this one does. Answers one request at a time.

    Args:
        model_data: the model.tar.gz, or where it lies.
        environment: the container's environment variables.
        workdir: a folder of its own, deleted by `stop`.
        answer_timeout: seconds for one answer; a model that takes longer is ended, and started again for the next.
    """

    def __init__(
        self,
        model_data: bytes | Path,
        environment: dict[str, str],
        workdir: Path,
        *,
        answer_timeout: float = ANSWER_TIMEOUT,
    ) -> None:
        self._model_data, self._environment, self._workdir = model_data, environment, workdir
        self._answer_timeout, self._start_timeout = answer_timeout, answer_timeout
        self._worker: Worker | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def start(self, timeout: float) -> None:
        """Extract the artifact, load the model, and be ready.

        Args:
            timeout: seconds for the script and model_fn, from when the process runs; also for each later start.

        Raises:
            ServingError: what failed: the archive, the script, the model, or the time was too short.
        """
        with self._lock:
            self._start_timeout = timeout
            try:
                content = (
                    self._model_data.read_bytes() if isinstance(self._model_data, Path) else self._model_data
                )
                extract(content, self._workdir / "model")
            except OSError as error:
                raise ServingError(f"model.tar.gz cannot be read: {error}") from error
            except ArchiveError as error:
                raise ServingError(str(error)) from error
            self._launch()

    def invoke(self, body: bytes, content_type: str, accept: str) -> Answer:
        """Ask the model.

        A model that raises answers 500 and lives on. A process that died answers 503, one that takes too long 504;
        both are started again for the next request.
        """
        with self._lock:
            try:
                channel = self._serving()
                deadline = time.monotonic() + self._answer_timeout
                frames.send(channel, {"content_type": content_type, "accept": accept}, body)
                message = frames.receive(channel, deadline)
            except TimeoutError:
                self._discard()
                return _failed(_TIMED_OUT, "ModelTimeout", f"no answer in {self._answer_timeout:g} s")
            except (OSError, ServingError) as error:
                self._discard()
                return _failed(_UNAVAILABLE, "ModelUnavailable", str(error))
            if message is None:
                self._discard()
                return _failed(
                    _UNAVAILABLE, "ModelUnavailable", "the model's process ended while it answered"
                )
        header, content = message
        return Answer(int(header["status"]), content, str(header["content_type"]), int(header["latency_us"]))

    def stop(self) -> None:
        """End the process, whatever it is doing, and delete its folder; it does not start again."""
        self._stopped = True
        worker = self._worker
        if worker is not None:
            # Wakes a request or a start that holds the lock; one that has just ended needs no waking.
            with contextlib.suppress(OSError):
                worker.channel.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._discard()
            shutil.rmtree(self._workdir, ignore_errors=True)

    def _serving(self) -> socket.socket:
        """The channel to a process that lives, started again if need be."""
        worker = self._worker
        if worker is None or _has_ended(worker.channel):
            worker = self._launch()
        worker.channel.settimeout(self._answer_timeout)
        return worker.channel

    def _launch(self) -> Worker:
        self._discard()
        try:
            worker = self._worker = open_worker()
            self._begin(worker.channel)
        except ServingError:
            self._discard()
            raise
        except OSError as error:
            self._discard()
            raise ServingError(f"no process could be started for the model: {error}") from error
        return worker

    def _begin(self, channel: socket.socket) -> None:
        if self._stopped or not self._workdir.is_dir():
            raise ServingError("the fleet was stopped, or never started")
        log = self._workdir / "container.log"
        start = {
            "model_dir": str(self._workdir / "model"),
            "log": str(log),
            "environment": {"SM_MODEL_DIR": str(self._workdir / "model"), **self._environment},
        }
        frames.send(channel, start)
        try:
            message = frames.receive(channel, time.monotonic() + self._start_timeout)
        except TimeoutError as error:
            raise ServingError(
                f"the container did not pass its health check in {self._start_timeout:g} s: "
                "its script or model_fn took too long"
            ) from error
        if message is None:
            said = log.read_text(errors="replace")[-_LOG_SHOWN:].strip() if log.exists() else ""
            raise ServingError(f"the container ended while it started: {said or 'it said nothing'}")
        if "failed" in message[0]:
            raise ServingError(str(message[0]["failed"]))

    def _discard(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


def _has_ended(channel: socket.socket) -> bool:
    """A process that waits for a request says nothing; so what there is to read is the end."""
    channel.settimeout(0)
    try:
        channel.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def _failed(status: int, error: str, message: str) -> Answer:
    return Answer(status, failure(error, message), JSON, 0)
