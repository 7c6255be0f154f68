"""A group's YAML to the spec that the controller reads, and to the tags of everything that is the group's."""

from infra.config.group import HOSTING, EndpointConfig, GatesConfig, GroupConfig
from infra.config.monitoring import MonitorConfig, MonitoringConfig, RetrainingConfig
from lambdas.core.names import GROUP_TAG, drift_alarm
from lambdas.core.spec import (
    AllowedSpec,
    ApprovalSpec,
    Autoscaling,
    DataCapture,
    EndpointSpec,
    GatesSpec,
    GroupSpec,
    GuardrailSpec,
    MonitoringSpec,
    MonitorSpec,
    RetrainingSpec,
    ReviewSpec,
    RolloutSpec,
    Serverless,
    Stage,
    Vpc,
)


def to_spec(
    config: GroupConfig, execution_role: str, reader_role: str | None, monitoring_role: str | None
) -> GroupSpec:
    """The group's spec; the roles are ARNs, or tokens that stand for them.

    Raises:
        ValueError: the group is monitored, and there is no role to do it by.
    """
    return GroupSpec(
        name=config.name,
        endpoint=_endpoint(config.endpoint, config.name),
        execution_role=execution_role,
        artifacts=config.artifacts,
        rollout=RolloutSpec(**dict(config.rollout)),
        guardrails=GuardrailSpec(**dict(config.guardrails)),
        approval=ApprovalSpec(mode=config.approval.mode, four_eyes=config.approval.four_eyes),
        allowed=AllowedSpec(**dict(config.allowed)),
        gates=_gates(config.gates),
        smoke_test=config.smoke_test.as_spec(),
        reader_role=reader_role,
        review=ReviewSpec(**dict(config.review)),
        monitoring=None if config.monitoring is None else _monitoring(config.monitoring, monitoring_role),
        retraining=None if config.retraining is None else _retraining(config.retraining, config),
        probation_minutes=config.probation_minutes,
        retain_versions=config.retain_versions,
        withdrawal=config.withdrawal,
        onboarding=config.onboarding,
        freeze=tuple(window.as_spec() for window in config.freeze),
        recurring_freeze=tuple(window.as_spec() for window in config.recurring_freeze),
        tags=run_time_tags(config),
    )


def _gates(config: GatesConfig) -> GatesSpec:
    return GatesSpec(
        metrics=tuple(metric.as_spec() for metric in config.metrics),
        metadata=config.metadata,
        lineage=config.lineage,
        evaluation=config.evaluation,
        model_card=config.model_card,
        stage=None if config.stage is None else Stage(config.stage.name, config.stage.status),
    )


def _monitoring(config: MonitoringConfig, role: str | None) -> MonitoringSpec:
    if role is None:
        raise ValueError("monitoring needs a role for its jobs; give the ARN of the group's monitoring role")
    schedules = {monitor: _monitor(one) for monitor, one in config.monitors.items()}
    return MonitoringSpec(role, config.output, schedules, config.kms_key)


def _monitor(config: MonitorConfig) -> MonitorSpec:
    """The alarm on drift is the group's stack's, and no part of a schedule."""
    return MonitorSpec(**{key: value for key, value in dict(config).items() if key != "drift"})


def _retraining(config: RetrainingConfig, group: GroupConfig) -> RetrainingSpec:
    """The group's own alarm on drift, if it has one, goes before those that it names."""
    drift = group.monitoring is not None and group.monitoring.drift is not None
    own = (drift_alarm(group.name),) if drift else ()
    return RetrainingSpec(**{**dict(config), "alarms": tuple(dict.fromkeys((*own, *config.alarms)))})


def run_time_tags(config: GroupConfig) -> dict[str, str]:
    """Tags of what the controller makes, beside `greenlight:group`, which it adds itself."""
    ours = {
        "greenlight:owner": config.owner,
        "greenlight:project": config.grouping.project,
        "greenlight:business-problem": config.grouping.business_problem,
        "greenlight:model-type": config.grouping.model_type,
    }
    return {**config.tags, **{key: value for key, value in ours.items() if value is not None}}


def stack_tags(config: GroupConfig) -> dict[str, str]:
    """Tags of everything in the group's stack."""
    return {**run_time_tags(config), GROUP_TAG: config.name}


def endpoint_name(config: GroupConfig) -> str:
    """The endpoint is named as the group unless its YAML says otherwise."""
    return config.endpoint.name or config.name


def _endpoint(config: EndpointConfig, group: str) -> EndpointSpec:
    return EndpointSpec(
        name=config.name or group,
        instance_type=config.instance_type,
        instance_count=config.instance_count,
        autoscaling=None if config.autoscaling is None else Autoscaling(**dict(config.autoscaling)),
        kms_key=config.kms_key,
        vpc=None if config.vpc is None else Vpc(**dict(config.vpc)),
        network_isolation=config.network_isolation,
        data_capture=None if config.data_capture is None else DataCapture(**dict(config.data_capture)),
        serverless=None if config.serverless is None else Serverless(**dict(config.serverless)),
        asynchronous=None if config.asynchronous is None else config.asynchronous.as_spec(),
        **{key: getattr(config, key) for key in HOSTING},
    )
