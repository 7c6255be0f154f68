"""The account with a limited control plane: calls take time, and SageMaker answers only so many of them."""

import random
from collections.abc import Callable
from typing import Any

from tests.simulation.aws.account import Aws
from tests.simulation.aws.client import Answer
from tests.simulation.aws.lanes import Lanes
from tests.simulation.aws.retries import Retries
from tests.simulation.fate import refusal
from tests.simulation.tasks import Tasks

ROUND_TRIP = 0.05  # seconds

Broken = Callable[[str, dict[str, Any]], bool]
"""Whether a call, by its operation and request, fails on SageMaker's side."""


class Limit:
    """A token bucket; a call that finds it empty is refused and takes nothing."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, 0.0

    def admits(self, now: float) -> bool:
        """Whether a call is let in now."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class LimitedAws(Aws):
    """The account.

    Args:
        seed: of the jitter in clients' retries.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.validates = False  # the schedules' requests are the same, and validated
        self.tasks = Tasks(self.clock.now)
        self.queue: Lanes = Lanes(self.clock.now)
        self.limit: Limit | None = None
        self.calls = 0  # of functions to SageMaker, that it answered
        self.refused = 0
        self.broken: Broken = lambda *_: False
        self._chance = random.Random(seed)  # noqa: S311 - not a secret

    def _answering(
        self, function: str, service: str, handler: Callable[..., Answer]
    ) -> Callable[..., Answer]:
        answer = super()._answering(function, service, handler)
        if function == "person":
            return answer
        if service != "sagemaker":
            return lambda operation, request: self._after_a_trip(answer, operation, request)
        retries = Retries(self.tasks, self.clock.now, self._chance.random)
        return lambda operation, request: retries.call(
            operation, lambda: self._after_a_trip(self._admitted, answer, operation, request)
        )

    def _after_a_trip(self, do: Callable[..., Answer], *args: Any) -> Answer:
        self.tasks.sleep(ROUND_TRIP)
        return do(*args)

    def _admitted(self, answer: Callable[..., Answer], operation: str, request: dict[str, Any]) -> Answer:
        if self.limit is not None and not self.limit.admits(self.clock.now()):
            self.refused += 1
            raise refusal(operation, "ThrottlingException", "Rate exceeded")
        self.calls += 1
        if self.broken(operation, request):
            raise refusal(operation, "InternalFailure", "We encountered an internal error.", 500)
        return answer(operation, request)
