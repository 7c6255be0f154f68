"""One account's SageMaker in one region: all that an operation works on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.sagemaker.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.sagemaker.clock import Clock
    from local.sagemaker.faults import Faults
    from local.sagemaker.ports import Fleet, World
    from local.sagemaker.switches import Switches
    from local.sagemaker.timings import Timings


@dataclass
class Account:
    """What operations are given.

    Attributes:
        outbox: what is to be told to the world once the lock is free, in order.
        now: the time of the step that is being taken, clock seconds; `tick` sets it, so that steps that are
            late still have their own time.
    """

    id: str
    region: str
    clock: Clock
    world: World
    switches: Switches
    faults: Faults
    timings: Timings
    now: float
    state: State = field(default_factory=State)
    outbox: deque[Callable[[], None]] = field(default_factory=deque)

    def arn(self, kind: str, name: str) -> str:
        """An ARN of this account's SageMaker."""
        partition = (
            "aws-cn"
            if self.region.startswith("cn-")
            else "aws-us-gov"
            if self.region.startswith("us-gov-")
            else "aws"
        )
        return f"arn:{partition}:sagemaker:{self.region}:{self.id}:{kind}/{name}"

    def after(self, aws_seconds: float) -> float:
        """The clock's time when so many AWS seconds will have passed since now."""
        return self.now + aws_seconds / self.clock.scale()

    def emit(self, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        """Send an event, once the lock is free."""
        self.outbox.append(lambda: self.world.emit(detail_type, [resource], detail))

    def stop(self, fleet: Fleet) -> None:
        """Stop a fleet, once the lock is free."""
        self.outbox.append(lambda: self.world.stop_fleet(fleet))
