"""What IAM must allow for a call: actions, resources and condition keys of the service authorization reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.sagemaker.groups import group_arn
from local.sagemaker.monitoring import KINDS
from local.sagemaker.state import bare
from local.sagemaker.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.sagemaker.account import Account

    Arns = Callable[[Account, Mapping[str, Any]], list[str]]

Context = dict[str, str | list[str]]
_PASS_A_ROLE = frozenset(
    {
        "CreateModel",
        "CreateEndpointConfig",
        "CreatePipeline",
        "UpdatePipeline",
        *(f"Create{kind}JobDefinition" for kind in KINDS),
    }
)
_INSTANCES: dict[str, Callable[[Mapping[str, Any]], list[Mapping[str, Any]]]] = {
    "CreateEndpointConfig": lambda request: request.get("ProductionVariants", []),
    **dict.fromkeys(
        (f"Create{kind}JobDefinition" for kind in KINDS),
        lambda request: [request.get("JobResources", {}).get("ClusterConfig", {})],
    ),
}
"""Where a request names the instances that it asks for."""
_LIFE_CYCLE = ("Stage", "StageStatus")


@dataclass(frozen=True)
class AuthCheck:
    """One question to IAM; all of a call's must be answered with yes.

    Attributes:
        action: as policies name it.
        resource_arn: "*" for actions that know no resource.
        context: the condition keys of the request and of the resource.
    """

    action: str
    resource_arn: str
    context: Context = field(default_factory=dict)


def checks(account: Account, operation: str, request: Mapping[str, Any]) -> list[AuthCheck]:
    """The questions that a call puts to IAM; it may be malformed, and what it names need not exist."""
    arns = _RESOURCES.get(operation, _no_resource)(account, request)
    asked = _request_context(operation, request)
    found = [
        AuthCheck(f"sagemaker:{operation}", arn, asked | _resource_tags(account, operation, arn))
        for arn in arns
    ]
    if operation.startswith("Create") and (tagged := _tag_context(request)):
        # Service Authorization Reference, sagemaker:TaggingAction: the operation that makes what is tagged.
        context = {**tagged, "sagemaker:TaggingAction": operation}
        found.append(AuthCheck("sagemaker:AddTags", arns[0], context))
    role = request.get("ExecutionRoleArn", request.get("RoleArn"))
    if operation in _PASS_A_ROLE and isinstance(role, str):
        found.append(AuthCheck("iam:PassRole", role, {"iam:PassedToService": "sagemaker.amazonaws.com"}))
    return found


def policy_of(account: Account, arn: str) -> str | None:
    """The policy of the model package group that an ARN names, or whose version it names; None: it has none."""
    kind, _, name = arn.rpartition(":")[2].lower().partition("/")
    if kind not in {"model-package-group", "model-package"}:
        return None
    group = account.state.groups.get(name.split("/")[0])
    return group.policy if group else None


def _resource_tags(account: Account, operation: str, arn: str) -> Context:
    """The tags of what exists; nothing that is being created exists, but a new version has its group's."""
    if operation.startswith("Create") and ":endpoint/" in arn:
        return {}
    tags = tags_of(account.state, arn)
    if tags is None and operation == "CreateModelPackage" and ":model-package/" in arn:
        group = account.state.groups.get(bare(arn).rpartition("/")[0])
        tags = group.tags if group else None
    return {f"aws:ResourceTag/{key}": value for key, value in (tags or {}).items()}


def _request_context(operation: str, request: Mapping[str, Any]) -> Context:
    context = _tag_context(request)
    if operation in {"CreateModelPackage", "UpdateModelPackage"}:
        context |= _package_context(request)
    if operation in _INSTANCES:
        asked = _INSTANCES[operation](request)
        context["sagemaker:InstanceTypes"] = sorted(
            {one["InstanceType"] for one in asked if "InstanceType" in one}
        )
    return context


def _package_context(request: Mapping[str, Any]) -> Context:
    context: Context = {}
    if "ModelApprovalStatus" in request:
        context["sagemaker:ModelApprovalStatus"] = request["ModelApprovalStatus"]
    for key, value in request.get("CustomerMetadataProperties", {}).items():
        context[f"sagemaker:CustomerMetadataProperties/{key}"] = value
    for key in request.get("CustomerMetadataPropertiesToRemove", []):
        context.setdefault(f"sagemaker:CustomerMetadataProperties/{key}", "")
    for name in _LIFE_CYCLE:
        if name in request.get("ModelLifeCycle", {}):
            context[f"sagemaker:ModelLifeCycle:{name}"] = request["ModelLifeCycle"][name]
    return context


def _tag_context(request: Mapping[str, Any]) -> Context:
    tags = request.get("Tags", [])
    context: Context = {f"aws:RequestTag/{tag['Key']}": tag.get("Value", "") for tag in tags if "Key" in tag}
    keys = [tag["Key"] for tag in tags if "Key" in tag] or list(request.get("TagKeys", []))
    return context | ({"aws:TagKeys": keys} if keys else {})


