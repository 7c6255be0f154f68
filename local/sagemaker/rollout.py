"""Walks an endpoint through the phases of its deployment: what each brings about, and what ends it early."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from local.sagemaker import deployment as table
from local.sagemaker.deployment import Deployment, Kind, Step
from local.sagemaker.events import deployment_event, endpoint_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.ports import Fleet
    from local.sagemaker.state import Endpoint, Side

IN_SERVICE = "InService"
_STATUS = {
    Kind.CREATE: "Creating",
    Kind.UPDATE: "Updating",
    Kind.CAPACITY: "Updating",
    Kind.DELETE: "Deleting",
}
_MOST_REASON = 1024
_NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry "
    "using a different ML instance type or after some time."
)


def begin(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    """Start a deployment: the endpoint's status says so from now on."""
    endpoint.deployment = deployment
    account.state.under_way[endpoint.name.lower()] = endpoint
    endpoint.failure_reason = None
    _set_status(account, endpoint, _STATUS[deployment.kind])
    if deployment.kind is Kind.DELETE:
        _stop(account, running(endpoint))
    _enter(account, endpoint, deployment, 0)


def next_due(endpoint: Endpoint) -> float | None:
    """When this endpoint's deployment wants attention next, clock seconds; None: nothing is under way."""
    deployment = endpoint.deployment
    if deployment is None or deployment.starting:
        return None
    if deployment.to_start:
        return deployment.phase_began
    times = (deployment.due, deployment.next_look, deployment.deadline)
    return min(time for time in times if time is not None)


def step(account: Account, endpoint: Endpoint) -> None:
    """Give the deployment the attention that is due. Alarms are looked at before a phase ends."""
    deployment = _of(endpoint)
    if deployment.next_look is not None and deployment.next_look <= account.now:
        _look(account, endpoint, deployment)
    elif deployment.deadline is not None and deployment.deadline <= min(account.now, deployment.due):
        _fail(account, endpoint, "The deployment exceeded its MaximumExecutionTimeoutInSeconds.")
    else:
        _end_phase(account, endpoint, deployment)


def to_start(account: Account, endpoint: Endpoint) -> tuple[Fleet, ...]:
    """The fleets whose containers are to be started now; none if it is clear that they cannot start."""
    deployment = _of(endpoint)
    side = _new(deployment)
    if problem := _unstartable(account, side):
        _fail(account, endpoint, problem)
        return ()
    deployment.starting = True
    return tuple(variant.fleet for variant in side.variants if not variant.running)


def started(account: Account, endpoint: Endpoint, problems: Mapping[str, str | None]) -> None:
    """What became of the fleets that were to start, by their ids: None, or why they did not."""
    deployment = _of(endpoint)
    deployment.to_start = deployment.starting = False
    for variant in _new(deployment).variants:
        variant.running = variant.running or problems.get(variant.fleet.id, "not started") is None
    deployment.phase_began = account.now
    deployment.due = account.after(deployment.phase.seconds)
    if failed := [problem for problem in problems.values() if problem is not None]:
        _fail(account, endpoint, "; ".join(failed))
    else:
        _watch(account, deployment)


def running(endpoint: Endpoint) -> list[Side]:
    """All sides of an endpoint that may have running fleets."""
    sides = [
        endpoint.serving,
        endpoint.mixed[0] if endpoint.mixed else None,
        endpoint.deployment.new if endpoint.deployment else None,
    ]
    return [side for side in sides if side is not None]


def _of(endpoint: Endpoint) -> Deployment:
    if endpoint.deployment is None:
        raise AssertionError(f"endpoint {endpoint.name}: nothing is under way")
    return endpoint.deployment


def _new(deployment: Deployment) -> Side:
    if deployment.new is None:
        raise AssertionError(f"a {deployment.kind} has no new side")
    return deployment.new


def _set_status(account: Account, endpoint: Endpoint, status: str) -> None:
    endpoint.status = status
    endpoint.modified = account.now
    endpoint_event(account, endpoint)


