"""A small CDK app for the tests of the local AWS: one of each thing that Greenlight's stacks use."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import (
    aws_cloudwatch as cloudwatch,
)
from aws_cdk import (
    aws_dynamodb as dynamodb,
)
from aws_cdk import (
    aws_events as events,
)
from aws_cdk import (
    aws_events_targets as targets,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_kms as kms,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from aws_cdk import (
    aws_lambda_event_sources as sources,
)
from aws_cdk import (
    aws_sagemaker as sagemaker,
)
from aws_cdk import (
    aws_scheduler as scheduler,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from aws_cdk import (
    aws_ssm as ssm,
)

FUNCTION = str(Path(__file__).with_name("function"))


class SmallStack(cdk.Stack):
    """Queue, rule, functions, table, key, parameter, alarms, archive, schedule, roles."""

    def __init__(self, app: cdk.App, name: str) -> None:
        super().__init__(app, name, env=cdk.Environment(account="123456789012", region="us-east-1"))
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        table = dynamodb.Table(
            self,
            "Table",
            table_name="small",
            partition_key=dynamodb.Attribute(name="name", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            time_to_live_attribute="gone",
        )
        table.add_global_secondary_index(
            index_name="by-group",
            partition_key=dynamodb.Attribute(name="group", type=dynamodb.AttributeType.STRING),
        )
        self.queues(table)
        self.function("inspect", table)
        self.function("stream", table).add_event_source(
            sources.DynamoEventSource(
                table, starting_position=lambda_.StartingPosition.TRIM_HORIZON, batch_size=1, retry_attempts=2
            )
        )
        ssm.StringParameter(
            self,
            "Spec",
            parameter_name="/greenlight/groups/small",
            string_value=json.dumps({"instances": 1}),
        )
        sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name="small",
            tags=[cdk.CfnTag(key="greenlight:group", value="small")],
        )
        self.alarms()
        role = iam.Role(
            self,
            "Approver",
            role_name="small-approver",
            path="/greenlight/",
            assumed_by=iam.AccountRootPrincipal(),
        )
        table.grant_read_data(role)

    def function(self, name: str, table: dynamodb.Table) -> lambda_.Function:
        """One function of handler.py."""
        function = lambda_.Function(
            self,
            f"{name}-function",
            function_name=f"small-{name}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler=f"handler.{name}",
            code=lambda_.Code.from_asset(FUNCTION, exclude=["__pycache__"]),
            timeout=cdk.Duration.seconds(2),
            memory_size=256,
            environment={"TABLE": table.table_name},
        )
        table.grant_write_data(function)
        return function

    def queues(self, table: dynamodb.Table) -> None:
        """The FIFO queue with its rule, function, dead-letter queues and schedule."""
        rule_dlq = sqs.Queue(self, "RuleDlq", queue_name="rule-dlq", enforce_ssl=True)
        dlq = sqs.Queue(self, "Dlq", queue_name="small-dlq.fifo", fifo=True, enforce_ssl=True)
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name="small.fifo",
            fifo=True,
            content_based_deduplication=True,
            visibility_timeout=cdk.Duration.seconds(2),
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dlq, max_receive_count=2),
        )
        handler = self.function("handle", table)
        handler.add_event_source(
            sources.SqsEventSource(queue, batch_size=10, report_batch_item_failures=True, max_concurrency=2)
        )
        events.Rule(
            self,
            "Rule",
            rule_name="small-rule",
            event_pattern=events.EventPattern(source=["small.test"], detail_type=["Small"]),
            targets=[
                targets.SqsQueue(
                    queue,
                    message_group_id=events.EventField.from_path("$.detail.name"),
                    dead_letter_queue=rule_dlq,
                    retry_attempts=2,
                    max_event_age=cdk.Duration.hours(1),
                )
            ],
        )
        parameters = sqs.Queue(self, "Parameters", queue_name="parameter-changes", enforce_ssl=True)
        events.Rule(
            self,
            "ParameterRule",
            event_pattern=events.EventPattern(
                source=["aws.ssm", "aws.cloudwatch", "aws.sagemaker"],
                detail_type=[
                    "Parameter Store Change",
                    "CloudWatch Alarm State Change",
                    "SageMaker Model Package State Change",
                ],
            ),
            targets=[targets.SqsQueue(parameters)],
        )
        ticks = sqs.Queue(self, "Ticks", queue_name="ticks", enforce_ssl=True)
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        ticks.grant_send_messages(role)
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name="small-schedule",
            schedule_expression="rate(1 minute)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=ticks.queue_arn, role_arn=role.role_arn, input='{"tick": "tock"}'
            ),
        )
        events.CfnArchive(
            self,
            "Archive",
            archive_name="small-archive",
            retention_days=7,
            source_arn=f"arn:aws:events:{self.region}:{self.account}:event-bus/default",
            event_pattern={"source": ["small.test"]},
        )
        cloudwatch.Alarm(
            self,
            "DlqAlarm",
            alarm_name="small-dlq-depth",
            metric=rule_dlq.metric_approximate_number_of_messages_visible(
                period=cdk.Duration.minutes(1), statistic="Maximum"
            ),
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def alarms(self) -> None:
        """An alarm of each kind over metrics that the tests publish."""
        errors, calls = (
            cloudwatch.Metric(
                namespace="Small", metric_name=name, statistic="Sum", period=cdk.Duration.minutes(1)
            )
            for name in ("Errors", "Calls")
        )
        rate = cloudwatch.Alarm(
            self,
            "Rate",
            alarm_name="small-error-rate",
            threshold=10,
            evaluation_periods=1,
            metric=cloudwatch.MathExpression(
                expression="100 * errors / calls",
                using_metrics={"errors": errors, "calls": calls},
                period=cdk.Duration.minutes(1),
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        latency = cloudwatch.Alarm(
            self,
            "Latency",
            alarm_name="small-latency",
            threshold=500,
            evaluation_periods=1,
            metric=cloudwatch.Metric(
                namespace="Small", metric_name="Latency", statistic="p99", period=cdk.Duration.seconds(10)
            ),
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        cloudwatch.CompositeAlarm(
            self,
            "Any",
            composite_alarm_name="small-any",
            alarm_rule=cloudwatch.AlarmRule.any_of(rate, latency),
        )


app = cdk.App()
SmallStack(app, "small")
app.synth()
