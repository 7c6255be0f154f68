"""The first program of a function's process: imports the handler, then runs one invocation per line of input.

Runs with the standard library only, before the function's own code is importable, in place of AWS's runtime
interface client. Arguments: the import path (JSON), and two file descriptors: one gives a JSON line per
invocation, the other takes the answers. Standard output and error are the function's log, in which a NUL-marked
line closes each invocation's part.
"""

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

MARK = "\0end\0"


class Context:
    """The context object of AWS Lambda for Python, as documented (python-context)."""

    identity = None
    client_context = None

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id = invocation["request_id"]
        self.invoked_function_arn = invocation["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.monotonic() + invocation["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        """How long the invocation may still take."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def failure(error: BaseException) -> dict[str, Any]:
    """An exception as AWS Lambda reports it."""
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


class Clock:
    """What functions take for the time (`time.time`): the machine's, and so many seconds more."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._now, time.time = time.time, self.now

    def now(self) -> float:
        """Epoch seconds."""
        return self._now() + self.ahead


def main() -> None:
    """Import the handler, say so, then answer one invocation after another until the input ends."""
    clock = Clock()
    sys.path[:0] = json.loads(sys.argv[1])
    requests = os.fdopen(int(sys.argv[2]), "r", encoding="utf-8")
    answers = os.fdopen(int(sys.argv[3]), "w", encoding="utf-8")

    def answer(content: dict[str, Any]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.write(2, (MARK + "\n").encode())
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    module, _, name = os.environ["_HANDLER"].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except BaseException as error:  # noqa: BLE001 - whatever the import raises is the function's init error
        traceback.print_exc()
        answer({"init_error": failure(error)})
        return
    answer({"ready": True})
    for line in requests:
        invocation = json.loads(line)
        clock.ahead = invocation["clock_ahead"]
        if invocation.get("trace_id"):
            os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
        try:
            result = handler(invocation["event"], Context(invocation))
            content = {"result": json.loads(json.dumps(result))}
        except Exception as error:  # noqa: BLE001 - whatever the handler raises is the invocation's error
            print(f"[ERROR] {type(error).__name__}: {error}")
            traceback.print_exc()
            content = {"error": failure(error)}
        answer(content)


main()
