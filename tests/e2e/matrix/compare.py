"""Compares what the table says with what IAM does."""

from collections.abc import Iterable

from local.aws import LocalAws
from tests.e2e.matrix.calls import CALLS
from tests.e2e.matrix.sessions import Sessions
from tests.e2e.matrix.stage import Stage
from tests.e2e.matrix.table import UNTRIED, Key, Row
from tests.e2e.matrix.tried import UnclearError, attempt, outcome

Cell = tuple[Key, str]


class Matrix:
    """The outcomes of calls, each made once."""

    def __init__(self, aws: LocalAws) -> None:
        self.stage, self.sessions = Stage(aws), Sessions(aws)
        self._outcomes: dict[Cell, str] = {}

    def outcome(self, key: Key, column: str) -> str:
        """What becomes of a row's call in a role's session: `yes`, `no`, or what is unclear about it."""
        if (key, column) not in self._outcomes:
            tried = attempt(CALLS, key)
            try:
                found = outcome(tried, self.sessions.client(column, tried.service), self.stage)
            except UnclearError as error:
                found = f"unclear: {error}"
            self._outcomes[key, column] = found
        return self._outcomes[key, column]

    def deviations(self, rows: Iterable[Row]) -> list[str]:
        """Where IAM does otherwise than the rows say, a line each."""
        return [
            f"{row.named(column)}: the table says {said}, IAM says {found}"
            for row in rows
            for column, said in row.cells.items()
            if said != UNTRIED and (found := self.outcome(row.key, column)) != said
        ]
