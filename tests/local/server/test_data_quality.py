"""What a monitoring job computes: histograms, distances, violations, reports; and how captured requests are read."""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.models import baselines
from local.sagemaker.capture import Exchange, line, place
from local.sagemaker.ports import Fleet
from local.server import captured, data_quality
from local.server.data_quality import BadBaselineError

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12)
FLEET = Fleet("id", "fraud", "config", "AllTraffic", "model", (), "ml.m5.large", 1)
BOTH = {"CaptureOptions": [{"CaptureMode": "InputAndOutput"}]}
NAMES = ("area", "texture")


def statistics(*features: dict[str, Any]) -> dict[str, Any]:
    """A statistics.json; by default of `area` in four buckets up to 100, with 50 in each."""
    return {"version": 0, "features": list(features or (numbers("area"),))}


def numbers(name: str, counts: tuple[int, ...] = (50, 50, 50, 50)) -> dict[str, Any]:
    """A feature of numbers."""
    buckets = [
        {"lower_bound": 25 * at, "upper_bound": 25 * (at + 1), "count": count}
        for at, count in enumerate(counts)
    ]
    return {
        "name": name,
        "inferred_type": "Fractional",
        "numerical_statistics": {"distribution": {"kll": {"buckets": buckets}}},
    }


def constraints(completeness: float | None = 1.0, **config: object) -> dict[str, Any]:
    """A constraints.json of `area`."""
    area = {"name": "area"} if completeness is None else {"name": "area", "completeness": completeness}
    return {"version": 0, "features": [area], "monitoring_config": config}


def comparing(threshold: float, asked: str = "Enabled") -> dict[str, object]:
    """The distribution_constraints of a constraints.json."""
    return {"perform_comparison": asked, "comparison_threshold": threshold}


def found(values: Sequence[object], wanted: dict[str, Any]) -> list[tuple[str, str]]:
    """The violations of captured values of `area`."""
    against = data_quality.baseline(statistics(), wanted)
    measured = data_quality.measure(against, [{"area": value} for value in values])
    listed = data_quality.violations(against, measured)
    return [(one["feature_name"], one["constraint_check_type"]) for one in listed]


# --- distances -------------------------------------------------------------------------------------------


def test_values_beyond_the_baseline_are_in_its_outer_buckets() -> None:
    assert data_quality.spread((0, 25, 50, 75, 100), [-1e9, 0, 24.9, 25, 99, 100, 1e9]) == (3, 1, 0, 3)


@given(COUNTS, st.integers(1, 9))
def test_the_same_shares_are_at_almost_no_distance(counts: list[int], times: int) -> None:
    assert data_quality.stability(counts, counts) == 0
    enough = [count + 100 for count in counts]
    assert data_quality.stability(enough, [times * count for count in enough]) < 0.001


@given(COUNTS.flatmap(lambda one: st.tuples(st.just(one), st.lists(
    st.integers(0, 1000), min_size=len(one), max_size=len(one)
))))  # fmt: skip
def test_a_distance_is_never_negative_and_the_same_from_either_side(
    both: tuple[list[int], list[int]],
) -> None:
    there, back = data_quality.stability(*both), data_quality.stability(*reversed(both))
    assert there >= 0
    assert math.isclose(there, back, abs_tol=1e-9)


def test_the_distance_is_the_population_stability_index() -> None:
    """By hand: shares of 0.5 and 0.5 against 0.8 and 0.2, up to the half count in each bucket."""
    by_hand = 0.3 * math.log(0.8 / 0.5) + -0.3 * math.log(0.2 / 0.5)
    assert data_quality.stability((5000, 5000), (8000, 2000)) == pytest.approx(by_hand, abs=1e-3)


# --- violations ------------------------------------------------------------------------------------------


def test_buckets_of_few_values_are_put_together_with_their_neighbours() -> None:
    assert data_quality.gathered((50, 30, 15, 3, 2), (1, 2, 3, 4, 5)) == ([50, 30, 20], [1, 2, 12])
    assert data_quality.gathered((97, 1, 2), (4, 5, 6)) == ([100], [15])


def test_requests_as_the_baseline_violate_nothing() -> None:
    assert found(list(range(100)), constraints(distribution_constraints=comparing(0.1))) == []


def test_drift_above_the_threshold_is_a_violation() -> None:
    far = [at + 60 for at in range(100)]
    assert found(far, constraints(distribution_constraints=comparing(0.1))) == [
        ("area", "baseline_drift_check")
    ]
    assert found(far, constraints(distribution_constraints=comparing(99))) == []
    assert found(far, constraints(distribution_constraints=comparing(0.1, "Disabled"))) == []
    assert found(far, constraints(evaluate_constraints="Disabled")) == []


