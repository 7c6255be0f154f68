"""The whole widget: its style, in the console's theme, around what is shown."""

from lambdas.core.page.markup import Element, written

PALETTES = {
    "light": {
        "ink": "#16191f",
        "soft": "#545b64",
        "ground": "#ffffff",
        "band": "#f2f3f3",
        "rule": "#d5dbdb",
        "mark": "#0b6b3a",
        "move": "#0061b0",
        "warn": "#8a5300",
        "stop": "#a81605",
    },
    "dark": {
        "ink": "#eaeded",
        "soft": "#b4bfc4",
        "ground": "#161e2d",
        "band": "#1f2a3d",
        "rule": "#414d5c",
        "mark": "#5ecb8f",
        "move": "#66b2f0",
        "warn": "#f0b65a",
        "stop": "#ff9a8c",
    },
}
"""Colours by theme; all but `rule` and the grounds, `ground` and `band`, are written on both of these, at WCAG AA's
contrast."""

_RULES = """
.greenlight{color:var(--gl-ink);background:var(--gl-ground);padding:4px 12px 16px;line-height:1.45}
.greenlight{overflow-wrap:anywhere;container-type:inline-size}
.greenlight h2{font-size:1.35em;margin:12px 0 8px}
.greenlight h3{font-size:1.1em;margin:24px 0 8px}
.greenlight h4{font-size:.9em;margin:0 0 4px;font-weight:600}
.greenlight p{margin:8px 0}
.greenlight code{background:var(--gl-band);padding:2px 6px;border-radius:3px}
.greenlight button:focus-visible{outline:3px solid var(--gl-mark);outline-offset:2px}
.greenlight .gl-table{border-collapse:collapse;width:100%}
.greenlight .gl-table th,.greenlight .gl-table td{padding:6px 10px;text-align:left;vertical-align:top}
.greenlight .gl-table thead th{color:var(--gl-soft);font-size:.85em;border-bottom:2px solid var(--gl-rule)}
.greenlight .gl-table tbody tr{border-bottom:1px solid var(--gl-rule)}
.greenlight .gl-table thead th,.greenlight .gl-short{overflow-wrap:normal}
.greenlight .gl-short,.greenlight .gl-when{white-space:nowrap}
.greenlight .gl-table td{min-width:4.5em}
.greenlight .gl-table .gl-wide{min-width:17em}
@container (max-width:1060px){
.greenlight .gl-table td.gl-short{white-space:normal}
.greenlight .gl-table td,.greenlight .gl-table .gl-wide{min-width:3em}
}
.greenlight caption{text-align:left;color:var(--gl-soft);padding-bottom:6px}
.greenlight .gl-why,.greenlight .gl-when{color:var(--gl-soft)}
.greenlight .gl-phase,.greenlight .gl-kind{font-weight:bold;white-space:nowrap}
.greenlight .gl-settled{color:var(--gl-mark)}
.greenlight .gl-rolling,.greenlight .gl-aborting,.greenlight .gl-waiting,.greenlight .gl-paused{color:var(--gl-move)}
.greenlight .gl-blocked,.greenlight .gl-foreign{color:var(--gl-warn)}
.greenlight .gl-failing,.greenlight .gl-halted,.greenlight .gl-withdrawn{color:var(--gl-stop)}
.greenlight .gl-stands{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0}
.greenlight .gl-stands{background:var(--gl-band);padding:12px 16px;border-radius:4px}
.greenlight dt{color:var(--gl-soft)}
.greenlight dd{margin:0}
.greenlight .gl-pending{border:1px solid var(--gl-rule);border-left:4px solid var(--gl-mark);border-radius:4px}
.greenlight .gl-pending{padding:4px 16px 12px;margin:16px 0}
.greenlight .gl-pending h3{margin-top:12px}
.greenlight .gl-pending ul{margin:8px 0;padding-left:20px}
.greenlight .gl-charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:20px}
.greenlight .gl-chart{width:100%;max-width:340px;display:block}
.greenlight .gl-chart text{fill:var(--gl-soft);font-size:11px}
.greenlight .gl-axis{stroke:var(--gl-rule)}
.greenlight .gl-line{stroke:var(--gl-mark);fill:none;stroke-width:1.5}
.greenlight .gl-dot{fill:var(--gl-mark)}
.greenlight .gl-live{stroke:var(--gl-ink);fill:none;stroke-width:2}
.greenlight .gl-timeline{list-style:none;margin:8px 0;padding:0 0 0 16px;border-left:2px solid var(--gl-rule)}
.greenlight .gl-timeline li{margin:0 0 10px}
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
