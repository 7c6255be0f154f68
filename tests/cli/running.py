"""The command, run in this process."""

import sys
from unittest.mock import patch

from cli.main import main


def greenlight(*arguments: str) -> int:
    """Run it as the shell does; its exit code."""
    with patch.object(sys, "argv", ["greenlight", *arguments]):
        try:
            main()
        except SystemExit as exited:
            return int(exited.code or 0)
    return 0
