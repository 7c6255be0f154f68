"""The page's HTML: the documents around the widgets. What a widget's function returns is put in by page.js."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

THEMES = ("light", "dark")
_STYLE = Path(__file__).with_name("page.css").read_text()
_SCRIPT = Path(__file__).with_name("page.js").read_text()


@dataclass(frozen=True)
class Custom:
    """A custom widget: `endpoint` is its function's ARN, `params` what the function is called with."""

    key: str
    title: str
    endpoint: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A widget that CloudWatch's console draws by itself; `title` may be empty."""

    kind: str
    title: str


def dashboard(name: str, widgets: Sequence[Custom | Drawn], theme: str, nonce: str) -> str:
    """The document of one dashboard.

    Args:
        name: the dashboard's.
        widgets: in the order of the dashboard.
        theme: light, dark, or "" for the browser's.
        nonce: the one that the Content-Security-Policy gives the script.
    """
    customs = [widget for widget in widgets if isinstance(widget, Custom)]
    drawn = [f"{one.title} ({one.kind})".strip() for one in widgets if isinstance(one, Drawn)]
    others = f"<p>Drawn only by the CloudWatch console: {escape(', '.join(drawn))}.</p>" if drawn else ""
    none = "" if customs else "<p>This dashboard has no custom widget.</p>"
    shown = "".join(_section(widget) for widget in customs)
    return _document(
        name,
        f'<button type="button" class="btn" id="refresh">Refresh</button>{_themes({"dashboard": name}, theme)}',
        f"{shown}{none}{others}{_POPUP}<script nonce='{nonce}'>{_SCRIPT}</script>",
        theme,
        dashboard=name,
    )


def dashboards(names: Sequence[str], theme: str, missing: str = "") -> str:
    """The document of links to all dashboards.

    Args:
        names: the dashboards'.
        theme: light, dark, or "" for the browser's.
        missing: a sentence about the dashboard that was asked for and is not there.
    """
    kept = {"theme": theme} if theme else {}
    links = "".join(f"<li>{_link({'dashboard': name, **kept}, name)}</li>" for name in names)
    none = (
        "<p>This account has no dashboard. Deploy Greenlight into it (<code>make local</code> does, "
        "or <code>cdk deploy --all</code>), then load this page again.</p>"
    )
    said = f"<p>{escape(missing)}</p>" if missing else ""
    return _document("Dashboards", _themes({}, theme), said + (f"<ul>{links}</ul>" if names else none), theme)


_POPUP = (
    '<dialog id="popup" aria-labelledby="popup-title"><h2 id="popup-title"></h2>'
    '<div class="shown" id="popup-shown" tabindex="-1"></div>'
    '<form method="dialog"><button class="btn">Close</button></form></dialog>'
)


def _section(widget: Custom) -> str:
    key, title = escape(widget.key), escape(widget.title)
    return (
        f'<section aria-labelledby="{key}-title"><h2 id="{key}-title">{title}</h2>'
        f'<div class="shown" id="{key}" tabindex="-1" aria-busy="true" data-title="{title}" '
        f'data-endpoint="{escape(widget.endpoint)}" data-params="{escape(json.dumps(widget.params))}"></div></section>'
    )


def _document(title: str, tools: str, main: str, theme: str, **data: str) -> str:
    attributes = "".join(
        f' data-{name}="{escape(value)}"' for name, value in {"theme": theme, **data}.items()
    )
    return (
        f'<!doctype html><html lang="en"{attributes}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)} - local AWS</title><style>{_STYLE}</style></head>'
        f"<body><header><h1>{escape(title)}</h1>{tools}</header><main>{main}</main></body></html>"
    )


def _themes(kept: Mapping[str, str], theme: str) -> str:
    links = " ".join(
        _link({**kept, "theme": one}, one.capitalize(), ' aria-current="true"' if one == theme else "")
        for one in THEMES
    )
    return f'<nav aria-label="Theme">{links}</nav>'


def _link(query: Mapping[str, str], text: str, attributes: str = "") -> str:
    return f'<a href="?{escape(urlencode(query))}"{attributes}>{escape(text)}</a>'