@pytest.mark.parametrize("missing", [None, "", math.nan])
def test_too_little_that_is_there_is_a_violation(missing: object) -> None:
    values: list[object] = [*range(100), missing]
    assert found(values, constraints()) == [("area", "completeness_check")]
    assert found(values, constraints(0.99)) == []
    assert found(values, constraints(None)) == []


def test_a_feature_that_is_not_there_at_all_has_no_distance() -> None:
    assert found([None, None], constraints()) == [("area", "completeness_check")]


def test_features_that_are_no_numbers_are_only_counted() -> None:
    text = {"name": "clinic", "inferred_type": "String", "string_statistics": {}}
    against = data_quality.baseline(statistics(text), constraints())
    (one,) = data_quality.measure(against, [{"clinic": "north"}, {"clinic": None}])
    assert (one.present, one.missing, one.drift) == (1, 1, None)
    (told,) = data_quality.report([one], 2)["features"]
    assert told["string_statistics"]["common"] == {"num_present": 1, "num_missing": 1}


def test_a_report_can_be_a_baseline_again() -> None:
    against = data_quality.baseline(statistics(), constraints())
    measured = data_quality.measure(against, [{"area": at} for at in (1, 30, 60, 200)])
    again = data_quality.baseline(data_quality.report(measured, 4), constraints())
    assert again.features[0].counts == (1, 1, 1, 1)


def test_the_demos_own_baselines_are_understood() -> None:
    import numpy as np  # noqa: PLC0415 - only this test has a table

    table = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])
    against = data_quality.baseline(*baselines.of(NAMES, table))
    assert against.names == NAMES
    assert [one.completeness for one in against.features] == [1.0, 2 / 3]
    assert against.threshold == 0.25


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([], "the statistics has no features"),
        ({"features": [{}]}, "a feature of the statistics has no name"),
        (
            statistics({"name": "area", "numerical_statistics": {}}),
            "feature area of the statistics has no distr",
        ),
        (statistics(numbers("area", (0, 0))), "empty or out of order"),
        (statistics(numbers("area", ())), "without lower_bound, upper_bound and count"),
    ],
)
def test_statistics_that_are_none_are_refused_by_name(bad: object, says: str) -> None:
    with pytest.raises(BadBaselineError, match=says):
        data_quality.baseline(bad, constraints())


def test_constraints_that_are_none_are_refused() -> None:
    with pytest.raises(BadBaselineError, match="the constraints has no features"):
        data_quality.baseline(statistics(), {})


# --- captured requests -----------------------------------------------------------------------------------


def taken(body: str, kind: str = "application/json", **header: list[str]) -> list[Any]:
    """The rows of a request, captured as endpoints do."""
    exchange = Exchange("e", 1.0, body.encode(), kind, b"{}", "application/json")
    return list(captured.rows(line({**BOTH, "CaptureContentTypeHeader": header}, exchange), NAMES))


@pytest.mark.parametrize(
    "body",
    [
        '{"tumours": [{"area": 1, "texture": null}]}',
        '{"area": 1, "texture": null}',
        '[{"area": 1, "texture": null}]',
    ],
)
def test_objects_are_read_wherever_they_are(body: str) -> None:
    assert taken(body) == taken(body, JsonContentTypes=["application/json"]) == [{"area": 1, "texture": None}]


def test_csv_is_read_with_and_without_names() -> None:
    rows = [{"area": "1", "texture": ""}, {"area": "2", "texture": "3"}]
    assert taken("1,\n2,3\n", "text/csv") == rows
    assert taken("texture,area\n,1\n3,2\n", "text/csv", CsvContentTypes=["text/csv"]) == rows


@pytest.mark.parametrize(
    ("body", "says"), [("1,2,3", "not of 2 columns"), ("[1, 2]", "rows are not objects")]
)
def test_what_is_neither_is_refused(body: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        taken(body, "text/csv")


def test_where_only_answers_are_captured_there_are_no_rows() -> None:
    told = {"captureData": {"endpointOutput": {"data": base64.b64encode(b"1").decode()}}}
    assert captured.rows(json.dumps(told), NAMES) == []


def test_an_objects_name_says_when_it_was_captured() -> None:
    _, key = place("s3://b/p", FLEET, Exchange("e", 1_700_000_000.25, b"", "", b"", ""))
    assert captured.taken_at(key) == 1_700_000_000.25
    assert captured.taken_at("p/report.json") is None
