"""Freeze windows that recur: when they begin, how long they last, in which time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.calendar import holding
from lambdas.core.spec import Recurring

BERLIN = ZoneInfo("Europe/Berlin")
WEEKEND = Recurring("0 17 * * 5", 63 * 60, "Europe/Berlin", "weekend")  # Friday 17:00 to Monday 08:00


def at(*parts: int, zone: ZoneInfo = BERLIN) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc,arg-type] # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (at(2026, 11, 27, 16, 59), False),
        (at(2026, 11, 27, 17, 0), True),
        (at(2026, 11, 29, 12, 0), True),
        (at(2026, 11, 30, 7, 59), True),
        (at(2026, 11, 30, 8, 0), False),
        (at(2026, 12, 2, 12, 0), False),
    ],
)
def test_a_weekly_window_holds_from_its_begin_to_its_end(now: float, *, holds: bool) -> None:
    found = holding([WEEKEND], now)
    assert [window.reason for window in found] == (["weekend"] if holds else [])
    assert all(window.start == at(2026, 11, 27, 17, 0) for window in found)


def test_a_window_lasts_its_real_minutes_over_a_change_of_clocks() -> None:
    night = Recurring(
        "0 1 25 10 *", 180, "Europe/Berlin", "change of clocks"
    )  # 25 October 2026: 03:00 becomes 02:00
    start = at(2026, 10, 25, 1, 0)
    assert holding([night], start + 179 * 60)
    assert not holding([night], start + 180 * 60)


def test_windows_are_told_apart_by_their_time_zone() -> None:
    nine = [Recurring("0 9 * * *", 60, zone, zone) for zone in ("Asia/Tokyo", "America/New_York")]
    assert [w.reason for w in holding(nine, at(2026, 11, 24, 9, 30, zone=ZoneInfo("Asia/Tokyo")))] == [
        "Asia/Tokyo"
    ]


@pytest.mark.parametrize(
    "window",
    [
        Recurring("not a cron", 60, "UTC", "typo"),
        Recurring("0 9 * * *", 60, "Mars/Olympus", "typo"),
        Recurring("0 9 * * *", 60, "../etc/passwd", "typo"),
    ],
)
def test_a_window_that_cannot_be_read_holds_and_says_so(window: Recurring) -> None:
    (found,) = holding([window], 1_800_000_000.0)
    assert "typo" in found.reason
    assert "cannot be read" in found.reason


@given(now=st.integers(1_700_000_000, 2_000_000_000), minutes=st.integers(1, 1440))
def test_a_daily_window_holds_exactly_its_share_of_the_day(now: int, minutes: int) -> None:
    daily = Recurring("0 0 * * *", minutes, "UTC", "nightly")
    moment = datetime.fromtimestamp(now, UTC)
    assert bool(holding([daily], now)) == (moment.hour * 60 + moment.minute < minutes)
