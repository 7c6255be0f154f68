"""The page's first view: every group in one table, those that need a person first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lambdas.core.page.markup import Element, action, element
from lambdas.core.record import Phase, Record, unnoted
from lambdas.core.standing import FAILING, standing
from lambdas.core.text import one_line

_PER_PAGE = 100  # groups; a row is some 1 kB, so a page stays far below the 6 MB that a function may return
_PENDING_SHOWN = 3
_LONGEST = 160  # characters of a reason
_LONGEST_NAME = 100
_COLUMNS = ("Group", "Phase", "Since", "Live", "Pending", "Last decision")
_URGENCY = (
    frozenset({Phase.HALTED, Phase.WITHDRAWN}),
    frozenset({Phase.BLOCKED, Phase.FOREIGN}),
    frozenset({Phase.ROLLING, Phase.ABORTING, Phase.WAITING, Phase.PAUSED}),
)
_SHAPES = {
    Phase.HALTED: "■",
    Phase.WITHDRAWN: "■",
    Phase.BLOCKED: "▲",
    Phase.FOREIGN: "▲",
    Phase.SETTLED: "●",
}
_OTHER_SHAPE = "○"


@dataclass(frozen=True)
class Page:
    """Part of the groups: the `number`th page of `pages`, from 1; `total` groups in all."""

    shown: tuple[Record, ...]
    number: int
    pages: int
    total: int


def page_of(records: Sequence[Record], number: int) -> Page:
    """The groups of one page, most urgent first, then by name.

    Args:
        records: of all groups.
        number: from 1; one that is out of range shows the nearest.
    """
    ordered = sorted(records, key=lambda record: (_urgency(record), record.group))
    pages = max(1, -(-len(ordered) // _PER_PAGE))
    number = min(max(number, 1), pages)
    first = (number - 1) * _PER_PAGE
    return Page(tuple(ordered[first : first + _PER_PAGE]), number, pages, len(ordered))


def overview(page: Page, function: str) -> Element:
    """The table of groups.

    Args:
        page: what to show.
        function: ARN of the widget's function, which the buttons call.
    """
    if not page.total:
        return element("p", "There is no group yet; add its YAML and deploy.")
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    rows = (_row(record, function) for record in page.shown)
    caption = element("caption", f"{page.total} model groups, those that need a person first")
    table = element("table", caption, element("thead", head), element("tbody", *rows), class_="gl-table")
    return element("div", table, _rest(page, function))


def _row(record: Record, function: str) -> Element:
    live = record.live_placement()
    _, why, since = standing(record).shown
    return element(
        "tr",
        element("th", action(record.group, function, {"group": record.group}), scope="row"),
        element("td", phase(record), element("div", one_line(why, _LONGEST), class_="gl-why")),
        element("td", moment(since), class_="gl-short"),
        element("td", f"v{live.version}" if live else "nothing", class_="gl-short"),
        element("td", _pending(record)),
        element("td", _last_decision(record)),
    )


def phase(record: Record) -> Element:
    """A phase by its word and a shape: never by colour alone. While the group's looks fail, that is shown instead."""
    shown, _, _ = standing(record).shown
    shape = _SHAPES[Phase.HALTED] if shown == FAILING else _SHAPES.get(record.phase, _OTHER_SHAPE)
    return element("span", f"{shape} {shown}", class_=f"gl-phase gl-{shown.lower()}")


def moment(at: float) -> str:
    """A time in UTC, to the minute; `at` in epoch seconds, 0: not known."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%MZ") if at else "–"  # noqa: RUF001 - a dash


def _urgency(record: Record) -> int:
    if record.failing:
        return 0
    return next((place for place, phases in enumerate(_URGENCY) if record.phase in phases), len(_URGENCY))


def _pending(record: Record) -> str:
    newest = sorted(record.pending, reverse=True)
    more = max(0, len(newest) - _PENDING_SHOWN) + unnoted(record)
    named = ", ".join(f"v{number}" for number in newest[:_PENDING_SHOWN])
    return f"{named} and {more} more" if more > 0 else named or "none"


def _last_decision(record: Record) -> Element | str:
    last = max(record.versions.items(), key=lambda one: (one[1].at, one[0]), default=None)
    if last is None:
        return "none"
    number, decided = last
    by = who(str(decided.by)) if decided.by else "somebody not known"
    return element("span", f"v{number} {decided.approval.value} by ", by, f", {moment(decided.at)}")


def who(identity: str | None) -> Element | None:
    """A caller by the name of the session or user, which is a person's; the whole ARN shows on pointing at it."""
    if not identity:
        return None
    arn, *source = identity.partition(" (source identity ")  # as `Identity` writes it
    name = "".join((arn.rpartition("/")[2], *source))
    return element("span", one_line(name, _LONGEST_NAME), title=one_line(identity, _LONGEST))


def _rest(page: Page, function: str) -> Element | None:
    if page.pages == 1:
        return None
    before, after = page.number - 1, page.number + 1
    not_shown = page.total - len(page.shown)
    return element(
        "p",
        f"Page {page.number} of {page.pages}; {not_shown} groups are not shown here. ",
        action("Previous", function, {"page": before}, "Previous page of groups") if before else None,
        action("Next", function, {"page": after}, "Next page of groups") if after <= page.pages else None,
    )
