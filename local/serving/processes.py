"""Starts and ends workers: forks of the nursery where that is possible, else each a new Python."""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.serving.nursery import COMMAND, FORK, KILL, MAY_FORK, REPLY

_ROOT = Path(__file__).resolve().parent.parent.parent
_STOP_TIMEOUT = 5.0
_NURSERY_TIMEOUT = 60.0
"""Seconds for the nursery to import scikit-learn on a busy machine; afterwards it replies in milliseconds."""
_PLAIN = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""What Python and its libraries need; nothing of this process's environment."""


@dataclass(frozen=True)
class Worker:
    """A process that serves, or will: `channel` speaks frames with it, `end` kills and reaps it."""

    channel: socket.socket
    end: Callable[[], None]

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.channel.close()
        self.end()


class Nursery:
    """The owner's side of the nursery. It ends when it is closed, or when this process ends."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_NURSERY_TIMEOUT)
        self._process = _python("local.serving.nursery", theirs)
        self._lock = threading.Lock()
        self._may_fork: bool | None = None

    def fork(self) -> Worker | None:
        """A new worker; None if it cannot fork safely.

        Raises:
            OSError: the nursery is gone.
        """
        with self._lock:
            if self._may_fork is None:
                self._may_fork = self._reply() == MAY_FORK
            if not self._may_fork:
                return None
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(self._control, [COMMAND.pack(FORK, 0)], [theirs.fileno()])
                pid = self._reply()
            except OSError:
                ours.close()
                raise
            finally:
                theirs.close()
        return Worker(ours, lambda: self._kill(pid))

    def close(self) -> None:
        """End it, and with it every worker that it has forked."""
        self._control.close()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_TIMEOUT)

    def _kill(self, pid: int) -> None:
        # A nursery that is gone has taken its workers along.
        with self._lock, contextlib.suppress(OSError):
            self._control.sendall(COMMAND.pack(KILL, pid))
            self._reply()

    def _reply(self) -> int:
        content = self._control.recv(REPLY.size, socket.MSG_WAITALL)
        if len(content) < REPLY.size:
            raise ConnectionError("the process that forks the models' processes has ended")
        number: int = REPLY.unpack(content)[0]
        return number


_shared_lock = threading.Lock()
_shared: Nursery | None = None


def prewarm() -> None:
    """Start the nursery without waiting for it, so that the first model need not wait for scikit-learn."""
    if sys.platform == "linux":
        _nursery()


def open_worker() -> Worker:
    """A new worker, waiting for its first message.

    Raises:
        OSError: no process can be started.
    """
    if sys.platform == "linux":
        nursery = _nursery()
        try:
            worker = nursery.fork()
        except OSError:
            forget(nursery)
            worker = _nursery().fork()
        if worker is not None:
            return worker
    ours, theirs = socket.socketpair()
    process = _python("local.serving.worker", theirs)

    def end() -> None:
        if process.poll() is None:
            os.killpg(
                process.pid, signal.SIGKILL
            )  # a session of its own: all that it has started ends with it
            process.wait(_STOP_TIMEOUT)

    return Worker(ours, end)


def forget(nursery: Nursery | None = None) -> None:
    """End the shared nursery, if it is this one (or whichever it is); the next worker starts another."""
    global _shared
    with _shared_lock:
        if _shared is None or (nursery is not None and nursery is not _shared):
            return
        ending, _shared = _shared, None
    ending.close()


atexit.register(forget)


def _nursery() -> Nursery:
    global _shared  # noqa: PLW0603 - one for each process: that is its purpose
    with _shared_lock:
        if _shared is None:
            _shared = Nursery()
        return _shared


def _python(module: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
    """A new Python that runs a module of ours with one end of a socket pair; a Ctrl-C does not reach it."""
    with theirs:
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, str(theirs.fileno())],
            cwd=_ROOT,
            env=_PLAIN,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
