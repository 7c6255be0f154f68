"""The demo's models are what the story says of them."""

import functools
import json
from itertools import islice
from pathlib import Path

import pytest

from local.models import CONTENT_TYPE, VERSIONS, ModelArtifact, build, requests
from local.serving.fleet import Answer, FleetProcess


@functools.cache
def model(name: str) -> ModelArtifact:
    return build(name)


def served(name: str, folder: Path, body: bytes) -> Answer:
    fleet = FleetProcess(model(name).model_tar, {}, folder / name)
    try:
        fleet.start(60)
        return fleet.invoke(body, CONTENT_TYPE, CONTENT_TYPE)
    finally:
        fleet.stop()


def test_v2_is_better_than_v1_on_held_out_tumours() -> None:
    assert all(model("v2").metrics[name] > model("v1").metrics[name] for name in ("accuracy", "auc", "f1"))


@pytest.mark.parametrize("name", VERSIONS)
def test_every_version_reports_its_evaluation_in_sagemakers_format(name: str) -> None:
    report = model(name).evaluation["binary_classification_metrics"]
    assert report["accuracy"]["value"] == model(name).metrics["accuracy"] > 0.85
    assert sum(sum(row.values()) for row in report["confusion_matrix"].values()) == 171


def test_the_same_version_is_the_same_bytes() -> None:
    assert build("v2").model_tar == model("v2").model_tar


def test_v3_loads_and_errors_on_every_real_request(tmp_path: Path) -> None:
    answer = served("v3", tmp_path, next(requests()))
    assert (answer.status, answer.body) == (500, b"KeyError: 'mean_radius'")


def test_v2_errors_after_the_change_of_device_and_v5_does_not(tmp_path: Path) -> None:
    changed = next(requests(changed=True))
    assert served("v2", tmp_path, changed).status == 500
    assert served("v5", tmp_path, changed).status == 200


def test_v2_and_v5_answer_alike_before_the_change(tmp_path: Path) -> None:
    body = next(requests())
    answers = [json.loads(served(name, tmp_path, body).body) for name in ("v2", "v5")]
    assert answers[0] == answers[1]


def test_requests_are_the_same_on_every_machine_and_never_end() -> None:
    first = list(islice(requests(), 400))
    assert first == list(islice(requests(), 400))
    assert first[0] == first[171]
