"""Alarm states follow the tables of the CloudWatch user guide."""

from __future__ import annotations

import pytest

from local.server.alarm_rules import (
    ALARM,
    BREACHING,
    IGNORE,
    INSUFFICIENT_DATA,
    MISSING,
    NOT_BREACHING,
    OK,
    TREATMENTS,
    Rule,
    next_state,
    reason,
    windows,
)

RETAIN = None


def rule(treat: str = MISSING, *, m: int = 3, n: int = 3, comparison: str = "GreaterThanThreshold") -> Rule:
    return Rule(comparison, 0.5, n, m, treat)


def points(text: str) -> list[float | None]:
    return [{"-": None, "0": 0.0, "X": 1.0}[mark] for mark in text.split()]


@pytest.mark.parametrize(
    ("data", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", OK, OK, OK, OK),
        ("- - - - 0", OK, OK, OK, OK),
        ("- - - - -", INSUFFICIENT_DATA, RETAIN, ALARM, OK),
        ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
        ("- - X - -", ALARM, RETAIN, ALARM, OK),
    ],
)
def test_three_of_three_follows_the_guide(
    data: str, missing: str | None, ignore: str | None, breaching: str | None, not_breaching: str | None
) -> None:
    """User guide, "How alarm state is evaluated when data is missing", first table: 3 of 3."""
    expected = dict(
        zip(
            (MISSING, IGNORE, BREACHING, NOT_BREACHING),
            (missing, ignore, breaching, not_breaching),
            strict=True,
        )
    )
    assert {treat: next_state(rule(treat), points(data)) for treat in TREATMENTS} == expected


@pytest.mark.parametrize(
    ("data", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
        ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
        ("0 - X - -", OK, OK, ALARM, OK),
        ("- - - - 0", OK, OK, ALARM, OK),
        ("- - - X -", ALARM, RETAIN, ALARM, OK),
    ],
)
def test_two_of_three_follows_the_guide(
    data: str, missing: str | None, ignore: str | None, breaching: str | None, not_breaching: str | None
) -> None:
    """The same section, second table: 2 of 3."""
    expected = dict(
        zip(
            (MISSING, IGNORE, BREACHING, NOT_BREACHING),
            (missing, ignore, breaching, not_breaching),
            strict=True,
        )
    )
    assert {treat: next_state(rule(treat, m=2), points(data)) for treat in TREATMENTS} == expected


@pytest.mark.parametrize("treat", TREATMENTS)
def test_one_breaching_period_is_an_alarm_of_one_however_missing_data_is_treated(treat: str) -> None:
    assert next_state(rule(treat, m=1, n=1), points("- - X")) == ALARM
    assert next_state(rule(treat, m=1, n=1), points("X X 0")) == OK


def test_a_young_breach_is_no_premature_alarm_of_three() -> None:
    """ "Avoiding premature transitions": the oldest breach must be as old as M periods."""
    assert next_state(rule(), points("- - - - X")) is RETAIN


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_each_comparison(comparison: str, below: str, at: str, above: str) -> None:
    asked = rule(m=1, n=1, comparison=comparison)
    assert [next_state(asked, [value]) for value in (0.4, 0.5, 0.6)] == [below, at, above]


def test_anomaly_bands_are_refused_not_guessed() -> None:
    with pytest.raises(ValueError, match="LessThanLowerThreshold"):
        rule(comparison="LessThanLowerThreshold")


def test_more_datapoints_than_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="DatapointsToAlarm 4"):
        rule(m=4)


@pytest.mark.parametrize(
    ("now", "period", "expected"),
    [
        (125.0, 60, [(0, 60), (60, 120)]),
        (60.0, 60, [(-60, 0), (0, 60)]),
        (37.0, 10, [(10, 20), (20, 30)]),
        (399.0, 300, [(-240, 60), (60, 360)]),
    ],
)
def test_periods_end_on_whole_minutes_or_ten_seconds(
    now: float, period: int, expected: list[tuple[float, float]]
) -> None:
    assert windows(now, period, 2) == expected


def test_the_reason_names_values_threshold_and_count() -> None:
    assert "1 out of the last 1 datapoints [1]" in reason(rule(m=1, n=1), points("- X"), ALARM)
    assert "GreaterThanThreshold 0.5" in reason(rule(m=1, n=1), points("- X"), ALARM)
    assert reason(rule(), points("- -"), INSUFFICIENT_DATA).startswith("Insufficient Data")
    assert "treated as breaching" in reason(rule(BREACHING), points("- - -"), ALARM)
