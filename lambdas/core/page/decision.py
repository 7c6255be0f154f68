"""What an approver needs of a pending version: how it differs from the live one, what is against it, the commands."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.core.briefing import commands, from_run
from lambdas.core.comparison import Difference, Metric
from lambdas.core.ledger import Event
from lambdas.core.page.markup import Element, element
from lambdas.core.page.overview import moment, who
from lambdas.core.text import one_line

_LONGEST = 200  # characters of a value


def to_decide(group: str, version: int, registered: Event | None, live: int | None) -> Element:
    """The pending version, as it was looked at when it was registered.

    Args:
        group: its name.
        version: the pending one's number.
        registered: what the ledger has of its registration, see `review.reviewed`; None: nothing, or too long ago.
        live: the version that is live now; None: nothing is.
    """
    data = registered.data if registered is not None else {}
    return element(
        "section",
        element("h3", f"v{version} waits for a decision"),
        _registered(registered) if registered is not None else None,
        *(
            _reviewed(version, registered, live)
            if registered is not None and "gates" in data
            else _unread(live)
        ),
        element("p", "The commands compare again, with what is live then, and ask before they write:"),
        element("ul", *(element("li", element("code", one)) for one in commands(group, version, data))),
        class_="gl-pending",
    )


def _registered(registered: Event) -> Element:
    by = registered.data.get("registered_by")
    name = who(str(by)) if by else "somebody not known"
    run = from_run(registered.data)
    of_run = f" It was {run}." if run is not None else None
    return element("p", "Registered by ", name, f", {moment(registered.at)}.", of_run)


def _unread(live: int | None) -> Iterator[Element]:
    with_ = f"v{live}, which is live," if live is not None else "the group's gates"
    yield element("p", f"The ledger has no comparison of it with {with_} at hand.")


def _reviewed(version: int, registered: Event, live: int | None) -> Iterator[Element]:
    data = registered.data
    yield element("p", "As it was at its registration:")
    if problem := data.get("report"):
        yield element("p", f"▲ {one_line(str(problem), _LONGEST)}")
    against = [one_line(str(told), _LONGEST) for told in data["gates"]]
    if against:
        yield element("p", "Gates that it would not pass:")
        yield element("ul", *(element("li", f"▲ {told}") for told in against))
    else:
        yield element("p", "It would pass the group's gates.")
    beside = data.get("compared_with")
    if beside is None:
        yield element("p", "Nothing was live to compare it with.")
    if live is not None and beside != live:
        yield element("p", f"▲ v{live} went live since; `greenlight diff` compares it with that.")
    yield table(beside, version, data)


def table(beside: int | None, version: int, data: Mapping[str, Any]) -> Element:
    """Two versions side by side, as the ledger has them.

    Args:
        beside: the one that was live; None: none was.
        version: the one to decide on.
        data: `metrics` and `differences` of `review.reviewed`.
    """
    metrics = [Metric(one["name"], one["before"], one["after"], one["better"]) for one in data["metrics"]]
    differences = [Difference(one["name"], one["before"], one["after"]) for one in data["differences"]]
    rows = [*map(_metric, metrics), *map(_difference, differences)]
    if not rows:
        same = "It has no metrics" + (f", and the same content and metadata as v{beside}." if beside else ".")
        return element("p", same)
    columns = ("Of the version", f"v{beside}" if beside else "Before", f"v{version}", "Change")
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
    head = element("th", one_line(name, _LONGEST), scope="row", class_="gl-wide")
    return element(
        "tr", head, *(element("td", cell) for cell in cells), element("td", change, class_="gl-short")
    )


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
