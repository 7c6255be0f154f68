"""The parts of a group's page: the pending version, the timeline, the frame with its colours."""

import itertools
import re
from typing import Any

import pytest

from lambdas.core.briefing import deciding
from lambdas.core.ledger import Event, Kind
from lambdas.core.page.decision import table, to_decide
from lambdas.core.page.frame import PALETTES, framed
from lambdas.core.page.markup import element, written
from lambdas.core.page.timeline import timeline
from tests.builders import NOW

HOSTILE = "<img src=x onerror=alert(1)>"


def test_the_timeline_is_most_recent_first_and_marks_what_needs_a_person() -> None:
    events = (Event(Kind.DECISION, NOW, "fine", 1), Event(Kind.BLOCKED, NOW + 60, HOSTILE, 1))
    page = written(timeline(events))
    assert page.index("▲ blocked v1") < page.index(" decision v1")
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_an_empty_ledger_is_told_in_words() -> None:
    assert "Nothing is in the ledger yet." in written(timeline(()))


def _registered(**data: Any) -> Event:
    nothing: dict[str, Any] = {
        "compared_with": None,
        "metrics": [],
        "differences": [],
        "gates": [],
        "report": None,
    }
    return Event(Kind.PENDING, NOW, "", 7, {**nothing, **data})


def _metric(
    name: str, before: float | None, after: float | None, *, better: bool | None = None
) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after, "better": better}


def test_a_comparison_says_better_and_worse_in_words() -> None:
    metrics = [
        _metric("auc", 0.5, 0.75, better=True),
        _metric("loss", 1, 2, better=False),
        _metric("n", None, 3),
    ]
    differences = [{"name": "team", "before": None, "after": HOSTILE}]
    page = written(table(1, 2, {"metrics": metrics, "differences": differences}))
    assert "+0.25 better" in page
    assert "+1 worse" in page
    assert "<td>none</td><td>3</td>" in page
    assert "<td>none</td><td>&lt;img src=x onerror=alert(1)&gt;</td>" in page


def test_two_versions_that_do_not_differ_are_said_to_be_the_same() -> None:
    assert "the same content and metadata as v1" in written(table(1, 2, {"metrics": [], "differences": []}))


def test_a_pending_version_shows_each_gate_against_it_and_the_exact_commands() -> None:
    registered = _registered(gates=["its auc is 0.1, below 0.5", HOSTILE])
    page = written(to_decide("churn", 7, registered, None))
    assert "its auc is 0.1, below 0.5" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "Nothing was live to compare it with." in page
    assert "<code>greenlight approve churn 7 --reason &quot;…&quot;</code>" in page
    assert "<code>greenlight reject churn 7 --reason &quot;…&quot;</code>" in page
    assert "It would pass the group" not in page


def test_an_unreadable_report_is_said_even_where_no_gate_asks_for_it() -> None:
    page = written(to_decide("churn", 7, _registered(report="its evaluation report is not JSON: x"), None))
    assert "▲ its evaluation report is not JSON: x" in page
    assert "It would pass the group" in page


def test_a_comparison_with_what_is_no_longer_live_says_so() -> None:
    old = written(to_decide("churn", 7, _registered(compared_with=3), 4))
    assert "▲ v4 went live since" in old
    assert "<code>greenlight diff churn 3 7</code>" in old
    assert "went live since" not in written(to_decide("churn", 7, _registered(compared_with=4), 4))


def test_a_version_that_was_not_compared_says_so_and_can_be_decided_on() -> None:
    page = written(to_decide("churn", 7, None, 4))
    assert "no comparison of it with v4, which is live, at hand" in page
    assert "greenlight approve churn 7" in page


def test_who_did_it_stands_by_name_with_the_whole_arn_beside() -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/churn-approver/ann (source identity a.smith)"
    page = written(timeline((Event(Kind.DECISION, NOW, "fine", 1, {"by": arn}),)))
    assert f'<span title="{arn}">ann (source identity a.smith)</span>' in page


def test_what_is_not_shown_of_the_ledger_is_said() -> None:
    page = written(timeline(tuple(Event(Kind.DECISION, NOW, str(n), 1) for n in range(51))))
    assert page.count("<li>") == 50
    assert "`greenlight history` has what was before." in page


def test_a_group_that_a_shell_would_read_is_quoted() -> None:
    assert deciding("approve", "a; rm -rf /", 1).startswith("greenlight approve 'a; rm -rf /' 1 ")


@pytest.mark.parametrize(
    ("theme", "ground"), [("dark", "#161e2d"), ("light", "#ffffff"), (None, "#ffffff"), ([], "#ffffff")]
)
def test_the_widget_takes_the_theme_of_the_console(theme: object, ground: str) -> None:
    assert f"--gl-ground:{ground}" in framed(element("p", "x"), theme)


def test_no_rule_reaches_beyond_the_widget() -> None:
    style = framed(element("p", "x"), "light").partition("</style>")[0].removeprefix("<style>")
    selectors = [one for told in re.findall(r"([^{}]+)\{[^{}]*\}", style) for one in told.split(",")]
    assert selectors
    assert all(one.strip().startswith(".greenlight") for one in selectors)


@pytest.mark.parametrize(
    ("theme", "name", "ground"),
    list(itertools.product(PALETTES, ("ink", "soft", "mark", "move", "warn", "stop"), ("ground", "band"))),
)
def test_what_is_written_on_the_grounds_has_the_contrast_of_wcag_aa(
    theme: str, name: str, ground: str
) -> None:
    colours = PALETTES[theme]
    dark, light = sorted((_luminance(colours[name]), _luminance(colours[ground])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
