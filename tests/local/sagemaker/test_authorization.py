"""What IAM is asked before a call."""

from __future__ import annotations

from typing import Any

import pytest

from local.sagemaker.authorization import AuthCheck
from local.sagemaker.service import SageMakerError
from tests.local.sagemaker.world import ROLE, Sim

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
TAGS = [{"Key": "greenlight:group", "Value": "fraud"}]
TAGGED: dict[str, Any] = {"aws:RequestTag/greenlight:group": "fraud", "aws:TagKeys": ["greenlight:group"]}


def asked(aws: Sim, operation: str, **request: Any) -> list[AuthCheck]:
    """The questions of a call."""
    return aws.sagemaker.checks(operation, request)


def test_an_approval_is_asked_for_with_its_status_properties_and_stage(aws: Sim) -> None:
    aws.group(Tags=TAGS)
    arn = aws.version()
    (check,) = asked(
        aws,
        "UpdateModelPackage",
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"team": "risk"},
        CustomerMetadataPropertiesToRemove=["old"],
        ModelLifeCycle={"Stage": "Production", "StageStatus": "Ready"},
    )
    assert (check.action, check.resource_arn) == ("sagemaker:UpdateModelPackage", arn)
    assert check.context == {
        "sagemaker:ModelApprovalStatus": "Approved",
        "sagemaker:CustomerMetadataProperties/team": "risk",
        "sagemaker:CustomerMetadataProperties/old": "",
        "sagemaker:ModelLifeCycle:Stage": "Production",
        "sagemaker:ModelLifeCycle:StageStatus": "Ready",
        "aws:ResourceTag/greenlight:group": "fraud",
    }


def test_a_registration_is_asked_for_on_the_group_and_on_the_version(aws: Sim) -> None:
    aws.group(Tags=TAGS)
    aws.version()
    checks = asked(aws, "CreateModelPackage", ModelPackageGroupName="fraud", ModelApprovalStatus="Approved")
    assert [check.resource_arn for check in checks] == [
        f"{ARN}model-package-group/fraud",
        f"{ARN}model-package/fraud/2",
    ]
    for check in checks:
        assert check.context == {
            "sagemaker:ModelApprovalStatus": "Approved",
            "aws:ResourceTag/greenlight:group": "fraud",
        }


def test_a_model_passes_its_role_and_its_tags_need_add_tags(aws: Sim) -> None:
    checks = asked(
        aws, "CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "a"}, Tags=TAGS
    )
    assert checks == [
        AuthCheck("sagemaker:CreateModel", f"{ARN}model/m", TAGGED),
        AuthCheck("sagemaker:AddTags", f"{ARN}model/m", {**TAGGED, "sagemaker:TaggingAction": "CreateModel"}),
        AuthCheck("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    ]


def test_an_update_is_asked_for_on_the_endpoint_and_on_the_config_each_with_its_tags(aws: Sim) -> None:
    aws.endpoint("one", Tags=TAGS)
    aws.config("two", Tags=[{"Key": "a", "Value": "b"}])
    assert asked(aws, "UpdateEndpoint", EndpointName="fraud", EndpointConfigName="two") == [
        AuthCheck(
            "sagemaker:UpdateEndpoint", f"{ARN}endpoint/fraud", {"aws:ResourceTag/greenlight:group": "fraud"}
        ),
        AuthCheck("sagemaker:UpdateEndpoint", f"{ARN}endpoint-config/two", {"aws:ResourceTag/a": "b"}),
    ]
    created = asked(aws, "CreateEndpoint", EndpointName="new", EndpointConfigName="two", Tags=TAGS)
    assert [(check.action, check.resource_arn) for check in created] == [
        ("sagemaker:CreateEndpoint", f"{ARN}endpoint/new"),
        ("sagemaker:CreateEndpoint", f"{ARN}endpoint-config/two"),
        ("sagemaker:AddTags", f"{ARN}endpoint/new"),
    ]


@pytest.mark.parametrize(
    ("operation", "request_", "resource"),
    [
        ("ListEndpoints", {}, "*"),
        ("Search", {"Resource": "ModelPackage"}, "*"),
        ("ListModelPackages", {"ModelPackageGroupName": "fraud"}, f"{ARN}model-package-group/fraud"),
        ("DescribeModelPackage", {"ModelPackageName": "fraud/1"}, f"{ARN}model-package/fraud/1"),
        ("DeleteModel", {"ModelName": "m"}, f"{ARN}model/m"),
        ("InvokeEndpoint", {"EndpointName": "fraud"}, f"{ARN}endpoint/fraud"),
        ("AddTags", {"ResourceArn": f"{ARN}endpoint/x", "Tags": []}, f"{ARN}endpoint/x"),
        ("NoSuchOperation", {}, "*"),
    ],
)
def test_a_call_is_asked_for_on_its_resource(
    aws: Sim, operation: str, request_: dict[str, Any], resource: str
) -> None:
    assert [check.resource_arn for check in asked(aws, operation, **request_)] == [resource]


def test_a_request_that_cannot_be_read_is_refused_before_iam_is_asked(aws: Sim) -> None:
    with pytest.raises(SageMakerError) as caught:
        asked(aws, "UpdateModelPackage", ModelPackageArn="x", CustomerMetadataProperties=["no map"])
    assert caught.value.code == "SerializationException"
    assert asked(aws, "CreateModel", ModelName="m", Tags=None)


def test_a_config_is_asked_for_with_its_instance_types_tags_and_role(aws: Sim) -> None:
    variants = [
        {"VariantName": name, "InstanceType": kind}
        for name, kind in (("b", "ml.m5.large"), ("a", "ml.c5.large"), ("c", "ml.m5.large"))
    ]
    made, tagging, passing = asked(
        aws,
        "CreateEndpointConfig",
        EndpointConfigName="one",
        ProductionVariants=variants,
        ExecutionRoleArn=ROLE,
        Tags=TAGS,
    )
    arn = f"{ARN}endpoint-config/one"
    kinds = {"sagemaker:InstanceTypes": ["ml.c5.large", "ml.m5.large"]}
    assert made == AuthCheck("sagemaker:CreateEndpointConfig", arn, TAGGED | kinds)
    assert (tagging.action, tagging.resource_arn) == ("sagemaker:AddTags", arn)
    assert passing == AuthCheck("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"})


def test_a_batch_is_asked_for_on_each_version_and_a_package_on_its_own_by_its_name(aws: Sim) -> None:
    arns = [f"{ARN}model-package/fraud/{number}" for number in (1, 2)]
    batch = asked(aws, "BatchDescribeModelPackage", ModelPackageArnList=arns)
    assert [check.resource_arn for check in batch] == arns
    (alone,) = asked(aws, "CreateModelPackage", ModelPackageName="alone")
    assert alone.resource_arn == f"{ARN}model-package/alone"
