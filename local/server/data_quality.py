"""Compares what was captured with a baseline, as a monitoring job of data quality does. Pure.

Sources: SageMaker Developer Guide, "Schema for Statistics", "Schema for Constraints", "Schema for Violations"
(docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html, …-constraints.html,
model-monitor-interpreting-violations.html). The distance is the population stability index over the baseline's own
buckets; of the checks, completeness_check and baseline_drift_check are here.
"""

from __future__ import annotations

import bisect
import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, object]

_SHARE = 0.1  # of the baseline that a bucket must hold
_FLOOR = 0.5  # a request in each bucket of which there is none at all has no logarithm
_DEFAULT_THRESHOLD = 0.1  # of comparison_threshold


@dataclass(frozen=True)
class Feature:
    """A column of the baseline.

    Attributes:
        type: inferred_type.
        bounds: of its buckets, ascending, one more than `counts`; both empty for one that is not of numbers.
        completeness: the least share of values that must be there, 0 to 1; None: any.
    """

    name: str
    type: str
    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    completeness: float | None = None


@dataclass(frozen=True)
class Baseline:
    """What requests are compared with; `threshold` of the distance, None: distances are not asked for.

    `evaluates` and `emits`: whether constraints are to be evaluated and metrics put.
    """

    features: tuple[Feature, ...]
    threshold: float | None
    evaluates: bool
    emits: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of its features, in the order of the columns."""
        return tuple(feature.name for feature in self.features)


@dataclass(frozen=True)
class Measured:
    """What was captured of a feature; `drift` is the distance, None where there is none to tell."""

    feature: Feature
    present: int
    missing: int
    numbers: tuple[float, ...]
    counts: tuple[int, ...]
    drift: float | None


class BadBaselineError(ValueError):
    """A baseline is not in SageMaker's format; the message says what is wrong with it."""


def baseline(statistics_: object, constraints: object) -> Baseline:
    """The baseline of a statistics.json and a constraints.json.

    Raises:
        BadBaselineError: they are not in the format.
    """
    completeness = {
        str(_member(one, "name", str, "a feature of the constraints")): one.get("completeness")
        for one in _member(constraints, "features", list, "the constraints")
    }
    config = _within(constraints, "monitoring_config")
    comparison = _within(config, "distribution_constraints")
    compares = comparison.get("perform_comparison", "Enabled") == "Enabled"
    return Baseline(
        features=tuple(
            _feature(one, completeness) for one in _member(statistics_, "features", list, "the statistics")
        ),
        threshold=float(comparison.get("comparison_threshold", _DEFAULT_THRESHOLD)) if compares else None,
        evaluates=config.get("evaluate_constraints", "Enabled") == "Enabled",
        emits=config.get("emit_metrics", "Enabled") == "Enabled",
    )


