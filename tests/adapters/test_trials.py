"""Smoke tests as SageMaker Runtime answers them: passed, failed, or not to be made."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from lambdas.adapters.trials import Trials, judged
from lambdas.core.facts import Outcome, Probe

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

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer)}

    def trials(self) -> Trials:
        def client(seconds: int) -> "Runtime":
            self.seconds.append(seconds)
            return self

        return Trials(client, sleep=self.slept.append)


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
