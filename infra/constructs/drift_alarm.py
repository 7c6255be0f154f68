"""The alarm on how far a group's requests are from the live version's baseline."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.config.convert import endpoint_name
from infra.config.group import GroupConfig
from infra.config.monitoring import DriftConfig
from infra.constructs.nag import NIST, acknowledge
from lambdas.core.names import drift_alarm, schedule_name
from lambdas.core.spec import Monitor

# The pages of the guide spell it in more than one way; this is what the container puts.
_NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
_HOUR = cdk.Duration.hours(1)  # the shortest from one run of a schedule to the next


class DriftAlarm(Construct):
    """`greenlight/<group>/drift`: the largest distance of any feature, as the group's data-quality schedule measured it
    last. Between two runs there is nothing to measure, and the state stays.
    """

    def __init__(self, scope: Construct, config: GroupConfig, drift: DriftConfig) -> None:
        super().__init__(scope, "Drift")
        measured = {
            f"feature{number}": cloudwatch.Metric(
                namespace=_NAMESPACE,
                metric_name=f"feature_baseline_drift_{feature}",
                dimensions_map={
                    "Endpoint": endpoint_name(config),
                    "MonitoringSchedule": schedule_name(config.name, Monitor.DATA_QUALITY),
                },
                statistic="Maximum",
                period=_HOUR,
            )
            for number, feature in enumerate(drift.features)
        }
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=drift_alarm(config.name),
            alarm_description=f"Requests to group {config.name} have drifted from what its live version was trained on",
            metric=cloudwatch.MathExpression(
                expression=f"MAX([{', '.join(measured)}])",
                using_metrics=measured,
                label="largest distance from the baseline",
                period=_HOUR,
            ),
            threshold=drift.above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        acknowledge(
            alarm,
            {
                f"{NIST}CloudWatchAlarmAction": "Greenlight hears of it by an event, and tells people what it does "
                "about it; it may be watched by anyone else too"
            },
        )