def _feature(one: Any, completeness: Mapping[str, Any]) -> Feature:
    name = _member(one, "name", str, "a feature of the statistics")
    what, kind = f"feature {name} of the statistics", str(one.get("inferred_type", "Unknown"))
    if "numerical_statistics" not in one:
        return Feature(name, kind, completeness=completeness.get(name))
    found = one["numerical_statistics"]
    for member in ("distribution", "kll"):
        found = _member(found, member, dict, what)
    buckets = _member(found, "buckets", list, what)
    try:
        counts = tuple(int(bucket["count"]) for bucket in buckets)
        bounds = (*(float(bucket["lower_bound"]) for bucket in buckets), float(buckets[-1]["upper_bound"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadBaselineError(f"{what} has buckets without lower_bound, upper_bound and count") from error
    if any(lower > upper for lower, upper in pairwise(bounds)) or not sum(counts):
        raise BadBaselineError(f"{what} has buckets that are empty or out of order")
    return Feature(name, kind, bounds, counts, completeness.get(name))


def _member(of: Any, name: str, kind: type, what: str) -> Any:
    value = of.get(name) if isinstance(of, dict) else None
    if not isinstance(value, kind):
        raise BadBaselineError(f"{what} has no {name}")
    return value


def _within(of: Any, name: str) -> Mapping[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def measure(against: Baseline, rows: Sequence[Row]) -> list[Measured]:
    """What the captured rows hold of each feature; a value is missing if it is None, empty, NaN or not there."""
    return [_measured(feature, rows, against.threshold is not None) for feature in against.features]


def _measured(feature: Feature, rows: Sequence[Row], compares: bool) -> Measured:
    values = [value for row in rows if not _is_missing(value := row.get(feature.name))]
    numbers = tuple(number for value in values if (number := _number(value)) is not None)
    counts = spread(feature.bounds, numbers) if feature.counts else ()
    drift = stability(*gathered(feature.counts, counts)) if compares and counts and numbers else None
    return Measured(feature, len(values), len(rows) - len(values), numbers, counts, drift)


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type] # what is none says so
    except (TypeError, ValueError):
        return None


def spread(bounds: Sequence[float], numbers: Sequence[float]) -> tuple[int, ...]:
    """How many numbers are in each bucket; the first and the last are open at their outer ends."""
    counts = [0] * (len(bounds) - 1)
    for number in numbers:
        counts[bisect.bisect_right(bounds, number, 1, len(bounds) - 1) - 1] += 1
    return tuple(counts)


def gathered(expected: Sequence[int], actual: Sequence[int]) -> tuple[list[int], list[int]]:
    """Two histograms with neighbouring buckets put together until each holds a tenth of what is expected: of fewer
    values chance alone would make a distance."""
    then, now = [0], [0]
    for of_then, of_now in zip(expected, actual, strict=True):
        if then[-1] >= _SHARE * sum(expected):
            then.append(0)
            now.append(0)
        then[-1] += of_then
        now[-1] += of_now
    if len(then) > 1 and then[-1] < _SHARE * sum(expected):
        rest_then, rest_now = then.pop(), now.pop()
        then[-1] += rest_then
        now[-1] += rest_now
    return then, now


def stability(expected: Sequence[int], actual: Sequence[int]) -> float:
    """The population stability index of two histograms with the same buckets: 0 for the same shares; above 0.25 is
    commonly taken for another population. Each bucket has half a count more, so that none is empty."""
    then, now = (
        [(count + _FLOOR) / (sum(counts) + _FLOOR * len(counts)) for count in counts]
        for counts in (expected, actual)
    )
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(then, now, strict=True))


def violations(against: Baseline, measured: Sequence[Measured]) -> list[dict[str, str]]:
    """What constraint_violations.json lists."""
    found = []
    for one in measured if against.evaluates else ():
        share, least = one.present / (one.present + one.missing), one.feature.completeness
        if least is not None and share < least:
            said = f"Data completeness requirement is not met: expected {least:.2%}, found {share:.2%}"
            found.append(_violation(one, "completeness_check", said))
        if against.threshold is not None and one.drift is not None and one.drift > against.threshold:
            said = f"Baseline drift distance: {one.drift:.4f} exceeds threshold: {against.threshold:g}"
            found.append(_violation(one, "baseline_drift_check", said))
    return found


def _violation(of: Measured, check: str, description: str) -> dict[str, str]:
    return {
        "feature_name": of.feature.name,
        "constraint_check_type": check,
        "description": description,
    }


def report(measured: Sequence[Measured], rows: int) -> dict[str, Any]:
    """The statistics.json of what was captured, in `rows` rows."""
    return {
        "version": 0.0,
        "dataset": {"item_count": rows},
        "features": [_statistics(one) for one in measured],
    }


def _statistics(of: Measured) -> dict[str, Any]:
    feature, common = of.feature, {"num_present": of.present, "num_missing": of.missing}
    told = {"name": feature.name, "inferred_type": feature.type}
    if not feature.counts:
        return {**told, "string_statistics": {"common": common}}
    numbers = of.numbers
    summary = (
        {
            "mean": statistics.fmean(numbers),
            "sum": math.fsum(numbers),
            "std_dev": statistics.pstdev(numbers),
            "min": min(numbers),
            "max": max(numbers),
        }
        if numbers
        else {}
    )
    buckets = [
        {"lower_bound": lower, "upper_bound": upper, "count": count}
        for (lower, upper), count in zip(pairwise(feature.bounds), of.counts, strict=True)
    ]
    numerical = {"common": common, **summary, "distribution": {"kll": {"buckets": buckets}}}
    return {**told, "numerical_statistics": numerical}
