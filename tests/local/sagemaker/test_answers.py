"""The local SageMaker can give every answer that the controller knows, and the controller knows whose each is."""

import pytest

from lambdas.core.answers import CALLS as KNOWN_CALLS
from lambdas.core.answers import FAILURES as KNOWN_FAILURES
from lambdas.core.answers import Blame, blame_of_call, blame_of_failure
from local.sagemaker.answers import CALLS, ENDINGS
from local.sagemaker.service import SageMakerError
from tests.local.sagemaker.world import Sim

NOT_SAGEMAKERS = {Blame.CONFLICT}  # DynamoDB's


def rows_met() -> set[int]:
    """The rows of the controller's table that some answer meets first."""
    met = set()
    for answer in CALLS.values():
        text = f"{answer.code}: {answer.message}".lower()
        status = 500 if answer.code == "InternalFailure" else 400
        fits = (
            n for n, row in enumerate(KNOWN_CALLS) if row.fits(answer.code, text, answer.operation, status)
        )
        met.add(next(fits, -1))
    return met


def test_each_row_of_the_controllers_table_can_be_given() -> None:
    rows = {n for n, row in enumerate(KNOWN_CALLS) if row.blame not in NOT_SAGEMAKERS and not row.status}
    assert rows - rows_met() == set()


def test_each_reason_of_the_controllers_table_can_be_given() -> None:
    met = {
        next((n for n, row in enumerate(KNOWN_FAILURES) if row.fits("", reason.lower(), "", 0)), -1)
        for reason in ENDINGS.values()
    }
    assert met == set(range(len(KNOWN_FAILURES)))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_refused_in_these_words_and_then_done(aws: Sim, name: str) -> None:
    answer = CALLS[name]
    aws.sagemaker.faults.answer(name, times=2)
    for _ in range(2):
        refused = aws.sagemaker.faults.refuse(answer.operation)
        assert isinstance(refused, SageMakerError)
        assert (refused.code, refused.message) == (answer.code, answer.message)
    assert aws.sagemaker.faults.refuse(answer.operation) is None


@pytest.mark.parametrize("name", ENDINGS)
def test_a_creation_ends_for_this_reason_and_an_update_goes_back(aws: Sim, name: str) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.sagemaker.faults.end_with("fraud", name)
    aws.update("two")
    aws.settle()
    found = aws.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "one")
    assert found["FailureReason"] == ENDINGS[name]
    aws.update("two")
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == "two"


def test_whose_each_answer_is() -> None:
    blamed = {
        name: blame_of_call(one.code, one.message, one.operation, 400).value for name, one in CALLS.items()
    }
    assert {name for name, blame in blamed.items() if blame == Blame.VERSION} == {
        "data not found",
        "image not found",
        "no such image",
        "image invalid",
        "image elsewhere",
        "container malformed",
        "container empty",
    }
    assert {name for name, reason in ENDINGS.items() if blame_of_failure(reason) is Blame.VERSION} == {
        "ping",
        "container",
        "alarm",
    }
