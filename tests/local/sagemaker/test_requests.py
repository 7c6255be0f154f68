"""Requests are held against the service's own model, and can be made to fail."""

from __future__ import annotations

from typing import Any

import pytest

from local.sagemaker.operations import OPERATIONS
from local.sagemaker.patterns import compiled
from local.sagemaker.service import Failing, SageMakerError
from local.sagemaker.shapes import operation_model
from tests.local.sagemaker.world import Sim, blue_green

ONE = "1 validation error detected: "


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        (
            "CreateModelPackageGroup",
            {"ModelPackageGroupName": "-x"},
            ONE + "Value '-x' at 'modelPackageGroupName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "a b", "ModelName": "m"}]},
            ONE + "Value 'a b' at 'productionVariants.1.member.variantName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            "DescribeEndpoint",
            {},
            ONE + "Value null at 'endpointName' failed to satisfy constraint: Member must not be null",
        ),
        (
            "UpdateModelPackage",
            {
                "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/a/1",
                "ModelApprovalStatus": "Ok",
            },
            ONE + "Value 'Ok' at 'modelApprovalStatus' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Approved, Rejected, PendingManualApproval]",
        ),
        (
            "ListModels",
            {"MaxResults": 101},
            ONE + "Value '101' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
        ),
    ],
)
def test_a_value_that_the_api_does_not_allow_is_named_in_awss_words(
    aws: Sim, operation: str, request_: dict[str, Any], message: str
) -> None:
    error = aws.refused(operation, **request_)
    assert (error.code, error.message) == ("ValidationException", message)


def test_all_that_is_wrong_is_said_at_once(aws: Sim) -> None:
    policy = blue_green(wait=3601, TerminationWaitInSeconds=-1)
    error = aws.refused("UpdateEndpoint", EndpointName="x" * 64, DeploymentConfig=policy)
    assert error.message.startswith("5 validation errors detected: ")
    assert "length less than or equal to 63" in error.message


def test_another_json_type_is_a_serialization_error(aws: Sim) -> None:
    error = aws.refused("CreateModelPackageGroup", ModelPackageGroupName=5)
    assert error.code == "SerializationException"


def test_an_operation_that_is_not_modelled_is_said_to_be_unknown(aws: Sim) -> None:
    assert aws.refused("CreateTrainingJob").code == "UnknownOperationException"


@pytest.mark.parametrize("value", ["Größe und 大きさ", "naïve, „quoted“", ""])
def test_text_in_any_script_is_accepted(aws: Sim, value: str) -> None:
    aws.group(ModelPackageGroupDescription=value)


def test_control_characters_are_refused(aws: Sim) -> None:
    request: dict[str, Any] = {"ModelPackageGroupName": "fraud", "ModelPackageGroupDescription": "a\x07b"}
    assert "regular expression" in aws.refused("CreateModelPackageGroup", **request).message


def test_every_pattern_of_every_operation_can_be_checked() -> None:
    seen: set[str] = set()

    def visit(shape: Any) -> None:
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if pattern := shape.metadata.get("pattern"):
            compiled(pattern)
        for name in ("member", "key", "value"):
            visit(getattr(shape, name, None))
        for member in getattr(shape, "members", {}).values():
            visit(member)

    for operation in OPERATIONS:
        visit(operation_model(operation).input_shape)
    assert len(seen) > 100


def test_throttled_operations_always_answer_so_and_do_nothing(aws: Sim) -> None:
    aws.sagemaker.faults.throttled.add("CreateModelPackageGroup")
    error = aws.refused("CreateModelPackageGroup", ModelPackageGroupName="fraud")
    assert (error.code, error.message) == ("ThrottlingException", "Rate exceeded")
    aws.sagemaker.faults.throttled.clear()
    aws.group()


def test_the_next_calls_fail_as_often_as_told(aws: Sim) -> None:
    aws.sagemaker.faults.failing["ListModels"] = Failing(2, "InternalFailure", "Oops")
    assert [aws.refused("ListModels").status for _ in range(2)] == [500, 500]
    aws("ListModels")


def test_an_answer_can_be_lost_after_the_call_took_effect(aws: Sim) -> None:
    aws.sagemaker.faults.failing["CreateModelPackageGroup"] = Failing(1, after_effect=True)
    with pytest.raises(SageMakerError):
        aws.group()
    aws("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
