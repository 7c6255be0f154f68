"""What can be made to go wrong, at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from local.sagemaker.answers import CALLS, ENDINGS
from local.sagemaker.errors import BAD_REQUEST, SageMakerError

UNAVAILABLE = 500
_SERVER_SIDE = {"InternalFailure", "ServiceUnavailable"}


@dataclass
class Failing:
    """The next calls of an operation that fail.

    Attributes:
        times: how many calls are still to fail.
        code: the error they fail with.
        message: its sentence.
        after_effect: the call takes effect, and only its answer is lost.
    """

    times: int
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    after_effect: bool = False

    def error(self) -> SageMakerError:
        """The error to answer with."""
        return SageMakerError(
            self.code, self.message, UNAVAILABLE if self.code in _SERVER_SIDE else BAD_REQUEST
        )


@dataclass
class Ending:
    """The next deployments of an endpoint that come to a bad end once their instances are there.

    Attributes:
        times: how many are still to.
        reason: the endpoint's FailureReason.
    """

    times: int
    reason: str


@dataclass
class Faults:
    """The faults in force; change them at any time.

    Attributes:
        no_capacity: instance types of which AWS has none left: fleets of them do not start.
        quota: the most instances of a type that the account may run; a type that is not named has no limit.
        throttled: operations that always answer ThrottlingException; "*" is all of them.
        failing: operations of which the next calls fail.
        ending: endpoints of which the next creations and updates come to a bad end.
        packages: groups whose new versions stay InProgress, or end as Failed.
        rollback_fails: endpoints whose rollbacks fail (UpdateRollbackFailed).
        most_schedules: the most monitoring schedules that the account may have; None: no limit.
    """

    no_capacity: set[str] = field(default_factory=set)
    quota: dict[str, int] = field(default_factory=dict)
    throttled: set[str] = field(default_factory=set)
    failing: dict[str, Failing] = field(default_factory=dict)
    ending: dict[str, Ending] = field(default_factory=dict)
    packages: dict[str, Literal["InProgress", "Failed"]] = field(default_factory=dict)
    rollback_fails: set[str] = field(default_factory=set)
    most_schedules: int | None = None

    def answer(self, name: str, times: int = 1) -> None:
        """Refuse the next calls with what SageMaker is known to answer (`answers.CALLS`)."""
        answer = CALLS[name]
        self.failing[answer.operation] = Failing(times, answer.code, answer.message)

    def end_with(self, endpoint: str, name: str, times: int = 1) -> None:
        """Have an endpoint's next deployments end as SageMaker is known to end them (`answers.ENDINGS`)."""
        self.ending[endpoint] = Ending(times, ENDINGS[name])

    def bad_end(self, endpoint: str) -> str | None:
        """Why a deployment of an endpoint, whose instances are there, comes to a bad end."""
        ending = self.ending.get(endpoint)
        if ending is None:
            return None
        ending.times -= 1
        if ending.times < 1:
            del self.ending[endpoint]
        return ending.reason

    def refuse(self, operation: str) -> SageMakerError | None:
        """The error with which a call fails before it has any effect."""
        if operation in self.throttled or "*" in self.throttled:
            return Failing(1).error()
        return self._take(operation, after_effect=False)

    def lose(self, operation: str) -> SageMakerError | None:
        """The error that replaces the answer of a call that took effect."""
        return self._take(operation, after_effect=True)

    def _take(self, operation: str, *, after_effect: bool) -> SageMakerError | None:
        failing = self.failing.get(operation)
        if failing is None or failing.times < 1 or failing.after_effect is not after_effect:
            return None
        failing.times -= 1
        if not failing.times:
            del self.failing[operation]
        return failing.error()
