"""Smoke tests as SageMaker Runtime answers them: passed, failed, or not to be made."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError

from lambdas.adapters.trials import Trials, judged
from lambdas.core.errors import Unreadable
from lambdas.core.facts import Outcome, Probe
from lambdas.core.spec import EndpointMode

OUTPUT, FAILURE = "s3://answers/churn/1.out", "s3://answers/churn/failures/1-error.out"
READER = "arn:aws:iam::123456789012:role/greenlight/churn-reader"
PROBE = Probe("churn", b"1,2", "text/csv", "application/json", 200, None, 7)
SCHEMA = json.dumps({"type": "object", "required": ["score"], "properties": {"score": {"maximum": 1}}})


def refusal(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}, **more}
    return ClientError(response, "InvokeEndpoint")


MODEL_ERROR = refusal("ModelError", OriginalStatusCode=500, OriginalMessage="boom")
SILENT = ReadTimeoutError(endpoint_url="x")


class Runtime:
    """Answers one request after the other with what it was given: bytes, or an error."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers, self.requests, self.seconds = list(answers), list[dict[str, Any]](), list[int]()
        self.slept: list[float] = []
        self.asked: dict[str, Any] | Exception = {"OutputLocation": OUTPUT, "FailureLocation": FAILURE}
        self.objects: dict[str, bytes] = {}
        self.readers = 0
        self.after, self.reads = 0, list[tuple[str | None, str]]()

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer)}

    def invoke_endpoint_async(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if isinstance(self.asked, Exception):
            raise self.asked
        return self.asked

    def reader(self, role: str | None) -> Callable[[str, int], bytes]:
        def read(uri: str, _most: int) -> bytes:
            self.reads.append((role, uri))
            if uri not in self.objects or len(self.slept) < self.after:
                raise Unreadable(f"{uri} is not there")
            return self.objects[uri]

        self.readers += 1
        return read

    def trials(self) -> Trials:
        def client(seconds: int) -> "Runtime":
            self.seconds.append(seconds)
            return self

        return Trials(client, self.reader, self.slept.append, clock=lambda: sum(self.slept))


def test_the_request_is_what_was_asked_for() -> None:
    runtime = Runtime(b"ok")
    assert runtime.trials().make(PROBE).outcome is Outcome.PASSED
    assert runtime.requests == [
        {"EndpointName": "churn", "Body": b"1,2", "ContentType": "text/csv", "Accept": "application/json"}
    ]
    assert runtime.seconds == [7]


def test_a_first_answer_that_is_no_good_is_asked_for_once_more() -> None:
    runtime = Runtime(MODEL_ERROR, b"ok")
    assert runtime.trials().make(PROBE).outcome is Outcome.PASSED
    assert len(runtime.slept) == 1


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (MODEL_ERROR, Outcome.FAILED, "the model answered 500 instead of 200: boom"),
        (SILENT, Outcome.FAILED, "no answer within 7 s"),
        (refusal("ThrottlingException"), Outcome.INCONCLUSIVE, "ThrottlingException"),
        (refusal("AccessDeniedException"), Outcome.INCONCLUSIVE, "AccessDeniedException"),
        (refusal("ServiceUnavailable"), Outcome.INCONCLUSIVE, "ServiceUnavailable"),
        (refusal("ModelNotReadyException"), Outcome.INCONCLUSIVE, "ModelNotReadyException"),
        (refusal("ValidationError"), Outcome.INCONCLUSIVE, "ValidationError"),
        (EndpointConnectionError(endpoint_url="x"), Outcome.INCONCLUSIVE, "no answer in time"),
    ],
    ids=lambda value: value.response["Error"]["Code"] if isinstance(value, ClientError) else None,
)
def test_what_the_model_does_is_its_own_and_what_aws_does_is_not(
    answer: Exception, outcome: Outcome, says: str
) -> None:
    trial = Runtime(answer, answer).trials().make(PROBE)
    assert trial.outcome is outcome
    assert says in trial.reason


@pytest.mark.parametrize(
    ("status", "body", "changes", "outcome", "says"),
    [
        (200, b"anything", {}, Outcome.PASSED, "answered 200"),
        (400, b"bad", {"status": 400}, Outcome.PASSED, "answered 400"),
        (200, b"fine", {"status": 400}, Outcome.FAILED, "answered 200 instead of 400"),
        (200, b'{"score": 0.5}', {"answer": SCHEMA}, Outcome.PASSED, "by the schema"),
        (200, b'{"score": 1.5}', {"answer": SCHEMA}, Outcome.FAILED, "data.score must be smaller than"),
        (200, b'{"other": 1}', {"answer": SCHEMA}, Outcome.FAILED, "must contain"),
        (200, b"no json", {"answer": SCHEMA}, Outcome.FAILED, "is not JSON"),
        (200, b"\xff\xfe", {"answer": SCHEMA}, Outcome.FAILED, "is not JSON"),
        (200, b"1", {"answer": '{"$ref": "http://x/y"}'}, Outcome.INCONCLUSIVE, "cannot be used"),
        (200, b"1", {"answer": '{"type": "nothing"}'}, Outcome.INCONCLUSIVE, "cannot be used"),
    ],
)
def test_an_answer_is_judged_by_its_status_and_the_groups_schema(
    status: int, body: bytes, changes: dict[str, Any], outcome: Outcome, says: str
) -> None:
    asked = Probe(**{**PROBE.__dict__, **changes})
    trial = judged(asked, status, body)
    assert (trial.outcome, says in trial.reason) == (outcome, True), trial


