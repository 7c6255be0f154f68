"""The sweep's schedules: often for what changed, hourly for every group."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.nag import acknowledge_inline_policy
from infra.limits import SWEEP_MINUTES

_RETRIES = 3
_EXPIRES = cdk.Duration.minutes(15)  # by then the next sweep has run


class SweepSchedules(Construct):
    """Two schedules of EventBridge Scheduler, each with retries and a queue for what could not be started.

    The low-level schedule: the other one lets its role start every version of the function.
    """

    def __init__(self, scope: Construct, function: lambda_.IFunction, undelivered: sqs.IQueue) -> None:
        super().__init__(scope, "SweepSchedules")
        role = iam.Role(
            self,
            "Role",
            description="Lets the schedules start Greenlight's sweep",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            ),
            inline_policies={
                "start": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["lambda:InvokeFunction"], resources=[function.function_arn]
                        ),
                        iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[undelivered.queue_arn]),
                    ]
                )
            },
        )
        acknowledge_inline_policy(role)
        for name, rate, full in (("Quick", f"{SWEEP_MINUTES} minutes", False), ("Full", "1 hour", True)):
            scheduler.CfnSchedule(
                self,
                name,
                description=f"Greenlight: {'every group' if full else 'what changed or is unsettled'}",
                schedule_expression=f"rate({rate})",
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=function.function_arn,
                    role_arn=role.role_arn,
                    input=json.dumps({"full": full}),
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                        arn=undelivered.queue_arn
                    ),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=_EXPIRES.to_seconds(), maximum_retry_attempts=_RETRIES
                    ),
                ),
            )
