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


def doctor() -> None:
    """The command, as it must not be."""
    raise RecursionError("too \x1b[31m deep " + "x" * 10_000)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`greenlight doctor` meets an error that nobody foresaw."""
    monkeypatch.setattr("cli.doctor.doctor", doctor)
    monkeypatch.delenv("GREENLIGHT_DEBUG", raising=False)


def test_an_error_that_nobody_foresaw_is_a_line_and_an_exit_code_and_no_traceback(
    failing: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert greenlight("doctor") == 2
    err = capsys.readouterr().err
    assert err.startswith("greenlight: an unexpected error, RecursionError: too ")
    assert "GREENLIGHT_DEBUG=1" in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert len(err) < 600


def test_where_it_comes_from_is_shown_to_who_asks_for_it(
    failing: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GREENLIGHT_DEBUG", "1")
    assert greenlight("doctor") == 2
    assert "Traceback" in capsys.readouterr().err
