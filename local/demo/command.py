"""Runs `greenlight` as somebody of the story."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.aws import LocalAws
from local.demo.narrator import StoryError

_ROOT = Path(__file__).resolve().parents[2]


def greenlight(aws: LocalAws, person: Mapping[str, str], *arguments: str) -> str:
    """What the command prints.

    Args:
        aws: that it talks to.
        person: the variables of who runs it.
        arguments: of the command.

    Raises:
        StoryError: it failed; with what it said.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and command
        [sys.executable, "-P", "-m", "cli.main", *arguments],
        env={**aws.environment(), **person, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoryError(
            f"greenlight {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
    return done.stdout
