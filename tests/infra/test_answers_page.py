"""The page of AWS's answers is the table in the code, row by row and in its order."""

from lambdas.core.answers import CALLS, FAILURES, Answer
from tests.infra.conftest import ROOT

PAGE = ROOT / "docs" / "answers.md"


def row_of(row: Answer, *, call: bool = True) -> str:
    """A line of the page."""
    codes = ", ".join(f"`{code}`" for code in row.codes) or (
        f"any, HTTP {row.status} and up" if row.status else "any"
    )
    of = ", ".join(sorted(row.operations)) or "any call"
    whose = f"{row.blame.value}: `{row.key}`" if row.key else row.blame.value
    members = [whose, *([codes, of] if call else []), row.example, row.source]
    return "| " + " | ".join(member.replace("|", "\\|") for member in members) + " |"


def test_each_answer_has_its_line_in_the_order_of_the_table() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.startswith("| whose")]
    assert rows == [*map(row_of, CALLS), *(row_of(row, call=False) for row in FAILURES)]
