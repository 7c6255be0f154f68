"""A throttled call is sent again where botocore would give it up: asked of botocore's own event, on a real client."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.hooks import first_non_none_response

from lambdas.adapters.aws import _CONFIG, _LONGEST_PAUSE, _MOST_ATTEMPTS, Aws, persist

_BOTOCORES = _CONFIG["retries"]["total_max_attempts"]


def told(code: str | None, attempts: int) -> dict[str, Any]:
    """What botocore tells the handlers of `needs-retry`; without a code there was no response."""
    parsed: dict[str, Any] = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    response = (SimpleNamespace(status_code=400, headers={}), parsed) if code else None
    return {
        "response": response,
        "attempts": attempts,
        "caught_exception": None,
        "request_dict": {"context": {}},
    }


def pause(client: Any, code: str | None, attempts: int) -> float | None:
    """How long this client waits before it sends a call again; None: it gives up."""
    model = client.meta.service_model.operation_model("DescribeEndpoint")
    heard = client.meta.events.emit(
        "needs-retry.sagemaker.DescribeEndpoint", endpoint=None, operation=model, **told(code, attempts)
    )
    return first_non_none_response(heard)  # type: ignore[no-any-return] # botocore's


def test_a_throttled_call_is_sent_again_after_botocores_last_attempt() -> None:
    client = Aws().sagemaker
    pauses = [pause(client, "ThrottlingException", attempts) for attempts in range(1, _MOST_ATTEMPTS)]
    assert len(pauses) > _BOTOCORES
    assert all(seconds is not None and 0 <= seconds <= _LONGEST_PAUSE for seconds in pauses)


def test_a_throttled_call_is_sent_again_when_botocores_quota_of_retries_is_used_up() -> None:
    client = Aws().sagemaker
    assert all(pause(client, "ThrottlingException", 1) is not None for _ in range(1_000))


def test_at_last_a_throttled_call_is_given_up() -> None:
    assert pause(Aws().sagemaker, "ThrottlingException", _MOST_ATTEMPTS) is None


@pytest.mark.parametrize("code", ["InternalFailure", "ValidationException", "AccessDeniedException", None])
def test_a_call_that_failed_otherwise_is_given_up_when_botocore_gives_it_up(code: str | None) -> None:
    assert pause(Aws().sagemaker, code, _BOTOCORES) is None


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 1.0), (3, 4.0), (4, _LONGEST_PAUSE), (14, _LONGEST_PAUSE)]
)
def test_pauses_grow_up_to_a_limit_and_are_spread(attempts: int, longest: float) -> None:
    assert persist(**told("Throttling", attempts), jitter=lambda: 1.0) == longest
    assert persist(**told("Throttling", attempts), jitter=lambda: 0.0) == 0.0