def test_what_a_model_says_is_cut_before_it_goes_into_the_ledger() -> None:
    assert len(judged(PROBE, 500, b"x" * 10_000).reason) < 300


ASYNCHRONOUS = replace(PROBE, mode=EndpointMode.ASYNCHRONOUS, reader=READER)


def test_an_asynchronous_endpoint_is_sent_the_payload_with_the_call_and_its_answer_read_by_the_groups_reader() -> (
    None
):
    runtime = Runtime()
    runtime.objects, runtime.after = {OUTPUT: b"fine"}, 3
    assert runtime.trials().make(ASYNCHRONOUS).outcome is Outcome.PASSED
    (request,) = runtime.requests
    assert request == {
        "EndpointName": "churn",
        "Body": b"1,2",
        "ContentType": "text/csv",
        "Accept": "application/json",
        "RequestTTLSeconds": 60,
    }
    assert runtime.slept == [1.0, 1.0, 1.0]
    assert runtime.readers == 1
    assert set(runtime.reads) == {(READER, OUTPUT), (READER, FAILURE)}


def test_only_the_first_answer_may_take_a_cold_start() -> None:
    runtime = Runtime(SILENT, b"ok")
    assert runtime.trials().make(replace(PROBE, cold_start=45)).outcome is Outcome.PASSED
    assert runtime.seconds == [52, 7]


def test_an_asynchronous_endpoint_whose_model_stumbled_is_asked_once_more() -> None:
    runtime = Runtime()
    runtime.objects = {FAILURE: b"boom"}
    assert runtime.trials().make(ASYNCHRONOUS).outcome is Outcome.FAILED
    assert len(runtime.requests) == 2


def test_a_silent_asynchronous_endpoint_is_asked_once_and_waited_for_no_longer_than_its_seconds() -> None:
    """Looks wait for one another: what is read slowly counts, too."""
    runtime = Runtime()
    slow = Trials(
        lambda _: runtime, runtime.reader, runtime.slept.append, clock=lambda: 3.5 * len(runtime.reads)
    )
    assert slow.make(ASYNCHRONOUS).outcome is Outcome.INCONCLUSIVE
    assert (len(runtime.requests), len(runtime.slept)) == (1, 1)


def test_the_request_to_an_asynchronous_endpoint_is_one_that_the_sdk_knows() -> None:
    """`Body` is new in InvokeEndpointAsync: an older SDK refuses it."""
    model = boto3.client("sagemaker-runtime", region_name="us-east-1").meta.service_model
    shape = model.operation_model("InvokeEndpointAsync").input_shape
    assert shape is not None
    runtime = Runtime()
    runtime.objects = {OUTPUT: b"fine"}
    runtime.trials().make(ASYNCHRONOUS)
    assert set(runtime.requests[0]) <= set(shape.members)


@pytest.mark.parametrize(
    ("asked", "objects", "outcome", "says"),
    [
        (None, {OUTPUT: b"fine"}, Outcome.PASSED, "answered 200"),
        (None, {FAILURE: b"boom"}, Outcome.FAILED, "the model failed: boom"),
        (None, {}, Outcome.INCONCLUSIVE, f"no answer within 7 s: {OUTPUT} is not there"),
        ({"OutputLocation": OUTPUT}, {}, Outcome.INCONCLUSIVE, "no answer within 7 s"),
        (refusal("ValidationError"), {}, Outcome.INCONCLUSIVE, "ValidationError"),
        (ParamValidationError(report="Unknown parameter: Body"), {}, Outcome.INCONCLUSIVE, "this SDK cannot"),
    ],
    ids=["answer", "failure", "silence", "no-failures", "refused", "old-sdk"],
)
def test_what_an_asynchronous_endpoint_puts_into_s3_is_its_answer_and_silence_says_nothing(
    asked: Any, objects: dict[str, bytes], outcome: Outcome, says: str
) -> None:
    runtime = Runtime()
    runtime.asked, runtime.objects = asked or runtime.asked, objects
    trial = runtime.trials().make(ASYNCHRONOUS)
    assert (trial.outcome, says in trial.reason) == (outcome, True), trial
