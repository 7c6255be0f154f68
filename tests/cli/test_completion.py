"""Completion in a shell, through the script that `make cli` writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import EXAMPLES

GREENLIGHT = str(Path(sys.executable).with_name("greenlight"))
# The last line is what bash does when somebody presses Tab at the end of these words.
_TAB = """
. "$HOME/.bashrc"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _greenlight_completion "$1"; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of somebody who uses bash and has completion installed."""
    folder = tmp_path_factory.mktemp("home")
    # A command after it, for bash becomes the last one: the shell must be there to be found.
    said = bash('"$0" --install-completion; true', [GREENLIGHT], folder, folder)
    assert "bash completion installed" in said
    return folder


def bash(code: str, arguments: list[str], home: Path, folder: Path) -> str:
    """What code prints; nothing may go to standard error, for it would stand in the midst of what is typed."""
    done = subprocess.run(  # noqa: S603 - code of this file
        ["/bin/bash", "--norc", "-c", code, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout


def completed(home: Path, folder: Path, *words: str) -> list[str]:
    """What Tab offers after these words, the last of them incomplete."""
    return bash(_TAB, ["bash", GREENLIGHT, *words], home, folder).split()


def test_commands_are_completed(home: Path, tmp_path: Path) -> None:
    assert completed(home, tmp_path, "re") == [
        "register",
        "reject",
        "resume",
        "retry",
        "retrain",
        "redrive",
    ]


def test_options_and_fixed_words_are_completed(home: Path, tmp_path: Path) -> None:
    assert {"--reason", "--again", "--watch"} <= set(completed(home, tmp_path, "approve", "fraud", "7", "--"))
    assert completed(home, tmp_path, "plan", "fraud", "") == ["approve", "reject"]


@pytest.mark.parametrize("command", ["status", "approve", "register"])
def test_groups_are_completed_where_their_folder_is(home: Path, command: str) -> None:
    assert completed(home, EXAMPLES.parent, command, "") == ["tumor-screening", "wine-cultivar"]
    assert completed(home, EXAMPLES.parent, command, "w") == ["wine-cultivar"]


def test_no_folder_and_what_cannot_be_read_are_no_groups(home: Path, tmp_path: Path) -> None:
    assert completed(home, tmp_path, "status", "") == []
    (tmp_path / "groups" / "folder.yaml").mkdir(parents=True)
    (tmp_path / "groups" / "binary.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "groups" / "whatever.yml").write_text(
        '# first\nname: "credit-risk"  # ours\n  name: nested\n'
    )
    assert completed(home, tmp_path, "status", "") == ["credit-risk"]


def test_other_shells_are_answered_too(tmp_path: Path) -> None:
    environment = {
        "_GREENLIGHT_COMPLETE": "complete_zsh",
        "_TYPER_COMPLETE_ARGS": "greenlight doc",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(  # noqa: S603 - our own command
        [GREENLIGHT], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert '"doctor":"Check the account' in done.stdout
