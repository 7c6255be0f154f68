"""The page's second view: one group with its versions, charts, the version to decide on, and the timeline."""

from collections.abc import Sequence

from lambdas.core.ledger import Event
from lambdas.core.page.chart import chart
from lambdas.core.page.markup import Element, action, element
from lambdas.core.page.overview import moment, phase
from lambdas.core.page.timeline import timeline
from lambdas.core.record import Record
from lambdas.core.text import one_line
from lambdas.core.versions import Version

_COLUMNS = ("Version", "Status", "Decided", "By", "Reason", "Became", "Metrics")
_LONGEST = 200  # characters of a value
_MOST_CHARTS = 12
_MOST_METRICS = 8  # in one cell


def group_page(
    record: Record,
    versions: Sequence[Version],
    events: Sequence[Event],
    pending: Element | None,
    function: str,
) -> Element:
    """Draw a group.

    Args:
        record: of the group.
        versions: newest first.
        events: the last of its ledger, oldest first.
        pending: the version to decide on, see `decision.to_decide`; None: there is none.
        function: ARN of the widget's function, which the buttons call.
    """
    live = record.live_placement()
    return element(
        "div",
        element("p", action("All groups", function, {})),
        element("h2", record.group),
        element("p", phase(record), f" since {moment(record.since)}: {one_line(record.reason, _LONGEST)}"),
        element(
            "p", f"Live: v{live.version}, since {moment(live.live_at or 0.0)}" if live else "Nothing is live."
        ),
        pending,
        element("h3", "Versions"),
        _table(versions),
        *_charts(versions, live.version if live else None),
        element("h3", "Decisions and rollouts"),
        timeline(events),
    )


def _table(versions: Sequence[Version]) -> Element:
    if not versions:
        return element("p", "No version is registered yet.")
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    return element("table", element("thead", head), element("tbody", *map(_row, versions)), class_="gl-table")


def _row(one: Version) -> Element:
    cells = (
        one.status,
        moment(one.decided_at or 0.0),
        one.by and one.by.rpartition("/")[2],
        one.reason,
        one.became,
        _metrics(one) or one.problem,
    )
    shown = (element("td", one_line(cell, _LONGEST) if cell else "none") for cell in cells)
    return element("tr", element("th", f"v{one.version}", scope="row"), *shown)


def _metrics(one: Version) -> str:
    told = [f"{name} {value:g}" for name, value in sorted(one.metrics.items())]
    more = len(told) - _MOST_METRICS
    return ", ".join(told[:_MOST_METRICS]) + (f" and {more} more" if more > 0 else "")


def _charts(versions: Sequence[Version], live: int | None) -> tuple[Element, ...]:
    names = sorted({name for one in versions for name in one.metrics})
    drawn = [
        chart(name, {one.version: one.metrics[name] for one in versions if name in one.metrics}, live)
        for name in names[:_MOST_CHARTS]
    ]
    more = len(names) - _MOST_CHARTS
    if more > 0:
        drawn.append(element("p", f"{more} more metrics are not drawn; `greenlight versions` has them all."))
    return tuple(drawn)
