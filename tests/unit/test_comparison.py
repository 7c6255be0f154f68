"""Two versions side by side."""

from dataclasses import replace

import pytest

from lambdas.core.comparison import Difference, Metric, compare
from lambdas.core.facts import Report
from lambdas.core.quality import Compared, figures
from lambdas.core.spec import Better, GatesSpec, MetricGate
from tests.builders import package

ONE = package(1, metadata={"recall": "0.9", "team": "risk"})
TWO = package(2, metadata={"recall": "0.95", "team": "credit"})


def test_numbers_of_the_report_and_of_the_metadata_are_metrics_and_nothing_else_is() -> None:
    report = Report({"binary": {"auc": {"value": 0.8, "standard_deviation": 0.1}, "ok": True, "n": "many"}})
    metadata = {"recall": "0.9", "team": "risk", "odd": "nan", "far": "inf"}
    assert figures(Compared(replace(ONE, metadata=metadata), report)) == {"binary.auc": 0.8, "recall": 0.9}


def test_metrics_are_shown_with_their_change_the_rest_where_it_differs() -> None:
    two = replace(
        TWO, containers=(replace(TWO.containers[0], image="scorer:2", environment={"MODE": "fast"}),)
    )
    found = compare(Compared(ONE, None), Compared(two, None), GatesSpec())
    assert found.metrics == (Metric("recall", 0.9, 0.95),)
    assert found.metrics[0].change == pytest.approx(0.05)
    assert found.metadata == (Difference("team", "risk", "credit"),)
    told = {one.name: (one.before, one.after) for one in found.containers}
    assert told["1 image"] == ("scorer:1", "scorer:2")
    assert told["1 environment MODE"] == (None, "fast")


def test_a_metric_that_one_of_them_lacks_has_no_change() -> None:
    found = compare(Compared(replace(ONE, metadata={}), None), Compared(TWO, None), GatesSpec())
    assert (found.metrics[0].before, found.metrics[0].change) == (None, None)


@pytest.mark.parametrize(
    ("gate", "better"),
    [
        (MetricGate("recall", at_least=0.5), True),
        (MetricGate("recall", worse_than_live_by=0.1, better=Better.LOWER), False),
        (MetricGate("recall", at_most=1.0), False),
        (MetricGate("precision", at_least=0.5), None),
    ],
    ids=["a floor", "less is better", "a ceiling alone", "no gate of its own"],
)
def test_the_groups_gates_say_whether_a_change_is_for_the_better(
    gate: MetricGate, better: bool | None
) -> None:
    found = compare(Compared(ONE, None), Compared(TWO, None), GatesSpec(metrics=(gate,)))
    assert found.metrics[0].better is better


def test_a_version_beside_itself_differs_in_nothing() -> None:
    found = compare(Compared(ONE, None), Compared(ONE, None), GatesSpec())
    assert (found.containers, found.metadata) == ((), ())
    assert found.metrics[0].change == 0


def test_lineage_is_compared_beside_the_metadata() -> None:
    one = replace(ONE, metadata={}, lineage={"CommitId": "9f2c1e7", "Repository": "git://scores"})
    two = replace(TWO, metadata={}, lineage={"CommitId": "41aa0b3", "Repository": "git://scores"})
    found = compare(Compared(one, None), Compared(two, None), GatesSpec())
    assert found.metadata == (Difference("lineage CommitId", "9f2c1e7", "41aa0b3"),)
