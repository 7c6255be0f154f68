"""`python -m local`: the local AWS on this machine, with the exports that point any AWS client at it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local.server.run import exports, run

if TYPE_CHECKING:
    from local.server.settings import ServerSettings


def main(arguments: list[str] | None = None) -> int:
    """Run the local AWS until Ctrl-C; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--deploy", action="store_true", help="deploy the example groups once it is up")
    parser.add_argument("--log-file", type=Path, help="keep the server's log here")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    chosen = parser.parse_args(arguments)

    def ready(settings: ServerSettings) -> None:
        if chosen.with_parent:
            return
        print(f"# The local AWS is up, account {settings.account} in {settings.region}. Ctrl-C stops it.")
        print(exports(settings), flush=True)
        if chosen.deploy:
            _deploy(settings)

    return run(log_file=chosen.log_file, on_ready=ready, with_parent=chosen.with_parent)


def _deploy(settings: ServerSettings) -> None:
    from local.deploy import deploy  # noqa: PLC0415 - needs boto3 and the CDK CLI, which plain serving does not

    deploy(settings.endpoint)


if __name__ == "__main__":
    sys.exit(main())
