"""Endpoints: made, updated, scaled, shown and deleted; what happens in between is `rollout`'s."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from local.sagemaker import deployment as table
from local.sagemaker import rollout, views
from local.sagemaker.configs import config_to_deploy
from local.sagemaker.copies import copied
from local.sagemaker.deployment import Deployment, Kind
from local.sagemaker.errors import busy, existing, invalid, missing
from local.sagemaker.guardrails import check_alarms, check_names, check_policy
from local.sagemaker.modes import check_update
from local.sagemaker.monitoring import schedules_of
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.sides import CAPTURE, RETAINABLE, check_quota, instances_of, make_side
from local.sagemaker.state import Endpoint, find_endpoint
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields, Side, Variant

_SORTED_BY = {"Name": "EndpointName", "CreationTime": "CreationTime", "Status": "EndpointStatus"}
_SUMMARY = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")


def create_endpoint(account: Account, request: Fields, _caller: Caller) -> Fields:
    """CreateEndpoint."""
    name = request["EndpointName"]
    arn = account.arn("endpoint", name)
    if name.lower() in account.state.endpoints:
        raise existing("endpoint", arn)
    config = config_to_deploy(account, request["EndpointConfigName"])
    new = make_side(account, name, config)
    check_quota(account, instances_of(new))
    now = account.now
    endpoint = Endpoint(name, arn, "Creating", now, now, given(request), config.name, config.arn)
    endpoint.last_deployment_config = copied(request.get("DeploymentConfig"))
    account.state.endpoints[name.lower()] = endpoint
    deployment = Deployment(Kind.CREATE, table.creation(account.timings), new, now)
    rollout.begin(account, endpoint, deployment)
    return {"EndpointArn": arn}


def update_endpoint(account: Account, request: Fields, _caller: Caller) -> Fields:
    """UpdateEndpoint."""
    endpoint = _free_endpoint(account, request["EndpointName"])
    old = _serving(account, endpoint)
    config = config_to_deploy(account, request["EndpointConfigName"])
    new = make_side(account, endpoint.name, config, old=old, retained=_retained(account, request))
    policy = _policy(endpoint, request)
    check_policy(policy, new)
    check_names(policy, old, new)
    check_update(endpoint, policy, old, new)
    check_alarms(account, policy)
    check_quota(account, instances_of(new))
    endpoint.last_deployment_config = policy or None
    timeout = table.timeout_of(policy)
    deployment = Deployment(
        Kind.UPDATE,
        table.update(policy, rollout.largest(new), account.timings),
        new,
        account.now,
        policy=policy,
        alarms=table.alarms_of(policy),
        deadline=None if timeout is None else account.after(timeout),
    )
    rollout.begin(account, endpoint, deployment)
    return {"EndpointArn": endpoint.arn}


def update_capacities(account: Account, request: Fields, _caller: Caller) -> Fields:
    """UpdateEndpointWeightsAndCapacities: what Application Auto Scaling calls."""
    endpoint = _free_endpoint(account, request["EndpointName"])
    if endpoint.status == "UpdateRollbackFailed":
        # Both fleets stand; scaling one would end as InService and hide that.
        raise invalid(f'Cannot scale endpoint "{endpoint.arn}" in status {endpoint.status}.')
    side = _serving(account, endpoint)
    wanted = _wanted(endpoint, side, request["DesiredWeightsAndCapacities"])
    more: Counter[str] = Counter()
    for variant, _, count in wanted:
        if variant.fleet.instance_type is not None and count is not None:
            more[variant.fleet.instance_type] += max(0, count - (variant.count or 0))
    check_quota(account, more)
    before = {variant.name: (variant.desired_weight, variant.desired_count) for variant in side.variants}
    for variant, weight, count in wanted:
        variant.desired_weight, variant.desired_count = weight, count
    phases = table.capacity(
        more_instances=any((one.desired_count or 0) > (one.count or 0) for one in side.variants),
        fewer_instances=any((one.desired_count or 0) < (one.count or 0) for one in side.variants),
        timings=account.timings,
    )
    rollout.begin(account, endpoint, Deployment(Kind.CAPACITY, phases, None, account.now, before=before))
    return {"EndpointArn": endpoint.arn}


def delete_endpoint(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteEndpoint: its configuration and models stay."""
    endpoint = _endpoint(account, request["EndpointName"])
    if endpoint.deployment is not None:
        raise busy(endpoint.arn)
    if account.switches.schedules_hold_endpoint and (watching := schedules_of(account, endpoint.name)):
        raise invalid(
            f"Cannot delete {endpoint.arn}: monitoring schedules are attached: {', '.join(watching)}."
        )
    deployment = Deployment(Kind.DELETE, table.deletion(account.timings), None, account.now)
    rollout.begin(account, endpoint, deployment)
    return {}


