"""The EventBridge rules that turn what happens in the account into looks at groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.queues import Queues
from lambdas.core.names import ACT_PREFIX, ALARM_PREFIX, PARAMETER_PREFIX
from lambdas.core.record import Approval

RETRY = events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=86_400, maximum_retry_attempts=185)


OWN_ID = "$.id"
"""An event's own id, a message group that always fits [SQS, MessageGroupId: 1 to 128 characters without a space]. So a
rule takes it where a name is composed, by us or by others: an alarm's has up to 255 characters, a parameter's 2,048."""


@dataclass(frozen=True)
class _Hint:
    """One kind of event: `group_path` is what in it becomes the message group: a name that SageMaker keeps to 82
    letters, digits and hyphens, else `OWN_ID`."""

    name: str
    source: str
    detail_type: str
    group_path: str
    detail: dict[str, Any] | None = None


CLOUDTRAIL = "AWS API Call via CloudTrail"


def _witness(name: str, call: str, *statuses: Approval) -> _Hint:
    """What CloudTrail saw of a call that wrote one of these statuses. A message group for each: order is told by the
    events' own times, and an ARN may be longer than a message group's name (128 characters)."""
    return _Hint(
        name,
        "aws.sagemaker",
        CLOUDTRAIL,
        "$.detail.eventID",
        {
            "eventSource": ["sagemaker.amazonaws.com"],
            "eventName": [call],
            "errorCode": [{"exists": False}],
            "requestParameters": {"modelApprovalStatus": [status.value for status in statuses]},
        },
    )


_HINTS = (
    _Hint(
        "Decisions",
        "aws.sagemaker",
        "SageMaker Model Package State Change",
        "$.detail.ModelPackageGroupName",
        {
            "ModelPackageGroupName": [{"exists": True}],
            "ModelApprovalStatus": [a.value for a in Approval if a is not Approval.DELETED],
        },
    ),
    _Hint("Endpoints", "aws.sagemaker", "SageMaker Endpoint State Change", "$.detail.EndpointName"),
    _Hint(
        "Deployments", "aws.sagemaker", "SageMaker Endpoint Deployment State Change", "$.detail.EndpointName"
    ),
    _Hint(
        "Alarms",
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        OWN_ID,
        {"alarmName": [{"prefix": ALARM_PREFIX}]},
    ),
    _Hint(
        "Specs",
        "aws.ssm",
        "Parameter Store Change",
        OWN_ID,
        {"name": [{"prefix": PARAMETER_PREFIX}, {"prefix": ACT_PREFIX}]},
    ),
    # A display name is at most 82 characters, where an execution's ARN may be longer than a message group's name. Ours
    # is the run's; whoever else calls theirs so costs a look.
    _Hint(
        "Runs",
        "aws.sagemaker",
        "SageMaker Model Building Pipeline Execution Status Change",
        "$.detail.pipelineExecutionDisplayName",
        {
            "pipelineExecutionDisplayName": [{"wildcard": "*-run-*"}],
            "currentPipelineExecutionStatus": ["Succeeded", "Failed", "Stopped"],
        },
    ),
    # By the job: a schedule's ARN may be longer than a message group's name, too.
    _Hint(
        "Inspections",
        "aws.sagemaker",
        "SageMaker Processing Job State Change",
        "$.detail.ProcessingJobName",
        {
            "MonitoringScheduleArn": [{"wildcard": "*:monitoring-schedule/*-mon-*"}],
            "ProcessingJobStatus": ["Completed", "Failed", "Stopped"],
        },
    ),
    _witness("Witnesses", "UpdateModelPackage", Approval.APPROVED, Approval.REJECTED, Approval.PENDING),
    _witness("RegisteredAsDecided", "CreateModelPackage", Approval.APPROVED, Approval.REJECTED),
)


class Rules(Construct):
    """One rule for each kind of event, all to the reconcile queue, each with retries and a queue for the rest.

    The low-level rule: only it takes a message group by JSON path.
    """

    def __init__(self, scope: Construct, queues: Queues) -> None:
        super().__init__(scope, "Rules")
        rules: list[events.CfnRule] = []
        for hint in _HINTS:
            pattern: dict[str, Any] = {"source": [hint.source], "detail-type": [hint.detail_type]}
            if hint.detail is not None:
                pattern["detail"] = hint.detail
            rule = events.CfnRule(
                self,
                hint.name,
                description=f"Greenlight: {hint.detail_type} is a hint to look",
                event_pattern=pattern,
                targets=[to_queue(queues, hint.group_path)],
            )
            rules.append(rule)
        let_in(queues, "Rules", rules)


def to_queue(queues: Queues, group_path: str) -> events.CfnRule.TargetProperty:
    """A rule's target: the reconcile queue; what in the event `group_path` leads to becomes the message group."""
    return events.CfnRule.TargetProperty(
        id="reconcile",
        arn=queues.reconcile.queue_arn,
        sqs_parameters=events.CfnRule.SqsParametersProperty(message_group_id=group_path),
        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queues.undelivered.queue_arn),
        retry_policy=RETRY,
    )


def let_in(queues: Queues, name: str, rules: Sequence[events.CfnRule]) -> None:
    """Let rules send to the reconcile queue, and to the queue for what could not be delivered.

    All in one statement: a queue's policy has at most 10 conditions [SQS, "Quotas related to policies"].
    """
    for queue in (queues.reconcile, queues.undelivered):
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid=name,
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={
                    "ArnEquals": {"aws:SourceArn": [cdk.Token.as_string(rule.attr_arn) for rule in rules]}
                },
            )
        )
