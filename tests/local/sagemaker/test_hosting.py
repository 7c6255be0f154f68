"""Models, endpoint configurations, lists, and who answers an invocation."""

from __future__ import annotations

from typing import Any

import pytest

from local.sagemaker.service import SageMakerError, Switches
from tests.local.sagemaker.world import ROLE, Sim, specification, variant


def test_a_model_of_a_version_runs_the_versions_containers(aws: Sim) -> None:
    aws.group()
    arn = aws.version(image="image:7")
    container = {"ModelPackageName": arn, "Environment": {"B": "2"}}
    aws("CreateModel", ModelName="m", ExecutionRoleArn=ROLE, Containers=[container])
    aws("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant("m")])
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="c")
    aws.settle()
    ((fleet, _),) = aws.sagemaker.route("fraud", None)
    assert fleet.containers[0].image == "image:7"
    assert fleet.containers[0].model_data_url == "s3://models/model.tar.gz"
    assert fleet.containers[0].environment == {"A": "1", "B": "2"}
    assert fleet.execution_role_arn == ROLE
    assert aws("DescribeModel", ModelName="m")["Containers"] == [container]


@pytest.mark.parametrize("late", [True, False])
def test_a_version_changed_after_its_model_was_made_deploys_as_the_switch_says(*, late: bool) -> None:
    aws = Sim(Switches(package_read_at_deployment=late))
    aws.group()
    arn = aws.version(image="image:old")
    aws("CreateModel", ModelName="m", Containers=[{"ModelPackageName": arn}])
    aws("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant("m")])
    aws("UpdateModelPackage", ModelPackageArn=arn, InferenceSpecification=specification("image:new"))
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="c")
    aws.settle()
    ((fleet, _),) = aws.sagemaker.route("fraud", None)
    assert fleet.containers[0].image == ("image:new" if late else "image:old")


def test_a_version_that_is_not_approved_becomes_no_model_unless_the_switch_lets_it(aws: Sim) -> None:
    aws.group()
    request: dict[str, Any] = {
        "ModelName": "m",
        "Containers": [{"ModelPackageName": aws.version(status="Rejected")}],
    }
    assert "not Approved" in aws.refused("CreateModel", **request).message
    aws.sagemaker.switches.unapproved_package_refused = False
    aws("CreateModel", **request)


def test_a_version_without_a_container_becomes_no_model(aws: Sim) -> None:
    aws.group()
    arn = aws("CreateModelPackage", ModelPackageGroupName="fraud", ModelApprovalStatus="Approved")[
        "ModelPackageArn"
    ]
    aws.wait(5)
    error = aws.refused("CreateModel", ModelName="m", Containers=[{"ModelPackageName": arn}])
    assert "no container" in error.message


def test_a_model_needs_its_artifact_and_a_role_that_sagemaker_may_assume(aws: Sim) -> None:
    image = {"Image": "image:1"}
    model = {"Image": "image:1", "ModelDataUrl": "s3://models/gone.tar.gz"}
    aws.world.missing_objects.add("s3://models/gone.tar.gz")
    aws.world.bad_roles.add(ROLE + "-bad")
    gone = aws.refused("CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=model)
    assert gone.message.startswith(
        "Could not access model data at s3://models/gone.tar.gz. Please ensure that the role"
    )
    bad = aws.refused("CreateModel", ModelName="m", ExecutionRoleArn=ROLE + "-bad", PrimaryContainer=image)
    assert bad.message.startswith(f"Could not assume role {ROLE}-bad.")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "PrimaryContainer or Containers"),
        ({"Containers": []}, "PrimaryContainer or Containers"),
        ({"PrimaryContainer": {"Image": "a"}, "Containers": [{"Image": "a"}]}, "not both"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://a/b"}}, "Image or a ModelPackageName"),
        ({"PrimaryContainer": {"ModelPackageName": "x", "Image": "a"}}, "either"),
        ({"PrimaryContainer": {"ModelPackageName": "x"}}, "does not exist"),
    ],
)
def test_a_model_that_cannot_be_is_refused(aws: Sim, content: dict[str, Any], says: str) -> None:
    assert says in aws.refused("CreateModel", ModelName="m", **content).message


