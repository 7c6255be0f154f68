"""When a CloudWatch metric alarm changes state: pure rules over the values of its last periods.

From "Using Amazon CloudWatch alarms" and "Configuring how CloudWatch alarms treat missing data" of the user guide.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"

MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
TREATMENTS = (MISSING, IGNORE, BREACHING, NOT_BREACHING)

EXTRA_PERIODS = 2
"""Periods before the last N that are looked at when some of those have no data.

"CloudWatch attempts to retrieve a higher number of data points than specified by Evaluation Periods"; the number
is not documented, and 2 is what the guide's own examples show (five for three).
"""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Rule:
    """What an alarm asks of its periods: M breaching of the last N, against a threshold."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing: str = MISSING

    def __post_init__(self) -> None:
        if self.comparison not in _COMPARISONS:
            raise ValueError(f"comparison {self.comparison!r} is not one of {', '.join(_COMPARISONS)}")
        if self.treat_missing not in TREATMENTS:
            raise ValueError(f"TreatMissingData {self.treat_missing!r} is not one of {', '.join(TREATMENTS)}")
        if not 1 <= self.datapoints_to_alarm <= self.evaluation_periods:
            raise ValueError(
                f"DatapointsToAlarm {self.datapoints_to_alarm} is not between 1 and {self.evaluation_periods} periods"
            )

    @property
    def range(self) -> int:
        """How many periods, counted back from now, are looked at."""
        return self.evaluation_periods + EXTRA_PERIODS

    def breaches(self, value: float) -> bool:
        """Whether one period's value breaches the threshold."""
        return _COMPARISONS[self.comparison](value, self.threshold)


def evaluation_step(period: int) -> int:
    """The AWS seconds between two evaluations: ten for a high-resolution period, else a minute."""
    return 10 if period < 60 else 60  # noqa: PLR2004 - seconds in a minute


def next_state(rule: Rule, values: Sequence[float | None]) -> str | None:
    """The state that follows from the values of the last `rule.range` periods, oldest first, None for no data.

    None means that the state stays what it is. The guide's own examples are this function's table test.
    """
    existing = [value for value in values if value is not None]
    if not existing:
        return {MISSING: INSUFFICIENT_DATA, IGNORE: None, BREACHING: ALARM, NOT_BREACHING: OK}[
            rule.treat_missing
        ]
    recent = values[-rule.evaluation_periods :]
    if all(value is not None for value in recent):
        used = [value for value in recent if value is not None]
    else:
        # "If the number of existing data points is … evaluation periods or more, it uses the most recent".
        used = existing[-rule.evaluation_periods :]
    breaching = sum(rule.breaches(value) for value in used)
    missing = rule.evaluation_periods - len(used)
    if breaching >= rule.datapoints_to_alarm:
        return ALARM
    if rule.treat_missing == BREACHING:
        return ALARM if breaching + missing >= rule.datapoints_to_alarm else OK
    if rule.treat_missing == NOT_BREACHING or breaching < len(used):
        return OK
    # Only breaching data, less than M of it. "missing": an alarm once the oldest is as old as M periods
    # ("Avoiding premature transitions to alarm state"); "ignore": as it is.
    if rule.treat_missing == IGNORE:
        return None
    oldest = next(
        age for age, value in zip(range(len(values), 0, -1), values, strict=True) if value is not None
    )
    return ALARM if oldest >= rule.datapoints_to_alarm else None


def windows(now: float, period: int, count: int) -> list[tuple[float, float]]:
    """The last `count` periods that have ended at AWS time `now`, oldest first, as [start, end).

    They end on a whole step (10 s or a minute), so a period of five minutes slides by a minute: "if the period is
    5 minutes … at the end of minute 6, the alarm evaluates based on data from minutes 2 to 6".
    """
    step = evaluation_step(period)
    end = math.floor(now / step) * step
    return [(end - period * (back + 1), end - period * back) for back in reversed(range(count))]


def reason(rule: Rule, values: Sequence[float | None], state: str) -> str:
    """The StateReason of a change, in CloudWatch's manner."""
    existing = [value for value in values if value is not None][-rule.evaluation_periods :]
    if state == INSUFFICIENT_DATA:
        return "Insufficient Data: no datapoints were received"
    if not existing:
        return f"Threshold Crossed: no datapoints were received and missing data is treated as {rule.treat_missing}"
    shown = ", ".join(f"{value:g}" for value in existing)
    breaching = sum(rule.breaches(value) for value in existing)
    against = f"{rule.comparison} {rule.threshold:g}"
    return (
        f"Threshold Crossed: {breaching} out of the last {len(existing)} datapoints [{shown}] breached "
        f"({against}); {rule.datapoints_to_alarm} of {rule.evaluation_periods} are needed for the alarm"
    )
