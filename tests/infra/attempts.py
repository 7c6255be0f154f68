"""Calls to try over every role: all that write a decision, an endpoint, what reconcile goes by, or permissions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.infra.policies import Context
from tests.infra.templates import ACCOUNT, REGION

_SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
_STATUS = "sagemaker:ModelApprovalStatus"
_TAG, _REQUESTED, _TAGGING = (
    "aws:ResourceTag/greenlight:group",
    "aws:RequestTag/greenlight:group",
    "sagemaker:TaggingAction",
)
_METADATA = {"sagemaker:CustomerMetadataProperties/x": "y"}


@dataclass(frozen=True)
class Attempt:
    """One call, as IAM is asked about it."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def decisions(group: str) -> Iterator[Attempt]:
    """Every way to write a decision on a version of a group, or to change who may.

    A registration without a status counts: what SageMaker makes of it is not documented.
    """
    version = f"{_SAGEMAKER}:model-package/{group}/7"
    theirs = f"{_SAGEMAKER}:model-package-group/{group}"
    for status in ("Approved", "Rejected", "PendingManualApproval"):
        for more in ({}, _METADATA, {_TAG: group}):
            yield Attempt("sagemaker:UpdateModelPackage", version, {_STATUS: status, **more})
    for stated in ({_STATUS: "Approved"}, {_STATUS: "Rejected"}, {}):
        for resource in (version, theirs):
            for more in ({}, _METADATA, {_REQUESTED: group}):
                yield Attempt("sagemaker:CreateModelPackage", resource, {**stated, **more})
    for action in ("PutModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy"):
        yield Attempt(f"sagemaker:{action}", theirs)


def endpoint_writes(group: str, endpoint: str, *, managed: bool = True) -> Iterator[Attempt]:
    """Every way to change what an endpoint serves, on how much, or how it is told to be ours.

    Args:
        group: whose endpoint it is.
        endpoint: its name.
        managed: whether it carries our tag; an endpoint that is somebody else's does not.
    """
    tagged = {_TAG: group} if managed else {}
    made = f"{group}-v7-0123456789"
    resources = (f"endpoint/{endpoint}", f"endpoint-config/{made}", f"model/{made}")
    actions = [
        "AddTags",
        "CreateInferenceComponent",
        "DeleteEndpoint",
        "DeleteEndpointConfig",
        "DeleteInferenceComponent",
        "DeleteModel",
        "DeleteTags",
        "UpdateEndpoint",
        "UpdateEndpointWeightsAndCapacities",
        "UpdateInferenceComponent",
        "UpdateInferenceComponentRuntimeConfig",
    ]
    if managed:  # what is made anew is nobody's yet
        actions += ["CreateEndpoint", "CreateEndpointConfig", "CreateModel"]
    for action in actions:
        for resource in resources:
            for more in _taggings(group) if managed else ({}, {"aws:ResourceTag/team": "other"}):
                yield Attempt(f"sagemaker:{action}", f"{_SAGEMAKER}:{resource}", {**tagged, **more})
    for kind in ("CreateInferenceExperiment", "StartInferenceExperiment", "UpdateInferenceExperiment"):
        yield Attempt(f"sagemaker:{kind}", f"{_SAGEMAKER}:inference-experiment/x", tagged)
    if managed:  # on another's, AWS would refuse: it asks for the right to change the capacity itself
        target = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/0123"
        for action in ("DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"):
            scaling = {"application-autoscaling:service-namespace": "sagemaker"}
            yield Attempt(f"application-autoscaling:{action}", target, scaling)


def monitoring_writes(group: str) -> Iterator[Attempt]:
    """Every way to change what watches a group's live version: its monitoring schedules, and what they run by."""
    kinds = ("data-quality", "model-quality", "model-bias", "model-explainability")
    names = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    made = f"{group}-v7-0123456789"
    for kind, name in zip(kinds, names, strict=True):
        definition = f"{_SAGEMAKER}:{kind}-job-definition/{made}"
        yield Attempt(f"sagemaker:Delete{name}JobDefinition", definition, {_TAG: group})
        yield from _made(f"Create{name}JobDefinition", definition, group)
    schedule = f"{_SAGEMAKER}:monitoring-schedule/{group}-mon-data"
    for action in ("Delete", "Start", "Stop", "Update"):
        yield Attempt(f"sagemaker:{action}MonitoringSchedule", schedule, {_TAG: group})
    yield from _made("CreateMonitoringSchedule", schedule, group)


def _made(action: str, resource: str, group: str) -> Iterator[Attempt]:
    yield Attempt(f"sagemaker:{action}", resource, {_REQUESTED: group})
    yield Attempt("sagemaker:AddTags", resource, {_REQUESTED: group, _TAGGING: action})


def _taggings(group: str) -> Iterator[Context]:
    yield {}
    yield {_REQUESTED: group}
    for action in ("CreateEndpoint", "CreateEndpointConfig", "CreateModel"):
        yield {_REQUESTED: group, _TAGGING: action}


def steering(group: str, *, state: str, ledger: str) -> Iterator[Attempt]:
    """Every way to change what reconcile goes by: a group's spec, its record, its ledger, its abort alarm."""
    for action in ("DeleteParameter", "PutParameter"):
        yield Attempt(f"ssm:{action}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/greenlight/groups/{group}")
    writes = ("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "PutItem")
    for table in (state, ledger):
        for action in (*writes, "UpdateItem", "DeleteTable", "UpdateTable", "UpdateTimeToLive"):
            yield Attempt(f"dynamodb:{action}", table, {"dynamodb:LeadingKeys": [group]})
    alarm = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:greenlight/{group}/abort"
    for action in ("DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState"):
        yield Attempt(f"cloudwatch:{action}", alarm)
    yield Attempt("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Greenlight"})


def administration() -> Iterator[Attempt]:
    """Every way to take any permission: by IAM, by CloudFormation, by a function's code, by the CDK's own roles."""
    iam = f"arn:aws:iam::{ACCOUNT}"
    ours = (f"{iam}:role/greenlight/greenlight-reconcile", f"{iam}:role/greenlight/everything-approver")
    on_roles = (
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "UpdateAssumeRolePolicy",
    )
    for role in (*ours, f"{iam}:role/any"):
        for action in on_roles:
            yield Attempt(f"iam:{action}", role)
    for action in ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "SetDefaultPolicyVersion"):
        yield Attempt(f"iam:{action}", f"{iam}:policy/greenlight/greenlight-boundary")
    on_users = ("AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile", "CreateUser", "PutUserPolicy")
    for action in (*on_users, "AddUserToGroup", "UpdateLoginProfile"):
        yield Attempt(f"iam:{action}", f"{iam}:user/any")
    for action in ("AttachGroupPolicy", "PutGroupPolicy"):
        yield Attempt(f"iam:{action}", f"{iam}:group/any")
    for stack in ("Greenlight-Controller", "Greenlight-Governance", "any"):
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/0123"
        for action in ("CreateChangeSet", "CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack"):
            yield Attempt(f"cloudformation:{action}", arn)
    for function in ("Greenlight-Controller-ReconcileFunction", "any"):
        for action in (
            "AddPermission",
            "CreateFunction",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ):
            yield Attempt(f"lambda:{action}", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
    for kind in ("cfn-exec", "deploy", "file-publishing"):
        yield Attempt("sts:AssumeRole", f"{iam}:role/cdk-hnb659fds-{kind}-role-{ACCOUNT}-{REGION}")
