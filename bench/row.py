"""A row of the table: a figure, what it is to be, and how it was measured."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure.

    `figure`: in `unit`. `most`: the goal, where there is one. `spread`: the quartiles of what was measured; what was
    counted has none. `how`: it was measured or counted, in words.
    """

    name: str
    figure: float
    unit: str
    how: str
    most: float | None = None
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is; None: there is none."""
        return None if self.most is None else self.figure <= self.most


def median_row(
    name: str, measured: Sequence[float], unit: str, how: str, *, most: float | None = None
) -> Row:
    """A row of the median of what was measured, with its quartiles."""
    low, middle, high = statistics.quantiles(measured, n=4)
    return Row(name, middle, unit, f"{how}; median of {len(measured)}", most, (low, high))


def shown(figure: float) -> str:
    """Three digits, as far as they say anything."""
    if figure == int(figure):
        return f"{int(figure):,}"
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"  # noqa: PLR2004 - digits


def as_markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines = ["| what | figure | goal | how |", "|---|---|---|---|"]
    for row in rows:
        spread = f" ({shown(row.spread[0])} to {shown(row.spread[1])})" if row.spread else ""
        goal = "" if row.most is None else f"≤ {shown(row.most)}{'' if row.met else ', missed'}"
        lines.append(f"| {row.name} | {shown(row.figure)} {row.unit}{spread} | {goal} | {row.how} |")
    return "\n".join(lines)
