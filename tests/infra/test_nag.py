"""The app is held to AwsSolutions and NIST 800-53 R5 in every stack; what was accepted is so for one resource alone."""

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra.app import build
from tests.infra.conftest import EXAMPLES, GOVERNANCE, Assembly

# What our own resources avoid, or what was accepted of them, each.
EXPECTED = {
    "AwsSolutions-DDB3",
    "AwsSolutions-IAM5[Action::s3:*]",
    "AwsSolutions-IAM5[Resource::*]",
    "AwsSolutions-L1",
    "AwsSolutions-SNS3",
    "AwsSolutions-SQS3",
    "AwsSolutions-SQS4",
    "NIST.800.53.R5-CloudWatchAlarmAction",
    "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
    "NIST.800.53.R5-CloudWatchLogGroupRetentionPeriod",
    "NIST.800.53.R5-DynamoDBAutoScalingEnabled",
    "NIST.800.53.R5-DynamoDBInBackupPlan",
    "NIST.800.53.R5-DynamoDBPITREnabled",
    "NIST.800.53.R5-IAMNoInlinePolicy",
    "NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess",
    "NIST.800.53.R5-LambdaConcurrency",
    "NIST.800.53.R5-LambdaDLQ",
    "NIST.800.53.R5-LambdaInsideVPC",
    "NIST.800.53.R5-SNSEncryptedKMS",
}


def test_nothing_is_found_that_was_not_accepted_not_even_a_warning(
    assembly: Assembly, examples_only: Assembly, no_groups: Assembly, plain: Assembly
) -> None:
    for synthesized in (assembly, examples_only, no_groups, plain):
        assert _findings(synthesized.folder) == set()


def test_careless_resources_added_to_any_stack_fail_the_synth(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False, builtin_cloud_formation_validation=False)
    build(app, EXAMPLES, GOVERNANCE)
    stacks = [node for node in app.node.children if isinstance(node, cdk.Stack)]
    for stack in stacks:
        _careless(stack)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    found = _findings(tmp_path)
    for stack in stacks:
        assert {rule for rule, path in found if path.startswith(f"{stack.stack_name}/Careless")} == EXPECTED
    assert all("/Careless" in path for _, path in found)


def _findings(folder: Path) -> set[tuple[str, str]]:
    """Rules and the constructs that break them, by the report that a synth leaves."""
    report = json.loads((folder / "validation-report.json").read_text())
    return {
        (violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }


def _careless(scope: cdk.Stack) -> None:
    """One of everything that we have, as it comes by default."""
    sqs.Queue(scope, "CarelessQueue")
    topic = sns.Topic(scope, "CarelessTopic")
    logs.LogGroup(scope, "CarelessLog", retention=logs.RetentionDays.INFINITE)
    cloudwatch.Alarm(
        scope,
        "CarelessAlarm",
        metric=topic.metric_publish_size(),
        threshold=1,
        evaluation_periods=1,
    )
    dynamodb.Table(
        scope,
        "CarelessTable",
        partition_key=dynamodb.Attribute(name="x", type=dynamodb.AttributeType.STRING),
    )
    role = iam.Role(scope, "CarelessRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["*"]))
    lambda_.Function(
        scope,
        "CarelessFunction",
        runtime=lambda_.Runtime.PYTHON_3_11,
        handler="x.y",
        code=lambda_.Code.from_inline("pass"),
        role=role,
    )
