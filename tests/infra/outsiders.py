"""What someone without an office in Greenlight must not be able to do, and what must not become harder for them."""

from collections.abc import Iterator
from typing import Any

from tests.infra.attempts import (
    Attempt,
    administration,
    decisions,
    endpoint_writes,
    monitoring_writes,
    steering,
)
from tests.infra.reach import succeeds
from tests.infra.templates import ACCOUNT, REGION, Role

Statement = dict[str, Any]

EVERYTHING: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
IAM = f"arn:aws:iam::{ACCOUNT}"
HERE = f"{REGION}:{ACCOUNT}"
GROUP, ENDPOINT = "everything", "everything-live"
STATE, LEDGER = (
    f"arn:aws:dynamodb:{HERE}:table/Greenlight-State-{name}-1A2B3C" for name in ("State", "Ledger")
)
TAG = "aws:ResourceTag/greenlight:group"
REQUESTED = "aws:RequestTag/greenlight:group"
OURS = ("greenlight", "Greenlight", "cdk-hnb659fds-")
_FUNCTION = f"arn:aws:lambda:{HERE}:function:Greenlight-Controller-ReconcileFunction-1A2B3C"


def administrator(limits: list[Statement]) -> Role:
    """Someone who is allowed everything, within limits: a boundary, or an organisation's policies."""
    return Role(f"{IAM}:role/admin", [EVERYTHING], [], limits)


def breaches(role: Role) -> list[Attempt]:
    """What a role can do of what only an office in Greenlight may."""
    return [attempt for attempt in forbidden() if succeeds(role, attempt)]


def forbidden() -> Iterator[Attempt]:
    """Every call by which someone could decide, deploy, steer, or become someone who can."""
    yield from decisions(GROUP)
    for attempt in endpoint_writes(GROUP, ENDPOINT):
        if not attempt.action.startswith("application-autoscaling:"):  # asks for the capacity's change itself
            yield attempt
    yield from monitoring_writes(GROUP)
    yield from steering(GROUP, state=STATE, ledger=LEDGER)
    for attempt in administration():
        if any(name in attempt.resource for name in OURS):
            yield attempt
    yield from _evidence()
    yield from _tags()
    yield from _machinery()
    yield from _offices()


def _evidence() -> Iterator[Attempt]:
    sagemaker = f"arn:aws:sagemaker:{HERE}"
    yield Attempt("sagemaker:DeleteModelPackage", f"{sagemaker}:model-package/{GROUP}/7")
    yield Attempt("sagemaker:DeleteModelPackageGroup", f"{sagemaker}:model-package-group/{GROUP}")
    for action in ("DeleteResourcePolicy", "PutResourcePolicy", "UpdateContinuousBackups"):
        yield Attempt(f"dynamodb:{action}", LEDGER)
    yield Attempt("dynamodb:DeleteBackup", f"{LEDGER}/backup/01")


def _tags() -> Iterator[Attempt]:
    """Passing something off as ours, and taking the mark off what is ours."""
    sagemaker = f"arn:aws:sagemaker:{HERE}"
    for action, resource in (
        ("CreateModel", "model/forged-v7-0123456789"),
        ("CreateEndpointConfig", "endpoint-config/forged-v7-0123456789"),
        ("CreateModelPackageGroup", "model-package-group/forged"),
        ("AddTags", "endpoint/somebody-elses"),
    ):
        yield Attempt(f"sagemaker:{action}", f"{sagemaker}:{resource}", {REQUESTED: GROUP})
    yield Attempt("sagemaker:DeleteTags", f"{sagemaker}:model-package-group/{GROUP}", {TAG: GROUP})


