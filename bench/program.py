"""Runs a program of our own, and takes what it prints."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def printed(
    command: Sequence[str], environment: Mapping[str, str], failing: str, folder: Path | None = None
) -> str:
    """What a program prints.

    Args:
        command: our own interpreter and what it runs.
        environment: all of it.
        failing: what is said if it fails, before the end of what it complains of.
        folder: where it runs; None: here.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and programs
        command, env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
    if done.returncode:
        raise RuntimeError(f"{failing}: {done.stderr[-2000:]}")
    return done.stdout
