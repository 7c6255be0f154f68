"""The life of a deployment as a table of phases, in AWS's order; it holds no behaviour, `rollout` walks it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.sagemaker.state import Fields, Side
    from local.sagemaker.timings import Timings

FULL = 1.0
PERCENT = 100
UNKNOWN_SHARE = 0.5  # one instance cannot be split: a canary "of one instance" gets half of the traffic


class Kind(StrEnum):
    """What is being done to an endpoint."""

    CREATE = "create"
    UPDATE = "update"
    CAPACITY = "capacity"
    ROLLBACK = "rollback"
    DELETE = "delete"


class Step(StrEnum):
    """A phase's kind. The words after it are AWS's: VariantStatus, and the form of its StatusMessage."""

    PROVISION = "provision"  # instances of the new fleet come up
    START = "start"  # its containers load the model and answer /ping
    SHIFT = "shift"  # traffic goes to (a part of) the new fleet
    BAKE = "bake"  # alarms are watched
    TERMINATION_WAIT = "termination wait"  # the old fleet idles
    TEAR_DOWN = "tear down"  # instances go
    SCALE = "scale"  # the running fleet gets other weights or capacity


STATUS = {
    Step.PROVISION: "Creating",
    Step.START: "Creating",
    Step.SHIFT: "ActivatingTraffic",
    Step.BAKE: "Baking",
    Step.TERMINATION_WAIT: "Baking",
    Step.TEAR_DOWN: "Deleting",
    Step.SCALE: "Updating",
}
_MESSAGE = {
    Step.PROVISION: "Launching {count} instance(s).",
    Step.START: "Launching {count} instance(s).",
    Step.SHIFT: "Activating traffic on {part} capacity of {count} instance(s).",
    Step.BAKE: "Baking for {seconds:g} seconds (WaitIntervalInSeconds) with traffic enabled on {part} capacity of "
    "{count} instance(s).",
    Step.TERMINATION_WAIT: "Baking for {seconds:g} seconds (TerminationWaitInSeconds) with traffic enabled on "
    "{part} capacity of {count} instance(s).",
    Step.TEAR_DOWN: "Terminating {count} instance(s).",
    Step.SCALE: "Scaling out desired instance count to {count}.",
}


@dataclass(frozen=True)
class Phase:
    """One row of the table.

    Attributes:
        step: what happens.
        seconds: how long it takes, AWS seconds.
        traffic: the new side's share of all traffic while it lasts.
        share: the part of the fleet's instances that its message speaks of.
    """

    step: Step
    seconds: float
    traffic: float = 0.0
    share: float = FULL

    def message(self, instances: int) -> str:
        """AWS's StatusMessage for a variant that is to have so many instances."""
        return _MESSAGE[self.step].format(
            count=math.ceil(self.share * instances),
            seconds=self.seconds,
            part="full" if self.share >= FULL else "canary",
        )


Phases = tuple[Phase, ...]


@dataclass
class Deployment:
    """A deployment under way.

    Attributes:
        kind: what it does.
        phases: its table; a rollback puts its own in place.
        new: the side that is to serve; None if no new side is made.
        began: when it was asked for.
        index, phase_began, due: the phase it is in, since when, and when that ends (clock seconds).
        traffic: the new side's share of all traffic, now.
        alarms: names of the alarms that end it.
        next_look: when its alarms are looked at next; None: not in this phase.
        deadline: when it has taken too long; None: never.
        policy: its DeploymentConfig.
        to_start: the new side's containers are to be started before this phase counts.
        starting: that is being done, outside of the lock: nothing else happens to it meanwhile.
        reason: why it is rolling back.
        doomed: its rollback is going to fail.
        before: for a capacity change: each variant's weight and count as they were wanted before.
    """

    kind: Kind
    phases: Phases
    new: Side | None
    began: float
    policy: Fields = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    deadline: float | None = None
    index: int = 0
    phase_began: float = 0.0
    due: float = 0.0
    traffic: float = 0.0
    next_look: float | None = None
    to_start: bool = False
    starting: bool = False
    reason: str | None = None
    doomed: bool = False
    before: dict[str, tuple[float, int | None]] = field(default_factory=dict)

    @property
    def phase(self) -> Phase:
        """The phase it is in."""
        return self.phases[self.index]

    @property
    def rolling(self) -> bool:
        """Whether old instances go as new ones come."""
        return "RollingUpdatePolicy" in self.policy


def creation(timings: Timings) -> Phases:
    """CreateEndpoint."""
    return (Phase(Step.PROVISION, timings.provision), Phase(Step.START, timings.container_start))


