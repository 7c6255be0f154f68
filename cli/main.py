"""The command `greenlight`: its commands, and how errors are told.

Exit codes: 0 done; 1 the answer is no (a ledger is broken, a check failed, nobody said yes, what was watched ended
otherwise); 2 it could not be done or was asked wrongly.
"""

import importlib
import os
import sys
import traceback

import typer
from botocore.exceptions import BotoCoreError, NoCredentialsError, NoRegionError
from rich.console import Console

from cli import out
from cli.account import who_may
from lambdas.core.errors import Denied, GreenlightError
from lambdas.core.foreign import reason
from lambdas.core.names import AUDITOR

_FAILED = 2
_DEBUG = "GREENLIGHT_DEBUG"  # the environment variable that shows where an unexpected error comes from
_SAID = {
    NoCredentialsError: "there are no AWS credentials: sign in (`aws sso login`), or set AWS_PROFILE",
    NoRegionError: "no AWS region is set: set AWS_REGION to the region that Greenlight is deployed in",
}

_COMMANDS = {
    "status": "reading",
    "versions": "reading",
    "diff": "reading",
    "plan": "reading",
    "history": "ledger",
    "verify": "ledger",
    "register": "registering",
    "approve": "deciding",
    "reject": "deciding",
    "rollback": "deciding",
    "pause": "operating",
    "resume": "operating",
    "retry": "operating",
    "retrain": "retraining",
    "redrive": "operating",
    "announce": "operating",
    "adopt": "adopting",
    "doctor": "doctor",
    "init": "starting",
}
"""The function of each command, and its module."""

_OF_ADMINISTRATORS = frozenset({"redrive", "announce"})


def _app(asked: str | None) -> typer.Typer:
    """The command with its commands; with one alone if it is asked for by name, whose module is all it must import."""
    app = typer.Typer(
        name="greenlight",
        help="The approval in the SageMaker Model Registry is the deployment. Exit codes: 0 done; 1 the answer is no "
        "(a ledger is broken, a check failed, nobody said yes, what was watched ended otherwise); 2 it could not be "
        "done.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # with one command alone too, its name is the first argument
    for name in [asked] if asked in _COMMANDS else _COMMANDS:
        app.command()(getattr(importlib.import_module(f"cli.{_COMMANDS[name]}"), name))
    return app


def main() -> None:
    """Run the command."""
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        _app(asked)(prog_name="greenlight")
    except Denied as error:
        _fail(f"{error}\n{_who_may(asked)}")
    except GreenlightError as error:
        _fail(str(error))
    except BotoCoreError as error:
        _fail(_SAID.get(type(error), f"AWS cannot be asked: {error}"))
    except Exception as error:  # noqa: BLE001 - the last resort: people get what to do, not a traceback
        if os.environ.get(_DEBUG):
            traceback.print_exc()
        _fail(
            f"an unexpected error, {type(error).__name__}: {reason(error)}. Nothing was done after it. "
            f"Run the command again with {_DEBUG}=1 to see where it comes from, and report that"
        )


def _who_may(asked: str | None) -> str:
    if asked in _OF_ADMINISTRATORS:
        return f"An administrator of the account may {asked}; no role of Greenlight's does"
    of_one = (
        "A group's own approver and registrant may read that group: name it, as in `greenlight status GROUP`"
    )
    return f"{who_may(AUDITOR, 'read everything')}\n{of_one}"


def _fail(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
        out.plain(f"greenlight: {text}")
    )
    sys.exit(_FAILED)


if __name__ == "__main__":
    main()
