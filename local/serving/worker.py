"""The process that holds one model: loads it, then answers requests until its socket closes.

The first message says what to serve; so the process may be a new Python, or a fork of one that has imported
scikit-learn already (`nursery.py`).
"""

import os
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from local.serving import frames
from local.serving.contract import ContractError, Inference, load
from local.serving.defaults import JSON, UnsupportedFormatError
from local.serving.failures import failure

_ERROR = 500
_OURS = Path(__file__).resolve().parent.parent.parent


def serve(channel: socket.socket) -> None:
    """Read `{model_dir, environment, log}`, say `{ready}` or `{failed}`, then answer until the other side is gone."""
    message = frames.receive(channel)
    if message is None:
        return
    header = message[0]
    _settle_in(header["environment"], Path(header["log"]))
    try:
        inference = load(Path(header["model_dir"]), os.environ)
    except ContractError as error:
        traceback.print_exception(error)
        frames.send(channel, {"failed": str(error)})
        return
    frames.send(channel, {"ready": True})
    while (message := frames.receive(channel)) is not None:
        header, body = message
        frames.send(channel, *_answer(inference, body, header["content_type"], header["accept"]))


def _settle_in(environment: dict[str, str], log: Path) -> None:
    """The container's variables, its own log for all that is printed, and nothing of this project to import."""
    os.environ.update(environment)
    os.chdir(log.parent)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _OURS]


def _answer(
    inference: Inference, body: bytes, content_type: str, accept: str
) -> tuple[dict[str, Any], bytes]:
    started = time.perf_counter_ns()
    try:
        content, kind = inference.answer(body, content_type, accept)
        status = 200
    except UnsupportedFormatError as error:
        content, kind, status = failure(type(error).__name__, str(error)), JSON, error.status
    except Exception as error:  # noqa: BLE001 - whatever the model raises is a 500, as in its container
        traceback.print_exception(error)
        content, kind, status = failure(type(error).__name__, str(error)), JSON, _ERROR
    taken = (time.perf_counter_ns() - started) // 1000
    return {"status": status, "content_type": kind, "latency_us": taken}, content


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
