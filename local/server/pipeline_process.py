"""The process of one execution of a pipeline: calls the callable that the pipeline is, and says what came of it.

What it prints goes to standard error, into the server's log; standard output carries the answer alone.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import sys
from typing import Any

from local.pipeline import Job


def call(name: str, job: Job) -> list[str]:
    """The ARNs that the callable package.module:callable says it registered. Raises what it raises."""
    module, _, attribute = name.partition(":")
    told = getattr(importlib.import_module(module), attribute)(job)
    if not isinstance(told, list) or not all(isinstance(arn, str) for arn in told):
        raise TypeError(f"{name} returned {told!r}; it must return the ARNs of what it registered, a list")
    return told


def main() -> None:
    """Read what to call from standard input, and write what came of it."""
    asked: dict[str, Any] = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            told: dict[str, Any] = {"registered": call(asked["callable"], Job(**asked["job"]))}
        except Exception as error:
            logging.exception("%s failed", asked["callable"])
            told = {"failure": str(error) or type(error).__name__}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
