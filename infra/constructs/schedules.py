"""The sweep's schedules: often for what changed, hourly for every group."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class SweepSchedules(Construct):
    """Two schedules of EventBridge Scheduler, each with retries and a queue for what could not be started."""

    def __init__(self, scope: Construct, function: lambda_.IFunction, undelivered: sqs.IQueue) -> None:
        super().__init__(scope, "SweepSchedules")
        role = iam.Role(
            self,
            "Role",
            description="Lets the schedules start Greenlight's sweep",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
        )
        for name, minutes, full in (("Quick", 5, False), ("Full", 60, True)):
            scheduler.Schedule(
                self,
                name,
                description=f"Greenlight: {'every group' if full else 'what changed or is unsettled'}",
                schedule=scheduler.ScheduleExpression.rate(cdk.Duration.minutes(minutes)),
                target=targets.LambdaInvoke(
                    function,
                    input=scheduler.ScheduleTargetInput.from_object({"full": full}),
                    dead_letter_queue=undelivered,
                    max_event_age=cdk.Duration.minutes(15),
                    retry_attempts=3,
                    role=role,
                ),
            )
