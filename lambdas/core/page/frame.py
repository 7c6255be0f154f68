"""The whole widget: its style, in the console's theme, around what is shown."""

from lambdas.core.page.markup import Element, written

PALETTES = {
    "light": {"ink": "#16191f", "soft": "#545b64", "ground": "#ffffff", "rule": "#d5dbdb", "mark": "#0b6b3a"},
    "dark": {"ink": "#eaeded", "soft": "#b4bfc4", "ground": "#161e2d", "rule": "#414d5c", "mark": "#5ecb8f"},
}
"""Colours by theme; `ink`, `soft` and `mark` are written on `ground`, at WCAG AA's contrast."""

_RULES = """
.greenlight{color:var(--gl-ink);background:var(--gl-ground);padding:8px}
.greenlight .gl-table{border-collapse:collapse;width:100%}
.greenlight .gl-table th,.greenlight .gl-table td{padding:4px 8px;text-align:left}
.greenlight .gl-table tr{border-bottom:1px solid var(--gl-rule)}
.greenlight caption{text-align:left;color:var(--gl-soft)}
.greenlight .gl-why,.greenlight .gl-when{color:var(--gl-soft);overflow-wrap:anywhere}
.greenlight .gl-phase,.greenlight .gl-kind{font-weight:bold}
.greenlight code{overflow-wrap:anywhere}
.greenlight button:focus-visible{outline:3px solid var(--gl-mark);outline-offset:2px}
.greenlight .gl-stands{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
.greenlight dt{color:var(--gl-soft)}
.greenlight dd{margin:0;overflow-wrap:anywhere}
.greenlight .gl-pending{border:1px solid var(--gl-rule);border-left:4px solid var(--gl-mark)}
.greenlight .gl-pending{padding:4px 16px;margin:8px 0}
.greenlight .gl-charts{display:flex;flex-wrap:wrap;gap:16px}
.greenlight .gl-chart{width:320px;max-width:100%}
.greenlight .gl-chart text{fill:var(--gl-ink);font-size:11px}
.greenlight .gl-axis{stroke:var(--gl-rule)}
.greenlight .gl-line{stroke:var(--gl-mark);fill:none}
.greenlight .gl-dot{fill:var(--gl-mark)}
.greenlight .gl-live{stroke:var(--gl-ink);fill:none;stroke-width:2}
"""


def framed(shown: Element, theme: object) -> str:
    """The HTML that the widget's function returns.

    Args:
        shown: the view.
        theme: `widgetContext.theme` as the console tells it; what is not "dark" is light.

    Every rule is under our own class, so that the rest of the console keeps its style.
    """
    colours = PALETTES["dark" if theme == "dark" else "light"]
    variables = ";".join(f"--gl-{name}:{colour}" for name, colour in colours.items())
    style = f"<style>.greenlight{{{variables}}}{_RULES}</style>"
    return f'{style}<div class="greenlight">{written(shown)}</div>'
