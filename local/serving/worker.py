"""The process that holds one model: loads it, then answers requests until its pipe closes."""

import os
import sys
import time
from pathlib import Path

from local.serving import frames
from local.serving.contract import ContractError, Inference, load


def main() -> None:
    """Speak frames over the descriptors that standard input and output had; the model's prints go to stderr."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        inference = load(Path(sys.argv[1]), os.environ.get("SAGEMAKER_PROGRAM", "inference.py"))
    except ContractError as error:
        frames.send(answers, {"failed": str(error)})
        return
    frames.send(answers, {"ready": True})
    while (message := frames.receive(requests)) is not None:
        header, body = message
        frames.send(answers, *_answer(inference, body, header["content_type"], header["accept"]))


def _answer(
    inference: Inference, body: bytes, content_type: str, accept: str
) -> tuple[dict[str, object], bytes]:
    started = time.perf_counter_ns()
    try:
        content, kind = inference.answer(body, content_type, accept)
        status = 200
    except Exception as error:  # noqa: BLE001 - whatever the model raises is a 500, as in its container
        content, kind, status = f"{type(error).__name__}: {error}".encode(), "text/plain", 500
    taken = (time.perf_counter_ns() - started) // 1000
    return {"status": status, "content_type": kind, "latency_us": taken}, content


if __name__ == "__main__":
    main()
