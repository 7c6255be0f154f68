"""Metric math gives one value per period, or none, or is refused."""

from __future__ import annotations

import pytest

from local.server.metric_math import check, evaluate, names_in

VALUES = {"errors": 3.0, "calls": 60.0, "none": None}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("100 * errors / calls", 5.0),
        ("100*(errors/calls)", 5.0),
        ("errors ^ 2", 9.0),
        ("-errors + 1", -2.0),
        ("errors / (calls - 60)", None),
        ("errors + none", None),
        ("FILL(none, 0) + errors", 3.0),
        ("IF(calls > 10, errors, 0)", 3.0),
        ("IF(calls < 10, errors, 0)", 0.0),
        ("IF(calls < 10, errors)", None),
        ("IF(calls > 10 AND errors > 5, 1, 0)", 0.0),
        ("IF(calls > 10 || errors > 5, 1, 0)", 1.0),
        ("SUM([errors, calls, none])", 63.0),
        ("MAX(METRICS())", 60.0),
        ("AVG([errors, calls])", 31.5),
        ("errors / PERIOD(errors)", 0.05),
        ("CEIL(errors / calls)", 1.0),
    ],
)
def test_values(expression: str, value: float | None) -> None:
    assert evaluate(expression, VALUES, 60) == value


@pytest.mark.parametrize(
    "expression",
    [
        "ANOMALY_DETECTION_BAND(errors, 2)",
        "RATE(errors)",
        "missing + 1",
        "errors +",
        "'text'",
        "errors.real",
        "SEARCH('x')",
    ],
)
def test_what_cannot_be_evaluated_is_refused_when_the_alarm_is_made(expression: str) -> None:
    with pytest.raises(ValueError, match="metric math"):
        check(expression, {"errors", "calls"})


def test_the_names_in_an_expression_are_its_metrics_not_its_functions() -> None:
    assert names_in("IF(calls > 0, SUM([errors, calls]), 0)") == {"calls", "errors"}
