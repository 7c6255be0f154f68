"""CloudWatch: the states of alarms, guardrails on a new fleet, and the abort metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.core.facts import AlarmState
from lambdas.core.names import ABORT_METRIC, GROUP_DIMENSION, METRIC_NAMESPACE
from lambdas.core.spec import GUARDRAIL_PERIOD, GUARDRAIL_PERIODS, VARIANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_cloudwatch import CloudWatchClient

    from lambdas.core.actions import PutGuardrail

_PAGE = 100  # the most names that DescribeAlarms and DeleteAlarms take [B]


class Alarms:
    """Reads alarms and makes the ones that rollouts need."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def states(self, names: Sequence[str]) -> dict[str, AlarmState]:
        """The state of each alarm (DescribeAlarms); MISSING for names that no alarm has."""
        states = dict.fromkeys(names, AlarmState.MISSING)
        for start in range(0, len(names), _PAGE):
            with aws_errors(f"describing alarms {', '.join(names[start : start + _PAGE])}"):
                answer = self._cloudwatch.describe_alarms(
                    AlarmNames=list(names[start : start + _PAGE]),
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                    MaxRecords=_PAGE,
                )
            for alarm in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
                states[alarm["AlarmName"]] = AlarmState(alarm["StateValue"])
        return states

    def put_guardrail(self, action: PutGuardrail) -> None:
        """PutMetricAlarm on the fleet of one endpoint config; no requests is no breach."""
        percentile = action.statistic.startswith("p")
        statistic: dict[str, Any] = {"ExtendedStatistic" if percentile else "Statistic": action.statistic}
        with aws_errors(f"putting alarm {action.alarm}"):
            self._cloudwatch.put_metric_alarm(
                AlarmName=action.alarm,
                AlarmDescription=f"Guardrail of rollouts to endpoint config {action.config}",
                Namespace="AWS/SageMaker",
                MetricName=action.metric,
                Dimensions=[
                    {"Name": "EndpointName", "Value": action.endpoint},
                    {"Name": "VariantName", "Value": VARIANT},
                    {"Name": "EndpointConfigName", "Value": action.config},
                ],
                Period=GUARDRAIL_PERIOD,
                EvaluationPeriods=GUARDRAIL_PERIODS,
                DatapointsToAlarm=GUARDRAIL_PERIODS,
                Threshold=action.threshold,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
                Tags=[{"Key": key, "Value": value} for key, value in sorted(action.tags.items())],
                **statistic,
            )

    def trip(self, group: str) -> None:
        """Put 1 on the abort metric of a group."""
        self._put_abort(group, 1.0)

    def clear(self, group: str) -> None:
        """Put 0 on the abort metric of a group."""
        self._put_abort(group, 0.0)

    def delete(self, names: Sequence[str]) -> None:
        """DeleteAlarms; gone already is success: AWS deletes the others of the same call all the same [B]."""
        for start in range(0, len(names), _PAGE):
            page = names[start : start + _PAGE]
            with aws_errors(f"deleting alarms {', '.join(page)}"):
                try:
                    self._cloudwatch.delete_alarms(AlarmNames=list(page))
                except ClientError as error:
                    if not not_found(error):
                        raise

    def _put_abort(self, group: str, value: float) -> None:
        with aws_errors(f"putting {value:.0f} on the abort metric of group {group}"):
            self._cloudwatch.put_metric_data(
                Namespace=METRIC_NAMESPACE,
                MetricData=[
                    {
                        "MetricName": ABORT_METRIC,
                        "Dimensions": [{"Name": GROUP_DIMENSION, "Value": group}],
                        "Value": value,
                        "StorageResolution": 1,  # high resolution: the alarm looks every ten seconds
                    }
                ],
            )
