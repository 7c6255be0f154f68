"""Drift, what is watched, and the runs of the group's pipeline, each with what came of what it registered."""

from collections.abc import Collection, Iterator

from lambdas.core.circle import Circle, Registered, RunTold, Watched
from lambdas.core.page.markup import Element, Node, action, element
from lambdas.core.page.overview import moment, who
from lambdas.core.record import Approval
from lambdas.core.text import one_line

_LONGEST = 300  # characters of a reason
_MOST_RUNS = 10
_COLUMNS = ("Watched", "Version", "Schedule", "Problem")


def circle_section(shown: Circle, group: str, pending: Collection[int], function: str) -> Iterator[Element]:
    """Draw a group's circle; nothing, where it has none.

    Args:
        shown: where it stands.
        group: its name.
        pending: versions that wait for a decision; a button leads to each.
        function: ARN of the widget's function, which the buttons call.

    Versions that do not wait are no links into the table: the console keeps its own place in the part of its address
    that such a link would overwrite.
    """
    if shown == Circle():
        return
    yield element("h3", "Drift and retraining")
    yield element(
        "dl",
        *(part for name, value in _lines(shown) for part in (element("dt", name), element("dd", value))),
        class_="gl-stands",
    )
    if shown.watched:
        yield _watched(shown)
    runs = [*([] if shown.running is None else [shown.running]), *shown.past]
    if runs:
        entries = (_run(one, group, pending, function) for one in runs[:_MOST_RUNS])
        yield element("ol", *entries, class_="gl-timeline")
    more = len(runs) - _MOST_RUNS
    if more > 0:
        yield element("p", f"{more} older runs are not shown; `greenlight history` has them all.")


def _lines(shown: Circle) -> Iterator[tuple[str, str]]:
    if shown.drift is None:
        yield "Drift", "none is seen"
    else:
        quiet = f", quiet since {moment(shown.quiet)}" if shown.quiet is not None else ""
        yield "Drift", f"▲ since {moment(shown.drift)}{quiet}"
    if shown.pipeline is None:
        yield "Pipeline", "none is named, so nothing is retrained"
        return
    yield "Pipeline", shown.pipeline
    if shown.running is not None:
        yield "Under way", f"{shown.running.run}, since {moment(shown.running.at)}"
    elif shown.held is not None:
        yield "Held", one_line(shown.held, _LONGEST)


def _watched(shown: Circle) -> Element:
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    rows = element("tbody", *map(_schedule, shown.watched))
    return element("table", element("thead", head), rows, class_="gl-table")


def _schedule(one: Watched) -> Element:
    problem = f"▲ {one_line(one.problem, _LONGEST)}" if one.problem is not None else "–"  # noqa: RUF001 - a dash
    return element(
        "tr",
        element("th", one.what, scope="row"),
        element("td", "none" if one.version is None else f"v{one.version}", class_="gl-short"),
        element("td", one.schedule),
        element("td", problem, class_="gl-wide"),
    )


def _run(one: RunTold, group: str, pending: Collection[int], function: str) -> Element:
    mark = "▲ " if one.failed else ""
    asked_by = who(one.by)
    return element(
        "li",
        element("span", moment(one.at), class_="gl-when"),
        element("span", f" {mark}{one.run}", class_="gl-kind"),
        element("span", " asked for by ", asked_by) if asked_by is not None else None,
        element("div", one_line(f"{one.cause}: {one.reason}", _LONGEST), class_="gl-why"),
        element("div", *_way(one, group, pending, function)),
    )


def _way(one: RunTold, group: str, pending: Collection[int], function: str) -> Iterator[Node]:
    """From the version that was live to what the run made, and what became of that."""
    began = "nothing was live" if one.live is None else f"v{one.live} was live"
    ended = f", {moment(one.ended)}" if one.ended is not None else ""
    yield f"{began} → {one_line(one.outcome, _LONGEST)}{ended}"
    for version in one.versions:
        yield element("div", *_fate(version, group, version.version in pending, function))


def _fate(one: Registered, group: str, waits: bool, function: str) -> Iterator[Node]:
    if waits:
        name = f"v{one.version}"
        yield "→ "
        yield action(name, function, {"group": group, "version": one.version}, f"Look at {name}")
        yield " waits for a decision"
        return
    yield f"→ v{one.version} → {one.status}"
    if (by := who(one.by)) is not None:
        yield " by "
        yield by
    if one.decided_at is not None:
        yield f", {moment(one.decided_at)}"
    if one.became is not None:
        yield f" → {one_line(one.became, _LONGEST)}"
    elif one.status == Approval.APPROVED.value:
        yield " → not live"
