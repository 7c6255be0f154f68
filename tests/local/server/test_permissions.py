"""Which action on which resource each call asks for."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.local.server.iam_parts import (
    ACCOUNT,
    assume,
    client_of,
    document,
    make_policy,
    make_role,
    refused,
    statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own."""
    with LocalAws() as local:
        yield local


def session(aws: LocalAws, role: str, service: str) -> Any:
    return client_of(aws, assume(aws.client("sts"), role), service)


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 1\n")
    return packed.getvalue()


@pytest.fixture(scope="module")
def mapping(aws: LocalAws) -> str:
    """The ID of an event source mapping, with its function and queue."""
    role = make_role(aws, statement("sqs:*"), name="runs")
    aws.client("lambda").create_function(
        FunctionName="subject",
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code()},
    )
    aws.client("sqs").create_queue(QueueName="subject")
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:subject"
    made = aws.client("lambda").create_event_source_mapping(
        FunctionName="subject", EventSourceArn=queue, Enabled=False
    )
    return str(made["UUID"])


@pytest.fixture(scope="module")
def subjects(aws: LocalAws, mapping: str) -> dict[str, str]:
    """What the calls below are made on."""
    bounding = make_policy(aws, "bounding", statement("*"))
    make_role(aws, name="subject", PermissionsBoundary=bounding)
    aws.client("events").put_rule(Name="subject", ScheduleExpression="rate(1 hour)", State="DISABLED")
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName="subject")
    aws.client("logs").create_log_group(logGroupName="subject")
    aws.client("cloudwatch").put_dashboard(DashboardName="subject", DashboardBody='{"widgets": []}')
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="subject",
        Namespace="Tried",
        MetricName="Tried",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    return {"mapping": mapping, "policy": bounding}


IAM = f"arn:aws:iam::{ACCOUNT}"
REGIONAL = f"us-east-1:{ACCOUNT}"
GROUP = f"arn:aws:sagemaker:{REGIONAL}:model-package-group/subject"
ROLE = f"{IAM}:role/greenlight/subject"
RULE = f"arn:aws:events:{REGIONAL}:rule/subject"
FUNCTION = f"arn:aws:lambda:{REGIONAL}:function:subject"
ALARM = f"arn:aws:cloudwatch:{REGIONAL}:alarm:subject"
STREAM = f"arn:aws:logs:{REGIONAL}:log-group:subject:log-stream"
TARGET = {"Id": "1", "Arn": f"arn:aws:sqs:{REGIONAL}:subject"}
POLICY = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sagemaker:DescribeModelPackage",
    "Resource": "*"})  # fmt: skip
READS = document(statement("ssm:GetParameter"))
TRUST = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})

