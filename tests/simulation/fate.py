"""What may befall a call or an event, and the choices that a seed makes."""

import random
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError, ReadTimeoutError


class Killed(BaseException):
    """The function's process is gone, in the middle of whatever it did."""


@dataclass(frozen=True)
class Rates:
    """How often things go wrong: of calls, and of events on their way to the queue; 0 to 1."""

    killed_before: float = 0.0
    killed_after: float = 0.0
    throttled: float = 0.0
    failed: float = 0.0
    lost_answer: float = 0.0
    switched: float = 0.0
    stalled: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0


class Fate(Protocol):
    """Decides; every choice is by the seed."""

    def before(self, operation: str) -> None:
        """A call is about to take effect; raises what befalls it instead."""
        ...

    def after(self, operation: str) -> None:
        """A call took effect; raises what befalls its answer."""
        ...

    def deliveries(self) -> list[float]:
        """After how many seconds each copy of an event arrives; none: it is lost."""
        ...


class NoFate:
    """Nothing goes wrong."""

    def before(self, operation: str) -> None:
        """Nothing."""

    def after(self, operation: str) -> None:
        """Nothing."""

    def deliveries(self) -> list[float]:
        """One copy, at once."""
        return [0.0]


class Luck:
    """Faults at given rates. `struck` counts them by kind."""

    def __init__(self, rates: Rates, random: random.Random) -> None:
        self.rates, self._random = rates, random
        self.struck: dict[str, int] = {}

    def _strikes(self, kind: str, rate: float) -> bool:
        if rate <= 0 or self._random.random() >= rate:
            return False
        self.struck[kind] = self.struck.get(kind, 0) + 1
        return True

    def before(self, operation: str) -> None:
        """Killed, throttled, or failed on AWS's side, with no effect."""
        if self._strikes("killed", self.rates.killed_before):
            raise Killed
        if self._strikes("throttled", self.rates.throttled):
            raise refusal(operation, "ThrottlingException", "Rate exceeded")
        if self._strikes("failed", self.rates.failed):
            raise refusal(operation, "InternalFailure", "We encountered an internal error.", 500)

    def after(self, operation: str) -> None:
        """Killed, or without an answer, with the call made."""
        if self._strikes("killed", self.rates.killed_after):
            raise Killed
        if self._strikes("no answer", self.rates.lost_answer):
            if (
                operation == "InvokeEndpoint"
            ):  # a model that never answers is one that fails; this is AWS's doing
                raise refusal(operation, "ServiceUnavailable", "Please try again.", 503)
            raise ReadTimeoutError(endpoint_url="simulation")

    def deliveries(self) -> list[float]:
        """Lost, doubled, late, or as it should be."""
        if self._strikes("lost", self.rates.lost):
            return []
        copies = 2 if self._strikes("doubled", self.rates.doubled) else 1
        return [
            self._random.uniform(0, 1500) if self._strikes("late", self.rates.late) else 0.0
            for _ in range(copies)
        ]


def refusal(operation: str, code: str, message: str, status: int = 400, **more: Any) -> ClientError:
    """An error as botocore raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)