def _machinery() -> Iterator[Attempt]:
    for action in ("DeleteFunction", "PutFunctionConcurrency", "RemovePermission", "CreateAlias"):
        yield Attempt(f"lambda:{action}", _FUNCTION)
    mapping = f"arn:aws:lambda:{HERE}:event-source-mapping:0123"
    for action in ("CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"):
        yield Attempt(f"lambda:{action}", mapping, {"lambda:FunctionArn": _FUNCTION})
    for action in ("DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets"):
        yield Attempt(
            f"events:{action}", f"arn:aws:events:{HERE}:rule/Greenlight-Controller-Decisions-1A2B3C"
        )
    yield Attempt(
        "events:DeleteArchive", f"arn:aws:events:{HERE}:archive/Greenlight-State-RegistryEvents-1A2B"
    )
    for action in ("DeleteSchedule", "UpdateSchedule"):
        yield Attempt(
            f"scheduler:{action}",
            f"arn:aws:scheduler:{HERE}:schedule/default/Greenlight-Controller-Quick-1A2B3C",
        )
    for action in ("DeleteTopic", "SetTopicAttributes"):
        yield Attempt(f"sns:{action}", f"arn:aws:sns:{HERE}:Greenlight-Controller-Alarms-1A2B3C")
    for action in ("DeleteMessage", "PurgeQueue", "ReceiveMessage", "SendMessage", "SetQueueAttributes"):
        for queue in ("greenlight-reconcile.fifo", "greenlight-retrain"):
            yield Attempt(f"sqs:{action}", f"arn:aws:sqs:{HERE}:{queue}")
    yield Attempt(
        "cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:greenlight-controller-queue-age"
    )


def _offices() -> Iterator[Attempt]:
    """Having somebody work with a role of ours, or of the CDK; and code that the next deploy would run."""
    ours = ("greenlight-reconcile", "greenlight-retrain", "greenlight-sweep")
    for name in (*ours, f"{GROUP}-endpoint", f"{GROUP}-monitoring"):
        yield Attempt(
            "iam:PassRole", f"{IAM}:role/greenlight/{name}", {"iam:PassedToService": "lambda.amazonaws.com"}
        )
    for name in ours:
        yield Attempt("sts:AssumeRole", f"{IAM}:role/greenlight/{name}")
    cdk = f"{IAM}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    for action in ("AttachRolePolicy", "CreateRole", "PassRole", "UpdateAssumeRolePolicy"):
        yield Attempt(f"iam:{action}", cdk)
    yield Attempt("s3:PutObject", f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-{REGION}/0123.zip")
    yield Attempt("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/CDKToolkit/0123")
    yield Attempt("organizations:LeaveOrganization", "*")


def hampered(role: Role) -> list[Attempt]:
    """What a role can no longer do of what has nothing to do with Greenlight's offices."""
    return [attempt for attempt in ordinary() if not succeeds(role, attempt)]


def ordinary() -> Iterator[Attempt]:
    """Everyday work in an account that holds Greenlight too."""
    sagemaker = f"arn:aws:sagemaker:{HERE}"
    pending = {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
    for group in (GROUP, "somebody-elses"):
        for context in (pending, {**pending, TAG: group}):
            yield Attempt("sagemaker:CreateModelPackage", f"{sagemaker}:model-package-group/{group}", context)
        version = f"{sagemaker}:model-package/{group}/7"
        for context in ({}, {TAG: group}, {"sagemaker:CustomerMetadataProperties/x": "y"}):
            yield Attempt("sagemaker:UpdateModelPackage", version, context)
        yield Attempt("sagemaker:DescribeModelPackage", version, {TAG: group})
    yield Attempt("sagemaker:CreateModelPackageGroup", f"{sagemaker}:model-package-group/somebody-elses")
    yield from endpoint_writes("somebody-elses", "somebody-elses", managed=False)
    for action, resource in (
        ("CreateEndpoint", "endpoint/somebody-elses"),
        ("CreateEndpointConfig", "endpoint-config/somebody-elses"),
        ("CreateModel", "model/somebody-elses"),
    ):
        yield Attempt(f"sagemaker:{action}", f"{sagemaker}:{resource}", {"aws:RequestTag/team": "other"})
    yield from _ordinary_loop()
    for action in ("DescribeEndpoint", "InvokeEndpoint", "ListTags"):
        yield Attempt(f"sagemaker:{action}", f"{sagemaker}:endpoint/{ENDPOINT}", {TAG: GROUP})
    for action in ("PutItem", "UpdateItem", "DeleteTable"):
        yield Attempt(f"dynamodb:{action}", f"arn:aws:dynamodb:{HERE}:table/somebody-elses")
    for action in ("GetItem", "Query", "CreateBackup"):
        yield Attempt(f"dynamodb:{action}", LEDGER)
    yield from _ordinary_operations()
    yield from _ordinary_administration()


def _ordinary_loop() -> Iterator[Attempt]:
    """Monitoring of one's own, and pipelines, anybody's."""
    sagemaker = f"arn:aws:sagemaker:{HERE}"
    definition = f"{sagemaker}:data-quality-job-definition/somebody-elses"
    schedule = f"{sagemaker}:monitoring-schedule/somebody-elses"
    for action in ("CreateMonitoringSchedule", "DeleteMonitoringSchedule", "UpdateMonitoringSchedule"):
        yield Attempt(f"sagemaker:{action}", schedule, {})
    for action in ("CreateDataQualityJobDefinition", "DeleteDataQualityJobDefinition"):
        yield Attempt(f"sagemaker:{action}", definition, {})
    for action in ("CreatePipeline", "StartPipelineExecution", "UpdatePipeline"):
        yield Attempt(f"sagemaker:{action}", f"{sagemaker}:pipeline/{GROUP}-retrain")
    yield Attempt("sagemaker:StopPipelineExecution", f"{sagemaker}:pipeline/{GROUP}-retrain/execution/0123")
    yield Attempt("sagemaker:DescribeMonitoringSchedule", f"{sagemaker}:monitoring-schedule/x", {TAG: GROUP})


def _ordinary_operations() -> Iterator[Attempt]:
    yield Attempt("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/somebody/else")
    yield Attempt("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/greenlight/groups/{GROUP}")
    yield Attempt("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{HERE}:alarm:somebody-elses")
    yield Attempt("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:greenlight/{GROUP}/abort")
    yield Attempt("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Other"})
    yield Attempt("sqs:SendMessage", f"arn:aws:sqs:{HERE}:somebody-elses")
    yield Attempt("sqs:GetQueueAttributes", f"arn:aws:sqs:{HERE}:greenlight-reconcile.fifo")
    yield Attempt("sns:Subscribe", f"arn:aws:sns:{HERE}:Greenlight-Controller-Alarms-1A2B3C")
    yield Attempt("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:somebody-elses")
    yield Attempt("lambda:GetFunction", _FUNCTION)
    yield Attempt(
        "lambda:CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:somebody-elses"},
    )
    yield Attempt("events:PutRule", f"arn:aws:events:{HERE}:rule/somebody-elses")
    yield Attempt("cloudformation:UpdateStack", f"arn:aws:cloudformation:{HERE}:stack/somebody-elses/0123")
    yield Attempt(
        "cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/Greenlight-State/0123"
    )
    yield Attempt("s3:PutObject", "arn:aws:s3:::models/everything/model.tar.gz")


