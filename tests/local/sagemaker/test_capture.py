"""How an exchange with an endpoint is captured: its line, its place."""

import base64
import json
from dataclasses import replace

import pytest

from local.sagemaker.capture import Exchange, line, place
from local.sagemaker.ports import Fleet

FLEET = Fleet("id", "fraud", "config", "AllTraffic", "model", (), "ml.m5.large", 1)
EXCHANGE = Exchange(
    "e-1", 1_700_000_000.25, b"1,2", "text/csv; charset=utf-8", b'{"p": 0.5}', "application/json"
)
BOTH = {"CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]}
HEADER = {
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
}


def told(capture: dict[str, object], exchange: Exchange = EXCHANGE) -> dict[str, dict[str, str]]:
    """The captured data of a line; that it is one line of JSON, with the metadata, is checked."""
    text = line(capture, exchange)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    read = json.loads(text)
    assert read["eventVersion"] == "0"
    assert read["eventMetadata"]["eventId"] == "e-1"
    assert read["eventMetadata"]["inferenceTime"] == "2023-11-14T22:13:20Z"
    return dict(read["captureData"])


def test_what_the_header_names_is_captured_as_text() -> None:
    data = told({**BOTH, **HEADER})
    assert data["endpointInput"] == {
        "observedContentType": "text/csv; charset=utf-8", "mode": "INPUT", "data": "1,2", "encoding": "CSV",
    }  # fmt: skip
    assert (data["endpointOutput"]["data"], data["endpointOutput"]["encoding"]) == ('{"p": 0.5}', "JSON")


@pytest.mark.parametrize("header", [{}, {"CaptureContentTypeHeader": {"CsvContentTypes": ["text/plain"]}}])
def test_anything_else_is_captured_as_base64(header: dict[str, object]) -> None:
    side = told({**BOTH, **header})["endpointInput"]
    assert (base64.b64decode(side["data"]), side["encoding"]) == (b"1,2", "BASE64")


def test_so_is_what_is_no_text_whatever_its_type_says() -> None:
    side = told({**BOTH, **HEADER}, replace(EXCHANGE, body=b"\xff\xfe"))["endpointInput"]
    assert (base64.b64decode(side["data"]), side["encoding"]) == (b"\xff\xfe", "BASE64")


@pytest.mark.parametrize(
    ("modes", "sides"),
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_only_the_sides_that_are_asked_for_are_captured(modes: list[str], sides: set[str]) -> None:
    assert told({"CaptureOptions": [{"CaptureMode": mode} for mode in modes]}).keys() == sides


def test_an_inference_id_joins_a_line_with_its_ground_truth() -> None:
    text = line(BOTH, replace(EXCHANGE, inference_id="i-7"))
    assert json.loads(text)["eventMetadata"]["inferenceId"] == "i-7"


@pytest.mark.parametrize("destination", ["s3://bucket/a/b", "s3://bucket/a/b/", "s3://bucket"])
def test_objects_lie_by_endpoint_variant_and_hour(destination: str) -> None:
    bucket, key = place(destination, FLEET, EXCHANGE)
    assert bucket == "bucket"
    below = "fraud/AllTraffic/2023/11/14/22/13-20-250-e-1.jsonl"
    assert key == (f"a/b/{below}" if "/a/b" in destination else below)
