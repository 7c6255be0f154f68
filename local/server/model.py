"""The SageMaker model that is in use: a new one after each reset, behind one object that everyone keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.sagemaker.authorization import AuthCheck
    from local.sagemaker.caller import Caller
    from local.sagemaker.ports import Fleet
    from local.sagemaker.service import SageMaker


class CurrentModel:
    """Passes everything on to the SageMaker that `make` made last."""

    def __init__(self, make: Callable[[], SageMaker]) -> None:
        self._make = make
        self._model = make()

    def renew(self) -> None:
        """Begin with an empty SageMaker."""
        self._model = self._make()

    def call(self, operation: str, request: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Perform an API operation; see SageMaker.call."""
        return self._model.call(operation, request, caller)

    def checks(self, operation: str, request: dict[str, Any]) -> list[AuthCheck]:
        """What IAM must allow for a call; see SageMaker.checks."""
        return self._model.checks(operation, request)

    def policy_of(self, arn: str) -> str | None:
        """The resource policy of a group; see SageMaker.policy_of."""
        return self._model.policy_of(arn)

    def route(
        self, endpoint: str, variant: str | None = None, *, later: bool = False
    ) -> list[tuple[Fleet, float]]:
        """The fleets that serve an endpoint now; see SageMaker.route."""
        return self._model.route(endpoint, variant, later=later)

    def asynchronous_of(self, endpoint: str) -> Mapping[str, Any] | None:
        """The AsyncInferenceConfig of an endpoint; see SageMaker.asynchronous_of."""
        return self._model.asynchronous_of(endpoint)

    def capture_of(self, fleet: Fleet) -> Mapping[str, Any] | None:
        """The DataCaptureConfig of a fleet; see SageMaker.capture_of."""
        return self._model.capture_of(fleet)

    def pipeline_ended(self, arn: str, failure: str | None, registered: Sequence[str] = ()) -> None:
        """An execution of a pipeline came to its end; see SageMaker.pipeline_ended."""
        self._model.pipeline_ended(arn, failure, registered)

    def inspection_ended(self, schedule: str, scheduled: float, status: str, reason: str | None) -> None:
        """A run of a monitoring schedule came to its end; see SageMaker.inspection_ended."""
        self._model.inspection_ended(schedule, scheduled, status, reason)

    def tick(self) -> None:
        """Let everything happen that is due by now."""
        self._model.tick()

    def next_change_at(self) -> float | None:
        """When something is due next, epoch seconds; None: nothing is under way."""
        return self._model.next_change_at()
