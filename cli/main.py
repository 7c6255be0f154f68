"""The command `greenlight`: its commands, and how errors are told.

Exit codes: 0 done; 1 the answer is no (a ledger is broken, a check failed, nobody said yes, what was watched ended
otherwise); 2 it could not be done or was asked wrongly.
"""

import sys

import typer
from botocore.exceptions import BotoCoreError, NoCredentialsError, NoRegionError
from rich.console import Console

from cli import adopting, deciding, doctor, ledger, operating, out, reading, registering, starting
from cli.account import who_may
from lambdas.core.errors import Denied, GreenlightError
from lambdas.core.names import AUDITOR

_FAILED = 2
_SAID = {
    NoCredentialsError: "there are no AWS credentials: sign in (`aws sso login`), or set AWS_PROFILE",
    NoRegionError: "no AWS region is set: set AWS_REGION to the region that Greenlight is deployed in",
}

app = typer.Typer(
    name="greenlight",
    help="The approval in the SageMaker Model Registry is the deployment. Exit codes: 0 done; 1 the answer is no "
    "(a ledger is broken, a check failed, nobody said yes, what was watched ended otherwise); 2 it could not be done.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    reading.status,
    reading.versions,
    reading.diff,
    reading.plan,
    ledger.history,
    ledger.verify,
    registering.register,
    deciding.approve,
    deciding.reject,
    deciding.rollback,
    operating.pause,
    operating.resume,
    operating.retry,
    operating.redrive,
    operating.announce,
    adopting.adopt,
    doctor.doctor,
    starting.init,
):
    app.command()(command)


def main() -> None:
    """Run the command."""
    try:
        app(prog_name="greenlight")
    except Denied as error:
        _fail(f"{error}\n{who_may(AUDITOR, 'read everything')}")
    except GreenlightError as error:
        _fail(str(error))
    except BotoCoreError as error:
        _fail(_SAID.get(type(error), f"AWS cannot be asked: {error}"))


def _fail(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
        out.plain(f"greenlight: {text}")
    )
    sys.exit(_FAILED)


if __name__ == "__main__":
    main()