def _no_resource(_account: Account, _request: Mapping[str, Any]) -> list[str]:
    return ["*"]


def _named(kind: str, member: str) -> Arns:
    def arns(account: Account, request: Mapping[str, Any]) -> list[str]:
        return [account.arn(kind, str(request.get(member, "*")))]

    return arns


def _group(account: Account, request: Mapping[str, Any]) -> list[str]:
    return [group_arn(account, str(request.get("ModelPackageGroupName", "*")))]


def _versions(account: Account, request: Mapping[str, Any]) -> list[str]:
    return _group(account, request) if "ModelPackageGroupName" in request else ["*"]


def _new_package(account: Account, request: Mapping[str, Any]) -> list[str]:
    """A new version is made in its group, and as a model package of the next number."""
    if "ModelPackageGroupName" not in request:
        return [account.arn("model-package", str(request.get("ModelPackageName", "*")))]
    of_group = group_arn(account, request["ModelPackageGroupName"])
    group = account.state.groups.get(bare(of_group))
    number = group.last_version + 1 if group else 1
    return [of_group, account.arn("model-package", f"{of_group.split('/', 1)[1]}/{number}")]


def _package(account: Account, request: Mapping[str, Any]) -> list[str]:
    name = str(request.get("ModelPackageArn") or request.get("ModelPackageName") or "*")
    return [name if name.startswith("arn:") else account.arn("model-package", name)]


def _batch(_account: Account, request: Mapping[str, Any]) -> list[str]:
    return list(request.get("ModelPackageArnList", [])) or ["*"]


def _endpoint_and_config(account: Account, request: Mapping[str, Any]) -> list[str]:
    return [
        account.arn("endpoint", str(request.get("EndpointName", "*"))),
        account.arn("endpoint-config", str(request.get("EndpointConfigName", "*"))),
    ]


def _pipeline(account: Account, request: Mapping[str, Any]) -> list[str]:
    name = str(request.get("PipelineName", "*"))
    return [name if name.startswith("arn:") else account.arn("pipeline", name.lower())]


def _execution(_account: Account, request: Mapping[str, Any]) -> list[str]:
    return [str(request.get("PipelineExecutionArn", "*"))]


def _tagged(_account: Account, request: Mapping[str, Any]) -> list[str]:
    return [str(request.get("ResourceArn", "*"))]


_RESOURCES: dict[str, Arns] = {
    "CreateModelPackageGroup": _group,
    "DescribeModelPackageGroup": _group,
    "DeleteModelPackageGroup": _group,
    "PutModelPackageGroupPolicy": _group,
    "GetModelPackageGroupPolicy": _group,
    "DeleteModelPackageGroupPolicy": _group,
    "CreateModelPackage": _new_package,
    "DescribeModelPackage": _package,
    "UpdateModelPackage": _package,
    "DeleteModelPackage": _package,
    "ListModelPackages": _versions,
    "BatchDescribeModelPackage": _batch,
    "CreateModel": _named("model", "ModelName"),
    "DescribeModel": _named("model", "ModelName"),
    "DeleteModel": _named("model", "ModelName"),
    "CreateEndpointConfig": _named("endpoint-config", "EndpointConfigName"),
    "DescribeEndpointConfig": _named("endpoint-config", "EndpointConfigName"),
    "DeleteEndpointConfig": _named("endpoint-config", "EndpointConfigName"),
    "CreateEndpoint": _endpoint_and_config,
    "UpdateEndpoint": _endpoint_and_config,
    "UpdateEndpointWeightsAndCapacities": _named("endpoint", "EndpointName"),
    "DescribeEndpoint": _named("endpoint", "EndpointName"),
    "DeleteEndpoint": _named("endpoint", "EndpointName"),
    "InvokeEndpoint": _named("endpoint", "EndpointName"),
    "InvokeEndpointAsync": _named("endpoint", "EndpointName"),
    **{
        f"{call}{kind}JobDefinition": _named(name, "JobDefinitionName")
        for kind, name in KINDS.items()
        for call in ("Create", "Describe", "Delete")
    },
    **{
        f"{call}MonitoringSchedule": _named("monitoring-schedule", "MonitoringScheduleName")
        for call in ("Create", "Update", "Describe", "Stop", "Start", "Delete")
    },
    **{f"{call}Pipeline": _pipeline for call in ("Create", "Update", "Describe", "Delete")},
    "StartPipelineExecution": _pipeline,
    "ListPipelineExecutions": _pipeline,
    "StopPipelineExecution": _execution,
    "DescribePipelineExecution": _execution,
    "ListPipelineExecutionSteps": _execution,
    "AddTags": _tagged,
    "ListTags": _tagged,
    "DeleteTags": _tagged,
}
