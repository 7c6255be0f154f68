"""How commands answer: tables for people, JSON for programs. What comes from outside is shown as text, never obeyed."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lambdas.core.codec import encode
from lambdas.core.text import printable

NO = 1  # the exit code where the answer is no: a ledger is broken, a check failed, nobody said yes, …
_WIDTH = 160  # where there is no terminal
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def console() -> Console:
    """Standard output."""
    return Console(
        width=None if sys.stdout.isatty() else _WIDTH, highlight=False, markup=False, soft_wrap=True
    )


def plain(value: object) -> Text:
    """A value as text: no markup, and no control characters that would steer a terminal."""
    shown = "-" if value is None or value == "" else str(value)
    return Text(printable(shown, keep="\n"))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table."""
    made = Table(title=plain(title) if title else None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*map(plain, row))
    console().print(made)


def say(*lines: object) -> None:
    """Print lines."""
    for line in lines:
        console().print(plain(line))


def as_json(value: Any) -> None:
    """Print what a command found as one JSON document; times in it are epoch seconds."""
    sys.stdout.write(json.dumps(encode(value), indent=2, sort_keys=True) + "\n")


def moment(at: float | None) -> str | None:
    """A time in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else None


def ago(at: float | None) -> str | None:
    """How long ago, in words."""
    if at is None:
        return None
    seconds = max(0.0, time.time() - at)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def ask(question: str) -> None:
    """Go on if somebody says yes. Raises typer.Exit: they do not, or there is nobody to ask."""
    try:
        typer.confirm(str(plain(question)), abort=True, err=True)
    except typer.Abort as error:
        sys.stderr.write("greenlight: nothing was done, as nobody said yes; --yes does not ask\n")
        raise typer.Exit(NO) from error
