"""The evaluation reports and drift baselines are true, and in SageMaker's formats."""

import functools
import json

import numpy as np
import pytest

from local.models import VERSIONS, ModelArtifact, build
from local.models.baselines import of
from local.models.data import MISSING_AFTER_CHANGE, split
from local.models.evaluation import evaluate


@functools.cache
def model(name: str) -> ModelArtifact:
    return build(name)


@pytest.mark.parametrize("name", VERSIONS)
def test_the_report_is_a_model_quality_report_of_the_held_out_tumours(name: str) -> None:
    report = json.loads(json.dumps(model(name).evaluation))["binary_classification_metrics"]
    matrix = report.pop("confusion_matrix")
    assert {actual: sum(row.values()) for actual, row in matrix.items()} == {"0": 143, "1": 85}
    assert set(report) == {"accuracy", "precision", "recall", "f1", "auc"}
    for metric, entry in report.items():
        assert entry["value"] == model(name).metrics[metric]
        assert 0 < entry["standard_deviation"] < 0.05


def test_the_metrics_follow_from_the_confusion_matrix() -> None:
    report = model("v1").evaluation["binary_classification_metrics"]
    right_benign, false_alarms = report["confusion_matrix"]["0"].values()
    missed, found = report["confusion_matrix"]["1"].values()
    assert report["accuracy"]["value"] == pytest.approx((right_benign + found) / 228)
    assert report["precision"]["value"] == pytest.approx(found / (found + false_alarms))
    assert report["recall"]["value"] == pytest.approx(found / (found + missed))


def test_under_200_rows_there_is_no_standard_deviation() -> None:
    labels, shares = np.array([0, 1] * 50), np.linspace(0, 1, 100)
    assert evaluate(labels, shares).deviations["accuracy"] == "NaN"
    assert evaluate(np.tile(labels, 2), np.tile(shares, 2)).deviations["accuracy"] != "NaN"


def test_the_statistics_are_those_of_the_training_data() -> None:
    statistics = json.loads(json.dumps(model("v2").statistics))
    assert statistics["dataset"]["item_count"] == 341
    assert [feature["name"] for feature in statistics["features"]] == list(split().features)
    first = statistics["features"][0]["numerical_statistics"]
    assert first["mean"] == pytest.approx(split().train[:, 0].mean())
    assert first["common"] == {"num_present": 341, "num_missing": 0}
    buckets = first["distribution"]["kll"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == 341
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (first["min"], first["max"])


def test_the_baseline_has_the_names_that_the_version_was_trained_on() -> None:
    assert len(model("v1").statistics["features"]) == 3
    assert model("v3").constraints["features"][0]["name"] == "mean_radius"


def test_the_constraints_hold_for_the_training_data_and_not_after_the_change() -> None:
    features = {entry["name"]: entry for entry in model("v2").constraints["features"]}
    assert features[MISSING_AFTER_CHANGE]["completeness"] == 1.0
    changed = split().train.copy()
    changed[:, split().features.index(MISSING_AFTER_CHANGE)] = np.nan
    changed[0, split().features.index(MISSING_AFTER_CHANGE)] = 0.1
    _, constraints = of(split().features, changed)
    after = {entry["name"]: entry for entry in constraints["features"]}
    assert after[MISSING_AFTER_CHANGE]["completeness"] < features[MISSING_AFTER_CHANGE]["completeness"]
    assert all(entry["num_constraints"] == {"is_non_negative": True} for entry in features.values())