def describe_endpoint(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeEndpoint."""
    return copied(views.describe(_endpoint(account, request["EndpointName"])))


def list_endpoints(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListEndpoints."""
    items: list[dict[str, Any]] = []
    for endpoint in account.state.endpoints.values():
        fields = views.describe(endpoint)
        if fields["EndpointStatus"] == request.get("StatusEquals", fields["EndpointStatus"]):
            items.append({member: fields[member] for member in _SUMMARY})
    found = chosen(items, request, name="EndpointName")
    return page(ordered(found, request, _SORTED_BY, ascending=False), request, "ListEndpoints", "Endpoints")


def _endpoint(account: Account, name: str) -> Endpoint:
    return find_endpoint(account.state, name, account.arn("endpoint", name))


def _free_endpoint(account: Account, name: str) -> Endpoint:
    """An endpoint that can be changed: not busy, and not Failed, which can only be deleted."""
    endpoint = _endpoint(account, name)
    if endpoint.deployment is not None:
        raise busy(endpoint.arn)
    if endpoint.status == "Failed":
        raise invalid(
            f'Cannot update failed endpoint "{endpoint.arn}". The only operation left is DeleteEndpoint.'
        )
    return endpoint


def _serving(account: Account, endpoint: Endpoint) -> Side:
    """What serves now; its configuration must still be there, or AWS cannot update the endpoint any more."""
    if endpoint.serving is None:
        raise AssertionError(f"endpoint {endpoint.name} is {endpoint.status} and serves nothing")
    kept = account.state.configs.get(endpoint.config.lower())
    if kept is None:
        raise missing("endpoint configuration", endpoint.config_arn)
    return endpoint.serving


def _retained(account: Account, request: Fields) -> frozenset[str]:
    if not request.get("RetainAllVariantProperties"):
        return frozenset()
    excluded = request.get("ExcludeRetainedVariantProperties", [])
    kept = RETAINABLE if account.switches.capture_retained else RETAINABLE - {CAPTURE}
    return kept - {one["VariantPropertyType"] for one in excluded}


def _policy(endpoint: Endpoint, request: Fields) -> Fields:
    """The DeploymentConfig in force; without one and without RetainDeploymentConfig, none."""
    if "DeploymentConfig" in request:
        return copied(request["DeploymentConfig"])
    if request.get("RetainDeploymentConfig") and endpoint.last_deployment_config:
        return copied(endpoint.last_deployment_config)
    return {}


def _wanted(endpoint: Endpoint, side: Side, changes: list[Fields]) -> list[tuple[Variant, float, int | None]]:
    """The weight and count that each named variant is to have."""
    variants = {variant.name: variant for variant in side.variants}
    wanted = []
    for change in changes:
        variant = variants.get(change["VariantName"])
        if variant is None:
            raise invalid(f'Could not find variant "{change["VariantName"]}" on endpoint "{endpoint.arn}".')
        count: int | None = change.get("DesiredInstanceCount", variant.desired_count)
        if variant.desired_count is None and count is not None:
            raise invalid(f"Serverless variant {variant.name} has no instances.")
        if count is not None and count < 1:
            raise invalid(f"DesiredInstanceCount of variant {variant.name} must be at least 1.")
        wanted.append((variant, change.get("DesiredWeight", variant.desired_weight), count))
    return wanted
