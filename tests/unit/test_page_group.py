"""The view of one group."""

import json

from lambdas.core.page.group import group_page
from lambdas.core.page.markup import written
from lambdas.core.record import Phase, Placement, Record
from lambdas.core.versions import Version
from tests.builders import GROUP, NOW

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-dashboard"
HOSTILE = "<script>alert(1)</script>"


def _page(*versions: Version, record: Record | None = None) -> str:
    return written(group_page(record or Record(GROUP), versions, (), None, FUNCTION))


def test_what_is_live_stands_in_words_and_in_each_chart() -> None:
    placement = Placement(2, "config", "model", "ml.m5.large", live_at=NOW)
    record = Record(GROUP, phase=Phase.SETTLED, kept=(placement,), live="config")
    page = _page(Version(2, "Approved", {"auc": 0.75}), Version(1, "Approved", {"auc": 0.5}), record=record)
    assert "Live: v2, since 2023-11-16" in page
    assert "v2, which is live, has 0.75" in page


def test_a_report_that_may_not_be_read_is_said() -> None:
    problem = "its evaluation report cannot be read: AccessDenied"
    assert problem in _page(Version(1, "Approved", {}, problem=problem))


def test_names_reasons_and_metrics_of_others_are_text() -> None:
    version = Version(1, HOSTILE, {HOSTILE: 1.0}, by=f"arn:x/{HOSTILE}", reason=HOSTILE, became=HOSTILE)
    page = _page(version, record=Record(HOSTILE, reason=HOSTILE))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_group_without_versions_says_so() -> None:
    page = _page()
    assert "No version is registered yet." in page
    assert "Nothing is live." in page


def test_metrics_that_are_not_drawn_are_counted() -> None:
    metrics = {f"m{number:02}": 1.0 for number in range(15)}
    page = _page(Version(1, "Approved", metrics))
    assert page.count("<svg") == 12
    assert "3 more metrics are not drawn" in page


def test_a_button_leads_back_to_all_groups() -> None:
    page = _page()
    inside = page.partition("<cwdb-action")[2].partition(">")[2].partition("<")[0]
    assert json.loads(inside) == {}
