"""What was decided and done in a group, most recent first, from its ledger."""

from collections.abc import Sequence

from lambdas.core.ledger import NEED_A_PERSON, Event
from lambdas.core.page.markup import Element, element
from lambdas.core.page.overview import moment
from lambdas.core.text import one_line

_LONGEST = 300  # characters of a reason


def timeline(events: Sequence[Event]) -> Element:
    """List entries of the ledger.

    Args:
        events: in the order of the ledger, oldest first.
    """
    if not events:
        return element("p", "Nothing is in the ledger yet.")
    return element("ol", *(_entry(event) for event in reversed(events)), class_="gl-timeline")


def _entry(event: Event) -> Element:
    mark = "▲ " if event.kind in NEED_A_PERSON else ""
    version = f" v{event.version}" if event.version is not None else ""
    return element(
        "li",
        element("span", moment(event.at), class_="gl-when"),
        element("span", f" {mark}{event.kind.value}{version}", class_="gl-kind"),
        element("div", one_line(event.reason, _LONGEST), class_="gl-why"),
    )
