"""botocore's own adaptive retries, on a virtual clock: what a client of ours does around each of its calls."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.retries import adaptive, bucket, quota, standard, throttling

from lambdas.adapters.aws import _CONFIG, persist
from tests.simulation.aws.client import Answer, model_of
from tests.simulation.tasks import Condition, Tasks


@dataclass
class Clock:
    """As botocore has one."""

    now: Callable[[], float]

    def current_time(self) -> float:
        """Epoch seconds."""
        return self.now()


@dataclass
class _Outcome:
    """An attempt's: what botocore's handlers are told of it."""

    answer: Answer = field(default_factory=dict)
    error: ClientError | None = None

    @property
    def response(self) -> tuple[Any, Any]:
        """HTTP's and the parsed one."""
        parsed: Any = self.error.response if self.error else {}
        status = parsed["ResponseMetadata"]["HTTPStatusCode"] if self.error else 200
        return SimpleNamespace(status_code=status, headers={}), parsed


class Retries:
    """The state of one client: put together as botocore.retries.{standard,adaptive}.register_retry_handler do.

    Args:
        tasks: to wait in virtual time.
        now: the virtual time.
        random: for the jitter, 0 to 1.
    """

    def __init__(self, tasks: Tasks, now: Callable[[], float], random: Callable[[], float]) -> None:
        self._random = random
        self._tasks, self._model = tasks, model_of("sagemaker")
        clock: Any = Clock(now)  # Any: botocore's stubs ask for other types here than botocore does
        adapter = standard.RetryEventAdapter()
        conditions = standard.StandardRetryConditions(max_attempts=_CONFIG["retries"]["total_max_attempts"])
        policy = standard.RetryPolicy(conditions, standard.ExponentialBackoff(random=random))
        checker: Any = standard.RetryQuotaChecker(quota.RetryQuota())
        self._quota = checker
        self._handler = standard.RetryHandler(policy, adapter, checker)
        tokens: Any = bucket.TokenBucket(max_rate=1, clock=clock)
        tokens._new_fill_rate_condition = Condition(tasks, now)
        self._limiter = adaptive.ClientRateLimiter(
            rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=now()),
            rate_clocker=adaptive.RateClocker(clock),
            token_bucket=tokens,
            throttling_detector=standard.ThrottlingErrorDetector(adapter),
            clock=clock,
        )

    def call(self, operation: str, send: Callable[[], Answer]) -> Answer:
        """Send, and send again, as botocore.endpoint does."""
        context: dict[str, Any] = {}
        for attempts in itertools.count(1):
            self._limiter.on_sending_request(request=None)
            outcome = _attempt(send)
            told: dict[str, Any] = {
                "response": outcome.response,
                "attempts": attempts,
                "operation": self._model.operation_model(operation),
                "caught_exception": None,
                "request_dict": {"context": context},
            }
            delay = self._handler.needs_retry(**told)
            self._limiter.on_receiving_response(**told)
            if delay is None:
                delay = persist(**told, jitter=self._random)
            if delay is None:
                break
            self._tasks.sleep(delay)
        self._quota.release_retry_quota(context, outcome.response[0])
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer


def _attempt(send: Callable[[], Answer]) -> _Outcome:
    try:
        return _Outcome(answer=send())
    except ClientError as error:
        return _Outcome(error=error)
