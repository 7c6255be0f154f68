"""The command as a whole: every command is there, and none waits for another's modules."""

import subprocess
import sys

import pytest

from cli.main import _COMMANDS
from tests.cli.running import greenlight
from tests.infra.conftest import ROOT


def test_without_an_argument_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert greenlight() == 2
    listed = {line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("│ ")}
    assert listed >= set(_COMMANDS)


def test_a_command_that_is_misspelt_is_answered_with_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert greenlight("aprove", "credit-risk", "7") == 2
    assert "Did you mean 'approve'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", _COMMANDS)
def test_each_command_is_known_by_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert greenlight(name, "--help") == 0
    assert f"Usage: greenlight {name} [OPTIONS]" in capsys.readouterr().out


def test_a_command_imports_neither_other_commands_nor_the_decision_it_does_not_need() -> None:
    code = "import sys, cli.main; cli.main._app('status'); print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    assert "cli.reading" in imported
    assert not imported & {"cli.deciding", "cli.registering", "cli.starting", "yaml", "pydantic"}
    assert not imported & {"lambdas.core.decide", "lambdas.reconcile.compose", "aws_lambda_powertools"}
