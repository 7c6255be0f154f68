"""A metric over a group's versions, as a drawing in SVG that a screen reader can tell too."""

import math
from collections.abc import Mapping

from lambdas.core.page.markup import Element, element
from lambdas.core.text import one_line

_WIDTH, _HEIGHT = 320, 120  # of the drawing, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 24  # margins, where the axes' labels stand
_INDENT = 14  # of the first and the last point, so that what marks one keeps off the labels
_RADIUS = 3
_LIVE_RADIUS = 6
_LONGEST = 80  # characters of a metric's name


def chart(name: str, values: Mapping[int, float], live: int | None) -> Element:
    """Draw a metric over versions.

    Args:
        name: of the metric.
        values: by version; what is not finite is left out, and said.
        live: the version to mark; None: nothing is live.
    """
    name = one_line(name, _LONGEST)
    drawn = {version: value for version, value in sorted(values.items()) if math.isfinite(value)}
    left_out = len(values) - len(drawn)
    note = element("p", f"{left_out} versions have no finite number.", class_="gl-why") if left_out else None
    if not drawn:
        return element("div", element("h4", name), element("p", "No version has this metric."), note)
    return element("div", element("h4", name), _drawing(name, drawn, live), note)


def _drawing(name: str, values: Mapping[int, float], live: int | None) -> Element:
    versions = list(values)
    at = {version: (_across(version, versions), _up(value, values)) for version, value in values.items()}
    path = " ".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(at.values()))
    return element(
        "svg",
        element("title", f"{name} over versions"),
        element("desc", _in_words(values, live)),
        *_axes(values),
        element("path", d=path, class_="gl-line"),
        *(
            element(
                "circle",
                element("title", f"v{version}: {values[version]:g}"),
                cx=x,
                cy=y,
                r=_RADIUS,
                class_="gl-dot",
            )
            for version, (x, y) in at.items()
        ),
        *(_mark(*at[live]) if live is not None and live in at else ()),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{name} over versions. {_in_words(values, live)}",
        class_="gl-chart",
    )


def _axes(values: Mapping[int, float]) -> tuple[Element, ...]:
    """Both axes; their ends are labelled with the least and the most."""
    foot, versions = _HEIGHT - _BOTTOM, list(values)
    least, most = min(values.values()), max(values.values())
    labels = [_label(f"{most:.4g}", _LEFT - 6, _up(most, values) + 4, "end")]
    if least < most:
        labels.append(_label(f"{least:.4g}", _LEFT - 6, foot + 4, "end"))
    ends = dict.fromkeys((versions[0], versions[-1]))
    labels += [_label(f"v{end}", _across(end, versions), _HEIGHT - 6, "middle") for end in ends]
    return (
        element("line", x1=_LEFT, y1=_TOP, x2=_LEFT, y2=foot, class_="gl-axis"),
        element("line", x1=_LEFT, y1=foot, x2=_WIDTH - _RIGHT, y2=foot, class_="gl-axis"),
        *labels,
    )


def _mark(x: float, y: float) -> tuple[Element, Element]:
    """The live version: a ring and the word, not a colour alone."""
    is_right = x > _WIDTH / 2
    aside = x - _LIVE_RADIUS - 4 if is_right else x + _LIVE_RADIUS + 4
    above, below = y - 4, y + 12
    return (
        element("circle", cx=x, cy=y, r=_LIVE_RADIUS, class_="gl-live"),
        _label("live", aside, above if above > _TOP else below, "end" if is_right else "start"),
    )


def _label(text: str, x: float, y: float, anchor: str) -> Element:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _across(version: int, versions: list[int]) -> float:
    span = versions[-1] - versions[0]
    first, width = _LEFT + _INDENT, _WIDTH - _LEFT - _RIGHT - 2 * _INDENT
    return first + (width * (version - versions[0]) / span if span else width / 2)


def _up(value: float, values: Mapping[int, float]) -> float:
    """Halves before differences: that of the largest numbers is beyond what a float holds."""
    least, most = min(values.values()), max(values.values())
    height = _HEIGHT - _TOP - _BOTTOM
    half = most / 2 - least / 2
    return _TOP + (height * (1 - (value / 2 - least / 2) / half) if half else height / 2)


def _in_words(values: Mapping[int, float], live: int | None) -> str:
    least, most = min(values.values()), max(values.values())
    over = f"{len(values)} versions, v{min(values)} to v{max(values)}, from {least:.4g} to {most:.4g}"
    if len(values) == 1:
        over = f"one version, v{min(values)}, {most:.4g}"
    return (
        f"{over}; v{live}, which is live, has {values[live]:.4g}"
        if live is not None and live in values
        else over
    )
