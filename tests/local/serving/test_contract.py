"""The container's contract: variables, defaults, and content types."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest

from local.serving.fleet import FleetProcess, ServingError
from tests.local.serving.archives import DOUBLES, ECHO, model, packed

Start = Callable[..., FleetProcess]
JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"


def test_the_script_may_have_another_name(start: Start) -> None:
    content = packed({"weights.txt": "w", "code/serve.py": ECHO})
    fleet = start(content, {"SAGEMAKER_PROGRAM": "serve.py"})
    assert fleet.invoke(b"x", "text/plain", "*/*").status == 200


def test_the_script_may_lie_in_another_folder(start: Start) -> None:
    content = packed({"weights.txt": "w", "src/inference.py": ECHO})
    fleet = start(content, {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/src"})
    assert fleet.invoke(b"x", "text/plain", "*/*").status == 200


def test_a_script_outside_the_archive_says_what_to_do(start: Start) -> None:
    with pytest.raises(ServingError, match="pack it into the folder code"):
        start(model(), {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/sourcedir.tar.gz"})
    with pytest.raises(ServingError, match=r"has no code/\.\./\.\./\.\./secret.py"):
        start(model(), {"SAGEMAKER_PROGRAM": "../../../secret.py"})


def test_a_script_imports_its_neighbours_and_pickles_its_own_classes(start: Start) -> None:
    script = """
import pickle
from neighbour import NAME
class Weights: pass
def model_fn(d): return pickle.loads(pickle.dumps(Weights()))
def transform_fn(model, body, content_type, accept): return type(model).__name__ + NAME
"""
    fleet = start(packed({"code/inference.py": script, "code/neighbour.py": "NAME = '!'"}))
    assert fleet.invoke(b"x", "text/plain", "text/plain").body == b"Weights!"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(JSON, b"[[1, 2], [3, 4]]"), (JSON + "; charset=utf-8", b"[[1, 2], [3, 4]]"), (CSV, b"1,2\n3,4\n")],
)
def test_without_input_fn_json_and_csv_become_arrays(start: Start, content_type: str, body: bytes) -> None:
    answer = start(model(DOUBLES)).invoke(body, content_type, JSON)
    assert (answer.status, json.loads(answer.body), answer.content_type) == (200, [6.0, 14.0], JSON)


def test_one_line_of_csv_is_still_a_table(start: Start) -> None:
    assert json.loads(start(model(DOUBLES)).invoke(b"1,2", CSV, JSON).body) == [6.0]


def test_arrays_pass_in_numpys_own_format_both_ways(start: Start) -> None:
    written = io.BytesIO()
    np.save(written, np.array([[1.0, 2.0]]))
    answer = start(model(DOUBLES)).invoke(written.getvalue(), NPY, NPY)
    assert np.load(io.BytesIO(answer.body)).tolist() == [6.0]


def test_what_is_accepted_decides_the_answers_format(start: Start) -> None:
    fleet = start(model(DOUBLES))
    assert fleet.invoke(b"[[1, 2], [3, 4]]", JSON, CSV).body == b"6.0\n14.0\n"
    assert fleet.invoke(b"[[1, 2]]", JSON, "*/*").content_type == JSON
    assert fleet.invoke(b"[[1, 2]]", "", "").content_type == JSON


def test_a_default_accept_comes_from_the_environment(start: Start) -> None:
    fleet = start(model(DOUBLES), {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": CSV})
    assert fleet.invoke(b"[[1, 2]]", JSON, "*/*").content_type == CSV


def test_formats_that_the_defaults_do_not_speak_are_the_clients_error(start: Start) -> None:
    fleet = start(model(DOUBLES))
    assert fleet.invoke(b"x", "image/png", JSON).status == 415
    assert fleet.invoke(b"[[1, 2]]", JSON, "image/png").status == 406


def test_text_reaches_input_fn_decoded_and_other_types_as_bytes(start: Start) -> None:
    script = """
def model_fn(d): return None
def input_fn(body, content_type): return type(body).__name__
def predict_fn(data, model): return data
def output_fn(prediction, accept): return prediction
"""
    fleet = start(model(script))
    said = [fleet.invoke(b"1", kind, "text/plain").body for kind in (JSON, CSV, "application/octet-stream")]
    assert said == [b"str", b"str", b"bytes"]


def test_an_answer_that_is_no_text_is_an_error_that_says_so(start: Start) -> None:
    answer = start(model("def model_fn(d): pass\ndef transform_fn(*a): return {}")).invoke(b"", "x/y", "x/y")
    assert answer.status == 500
    assert b"answered with a dict; return str or bytes" in answer.body