ASKED: dict[str, tuple[str, Callable[[Any, dict[str, str]], object]]] = {
    "ssm:PutParameter": (
        f"arn:aws:ssm:{REGIONAL}:parameter/greenlight/subject",
        lambda c, _: c.put_parameter(Name="/greenlight/subject", Value="1", Type="String", Overwrite=True),
    ),
    "ssm:GetParameter": (
        f"arn:aws:ssm:{REGIONAL}:parameter/greenlight/subject",
        lambda c, _: c.get_parameter(Name="/greenlight/subject"),
    ),
    "ssm:DeleteParameter": (
        f"arn:aws:ssm:{REGIONAL}:parameter/greenlight/subject",
        lambda c, _: c.delete_parameter(Name="/greenlight/subject"),
    ),
    "ssm:DeleteParameters": (
        f"arn:aws:ssm:{REGIONAL}:parameter/greenlight/subject",
        lambda c, _: c.delete_parameters(Names=["/greenlight/subject"]),
    ),
    "cloudwatch:TagResource": (
        ALARM, lambda c, _: c.tag_resource(ResourceARN=ALARM, Tags=[{"Key": "k", "Value": "v"}]),
    ),
    "cloudwatch:DisableAlarmActions": (ALARM, lambda c, _: c.disable_alarm_actions(AlarmNames=["subject"])),
    "cloudwatch:GetDashboard": (
        f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/subject",
        lambda c, _: c.get_dashboard(DashboardName="subject"),
    ),
    "logs:CreateLogStream": (
        f"{STREAM}:one", lambda c, _: c.create_log_stream(logGroupName="subject", logStreamName="one"),
    ),
    "logs:GetLogEvents": (
        f"{STREAM}:one", lambda c, _: c.get_log_events(logGroupName="subject", logStreamName="one"),
    ),
    "logs:DescribeLogStreams": (f"{STREAM}:", lambda c, _: c.describe_log_streams(logGroupName="subject")),
    "events:PutRule": (RULE, lambda c, _: c.put_rule(Name="subject", ScheduleExpression="rate(1 hour)")),
    "events:DisableRule": (RULE, lambda c, _: c.disable_rule(Name="subject")),
    "events:PutTargets": (RULE, lambda c, _: c.put_targets(Rule="subject", Targets=[TARGET])),
    "events:RemoveTargets": (RULE, lambda c, _: c.remove_targets(Rule="subject", Ids=["1"])),
    "events:DeleteRule": (RULE, lambda c, _: c.delete_rule(Name="subject")),
    "lambda:UpdateFunctionCode": (
        FUNCTION, lambda c, _: c.update_function_code(FunctionName="subject", ZipFile=code()),
    ),
    "lambda:UpdateFunctionConfiguration": (
        FUNCTION, lambda c, _: c.update_function_configuration(FunctionName="subject", Timeout=5),
    ),
    "lambda:PutFunctionConcurrency": (
        FUNCTION,
        lambda c, _: c.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=1),
    ),
    "lambda:DeleteFunctionConcurrency": (
        FUNCTION, lambda c, _: c.delete_function_concurrency(FunctionName="subject"),
    ),
    "lambda:InvokeFunction": (FUNCTION, lambda c, _: c.invoke(FunctionName="subject")),
    "lambda:UpdateEventSourceMapping": (
        f"arn:aws:lambda:{REGIONAL}:event-source-mapping:{{mapping}}",
        lambda c, has: c.update_event_source_mapping(UUID=has["mapping"], BatchSize=2),
    ),
    "lambda:GetEventSourceMapping": (
        f"arn:aws:lambda:{REGIONAL}:event-source-mapping:{{mapping}}",
        lambda c, has: c.get_event_source_mapping(UUID=has["mapping"]),
    ),
    "iam:PutRolePolicy": (
        ROLE, lambda c, _: c.put_role_policy(RoleName="subject", PolicyName="q", PolicyDocument=READS),
    ),
    "iam:AttachRolePolicy": (
        ROLE, lambda c, has: c.attach_role_policy(RoleName="subject", PolicyArn=has["policy"]),
    ),
    "iam:UpdateAssumeRolePolicy": (
        ROLE, lambda c, _: c.update_assume_role_policy(RoleName="subject", PolicyDocument=TRUST),
    ),
    "iam:DeleteRolePermissionsBoundary": (
        ROLE, lambda c, _: c.delete_role_permissions_boundary(RoleName="subject"),
    ),
    "iam:CreateRole": (
        f"{IAM}:role/greenlight/made",
        lambda c, _: c.create_role(RoleName="made", Path="/greenlight/", AssumeRolePolicyDocument=TRUST),
    ),
    "iam:CreatePolicyVersion": (
        f"{IAM}:policy/greenlight/bounding",
        lambda c, has: c.create_policy_version(
            PolicyArn=has["policy"], PolicyDocument=document(statement("*"))
        ),
    ),
    "sagemaker:PutModelPackageGroupPolicy": (
        GROUP,
        lambda c, _: c.put_model_package_group_policy(ModelPackageGroupName="subject", ResourcePolicy=POLICY),
    ),
    "sagemaker:AddTags": (GROUP, lambda c, _: c.add_tags(ResourceArn=GROUP, Tags=[{"Key": "k", "Value": "v"}])),
    "sagemaker:DeleteTags": (GROUP, lambda c, _: c.delete_tags(ResourceArn=GROUP, TagKeys=["k"])),
}  # fmt: skip


@pytest.mark.parametrize("action", ASKED)
def test_a_call_asks_for_its_action_on_its_resource(
    aws: LocalAws, subjects: dict[str, str], action: str
) -> None:
    """Nothing is not enough, nor the action on another resource, nor all others; exactly it is."""
    resource, call = ASKED[action]
    resource = resource.format(**subjects)
    service = action.split(":", maxsplit=1)[0]
    everything_else = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
    for policy in ([], [statement(action, f"{resource}-other")], [everything_else]):
        with refused(action):
            call(session(aws, make_role(aws, *policy), service), subjects)
    call(session(aws, make_role(aws, statement(action, resource)), service), subjects)