def update(policy: Fields, instances: int, timings: Timings) -> Phases:
    """UpdateEndpoint with a DeploymentConfig, or without one ({}): blue/green, all at once.

    Args:
        policy: the DeploymentConfig.
        instances: of the new side's largest variant; sizes in instances are shares of it.
        timings: how long AWS takes.
    """
    if rolling := policy.get("RollingUpdatePolicy"):
        return _rolling(rolling, instances, timings)
    return _blue_green(policy.get("BlueGreenUpdatePolicy"), instances, timings)


def _blue_green(policy: Fields | None, instances: int, timings: Timings) -> Phases:
    routing: Fields = policy["TrafficRoutingConfiguration"] if policy else {"Type": "ALL_AT_ONCE"}
    wait = routing.get("WaitIntervalInSeconds", 0)
    termination_wait = policy.get("TerminationWaitInSeconds", 0) if policy else 0
    table = [Phase(Step.PROVISION, timings.provision), Phase(Step.START, timings.container_start)]
    for part in traffic_steps(routing, instances):
        table.append(Phase(Step.SHIFT, timings.traffic_shift, part, part))
        if policy:  # a bake of no length still looks at the alarms, once
            table.append(Phase(Step.BAKE, wait, part, part))
    if termination_wait:
        table.append(Phase(Step.TERMINATION_WAIT, termination_wait, FULL))
    table.append(Phase(Step.TEAR_DOWN, timings.teardown, FULL))
    return tuple(table)


def _rolling(policy: Fields, instances: int, timings: Timings) -> Phases:
    table: list[Phase] = []
    before = 0.0
    for part in _steps(share_of(policy["MaximumBatchSize"], instances)):
        batch = part - before
        table.append(Phase(Step.PROVISION, timings.provision, before, batch))
        table.append(Phase(Step.START, timings.container_start, before, batch))
        table.append(Phase(Step.SHIFT, timings.traffic_shift, part, part))
        table.append(Phase(Step.BAKE, policy["WaitIntervalInSeconds"], part, part))
        table.append(Phase(Step.TEAR_DOWN, timings.teardown, part, batch))
        before = part
    return tuple(table)


def rollback(deployment: Deployment, instances: int, timings: Timings) -> Phases:
    """The way back. Blue/green: the old fleet still runs, all traffic returns at once. Rolling: by batches."""
    gone = deployment.traffic if deployment.rolling else 0.0
    if not gone:
        return (Phase(Step.TEAR_DOWN, timings.teardown),)
    size = deployment.policy["RollingUpdatePolicy"].get("RollbackMaximumBatchSize")
    table: list[Phase] = []
    left = gone
    for part in _steps(share_of(size, instances) if size else FULL, gone):
        table.append(Phase(Step.PROVISION, timings.provision + timings.container_start, left))
        left = gone - part
        table.append(Phase(Step.SHIFT, timings.traffic_shift, left))
    return (*table, Phase(Step.TEAR_DOWN, timings.teardown))


def failed_rollback(deployment: Deployment, timings: Timings) -> Phases:
    """A rollback that gets nowhere: what serves is what served when it began."""
    return (Phase(Step.SHIFT, timings.teardown, deployment.traffic),)


def capacity(*, more_instances: bool, fewer_instances: bool, timings: Timings) -> Phases:
    """UpdateEndpointWeightsAndCapacities."""
    if more_instances:
        return (Phase(Step.SCALE, timings.provision + timings.container_start),)
    return (Phase(Step.SCALE, timings.teardown if fewer_instances else timings.traffic_shift),)


def deletion(timings: Timings) -> Phases:
    """DeleteEndpoint."""
    return (Phase(Step.TEAR_DOWN, timings.delete),)


def traffic_steps(routing: Fields, instances: int) -> tuple[float, ...]:
    """The new fleet's share of the traffic after each shift; the last is all of it."""
    if routing["Type"] == "CANARY":
        return (share_of(routing["CanarySize"], instances), FULL)
    if routing["Type"] == "LINEAR":
        return _steps(share_of(routing["LinearStepSize"], instances))
    return (FULL,)


def share_of(size: Fields, instances: int) -> float:
    """A CapacitySize as a share of a fleet."""
    if size["Type"] == "CAPACITY_PERCENT":
        return min(float(size["Value"]) / PERCENT, FULL)
    return UNKNOWN_SHARE if instances <= 1 else min(float(size["Value"]) / instances, FULL)


def _steps(size: float, end: float = FULL) -> tuple[float, ...]:
    """size, 2·size, … end."""
    number = max(1, math.ceil(end / size - 1e-9))
    return (*(size * step for step in range(1, number)), end)


def timeout_of(policy: Fields) -> Any:
    """A DeploymentConfig's MaximumExecutionTimeoutInSeconds; None without one."""
    for kind in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"):
        if kind in policy:
            return policy[kind].get("MaximumExecutionTimeoutInSeconds")
    return None


def alarms_of(policy: Fields) -> tuple[str, ...]:
    """The names of a DeploymentConfig's alarms."""
    alarms = policy.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    return tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm)