def _enter(account: Account, endpoint: Endpoint, deployment: Deployment, index: int) -> None:
    deployment.index = index
    phase = deployment.phase
    deployment.phase_began = account.now
    deployment.due = account.after(phase.seconds)
    deployment.traffic = phase.traffic
    if phase.step is Step.TEAR_DOWN and deployment.kind is not Kind.DELETE:
        _tear_down(account, endpoint, deployment)
    if phase.step is Step.START:
        deployment.to_start = not all(variant.running for variant in _new(deployment).variants)
    _watch(account, deployment)
    shows_change = phase.step is not Step.START  # it reads like the launching before it
    if shows_change and deployment.kind in {Kind.UPDATE, Kind.ROLLBACK, Kind.CAPACITY}:
        deployment_event(account, endpoint)


def _watch(account: Account, deployment: Deployment) -> None:
    """Whether, and from when on, the phase that begins looks at alarms."""
    watched = deployment.kind is Kind.UPDATE and bool(deployment.alarms)
    outside = account.switches.alarm_outside_baking_rolls_back and not _past_return(deployment)
    watched = watched and (deployment.phase.step is Step.BAKE or outside)
    deployment.next_look = account.now if watched else None


def _past_return(deployment: Deployment) -> bool:
    """Whether the old side can no longer take over: its last instances are going."""
    return deployment.phase.step is Step.TEAR_DOWN and deployment.index == len(deployment.phases) - 1


