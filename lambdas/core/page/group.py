"""The page's second view: one group: where it stands, what to decide, drift and runs, versions, charts, timeline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lambdas.core.facts import Endpoint, VersionSummary
from lambdas.core.ledger import Event, Kind
from lambdas.core.page.chart import chart
from lambdas.core.page.circle import circle_section
from lambdas.core.page.decision import to_decide
from lambdas.core.page.markup import Element, action, element
from lambdas.core.page.overview import moment, phase, who
from lambdas.core.page.timeline import timeline
from lambdas.core.record import Record
from lambdas.core.standing import Standing, standing
from lambdas.core.text import one_line
from lambdas.core.versions import Version, told_by, version_told

_COLUMNS = ("Version", "Status", "Decided", "By", "Reason", "Became", "Registered by", "Metrics")
_LONGEST = 200  # characters of a value
_MOST_VERSIONS = 30
_MOST_CHARTS = 12
_MOST_METRICS = 4  # in one cell; the comparison and the charts have more
_MOST_BUTTONS = 10


@dataclass(frozen=True)
class Shown:
    """What is known of a group.

    Attributes:
        record: as last committed.
        versions: all in the registry, newest first.
        events: the last of the ledger, oldest first.
        endpoint: as SageMaker tells it; None: there is none.
        version: the one that is asked for to decide on; None: the youngest that waits.
    """

    record: Record
    versions: Sequence[VersionSummary]
    events: Sequence[Event]
    endpoint: Endpoint | None
    version: int | None = None


def group_page(shown: Shown, function: str) -> Element:
    """Draw a group.

    Args:
        shown: what is known of it.
        function: ARN of the widget's function, which the buttons call.
    """
    record, stands = shown.record, standing(shown.record, shown.versions)
    registered = {
        one.version: one for one in shown.events if one.kind is Kind.PENDING and one.version is not None
    }
    archived = told_by(shown.events)
    rows = [version_told(one, record, registered.get(one.version), archived) for one in shown.versions]
    return element(
        "div",
        element("p", action("All groups", function, {})),
        element("h2", record.group),
        _stands(record, stands, shown.endpoint),
        *_pending(stands, registered, shown.version, function),
        *circle_section(stands.circle, record.group, stands.pending, function),
        element("h3", "Versions"),
        _table(rows),
        *_charts(rows, stands.live),
        element("h3", "Decisions and rollouts"),
        timeline(shown.events),
    )


def _stands(record: Record, stands: Standing, endpoint: Endpoint | None) -> Element:
    live, flight, (_, why, since) = stands.live, stands.in_flight, stands.shown
    lines: list[tuple[str, Element | str | None]] = [
        ("Phase", element("span", phase(record), f" since {moment(since)}")),
        ("Why", one_line(why, _LONGEST) or None),
        ("Live", f"v{live}, verified {moment(stands.live_since or 0.0)}" if live else "nothing"),
        ("Goes back to", f"v{stands.last_known_good}" if stands.last_known_good else "nothing"),
        (
            "In flight",
            f"v{flight.version}, {flight.direction}, since {moment(flight.started_at)}" if flight else None,
        ),
        ("Endpoint", _endpoint(record, endpoint)),
        ("Paused", one_line(stands.paused, _LONGEST) if stands.paused else None),
    ]
    told = (part for name, value in lines if value is not None for part in _line(name, value))
    return element("dl", *told, class_="gl-stands")


def _line(name: str, value: Element | str) -> tuple[Element, Element]:
    return element("dt", name), element("dd", value)


def _endpoint(record: Record, endpoint: Endpoint | None) -> str:
    """What SageMaker says, beside what was last verified."""
    if endpoint is None:
        return "there is none"
    placement = record.placement(endpoint.config)
    serves = f"v{placement.version}" if placement is not None else f"{endpoint.config}, which is not ours"
    steps = ", ".join(dict.fromkeys(endpoint.steps))
    return f"{endpoint.name} is {endpoint.status.value}, on {serves}" + (f"; {steps}" if steps else "")


def _pending(
    stands: Standing, registered: Mapping[int, Event], asked: int | None, function: str
) -> Iterator[Element]:
    waiting = stands.pending
    if asked is not None and asked not in waiting:
        yield element("p", f"v{asked} does not wait for a decision.", role="status")
    if not waiting:
        return
    version = asked if asked in waiting else waiting[0]
    yield to_decide(stands.group, version, registered.get(version), stands.live)
    others = [one for one in waiting if one != version]
    if others:
        buttons = (
            action(f"v{one}", function, {"group": stands.group, "version": one}, f"Look at v{one}")
            for one in others[:_MOST_BUTTONS]
        )
        more = len(others) - _MOST_BUTTONS
        yield element("p", "Others wait too: ", *buttons, f" and {more} more" if more > 0 else None)


def _table(rows: Sequence[Version]) -> Element:
    if not rows:
        return element("p", "No version is registered yet.")
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    more = len(rows) - _MOST_VERSIONS
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", *map(_row, rows[:_MOST_VERSIONS])),
            class_="gl-table",
        ),
        element("p", f"{more} older versions are not shown; `greenlight versions` has them.")
        if more > 0
        else None,
    )


def _row(one: Version) -> Element:
    cells = (
        _cell(one.status, short=True),
        _cell(moment(one.decided_at or 0.0), short=True),
        _cell(who(one.by)),
        _cell(one.why),
        _cell(one.became),
        _cell(_registrant(one)),
        element("td", *_metrics(one), class_="gl-wide") if one.metrics else _cell(one.problem),
    )
    return element("tr", element("th", f"v{one.version}", scope="row"), *cells)


def _registrant(one: Version) -> Element | None:
    by = who(one.registered_by)
    if one.run is None:
        return by
    return element("div", by or "somebody not known", element("div", one.run, class_="gl-why"))


def _cell(told: Element | str | None, *, short: bool = False) -> Element:
    """A cell; `short`: of few characters, which stand on one line."""
    text = one_line(told, _LONGEST) if isinstance(told, str) else told
    return element("td", text or "–", class_="gl-short" if short else None)  # noqa: RUF001 - a dash


def _metrics(one: Version) -> Iterator[Element]:
    told = [f"{one_line(name, _LONGEST)} {value:g}" for name, value in one.metrics.items()]
    more = len(told) - _MOST_METRICS
    yield from (element("div", line) for line in told[:_MOST_METRICS])
    if more > 0:
        yield element("div", f"and {more} more", class_="gl-why")


def _charts(rows: Sequence[Version], live: int | None) -> Iterator[Element]:
    names = list(dict.fromkeys(name for one in rows for name in one.metrics))
    if names:
        yield element("h3", "Metrics over versions")
    drawn = (
        chart(name, {one.version: one.metrics[name] for one in rows if name in one.metrics}, live)
        for name in names[:_MOST_CHARTS]
    )
    yield element("div", *drawn, class_="gl-charts")
    more = len(names) - _MOST_CHARTS
    if more > 0:
        yield element("p", f"{more} more metrics are not drawn; `greenlight versions` has them all.")
