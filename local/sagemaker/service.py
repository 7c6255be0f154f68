"""Amazon SageMaker's registry and hosting for one account in one region: the model's only entrance."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from local.sagemaker import authorization, capture, modes, monitoring, pipelines, rollout, routing
from local.sagemaker.account import Account
from local.sagemaker.authorization import AuthCheck
from local.sagemaker.caller import Caller
from local.sagemaker.errors import SageMakerError
from local.sagemaker.faults import Failing, Faults
from local.sagemaker.operations import OPERATIONS
from local.sagemaker.packages import step_package
from local.sagemaker.shapes import check, check_types, without_nulls
from local.sagemaker.state import Endpoint, Package
from local.sagemaker.switches import Switches
from local.sagemaker.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.sagemaker.clock import Clock
    from local.sagemaker.ports import Fleet, World
    from local.sagemaker.state import Schedule

__all__ = [
    "AuthCheck",
    "Caller",
    "Failing",
    "Faults",
    "SageMaker",
    "SageMakerError",
    "Switches",
    "Timings",
]

_NOT_STARTED = "InternalServerError: We encountered an internal error. Please try again."


class SageMaker:
    """SageMaker, in memory. Safe to use from several threads.

    Args:
        account: twelve digits.
        region: as in ARNs.
        clock: what time it is.
        world: the rest of AWS.
        switches: answers to what AWS's documentation leaves open; may be changed later, in place.
        faults: what is to go wrong; may be changed later, in place.
        timings: how long AWS takes.
        real_time: the clock runs by itself and starting a fleet takes time. Then only `tick` starts fleets, calls
            never wait for it; and a step that is late makes the next one late instead of shorter.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        clock: Clock,
        world: World,
        switches: Switches | None = None,
        faults: Faults | None = None,
        timings: Timings | None = None,
        real_time: bool = False,
    ) -> None:
        self._account = Account(
            id=account,
            region=region,
            clock=clock,
            world=world,
            switches=switches or Switches(),
            faults=faults or Faults(),
            timings=timings or Timings(),
            now=clock.now(),
        )
        self._real_time = real_time
        self._lock = threading.RLock()  # on the account
        self._starting = (
            threading.Lock()
        )  # one thread at a time starts fleets, without the lock on the account
        self._telling = threading.Lock()  # one thread at a time empties the outbox, so that order is kept

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self._account.switches

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._account.faults

    def call(self, operation: str, request: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Perform an API operation.

        Args:
            operation: as in the API, CreateEndpoint for example.
            request: the JSON 1.1 request; times in epoch seconds.
            caller: who asks; IAM has allowed it already (see `checks`).

        Returns:
            The JSON 1.1 answer; times in epoch seconds.

        Raises:
            SageMakerError: with AWS's code and sentence.
        """
        self._advance(start=not self._real_time)
        try:
            with self._lock:
                return self._perform(operation, request, caller)
        finally:
            self._tell()

    def tick(self) -> None:
        """Let everything happen that is due by now."""
        self._advance(start=True)

    def next_change_at(self) -> float | None:
        """When something is due next, clock seconds; None: nothing is under way."""
        with self._lock:
            return min((at for at, _ in self._due(start=True)), default=None)

    def route(
        self, endpoint: str, variant: str | None = None, *, later: bool = False
    ) -> list[tuple[Fleet, float]]:
        """The fleets that serve an endpoint now, with their shares of the traffic; `later`: asked asynchronously.

        Raises:
            SageMakerError: ValidationError, as InvokeEndpoint, if it cannot be invoked so.
        """
        self._advance(start=not self._real_time)
        with self._lock:
            fleets = routing.route(self._account, endpoint, variant)
            modes.check_invocation(self._account, endpoint, later=later)
            return fleets

    def asynchronous_of(self, endpoint: str) -> Mapping[str, Any] | None:
        """The AsyncInferenceConfig of what an endpoint serves; None: it has none."""
        with self._lock:
            return modes.asynchronous_of(self._account, endpoint)

    def capture_of(self, fleet: Fleet) -> Mapping[str, Any] | None:
        """The DataCaptureConfig by which a fleet's requests are captured; None: they are not."""
        with self._lock:
            return capture.capture_of(self._account, fleet)

    def pipeline_ended(self, arn: str, failure: str | None, registered: Sequence[str] = ()) -> None:
        """What a pipeline's execution did has come to its end.

        Args:
            arn: of the execution; one that has ended already stays as it is.
            failure: why it failed; None: it succeeded.
            registered: ARNs of the versions that it registered.
        """
        with self._lock:
            self._account.now = self._account.clock.now()
            status = "Succeeded" if failure is None else "Failed"
            pipelines.ended(self._account, arn, status, failure, registered)
        self._tell()

    def inspection_ended(self, schedule: str, scheduled: float, status: str, reason: str | None) -> None:
        """A run of a monitoring schedule has come to its end.

        Args:
            schedule: its name.
            scheduled: clock seconds, as the run had it.
            status: Completed, CompletedWithViolations or Failed.
            reason: why it failed, or what it found.
        """
        with self._lock:
            self._account.now = self._account.clock.now()
            monitoring.inspected(self._account, schedule, scheduled, status, reason)
        self._tell()

    def run_schedule(self, name: str) -> None:
        """Have a monitoring schedule run now, whatever its expression says.

        Raises:
            SageMakerError: ResourceNotFound.
        """
        with self._lock:
            self._account.now = self._account.clock.now()
            monitoring.run_now(self._account, name)
        self._tell()

    def checks(self, operation: str, request: dict[str, Any]) -> list[AuthCheck]:
        """What IAM must allow for a call, InvokeEndpoint included.

        Raises:
            SageMakerError: SerializationException for a request that cannot be read.
        """
        asked = without_nulls(request)
        if operation in OPERATIONS:
            check_types(operation, asked)
        with self._lock:
            return authorization.checks(self._account, operation, asked)

    def policy_of(self, arn: str) -> str | None:
        """The resource policy that calls on a group or one of its versions meet; None: there is none."""
        with self._lock:
            return authorization.policy_of(self._account, arn)

    def _perform(self, operation: str, request: dict[str, Any], caller: Caller) -> dict[str, Any]:
        account = self._account
        if operation not in OPERATIONS:
            raise SageMakerError("UnknownOperationException", f"{operation} is not part of this model.")
        if refusal := account.faults.refuse(operation):
            raise refusal
        asked = without_nulls(request)
        check(operation, asked)
        account.now = account.clock.now()
        answer = OPERATIONS[operation](account, asked, caller)
        if lost := account.faults.lose(operation):
            raise lost
        return answer

    def _due(self, *, start: bool) -> list[tuple[float, Endpoint | Package | Schedule]]:
        """The next package, the schedules, and the endpoints under way, with when each wants attention."""
        state = self._account.state
        due: list[tuple[float, Endpoint | Package | Schedule]] = [
            (schedule.due, schedule) for schedule in state.busy_schedules.values() if schedule.due is not None
        ]
        package = state.planned()
        if package is not None and package.due is not None:
            due.append((package.due, package))
        for endpoint in state.under_way.values():
            at = rollout.next_due(endpoint)
            if at is not None and (start or not _to_start(endpoint)):
                due.append((at, endpoint))
        return due

    def _advance(self, *, start: bool) -> None:
        start = start and self._starting.acquire(blocking=False)
        try:
            while (fleets := self._advance_to_start(start=start)) is not None:
                self._tell()
                self._start(*fleets)
        finally:
            if start:
                self._starting.release()
        self._tell()

    def _advance_to_start(self, *, start: bool) -> tuple[float, Endpoint, tuple[Fleet, ...]] | None:
        """Take steps, the earliest first, until fleets have to be started (with when), or nothing is due: None."""
        account = self._account
        with self._lock:
            while due := self._due(start=start):
                at, thing = min(due, key=lambda one: one[0])
                if at > account.clock.now():
                    break
                account.now = account.clock.now() if self._real_time else at
                if isinstance(thing, Package):
                    step_package(account, thing)
                elif not isinstance(thing, Endpoint):
                    monitoring.step_schedule(account, thing)
                elif not _to_start(thing):
                    rollout.step(account, thing)
                elif fleets := rollout.to_start(account, thing):
                    return account.now, thing, fleets
        return None

    def _start(self, at: float, endpoint: Endpoint, fleets: tuple[Fleet, ...]) -> None:
        """Start fleets without holding the lock, then say what became of them."""
        account = self._account
        before = account.clock.now()
        problems: dict[str, str | None] = dict.fromkeys((fleet.id for fleet in fleets), _NOT_STARTED)
        try:
            for fleet in fleets:
                problems[fleet.id] = account.world.start_fleet(fleet)
        finally:
            with self._lock:
                account.now = at + account.clock.now() - before
                rollout.started(account, endpoint, problems)

    def _tell(self) -> None:
        """Tell the world what happened, in order; whoever is at it already does it for all."""
        outbox = self._account.outbox
        while outbox and self._telling.acquire(blocking=False):
            try:
                while outbox:
                    outbox.popleft()()
            finally:
                self._telling.release()


def _to_start(endpoint: Endpoint) -> bool:
    return endpoint.deployment is not None and endpoint.deployment.to_start