def test_names_are_used_once_and_what_is_missing_is_named(aws: Sim) -> None:
    aws.endpoint("one")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:"
    container = {"PrimaryContainer": {"Image": "a"}}
    variants = {"ProductionVariants": [variant("one")]}
    facts: list[tuple[str, dict[str, Any], str]] = [
        (
            "CreateModel",
            {"ModelName": "one", **container},
            f'Cannot create already existing model "{arn}model/one".',
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "one", **variants},
            f'Cannot create already existing endpoint configuration "{arn}endpoint-config/one".',
        ),
        (
            "CreateEndpoint",
            {"EndpointName": "FRAUD", "EndpointConfigName": "one"},
            f'Cannot create already existing endpoint "{arn}endpoint/FRAUD".',
        ),
        ("DescribeEndpoint", {"EndpointName": "x"}, f'Could not find endpoint "{arn}endpoint/x".'),
        ("DeleteEndpoint", {"EndpointName": "x"}, f'Could not find endpoint "{arn}endpoint/x".'),
        ("DescribeModel", {"ModelName": "x"}, f'Could not find model "{arn}model/x".'),
        ("DeleteModel", {"ModelName": "x"}, f'Could not find model "{arn}model/x".'),
        (
            "DeleteEndpointConfig",
            {"EndpointConfigName": "x"},
            f'Could not find endpoint configuration "{arn}endpoint-config/x".',
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "y", "ProductionVariants": [variant("x")]},
            f'Could not find model "{arn}model/x".',
        ),
    ]
    for operation, request, message in facts:
        error = aws.refused(operation, **request)
        assert (error.code, error.message) == ("ValidationException", message)


def test_a_model_that_is_running_can_be_deleted(aws: Sim) -> None:
    aws.endpoint("one")
    aws("DeleteModel", ModelName="one")
    assert aws.traffic() == {"one": 1.0}


GPU_IMAGE = "al2-ami-sagemaker-inference-gpu-3-1"
SERVERLESS = {
    "VariantName": "main",
    "ModelName": "one",
    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
}


