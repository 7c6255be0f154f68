"""One fleet: a process that serves one model, started, asked and stopped from here."""

import os
import selectors
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from local.serving import frames
from local.serving.archive import ArchiveError, extract

_ROOT = Path(__file__).resolve().parent.parent.parent
_STOP_TIMEOUT = 5.0
_STDERR_SHOWN = 2_000  # characters


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
    """Serves one artifact in a process of its own, which ends when this one does.

    Args:
        model_data: the model.tar.gz, or where it lies.
        environment: the container's environment variables.
        workdir: a folder of its own, deleted by `stop`.
    """

    def __init__(self, model_data: bytes | Path, environment: dict[str, str], workdir: Path) -> None:
        self._model_data, self._environment, self._workdir = model_data, environment, workdir
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._timeout = 60.0

    def start(self, timeout: float) -> None:
        """Extract the artifact, load the model, and be ready.

        Raises:
            ServingError: what failed: the archive, the script, the model, or `timeout` seconds were too few.
        """
        self._timeout = timeout
        content = self._model_data.read_bytes() if isinstance(self._model_data, Path) else self._model_data
        try:
            extract(content, self._workdir / "model")
        except ArchiveError as error:
            raise ServingError(str(error)) from error
        with self._lock:
            self._launch()

    def invoke(self, body: bytes, content_type: str, accept: str) -> Answer:
        """Ask the model. A model that raises is an answer of status 500; a process that died one of 503, and it is
        started again for the next request."""
        with self._lock:
            try:
                if self._process is None or self._process.poll() is not None:
                    self._launch()
                frames.send(self._stdin(), {"content_type": content_type, "accept": accept}, body)
                message = frames.receive(self._stdout())
            except (OSError, ServingError) as error:
                return Answer(503, str(error).encode(), "text/plain", 0)
        if message is None:
            return Answer(503, b"the model's process ended while it answered", "text/plain", 0)
        header, content = message
        return Answer(int(header["status"]), content, str(header["content_type"]), int(header["latency_us"]))

    def stop(self) -> None:
        """End the process and delete its folder."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(_STOP_TIMEOUT)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        shutil.rmtree(self._workdir, ignore_errors=True)

    def _launch(self) -> None:
        model_dir = self._workdir / "model"
        environment = {
            "PATH": os.defpath,
            "PYTHONPATH": str(_ROOT),
            "OMP_NUM_THREADS": "1",
            "SM_MODEL_DIR": str(model_dir),
            **self._environment,
        }
        errors = (self._workdir / "stderr.log").open("ab")
        with errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own worker
                [sys.executable, "-m", "local.serving.worker", str(model_dir)],
                cwd=self._workdir,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        if (reason := self._not_ready()) is not None:
            self._process.kill()
            self._process.wait(_STOP_TIMEOUT)
            raise ServingError(reason)

    def _not_ready(self) -> str | None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout(), selectors.EVENT_READ)
            if not selector.select(self._timeout):
                return f"the container did not pass its health check in {self._timeout:.0f} s"
        message = frames.receive(self._stdout())
        if message is None:
            said = (self._workdir / "stderr.log").read_text(errors="replace")[-_STDERR_SHOWN:]
            return f"the container ended while it started: {said.strip() or 'it said nothing'}"
        header: dict[str, Any] = message[0]
        return None if header.get("ready") else str(header.get("failed"))

    def _stdin(self) -> BinaryIO:
        return cast(BinaryIO, cast("subprocess.Popen[bytes]", self._process).stdin)

    def _stdout(self) -> BinaryIO:
        return cast(BinaryIO, cast("subprocess.Popen[bytes]", self._process).stdout)
