"""The demo's models are what the story says of them."""

import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from local.models import CONTENT_TYPE, CSV, VERSIONS, ModelArtifact, build, labels, requests
from local.models.data import MISSING_AFTER_CHANGE, body, split
from local.serving.fleet import Answer, FleetProcess

ROOT = Path(__file__).resolve().parents[3]
HELD_OUT = 228


@functools.cache
def model(name: str) -> ModelArtifact:
    return build(name)


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, FleetProcess]]:
    """Every version, serving."""
    folder = tmp_path_factory.mktemp("fleets")
    serving = {name: FleetProcess(model(name).model_tar, {}, folder / name) for name in VERSIONS}
    try:
        for fleet in serving.values():
            fleet.start(60)
        yield serving
    finally:
        for fleet in serving.values():
            fleet.stop()


def ask(fleet: FleetProcess, content: bytes, content_type: str = CONTENT_TYPE) -> Answer:
    return fleet.invoke(content, content_type, CONTENT_TYPE)


def predictions(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["predictions"]


def accuracy(answer: Answer) -> float:
    found = [one["label"] == "malignant" for one in predictions(answer)]
    actual = [bool(label) for label in split().held_out_labels]
    right: int = sum(a == b for a, b in zip(found, actual, strict=True))
    return right / len(actual)


def test_v2_is_better_than_v1_on_held_out_tumours() -> None:
    assert all(model("v2").metrics[name] > model("v1").metrics[name] for name in ("accuracy", "auc", "f1"))


def test_a_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no version 'v9'; there are v1, v2, v3, v4, v5"):
        build("v9")


@pytest.mark.parametrize("name", VERSIONS)
def test_every_version_is_trained_well(name: str) -> None:
    assert model(name).metrics["accuracy"] > 0.85


@pytest.mark.parametrize("name", ["v1", "v2", "v4", "v5"])
def test_what_is_reported_is_what_is_served(fleets: dict[str, FleetProcess], name: str) -> None:
    answer = ask(fleets[name], body(split().held_out))
    assert accuracy(answer) == pytest.approx(model(name).metrics["accuracy"])


def test_v3_loads_and_errors_on_every_real_request(fleets: dict[str, FleetProcess]) -> None:
    for content in islice(requests(), HELD_OUT):
        answer = ask(fleets["v3"], content)
        said = {"error": "KeyError", "error-message": "'mean_radius'"}
        assert (answer.status, json.loads(answer.body)) == (500, said)


def test_v2_errors_on_changed_requests_and_v5_does_not(fleets: dict[str, FleetProcess]) -> None:
    for content in islice(requests(changed=True), 20):
        answer = ask(fleets["v2"], content)
        assert answer.status == 500
        assert b"Input X contains NaN" in answer.body
        assert ask(fleets["v5"], content).status == 200


def test_v5_is_still_better_than_v1_without_the_measurement_that_is_missing(
    fleets: dict[str, FleetProcess],
) -> None:
    changed = ask(fleets["v5"], body(split().held_out, changed=True))
    assert accuracy(changed) > model("v1").metrics["accuracy"]


def test_v2_and_v5_answer_alike_before_the_change(fleets: dict[str, FleetProcess]) -> None:
    for content in islice(requests(), 20):
        assert ask(fleets["v2"], content).body == ask(fleets["v5"], content).body


def test_the_change_is_one_measurement_that_is_no_longer_reported() -> None:
    before = json.loads(next(requests()))["tumours"][0]
    after = json.loads(next(requests(changed=True)))["tumours"][0]
    assert after == {**before, MISSING_AFTER_CHANGE: None}
    assert before[MISSING_AFTER_CHANGE] is not None


def test_diameters_for_radii_are_answered_and_more_answers_are_wrong(fleets: dict[str, FleetProcess]) -> None:
    rows = split().held_out
    before, after = (ask(fleets["v2"], body(rows, diameters=new)) for new in (False, True))
    assert accuracy(before) > 0.96
    assert accuracy(after) < 0.75


def test_labels_are_those_of_the_requests() -> None:
    assert list(islice(labels(), HELD_OUT)) == list(split().held_out_labels)


@pytest.mark.parametrize(("name", "changed"), [("v2", False), ("v5", True)])
def test_csv_is_answered_as_json_is(fleets: dict[str, FleetProcess], name: str, changed: bool) -> None:
    table = next(requests(changed=changed, content_type=CSV))
    answer = ask(fleets[name], table, CSV)
    assert predictions(answer) == predictions(ask(fleets[name], next(requests(changed=changed))))


def test_v2_errors_on_a_changed_csv_too(fleets: dict[str, FleetProcess]) -> None:
    assert ask(fleets["v2"], next(requests(changed=True, content_type=CSV)), CSV).status == 500


@pytest.mark.parametrize("name", VERSIONS)
def test_the_sample_request_is_three_real_tumours(name: str) -> None:
    assert len(json.loads(model(name).sample_request)["tumours"]) == 3


def test_requests_are_the_same_each_time_and_never_end() -> None:
    first = list(islice(requests(), HELD_OUT + 10))
    assert first == list(islice(requests(), HELD_OUT + 10))
    assert first[0] == first[HELD_OUT]
    assert len(set(first)) == HELD_OUT


def test_the_same_version_is_the_same_bytes_in_another_process_and_order() -> None:
    """Another hash seed, the versions in reverse: nothing of it may show."""
    script = (
        "import hashlib;"
        "from local.models import VERSIONS, build;"
        "built = {name: build(name) for name in reversed(VERSIONS)};"
        "print(*[hashlib.sha256(built[name].model_tar).hexdigest() for name in VERSIONS])"
    )
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "4711", "OMP_NUM_THREADS": "2"}
    found = subprocess.run(  # noqa: S603 - the script above
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert found == [hashlib.sha256(model(name).model_tar).hexdigest() for name in VERSIONS]


def test_importing_the_models_does_not_import_scikit_learn() -> None:
    script = "import sys, local.models, local.serving.fleet; sys.exit(bool({'sklearn', 'numpy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)  # noqa: S603 - the script above
