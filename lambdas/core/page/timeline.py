"""What was decided and done in a group, most recent first, from its ledger."""

from collections.abc import Sequence

from lambdas.core.corrections import corrected
from lambdas.core.ledger import NEED_A_PERSON, Event
from lambdas.core.page.markup import Element, element
from lambdas.core.page.overview import moment, who
from lambdas.core.text import one_line

_LONGEST = 300  # characters of a reason
_MOST = 50  # entries


def timeline(events: Sequence[Event]) -> Element:
    """List entries of the ledger.

    Args:
        events: in the order of the ledger, oldest first; the youngest are shown.
    """
    if not events:
        return element("p", "Nothing is in the ledger yet.")
    entries = element("ol", *map(_entry, reversed(corrected(events)[-_MOST:])), class_="gl-timeline")
    if len(events) <= _MOST:
        return entries
    return element("div", entries, element("p", "`greenlight history` has what was before."))


def _entry(event: Event) -> Element:
    mark = "▲ " if event.kind in NEED_A_PERSON else ""
    version = f" v{event.version}" if event.version is not None else ""
    by = event.data.get("by")
    named = who(by if isinstance(by, str) else None)
    return element(
        "li",
        element("span", moment(event.at), class_="gl-when"),
        element("span", f" {mark}{event.kind.value}{version}", class_="gl-kind"),
        element("span", " by ", named) if named is not None else None,
        element("div", one_line(event.reason, _LONGEST), class_="gl-why"),
    )
