"""A group's configuration as the spec that the controller reads."""

from infra.config.model import EndpointPart, GroupConfig
from lambdas.core import spec as core


def to_spec(group: GroupConfig, execution_role: str) -> core.GroupSpec:
    """The spec of a group; `execution_role` is the ARN of its endpoint role (a CDK token will do)."""
    return core.GroupSpec(
        name=group.name,
        endpoint=_endpoint(group.name, group.endpoint),
        execution_role=execution_role,
        rollout=core.RolloutSpec(**group.rollout.model_dump()),
        guardrails=core.GuardrailSpec(
            group.guardrails.error_rate, group.guardrails.latency_p99_ms, tuple(group.guardrails.alarms)
        ),
        probation_minutes=group.probation_minutes,
        retain_versions=group.retain_versions,
        withdrawal=group.withdrawal,
        onboarding=group.onboarding,
        freeze=tuple(core.Freeze(f.start.timestamp(), f.end.timestamp(), f.reason) for f in group.freeze),
        tags=tags(group),
    )


def tags(group: GroupConfig) -> dict[str, str]:
    """The tags of everything that belongs to the group, without our own."""
    grouping = {
        key.replace("_", "-"): value for key, value in group.grouping.model_dump(exclude_none=True).items()
    }
    return {"owner": group.owner, **grouping, **group.tags}


def _endpoint(group: str, part: EndpointPart) -> core.EndpointSpec:
    scaling, vpc, capture = part.autoscaling, part.vpc, part.data_capture
    return core.EndpointSpec(
        name=part.name or group,
        instance_type=part.instance_type,
        instance_count=part.instance_count,
        autoscaling=core.Autoscaling(**scaling.model_dump()) if scaling else None,
        kms_key=part.kms_key,
        vpc=core.Vpc(tuple(vpc.subnets), tuple(vpc.security_groups)) if vpc else None,
        network_isolation=part.network_isolation,
        data_capture=core.DataCapture(**capture.model_dump()) if capture else None,
    )
