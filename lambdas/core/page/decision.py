"""What an approver needs of a pending version: how it differs from the live one, what is against it, the command."""

from collections.abc import Sequence

from lambdas.core.briefing import deciding
from lambdas.core.comparison import Comparison, Difference, Metric
from lambdas.core.page.markup import Element, element
from lambdas.core.text import one_line

_LONGEST = 200  # characters of a value


def to_decide(group: str, version: int, against: Sequence[str], found: Comparison | None) -> Element:
    """The pending version.

    Args:
        group: its name.
        version: the pending one's number.
        against: every gate that it does not pass, in words.
        found: how it differs from the live version; None: nothing is live.
    """
    gates = (
        element("ul", *(element("li", f"▲ {one_line(told, _LONGEST)}") for told in against))
        if against
        else element("p", "It passes every gate.")
    )
    compared = table(found) if found is not None else element("p", "Nothing is live to compare it with.")
    return element(
        "section",
        element("h3", f"v{version} waits for a decision"),
        gates,
        compared,
        element("p", "To approve it:"),
        element("code", deciding("approve", group, version)),
    )


def table(found: Comparison) -> Element:
    """Two versions side by side."""
    rows = [_metric(one) for one in found.metrics]
    rows += [_difference(one) for one in (*found.containers, *found.metadata)]
    if not rows:
        same = f"v{found.before} and v{found.after} have the same content, the same metadata and no metrics."
        return element("p", same)
    columns = ("Of the version", f"v{found.before}", f"v{found.after}", "Change")
    head = element("tr", *(element("th", name, scope="col") for name in columns))
    return element("table", element("thead", head), element("tbody", *rows), class_="gl-table")


def _metric(one: Metric) -> Element:
    word = {True: " better", False: " worse", None: ""}[one.better]
    change = "–" if one.change is None else f"{one.change:+g}{word}"  # noqa: RUF001 - a dash
    return _row(one.name, _number(one.before), _number(one.after), change)


def _difference(one: Difference) -> Element:
    return _row(one.name, one.before, one.after, "differs")


def _row(name: str, before: str | None, after: str | None, change: str) -> Element:
    cells = (one_line(told, _LONGEST) if told is not None else "none" for told in (before, after))
    head = element("th", one_line(name, _LONGEST), scope="row")
    return element("tr", head, *(element("td", cell) for cell in cells), element("td", change))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
