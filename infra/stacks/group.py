"""One model package group: its roles, its alarms, and its spec, by which the controller learns of it.

What happens when the stack is destroyed: the model package group with its versions stays; the endpoint was never
the stack's and serves on, and the role it runs by stays with it. The roles of approvers and registrants, of reading and
of monitoring, the alarms and the spec go; the controller notes the group as unmanaged and touches its endpoint no more.
What was kept has fixed names, so a plain deploy of the stack fails afterwards: `cdk import` takes the package group (by
its ARN) and the endpoint role (by its name) into the stack first, then `cdk deploy` makes the rest.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config.convert import stack_tags, to_spec
from infra.config.group import GroupConfig
from infra.config.monitoring_rules import nothing_starts
from infra.constructs import people_roles
from infra.constructs.drift_alarm import DriftAlarm
from infra.constructs.endpoint_role import EndpointRole
from infra.constructs.monitoring_role import MonitoringRole
from infra.constructs.nag import NIST, acknowledge
from infra.constructs.reader_role import ReaderRole, reads_objects
from lambdas.core.names import (
    ABORT_METRIC,
    GROUP_DIMENSION,
    METRIC_NAMESPACE,
    abort_alarm,
    parameter_name,
)
from lambdas.core.spec import spec_to_json

_ABORT_PERIOD = cdk.Duration.seconds(10)  # the shortest that takes effect within seconds


class GroupStack(cdk.Stack):
    """All that a group has before its first version; refers to no other stack."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: GroupConfig, **options: object
    ) -> None:
        super().__init__(scope, construct_id, **options)  # type: ignore[arg-type] # passed through to cdk.Stack
        group = sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name=config.name,
            model_package_group_description=config.description,
            model_package_group_policy=people_roles.decided_by_approvers_only(config)
            if config.approval.resource_policy
            else None,
        )
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        endpoint_role = EndpointRole(self, config)
        self._abort_alarm(config.name)
        self._people(config)
        monitoring_role = (
            None if config.monitoring is None else MonitoringRole(self, config, config.monitoring)
        )
        drift = config.monitoring.drift if config.monitoring is not None else None
        alarm = DriftAlarm(self, config, drift) if drift is not None else None
        self._retraining(config)
        spec = ssm.StringParameter(
            self,
            "Spec",
            parameter_name=parameter_name(config.name),
            description=f"What Greenlight does for model package group {config.name}",
            string_value=spec_to_json(
                to_spec(
                    config,
                    endpoint_role.role.role_arn,
                    ReaderRole(self, config).arn if reads_objects(config) else None,
                    None if monitoring_role is None else monitoring_role.arn,
                )
            ),
        )
        if alarm is not None:
            spec.node.add_dependency(alarm)  # the controller looks for it as soon as it reads the spec
        for key, value in stack_tags(config).items():
            cdk.Tags.of(self).add(key, value)

    def _abort_alarm(self, group: str) -> None:
        """Part of every rollout; a state stays until the metric says otherwise, so that an abort holds."""
        alarm = cloudwatch.Alarm(
            self,
            "Abort",
            alarm_name=abort_alarm(group),
            alarm_description=f"Takes traffic back from the rollout in flight of group {group}; tripped by Greenlight",
            metric=cloudwatch.Metric(
                namespace=METRIC_NAMESPACE,
                metric_name=ABORT_METRIC,
                dimensions_map={GROUP_DIMENSION: group},
                statistic="Maximum",
                period=_ABORT_PERIOD,
            ),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        acknowledge(
            alarm,
            {f"{NIST}CloudWatchAlarmAction": "SageMaker reads it during rollouts; only Greenlight trips it"},
        )

    def _people(self, config: GroupConfig) -> None:
        """A role that nobody may step into is left out, and said."""
        for kind, principals, make, done in (
            ("approver", config.approvers, people_roles.approver, "approved"),
            ("registrant", config.registrants, people_roles.registrant, "registered"),
        ):
            if principals:
                make(self, config)
            else:
                cdk.Annotations.of(self).add_warning_v2(
                    f"greenlight:no-{kind}s",
                    f"group {config.name} names no {kind}s: without that role, nothing can be {done} in it",
                )

    def _retraining(self, config: GroupConfig) -> None:
        """A pipeline that only people start may be meant, or be a mistake: it is said. So is what AWS may refuse."""
        if config.monitoring is not None:
            cdk.Annotations.of(self).add_warning_v2(
                "greenlight:model-monitor",
                f"group {config.name} is monitored: AWS takes no new customers for SageMaker Model Monitor since "
                "30 July 2026, and refuses the schedules of an account that never used it. Without it, name a "
                "CloudWatch alarm of your own in retraining.alarms",
            )
        if config.retraining is not None and nothing_starts(config.retraining, config.monitoring):
            cdk.Annotations.of(self).add_warning_v2(
                "greenlight:nothing-retrains",
                f"group {config.name} names no alarm, is not monitored, and does not retrain on rejection: only a "
                f"person starts pipeline {config.retraining.pipeline}",
            )
