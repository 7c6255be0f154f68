"""A process that has imported scikit-learn, and forks a worker for each model: a shortcut of the local AWS.

A container of SageMaker has a Python of its own. Here that would cost each model the seconds in which two
cores import scikit-learn. A fork is a process of its own all the same, and a model of the demo serves after 15 ms
instead of 1.1 s (measured on two cores). The price: a model cannot choose how these libraries are imported, by
variables that they read at import (OMP_NUM_THREADS is 1).

Forking is safe because this process has one thread and does nothing else; where that is not so (`_may_fork`), each
worker is a new Python.
"""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path

from local.serving.worker import serve

COMMAND = struct.Struct(">ci")
"""One of the commands below, and the process it is about."""
FORK, KILL = b"F", b"K"
REPLY = struct.Struct(">i")
"""To FORK the new process, to KILL the one that has ended; at first `MAY_FORK` or `MAY_NOT`."""
MAY_FORK, MAY_NOT = 1, 0

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Answer commands until the owner is gone; then no worker is left."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _warm_up()
    workers: set[int] = set()
    try:
        with contextlib.suppress(ConnectionError):  # the owner is gone
            control.sendall(REPLY.pack(MAY_FORK if _may_fork() else MAY_NOT))
            _obey(control, workers)
    finally:
        for pid in tuple(workers):
            _end(pid, workers)


def _obey(control: socket.socket, workers: set[int]) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, COMMAND.size, 1)
        if not message:
            return
        command, pid = COMMAND.unpack(message)
        if command == FORK:
            pid = _fork(control, descriptors[0])
            workers.add(pid)
        elif pid in workers:
            _end(pid, workers)
        control.sendall(REPLY.pack(pid))


def _warm_up() -> None:
    # A model that needs what is not installed says so itself.
    with contextlib.suppress(ImportError):
        import numpy as np  # noqa: PLC0415
        import sklearn.impute  # noqa: PLC0415
        import sklearn.linear_model  # noqa: PLC0415
        import sklearn.pipeline  # noqa: PLC0415
        import sklearn.preprocessing  # noqa: F401, PLC0415

        np.zeros(1)
    gc.freeze()  # the workers share these pages


def _may_fork() -> bool:
    """Is this the only thread? Libraries may have started some."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1


def _fork(control: socket.socket, descriptor: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)  # a group of its own, so that it can be ended with all that it has started
        os.close(descriptor)
        return pid
    status = 1
    try:
        control.close()
        _die_with(parent)
        serve(socket.socket(fileno=descriptor))
        status = 0
    except BaseException:  # noqa: BLE001 - a fork must never run on into its parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """End this worker when the nursery ends, however that ends (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _end(pid: int, workers: set[int]) -> None:
    """Kill and reap a worker with all that it has started. It was not reaped until here: the number is its own."""
    workers.discard(pid)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