def _ordinary_administration() -> Iterator[Attempt]:
    """A role of one's own, with the boundary that one has; and stepping into an office that trusts one."""
    bound = {"iam:PermissionsBoundary": f"{IAM}:policy/greenlight/greenlight-boundary"}
    for action in ("AttachRolePolicy", "CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy"):
        yield Attempt(f"iam:{action}", f"{IAM}:role/somebody-elses", bound)
    yield Attempt("iam:CreateUser", f"{IAM}:user/somebody", bound)
    yield Attempt("iam:CreatePolicy", f"{IAM}:policy/somebody-elses")
    yield Attempt("iam:DeleteRole", f"{IAM}:role/somebody-elses")
    yield Attempt(
        "iam:PassRole", f"{IAM}:role/somebody-elses", {"iam:PassedToService": "lambda.amazonaws.com"}
    )
    yield Attempt("iam:GetRole", f"{IAM}:role/greenlight/greenlight-reconcile")
    for office in (
        f"{GROUP}-approver",
        f"{GROUP}-registrant",
        "greenlight-auditor",
        "greenlight-break-glass",
    ):
        yield Attempt("sts:AssumeRole", f"{IAM}:role/greenlight/{office}")


def without(statements: list[Statement], sid: str) -> list[Statement]:
    """The statements but one."""
    left = [statement for statement in statements if statement.get("Sid") != sid]
    assert len(left) == len(statements) - 1
    return left
