"""Waits for the end of what somebody asked for, telling what the ledger says meanwhile."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli import out
from cli.account import Account
from lambdas.core.following import Progress as Far
from lambdas.core.following import Step
from lambdas.core.ledger import Event, event_of
from lambdas.core.record import Record

Watch = Annotated[
    bool, typer.Option("--watch", help="Wait for the end; exit code 1 if it is not as asked for.")
]
Minutes = Annotated[
    float, typer.Option("--minutes", min=0, help="How long --watch waits at most; then exit code 1.")
]
LONGEST_WATCH = 120.0  # minutes
_PAUSE = 2.0  # seconds between two looks


def follow(
    account: Account,
    before: Record,
    how_far: Callable[[Record, Sequence[Event]], Far],
    minutes: float,
    *,
    quiet: bool,
) -> Far:
    """Wait until nothing more comes of it.

    Args:
        account: to read.
        before: the group's record as it was before it was asked for.
        how_far: it has come, by the record and by what the ledger has since.
        minutes: to wait at most.
        quiet: tell nothing meanwhile.
    """
    group, seen, since = before.group, before.head.seq, list[Event]()
    deadline = time.monotonic() + minutes * 60
    console = Console(stderr=True, highlight=False, markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=int(Step.DONE))
        while True:
            for entry in account.store.history(group, after=seen):
                seen, event = entry.seq, event_of(entry)
                since.append(event)
                if not quiet:
                    bar.console.print(out.plain(f"{out.moment(event.at)}  {event.reason}"))
            record = account.record_or_none(group) or before
            far = how_far(record, since)
            bar.update(task, completed=int(far.step), description=str(out.plain(far.said)))
            if far.step is Step.DONE:
                return far
            if time.monotonic() >= deadline:
                return Far(
                    far.step, f"after {minutes:g} minutes: {far.said}; it goes on without you", good=False
                )
            time.sleep(_PAUSE)