def _look(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    tripped = [name for name in deployment.alarms if account.world.alarm_state(name) == "ALARM"]
    if tripped:
        _fail(account, endpoint, f"The following alarms went into ALARM state: {', '.join(tripped)}.")
        return
    at_end = account.now >= deployment.due
    next_look = min(account.after(account.timings.alarm_poll), deployment.due)
    deployment.next_look = None if at_end else next_look


def _end_phase(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    problem = _no_capacity(account, endpoint, deployment)
    if problem or (problem := _bad_end(account, endpoint, deployment)):
        _fail(account, endpoint, problem)
    elif deployment.index + 1 < len(deployment.phases):
        _enter(account, endpoint, deployment, deployment.index + 1)
    else:
        _finish(account, endpoint, deployment)


def _no_capacity(account: Account, endpoint: Endpoint, deployment: Deployment) -> str | None:
    if deployment.kind in {Kind.CREATE, Kind.UPDATE} and deployment.phase.step is Step.PROVISION:
        types = {variant.fleet.instance_type for variant in _new(deployment).variants}
    elif deployment.kind is Kind.CAPACITY and endpoint.serving is not None:
        types = {
            variant.fleet.instance_type
            for variant in endpoint.serving.variants
            if (variant.desired_count or 0) > (variant.count or 0)
        }
    else:
        types = set()
    return _NO_CAPACITY if types & account.faults.no_capacity else None


def _bad_end(account: Account, endpoint: Endpoint, deployment: Deployment) -> str | None:
    provisioned = deployment.phase.step is Step.PROVISION and deployment.kind in {Kind.CREATE, Kind.UPDATE}
    return account.faults.bad_end(endpoint.name) if provisioned else None


def _unstartable(account: Account, side: Side) -> str | None:
    """Why a side's containers cannot start, as far as can be known without starting them."""
    for variant in side.variants:
        role = variant.fleet.execution_role_arn
        if role is not None and not account.world.role_assumable(role):
            return (
                f'The execution role ARN "{role}" is invalid. Please ensure that the role exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com".'
            )
        for number, container in enumerate(variant.fleet.containers, start=1):
            url = container.model_data_url
            if url is not None and not account.world.object_exists(url):
                return (
                    f'Failed to download model data for container "{container.hostname or f"container_{number}"}" '
                    f'from URL: "{url}". Please ensure that there is an object located at the URL and that the role '
                    "passed to CreateModel has permissions to download the object."
                )
    return None


def _fail(account: Account, endpoint: Endpoint, reason: str) -> None:
    """End a deployment early: a new endpoint has Failed, an update goes back."""
    deployment = _of(endpoint)
    deployment.reason = reason[:_MOST_REASON]
    deployment.next_look = deployment.deadline = None
    deployment.to_start = False
    if deployment.kind is Kind.CREATE:
        _stop(account, [_new(deployment)])
        _end(account, endpoint)
        endpoint.failure_reason = deployment.reason
        _set_status(account, endpoint, "Failed")
        return
    if deployment.kind is Kind.CAPACITY:
        deployment.phases = (table.Phase(Step.SCALE, account.timings.traffic_shift),)
        _take_back_capacity(endpoint, deployment)
    else:
        deployment.doomed = endpoint.name in account.faults.rollback_fails
        deployment.phases = _way_back(account, deployment)
    deployment.kind = Kind.ROLLBACK
    if account.switches.rolling_back_shown:
        _set_status(account, endpoint, "RollingBack")
    _enter(account, endpoint, deployment, 0)


def _way_back(account: Account, deployment: Deployment) -> table.Phases:
    if deployment.doomed:
        return table.failed_rollback(deployment, account.timings)
    return table.rollback(deployment, largest(_new(deployment)), account.timings)


def largest(side: Side) -> int:
    """The instances of a side's largest variant."""
    return max((variant.desired_count or 0 for variant in side.variants), default=0)


def _tear_down(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    """Stop the side that lost, when the last of its instances go."""
    if deployment.kind is Kind.ROLLBACK:
        _stop(account, [_new(deployment)])
    elif _past_return(deployment):
        new = deployment.new
        _stop(account, [side for side in running(endpoint) if side is not new])
        deployment.deadline = None


def _stop(account: Account, sides: Iterable[Side]) -> None:
    for variant in (variant for side in sides for variant in side.variants if variant.running):
        variant.running = False
        account.stop(variant.fleet)


def _end(account: Account, endpoint: Endpoint) -> None:
    endpoint.deployment = None
    del account.state.under_way[endpoint.name.lower()]


def _finish(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    _end(account, endpoint)
    if deployment.kind is Kind.DELETE:
        del account.state.endpoints[endpoint.name.lower()]
        return
    if deployment.kind is Kind.ROLLBACK:
        _finish_rollback(account, endpoint, deployment)
        return
    if deployment.kind is Kind.CAPACITY:
        _take_capacity(endpoint)
    else:
        new = _new(deployment)
        endpoint.serving, endpoint.mixed = new, None
        endpoint.config, endpoint.config_arn = new.config, new.config_arn
    _set_status(account, endpoint, IN_SERVICE)


def _finish_rollback(account: Account, endpoint: Endpoint, deployment: Deployment) -> None:
    if endpoint.mixed is not None and deployment.new is not None:
        _stop(account, [endpoint.mixed[0]])
        endpoint.mixed = None
    if deployment.doomed and deployment.traffic:
        endpoint.mixed = (_new(deployment), deployment.traffic)
    elif deployment.doomed:
        _stop(account, [_new(deployment)])
    if deployment.doomed or account.switches.failure_reason_after_rollback:
        endpoint.failure_reason = deployment.reason
    _set_status(account, endpoint, "UpdateRollbackFailed" if deployment.doomed else IN_SERVICE)


def _take_capacity(endpoint: Endpoint) -> None:
    """The weights and counts that were wanted are there."""
    for variant in endpoint.serving.variants if endpoint.serving else ():
        variant.weight = variant.desired_weight
        if variant.desired_count is not None:
            variant.fleet = replace(variant.fleet, instance_count=variant.desired_count)


def _take_back_capacity(endpoint: Endpoint, deployment: Deployment) -> None:
    """The weights and counts that were wanted are wanted no more."""
    for variant in endpoint.serving.variants if endpoint.serving else ():
        if variant.name in deployment.before:
            variant.desired_weight, variant.desired_count = deployment.before[variant.name]
