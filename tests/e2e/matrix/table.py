"""Reads docs/access-matrix.md strictly: what it does not understand is an error that names the line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).resolve().parents[3] / "docs" / "access-matrix.md"
KEYS = ("call", "on", "with")
NOTE = "note"
EXCEPTIONS = ("action", "why no row tries it")
YES, NO, UNTRIED = "yes", "no", "—"

Key = tuple[str, str, str]


class TableError(ValueError):
    """The document is not as it should be; the message names the line, what is wrong, and what to do."""


@dataclass(frozen=True)
class Row:
    """One row: a call of the API on something with something, and the outcome for each role.

    Attributes:
        line: of the document, from 1.
        key: the call, what it is made on, what it is made with.
        cells: `yes`, `no` or `—` by column.
        note: what the cells do not say.
    """

    line: int
    key: Key
    cells: dict[str, str]
    note: str

    def named(self, column: str) -> str:
        """Where in the document a cell is, and what it is about."""
        return f"line {self.line}: {' '.join(filter(None, self.key))}, {column}"


@dataclass(frozen=True)
class Table:
    """All rows of all tables of the document, and the actions that no row tries, each with its reason."""

    rows: tuple[Row, ...]
    exceptions: dict[str, str]

    def columns(self) -> frozenset[str]:
        """The columns of all tables."""
        return frozenset(column for row in self.rows for column in row.cells)


def read(text: str, columns: frozenset[str]) -> Table:
    """Read the document.

    Args:
        text: Markdown.
        columns: the roles that there are.

    Raises:
        TableError: a table of another shape, an unknown column or cell, a row twice, a cell not tried without a note.
    """
    rows: dict[Key, Row] = {}
    exceptions: dict[str, str] = {}
    for block in _blocks(text):
        (first, header), *body = block
        if tuple(header) == EXCEPTIONS:
            exceptions |= dict(_exception(line, cells) for line, cells in body[1:])
            continue
        roles = _roles(first, header, columns)
        for line, cells in body[1:]:
            row = _row(line, cells, roles)
            if row.key in rows:
                raise TableError(f"line {line}: the same row is on line {rows[row.key].line}; drop one")
            rows[row.key] = row
    return Table(tuple(rows.values()), exceptions)


def _blocks(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """The lines of each table, numbered and split into cells."""
    block: list[tuple[int, list[str]]] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("|"):
            block.append((number, _cells(line)))
        elif block:
            if len(block) < 3 or set("".join(block[1][1])) - set("-:"):
                raise TableError(f"line {block[0][0]}: a table has a header, a line of dashes, and rows")
            yield block
            block = []


def _cells(line: str) -> list[str]:
    inner = line.rstrip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("`", "") for cell in inner.split("|")]


def _roles(line: int, header: list[str], columns: frozenset[str]) -> list[str]:
    """The roles that a header names."""
    roles = header[len(KEYS) : -1]
    if tuple(header[: len(KEYS)]) != KEYS or header[-1] != NOTE or not roles:
        raise TableError(f"line {line}: a header is {', '.join(KEYS)}, the roles, {NOTE}; found {header}")
    for role in roles:
        if role not in columns:
            raise TableError(f"line {line}: there is no column {role!r}; the roles are {sorted(columns)}")
    if len(set(roles)) < len(roles):
        raise TableError(f"line {line}: a role is there twice; drop one of {roles}")
    return roles


def _row(line: int, cells: list[str], roles: list[str]) -> Row:
    if len(cells) != len(KEYS) + len(roles) + 1:
        raise TableError(f"line {line}: {len(cells)} cells; the header has {len(KEYS) + len(roles) + 1}")
    call, on, having = cells[: len(KEYS)]
    outcomes = dict(zip(roles, cells[len(KEYS) : -1], strict=True))
    for role, outcome in outcomes.items():
        if outcome not in {YES, NO, UNTRIED}:
            raise TableError(
                f"line {line}: {role} is {outcome!r}; a cell is {YES}, {NO} or {UNTRIED} (not tried)"
            )
    if UNTRIED in outcomes.values() and not cells[-1]:
        raise TableError(f"line {line}: a cell is not tried; say why in the note")
    return Row(line, (call, on, having), outcomes, cells[-1])


def _exception(line: int, cells: list[str]) -> tuple[str, str]:
    if len(cells) != len(EXCEPTIONS) or not all(cells):
        raise TableError(f"line {line}: an exception is an action and the reason; found {cells}")
    return cells[0], cells[1]