@pytest.mark.parametrize(
    ("variants", "more", "says"),
    [
        ([variant("one"), variant("one")], {}, "unique"),
        ([{"VariantName": "main", "ModelName": "one"}], {}, "InstanceType"),
        ([{"VariantName": "main"}], {}, "ModelName"),
        ([SERVERLESS | {"InstanceType": "ml.m5.large"}], {}, "InstanceType"),
        ([SERVERLESS], {"KmsKeyId": "key"}, "KmsKeyId"),
        (
            [variant("one") | {"InstanceType": "ml.g5.xlarge"}],
            {"KmsKeyId": "key"},
            "KmsKeyId is not supported",
        ),
        ([variant("one") | {"InstanceType": "ml.m5d.large", "VolumeSizeInGB": 9}], {}, "VolumeSizeInGB"),
        ([variant("one") | {"InferenceAmiVersion": GPU_IMAGE}], {}, "InferenceAmiVersion"),
        ([variant("one") | {"InferenceAmiVersion": "mine"}], {}, "satisfy enum value set"),
        ([variant("one") | {"VolumeSizeInGB": 513}], {}, "less than or equal to 512"),
        ([variant("one") | {"ModelDataDownloadTimeoutInSeconds": 59}], {}, "greater than or equal to 60"),
        ([SERVERLESS | {"VolumeSizeInGB": 9}], {}, "takes no VolumeSizeInGB"),
        (
            [SERVERLESS],
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://x/y"}}},
            "AsyncInferenceConfig",
        ),
        ([SERVERLESS, SERVERLESS | {"VariantName": "other"}], {}, "one production variant"),
        (
            [SERVERLESS | {"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 5}}],
            {},
            "multiple of 1024",
        ),
        (
            [
                SERVERLESS
                | {
                    "ServerlessConfig": {
                        "MemorySizeInMB": 1024,
                        "MaxConcurrency": 5,
                        "ProvisionedConcurrency": 6,
                    }
                }
            ],
            {},
            "MaxConcurrency",
        ),
    ],
)
def test_a_config_that_cannot_be_is_refused(aws: Sim, variants: Any, more: dict[str, Any], says: str) -> None:
    aws.config("one")
    error = aws.refused("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=variants, **more)
    assert says in error.message


def test_how_instances_start_is_kept_and_shown(aws: Sim) -> None:
    aws.config("one")
    wanted = {
        "InstanceType": "ml.g5.xlarge",
        "ContainerStartupHealthCheckTimeoutInSeconds": 900,
        "ModelDataDownloadTimeoutInSeconds": 1200,
        "InferenceAmiVersion": GPU_IMAGE,
    }
    aws("CreateEndpointConfig", EndpointConfigName="large", ProductionVariants=[variant("one") | wanted])
    (shown,) = aws("DescribeEndpointConfig", EndpointConfigName="large")["ProductionVariants"]
    assert wanted.items() <= shown.items()


def test_a_key_on_local_storage_is_taken_where_the_switch_says_so() -> None:
    aws = Sim(Switches(key_on_local_storage_refused=False))
    aws.config("one")
    on_disk = [variant("one") | {"InstanceType": "ml.g5.xlarge"}]
    aws("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=on_disk, KmsKeyId="key")
    assert aws("DescribeEndpointConfig", EndpointConfigName="c")["KmsKeyId"] == "key"


def test_a_serverless_endpoint_has_no_instances_and_no_deployment_events(aws: Sim) -> None:
    aws.config("one")
    for name in ("a", "b"):
        aws("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[SERVERLESS])
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="a")
    aws.settle()
    aws.update("b")
    aws.settle()
    (main,) = aws.describe()["ProductionVariants"]
    assert "CurrentInstanceCount" not in main
    assert main["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
    assert aws.traffic() == {"b": 1.0}
    assert aws.world.details("Endpoint Deployment") == []


ANSWERS = {"OutputConfig": {"S3OutputPath": "s3://answers/x", "S3FailurePath": "s3://answers/x/failures"}}


@pytest.mark.parametrize(
    "model",
    [
        {"EnableNetworkIsolation": True},
        {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        {"Containers": [{"Image": "image:1"}, {"Image": "image:2"}], "PrimaryContainer": None},
    ],
    ids=["isolated", "vpc", "pipeline"],
)
def test_a_model_that_no_serverless_variant_runs_is_refused(aws: Sim, model: dict[str, Any]) -> None:
    aws(
        "CreateModel",
        ModelName="one",
        ExecutionRoleArn=ROLE,
        **({"PrimaryContainer": {"Image": "image:1"}} | model),
    )
    error = aws.refused("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[SERVERLESS])
    assert "Serverless production variant main takes no" in error.message


def modes(aws: Sim) -> None:
    """A configuration of each mode, named by it."""
    aws.config("real-time")
    aws(
        "CreateEndpointConfig",
        EndpointConfigName="serverless",
        ProductionVariants=[SERVERLESS | {"ModelName": "real-time"}],
    )
    aws(
        "CreateEndpointConfig",
        EndpointConfigName="asynchronous",
        ProductionVariants=[variant("real-time")],
        AsyncInferenceConfig=ANSWERS,
    )


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("real-time", "serverless", "cannot be updated from instance-based to serverless"),
        ("real-time", "asynchronous", "cannot be added to this endpoint fraud"),
        ("asynchronous", "real-time", "cannot be removed from this endpoint fraud"),
        ("asynchronous", "serverless", "cannot be updated from instance-based to serverless"),
        ("serverless", "real-time", None),
    ],
)
def test_an_endpoint_changes_its_mode_only_from_serverless_to_real_time(
    aws: Sim, was: str, now: str, says: str | None
) -> None:
    modes(aws)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName=was)
    aws.settle()
    if says is None:
        aws.update(now)
        aws.settle()
        assert aws.traffic() == {now: 1.0}
    else:
        assert says in aws.refused("UpdateEndpoint", EndpointName="fraud", EndpointConfigName=now).message


def test_a_serverless_endpoint_takes_no_deployment_config(aws: Sim) -> None:
    modes(aws)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="serverless")
    aws.settle()
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    error = aws.refused(
        "UpdateEndpoint", EndpointName="fraud", EndpointConfigName="serverless", DeploymentConfig=policy
    )
    assert "takes no DeploymentConfig" in error.message


@pytest.mark.parametrize(
    ("mode", "later"), [("real-time", False), ("serverless", False), ("asynchronous", True)]
)
def test_an_endpoint_is_asked_in_one_way_only_and_shows_which(aws: Sim, mode: str, later: bool) -> None:
    modes(aws)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName=mode)
    aws.settle()
    assert aws.sagemaker.route("fraud", later=later)
    with pytest.raises(SageMakerError, match="cannot be asked by InvokeEndpoint"):
        aws.sagemaker.route("fraud", later=not later)
    assert aws.describe().get("AsyncInferenceConfig") == (ANSWERS if later else None)
    assert aws.sagemaker.asynchronous_of("fraud") == (ANSWERS if later else None)


def test_traffic_goes_by_weight_or_to_the_variant_that_is_named(aws: Sim) -> None:
    aws.config("one")
    variants = [variant("one", name="a", weight=3.0), variant("one", name="b", weight=1.0)]
    aws("CreateEndpointConfig", EndpointConfigName="two", ProductionVariants=variants)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="two")
    aws.settle()
    assert {fleet.variant: share for fleet, share in aws.sagemaker.route("fraud", None)} == {
        "a": 0.75,
        "b": 0.25,
    }
    ((fleet, share),) = aws.sagemaker.route("fraud", "b")
    assert (fleet.variant, share) == ("b", 1.0)


@pytest.mark.parametrize(("name", "target"), [("other", None), ("Fraud", None), ("fraud", "other")])
def test_what_cannot_be_invoked_is_an_error_of_invoke_endpoint(
    aws: Sim, name: str, target: str | None
) -> None:
    aws.endpoint("one")
    with pytest.raises(SageMakerError) as caught:
        aws.sagemaker.route(name, target)
    assert caught.value.code == "ValidationError"
    assert "not found" in caught.value.message


def test_an_endpoint_that_is_being_made_or_deleted_or_failed_cannot_be_invoked(aws: Sim) -> None:
    aws.config("one")
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")

    def refused(status: str) -> None:
        assert aws.describe()["EndpointStatus"] == status
        with pytest.raises(SageMakerError, match="Endpoint fraud of account 123456789012 not found"):
            aws.sagemaker.route("fraud", None)

    refused("Creating")
    aws.world.broken_images["image:one"] = "no"
    aws.settle()
    refused("Failed")
    aws("DeleteEndpoint", EndpointName="fraud")
    refused("Deleting")


def test_lists_are_newest_first_in_pages_of_ten_and_filtered(aws: Sim) -> None:
    for number in range(12):
        aws.config(f"c{number}")
        aws.wait(1)
    for operation, member, name in (
        ("ListModels", "Models", "ModelName"),
        ("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName"),
    ):
        first = aws(operation)
        assert [item[name] for item in first[member]] == [f"c{number}" for number in range(11, 1, -1)]
        rest = aws(operation, NextToken=first["NextToken"])
        assert [item[name] for item in rest[member]] == ["c1", "c0"]
        assert len(aws(operation, NameContains="C1")[member]) == 3
        assert aws.refused("ListEndpoints", NextToken=first["NextToken"]).message == "Invalid NextToken."


def test_endpoints_are_listed_by_status(aws: Sim) -> None:
    aws.endpoint("one")
    aws("CreateEndpoint", EndpointName="new", EndpointConfigName="one")
    found = aws("ListEndpoints", StatusEquals="Creating")["Endpoints"]
    assert [item["EndpointName"] for item in found] == ["new"]
    assert len(aws("ListEndpoints", SortBy="Name", SortOrder="Ascending")["Endpoints"]) == 2
