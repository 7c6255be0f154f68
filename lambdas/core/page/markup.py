"""Elements of HTML: the only place that writes markup, so that no value can become any."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.core.text import printable

_ELEMENTS = frozenset(
    [
        "a",
        "button",
        "caption",
        "circle",
        "code",
        "cwdb-action",
        "dd",
        "desc",
        "div",
        "dl",
        "dt",
        "g",
        "h2",
        "h3",
        "h4",
        "li",
        "line",
        "ol",
        "p",
        "path",
        "section",
        "span",
        "svg",
        "table",
        "tbody",
        "td",
        "text",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "action",
        "aria-label",
        "aria-labelledby",
        "class",
        "cx",
        "cy",
        "d",
        "display",
        "endpoint",
        "id",
        "r",
        "role",
        "scope",
        "text-anchor",
        "title",
        "transform",
        "type",
        "viewBox",
        "x",
        "x1",
        "x2",
        "y",
        "y1",
        "y2",
    ]
)


@dataclass(frozen=True)
class Element:
    """An element and what it holds, in order: elements, and text, which is escaped when it is written."""

    name: str
    attributes: Mapping[str, str]
    holds: tuple["Element | str", ...]


Node = Element | str | None


def element(name: str, *holds: Node, **attributes: str | float | None) -> Element:
    """Make an element.

    Args:
        name: of the few that the page is made of.
        holds: what is in it; None is left out.
        attributes: underscores become hyphens, `class_` is class; None is left out.

    Raises:
        ValueError: the page has no such element or attribute; nothing that runs or loads something is among them.
    """
    named = {_name(key): _text(value) for key, value in attributes.items() if value is not None}
    strange = sorted(named.keys() - _ATTRIBUTES) or [] if name in _ELEMENTS else [name]
    if strange:
        raise ValueError(
            f"the page has no {', '.join(strange)}; add it in markup.py if it neither runs nor loads"
        )
    return Element(name, named, tuple(one for one in holds if one is not None))


def action(label: str, function: str, parameters: Mapping[str, Any], title: str | None = None) -> Element:
    """A button that shows the widget anew with other parameters.

    Args:
        label: its text.
        function: ARN of the widget's function.
        parameters: what it is called with; JSON values.
        title: what it does, where the label alone does not say it.

    A button and not a link, as only a link with an address is reached by keyboard, and a widget has no address.
    Source: CloudWatch user guide, "Interactivity in the custom widget": cwdb-action acts on the element before it.
    """
    return element(
        "span",
        element("button", label, type="button", class_="btn", aria_label=title),
        element("cwdb-action", json.dumps(parameters), action="call", display="widget", endpoint=function),
        class_="gl-action",
    )


def written(node: Element | str) -> str:
    """Write as HTML; text and attributes are escaped here and nowhere else."""
    if isinstance(node, str):
        return html.escape(printable(node, keep="\n"))
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in node.attributes.items())
    inside = "".join(written(one) for one in node.holds)
    return f"<{node.name}{attributes}>{inside}</{node.name}>"


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _text(value: str | float) -> str:
    return printable(value) if isinstance(value, str) else f"{value:g}"