def test_what_a_boundary_and_an_attached_policy_are_can_be_asked(
    aws: LocalAws, subjects: dict[str, str]
) -> None:
    """Service Authorization Reference, IAM: iam:PermissionsBoundary and iam:PolicyARN."""
    make_role(aws, name="bounded-subject", PermissionsBoundary=subjects["policy"])
    make_role(aws, name="unbounded-subject")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": subjects["policy"]}}
    attached = {"ArnEquals": {"iam:PolicyARN": subjects["policy"]}}
    iam = session(
        aws,
        make_role(
            aws,
            statement(["iam:CreateRole", "iam:PutRolePolicy"], Condition=bounded),
            statement("iam:AttachRolePolicy", Condition=attached),
        ),
        "iam",
    )
    policy = {"PolicyName": "q", "PolicyDocument": document(statement("ssm:*"))}
    iam.put_role_policy(RoleName="bounded-subject", **policy)
    with refused():
        iam.put_role_policy(RoleName="unbounded-subject", **policy)
    iam.create_role(RoleName="new", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=subjects["policy"])
    with refused():
        iam.create_role(RoleName="new-2", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="new", PolicyArn=subjects["policy"])
    with refused():
        iam.attach_role_policy(RoleName="new", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_the_function_of_a_mapping_can_be_asked(aws: LocalAws, mapping: str) -> None:
    """Service Authorization Reference, Lambda: lambda:FunctionArn."""
    for function, allowed in ((FUNCTION, True), (f"{FUNCTION}-other", False)):
        condition = {"ArnEquals": {"lambda:FunctionArn": function}}
        lambda_ = session(
            aws, make_role(aws, statement("lambda:*EventSourceMapping", Condition=condition)), "lambda"
        )
        if allowed:
            assert lambda_.get_event_source_mapping(UUID=mapping)
        else:
            with refused("lambda:GetEventSourceMapping"):
                lambda_.get_event_source_mapping(UUID=mapping)
            with refused("lambda:CreateEventSourceMapping"):
                lambda_.create_event_source_mapping(FunctionName="subject", EventSourceArn=TARGET["Arn"])


def test_the_service_of_a_linked_role_can_be_asked(aws: LocalAws) -> None:
    """Service Authorization Reference, IAM: iam:AWSServiceName; the role is below its service's path."""
    scaling = "sagemaker.application-autoscaling.amazonaws.com"
    name = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    role = f"{IAM}:role/aws-service-role/{scaling}/{name}"
    condition = {"StringEquals": {"iam:AWSServiceName": scaling}}
    iam = session(
        aws, make_role(aws, statement("iam:CreateServiceLinkedRole", role, Condition=condition)), "iam"
    )
    with refused("iam:CreateServiceLinkedRole"):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    assert iam.create_service_linked_role(AWSServiceName=scaling)


@pytest.mark.parametrize(
    ("resource", "told"), [("*", ["watch", "watch-any"]), ("arn:aws:cloudwatch:*:*:alarm:*", ["watch"])]
)
def test_composite_alarms_are_told_to_whoever_may_describe_all(
    aws: LocalAws, resource: str, told: list[str]
) -> None:
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="watch", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.put_composite_alarm(AlarmName="watch-any", AlarmRule='ALARM("watch")')
    role = make_role(aws, statement("cloudwatch:DescribeAlarms", resource))
    theirs = client_of(aws, assume(aws.client("sts"), role), "cloudwatch")
    both = ["MetricAlarm", "CompositeAlarm"]
    for types, expected in ((both, told), (["MetricAlarm"], ["watch"]), (["CompositeAlarm"], told[1:])):
        answer = theirs.describe_alarms(AlarmNames=["watch", "watch-any"], AlarmTypes=types)
        found = [one["AlarmName"] for one in (*answer["MetricAlarms"], *answer["CompositeAlarms"])]
        assert found == expected
    assert len(cloudwatch.describe_alarms(AlarmNames=["watch-any"], AlarmTypes=both)["CompositeAlarms"]) == 1
