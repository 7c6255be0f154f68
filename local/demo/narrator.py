"""Tells the story as it happens: live and coloured on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from local.aws import LocalAwsError

T = TypeVar("T")
_POLL = 0.1  # seconds between two looks while waiting


class StoryError(Exception):
    """The world is not as the story tells it; says what was expected and what was found."""


class Narrator:
    """Prints chapters and checked facts, each with the seconds since the start."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._start = time.monotonic()
        self._chapter = 0
        self.checked = 0

    def elapsed(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self._start

    def chapter(self, title: str) -> None:
        """Begin the next chapter."""
        self._chapter += 1
        self.console.print(f"\n[bold]{self._chapter}. {title}[/bold]  [dim]{self.elapsed():.0f} s[/dim]")

    def tell(self, text: str) -> None:
        """Say something that is not checked."""
        self.console.print(f"   {text}")

    def quote(self, line: str) -> None:
        """A line of what a program printed."""
        self.console.print(f"     {line}", style="dim", markup=False)

    def fact(self, holds: bool, text: str, found: object = None) -> None:
        """State a fact that was just checked.

        Raises:
            StoryError: it does not hold.
        """
        if not holds:
            raise StoryError(f"expected: {text}" + ("" if found is None else f"; found: {found}"))
        self.checked += 1
        self.console.print(f"   [green]✓[/green] {text}")

    def wait(
        self, what: str, seek: Callable[[], T | None], seconds: float, show: Callable[[], str] | None = None
    ) -> T:
        """Wait until `seek` returns something.

        Args:
            what: what is waited for, in words.
            seek: returns None while it is not there yet.
            seconds: give up after.
            show: what to say of the progress; said again whenever it changes.

        Raises:
            StoryError: time is up; says what was seen last.
        """
        deadline, said = time.monotonic() + seconds, ""
        with self._status(what) as update:
            while (found := seek()) is None:
                now = show() if show else ""
                if now and now != said:
                    update(now)
                    said = now
                if time.monotonic() > deadline:
                    raise StoryError(f"waited {seconds:.0f} s for: {what}; last seen: {said or 'nothing'}")
                time.sleep(_POLL)
        return found

    @contextmanager
    def _status(self, what: str) -> Iterator[Callable[[str], None]]:
        if self.console.is_terminal:
            with self.console.status(f"   {what}") as status:
                yield lambda now: status.update(f"   {what}: {now}")
        else:
            yield lambda now: self.tell(f"… {now}")

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print a table."""
        table = Table(title=title, title_justify="left", show_lines=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def holds(self, what: str) -> None:
        """Say that all that was told is so."""
        self.console.print(
            f"\n[bold green]{what}: {self.checked} facts checked in {self.elapsed():.0f} s.[/bold green]"
        )

    def tell_to_the_end(self, story: Callable[[], None]) -> int:
        """Tell a whole story; the program's exit code: 0 if every fact held, 1 if not, 130 if somebody stopped it."""
        try:
            story()
        except (StoryError, LocalAwsError) as error:
            self.console.print(f"\n[bold red]The story does not hold.[/bold red] {error}")
            sys.stdout.flush()
            return 1
        except KeyboardInterrupt:
            self.tell("stopped")
            return 130
        return 0
