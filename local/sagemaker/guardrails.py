"""What a DeploymentConfig must be like before an update starts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.sagemaker.deployment import PERCENT, alarms_of, timeout_of
from local.sagemaker.errors import invalid
from local.sagemaker.rollout import largest

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.state import Fields, Side

_HALF = 50
_LEAST_LINEAR = 10
_LEAST_ROLLING = 5


def check_policy(policy: Fields, new: Side) -> None:
    """Refuse a DeploymentConfig that contradicts itself or the fleet (API reference: TrafficRoutingConfig,
    BlueGreenUpdatePolicy, RollingUpdatePolicy, CapacitySize; developer guide: Exclusions)."""
    blue_green, rolling = policy.get("BlueGreenUpdatePolicy"), policy.get("RollingUpdatePolicy")
    if blue_green and rolling:
        raise invalid("Specify either BlueGreenUpdatePolicy or RollingUpdatePolicy, not both.")
    instances = largest(new)
    if blue_green:
        _check_blue_green(blue_green, instances)
    if rolling:
        _check_rolling(rolling, new, instances)


def check_alarms(account: Account, policy: Fields) -> None:
    """Refuse alarms that do not exist, or that the switches do not let a rollout start with."""
    for name in alarms_of(policy):
        state = account.world.alarm_state(name)
        if state is None:
            raise invalid(f"The alarm {name} in AutoRollbackConfiguration does not exist.")
        if state == "INSUFFICIENT_DATA" and account.switches.guardrail_insufficient_data_refused:
            raise invalid(f"The alarm {name} in AutoRollbackConfiguration is in INSUFFICIENT_DATA state.")
        if state == "ALARM" and account.switches.alarm_at_start_refused:
            raise invalid(f"The alarm {name} in AutoRollbackConfiguration is in ALARM state.")


def check_names(policy: Fields, old: Side, new: Side) -> None:
    """Guardrails need the same variants before and after."""
    if policy and {one.name for one in old.variants} != {one.name for one in new.variants}:
        raise invalid(
            "A DeploymentConfig needs the same variant names in the current and the new endpoint configuration."
        )


def _check_blue_green(policy: Fields, instances: int) -> None:
    routing = policy["TrafficRoutingConfiguration"]
    size_of = {"CANARY": ("CanarySize", 0), "LINEAR": ("LinearStepSize", _LEAST_LINEAR)}
    if routing["Type"] in size_of:
        member, least = size_of[routing["Type"]]
        if member not in routing:
            raise invalid(f"TrafficRoutingConfiguration of type {routing['Type']} needs a {member}.")
        _check_size(routing[member], member, least, instances)
    waits = routing["WaitIntervalInSeconds"] + policy.get("TerminationWaitInSeconds", 0)
    limit = timeout_of({"BlueGreenUpdatePolicy": policy})
    if limit is not None and limit <= waits:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds ({limit}) must be larger than the waiting time in "
            f"TerminationWaitInSeconds and WaitIntervalInSeconds ({waits})."
        )


def _check_rolling(policy: Fields, new: Side, instances: int) -> None:
    if len(new.variants) > 1 or any(variant.desired_count is None for variant in new.variants):
        raise invalid(
            "A rolling deployment takes an endpoint with one production variant that is not serverless."
        )
    _check_size(policy["MaximumBatchSize"], "MaximumBatchSize", _LEAST_ROLLING, instances)


def _check_size(size: Fields, member: str, least: int, instances: int) -> None:
    """At most half of the fleet; of one instance nobody knows what half is, so anything goes."""
    value = size["Value"]
    percent = value if size["Type"] == "CAPACITY_PERCENT" else value * PERCENT / max(instances, 1)
    if instances <= 1 and size["Type"] == "INSTANCE_COUNT":
        return
    if not least <= percent <= _HALF:
        raise invalid(
            f"{member} {value} ({size['Type']}) is not between {least}% and {_HALF}% of the variant's total instance "
            f"count ({instances})."
        )
