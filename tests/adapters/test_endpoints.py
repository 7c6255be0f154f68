"""The exact requests to SageMaker, validated by botocore, and what its answers mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.adapters.alarms import Alarms
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.executor import Executor
from lambdas.adapters.monitoring import Monitoring
from lambdas.adapters.queue import RetrainQueue
from lambdas.adapters.scaling import Scaling
from lambdas.core import actions as do
from lambdas.core.content import Container
from lambdas.core.errors import (
    Busy,
    Denied,
    Gone,
    NotOurs,
    NotReady,
    Passing,
    QuotaExceeded,
    Refused,
    Throttled,
    VersionRefused,
)
from lambdas.core.facts import Endpoint, EndpointStatus
from lambdas.core.spec import (
    Asynchronous,
    Autoscaling,
    DataCapture,
    EndpointMode,
    Hosting,
    RolloutSpec,
    Serverless,
    Strategy,
    Vpc,
)
from tests.adapters.conftest import Stubbed

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/fraud"
ROLE = "arn:aws:iam::123456789012:role/greenlight/fraud-endpoint"
CONTENT = (Container("reg/scorer:1", "sha256:1", "s3://b/k", "e", {"A": "b"}),)
TAGS = {"greenlight:group": "fraud"}
TAG_LIST = [{"Key": "greenlight:group", "Value": "fraud"}]
AT = datetime(2026, 11, 23, tzinfo=UTC)
NOT_THERE = (
    'Could not find endpoint configuration "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c".'
)


class Waits:
    """A sleep that only counts."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def update(**changes: Any) -> do.UpdateEndpoint:
    values: dict[str, Any] = {
        "name": "fraud",
        "config": "c",
        "rollout": RolloutSpec(Strategy.CANARY, 10, 300, 120, 3600),
        "alarms": ("greenlight/fraud/abort",),
        "retain_capacity": True,
        "config_is_new": False,
    }
    return do.UpdateEndpoint(**(values | changes))


def updated(sagemaker: Stubbed, deployment: dict[str, Any], *, retained: bool = True) -> None:
    sagemaker.answers(
        "update_endpoint",
        {"EndpointArn": ARN},
        EndpointName="fraud",
        EndpointConfigName="c",
        RetainAllVariantProperties=retained,
        DeploymentConfig=deployment,
    )


def blue_green(routing: dict[str, Any], termination: int = 120) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": termination,
            "MaximumExecutionTimeoutInSeconds": 3600,
        }
    }


WATCHED = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "greenlight/fraud/abort"}]}}
TEN_PERCENT = {"Type": "CAPACITY_PERCENT", "Value": 10}


def test_an_endpoint_is_read_with_its_pending_config_and_failure(sagemaker: Stubbed) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    sagemaker.answers(
        "describe_endpoint",
        {
            "EndpointName": "fraud",
            "EndpointArn": ARN,
            "EndpointConfigName": "old",
            "EndpointStatus": "Updating",
            "CreationTime": at,
            "LastModifiedTime": at,
            "FailureReason": "an alarm",
            "PendingDeploymentSummary": {
                "EndpointConfigName": "new",
                "ProductionVariants": [
                    {"VariantName": "AllTraffic", "VariantStatus": [{"Status": "Baking"}]}
                ],
            },
        },
        EndpointName="fraud",
    )
    read = Endpoints(sagemaker.client).describe("fraud")
    assert read == Endpoint(
        "fraud", ARN, EndpointStatus.UPDATING, "old", at.timestamp(), "new", "an alarm", steps=("Baking",)
    )


def test_an_endpoint_that_is_not_there_is_none(sagemaker: Stubbed) -> None:
    sagemaker.refuses("describe_endpoint", "ValidationException", f'Could not find endpoint "{ARN}".')
    assert Endpoints(sagemaker.client).describe("fraud") is None


def test_the_tags_of_an_endpoint_are_read_to_the_last_page(sagemaker: Stubbed) -> None:
    sagemaker.answers("list_tags", {"Tags": TAG_LIST, "NextToken": "more"}, ResourceArn=ARN)
    sagemaker.answers("list_tags", {"Tags": [{"Key": "a", "Value": "b"}]}, ResourceArn=ARN, NextToken="more")
    assert Endpoints(sagemaker.client).tags(ARN) == {"greenlight:group": "fraud", "a": "b"}


def test_a_model_is_made_of_exactly_the_containers_that_were_approved(sagemaker: Stubbed) -> None:
    sagemaker.answers(
        "create_model",
        {"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"},
        ModelName="m",
        Containers=[{"Image": "reg/scorer@sha256:1", "ModelDataUrl": "s3://b/k", "Environment": {"A": "b"}}],
        ExecutionRoleArn=ROLE,
        EnableNetworkIsolation=True,
        Tags=TAG_LIST,
        VpcConfig={"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    )
    vpc = Vpc(("subnet-1",), ("sg-1",))
    Endpoints(sagemaker.client).create_model(do.CreateModel("m", CONTENT, ROLE, vpc, True, TAGS))


EVIL = {"S3Uri": "s3://evil/x/", "S3DataType": "S3Prefix", "CompressionType": "None"}
CONTAINER: dict[str, Any] = {
    "Image": "reg/scorer@sha256:1",
    "ModelDataUrl": "s3://b/k",
    "Environment": {"A": "b"},
}


def _model_is_there(sagemaker: Stubbed, **other: Any) -> None:
    """A model `m` is there already; some members of it are other ones than ours."""
    sagemaker.refuses("create_model", "ValidationException", 'Cannot create already existing model "m".')
    there = {
        "ModelName": "m",
        "Containers": [{**CONTAINER, "Mode": "SingleModel"}],
        "ExecutionRoleArn": ROLE,
        "EnableNetworkIsolation": True,
        "CreationTime": AT,
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
    }
    sagemaker.answers("describe_model", {**there, **other}, ModelName="m")


CONFIG_ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c"
ON_INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}


def _variant(hardware: dict[str, Any]) -> dict[str, Any]:
    return {"VariantName": "AllTraffic", "ModelName": "m", "InitialVariantWeight": 1.0, **hardware}


def _config_is_made(sagemaker: Stubbed, hardware: dict[str, Any], **members: Any) -> None:
    """AWS is asked for exactly this config, and makes it."""
    sagemaker.answers(
        "create_endpoint_config",
        {"EndpointConfigArn": CONFIG_ARN},
        EndpointConfigName="c",
        ProductionVariants=[_variant(hardware)],
        Tags=TAG_LIST,
        **members,
    )


def _config_is_there(sagemaker: Stubbed, whole: dict[str, Any] | None = None, **other: Any) -> None:
    """A config `c` is there already; some members of it (`whole`) or of its variant are other ones than ours."""
    sagemaker.refuses(
        "create_endpoint_config",
        "ValidationException",
        'Cannot create already existing endpoint configuration "c".',
    )
    found = {
        "EndpointConfigName": "c",
        "EndpointConfigArn": CONFIG_ARN,
        "ProductionVariants": [{**_variant(ON_INSTANCES), **other}],
        "CreationTime": AT,
        **(whole or {}),
    }
    sagemaker.answers("describe_endpoint_config", found, EndpointConfigName="c")


def test_a_model_or_config_that_is_there_already_is_the_same_one(sagemaker: Stubbed) -> None:
    _model_is_there(sagemaker)
    _config_is_there(sagemaker)
    endpoints = Endpoints(sagemaker.client)
    endpoints.create_model(do.CreateModel("m", CONTENT, ROLE, None, True, TAGS))
    endpoints.create_config(do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS))


@pytest.mark.parametrize(
    "other",
    [
        {"Containers": [{**CONTAINER, "Image": "reg/evil@sha256:1"}]},
        {
            "Containers": [
                {"ModelPackageName": "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/3"}
            ]
        },
        {"Containers": []},
        {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/another-role-with-more"},
        {"EnableNetworkIsolation": False},
        {"Containers": [{**CONTAINER, "Environment": {"A": "b", "SAGEMAKER_PROGRAM": "evil.py"}}]},
        {"Containers": [{**CONTAINER, "Environment": {}}]},
        {"Containers": [{**CONTAINER, "Mode": "MultiModel"}]},
        {
            "Containers": [
                {**CONTAINER, "AdditionalModelDataSources": [{"ChannelName": "x", "S3DataSource": EVIL}]}
            ]
        },
        {"Containers": [{**CONTAINER, "ModelDataSource": {"S3DataSource": EVIL}}]},
        {"Containers": [{**CONTAINER, "ModelPackageName": "fraud"}]},
        {"Containers": [{**CONTAINER, "ImageConfig": {"RepositoryAccessMode": "Vpc"}}]},
        {"Containers": [CONTAINER, CONTAINER]},
        {"PrimaryContainer": CONTAINER},
        {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        {"InferenceExecutionConfig": {"Mode": "Direct"}},
    ],
)
def test_a_model_that_somebody_made_to_be_taken_for_ours_is_not(
    sagemaker: Stubbed, other: dict[str, Any]
) -> None:
    _model_is_there(sagemaker, **other)
    with pytest.raises(NotOurs, match="creating model m: one of that name is there with another"):
        Endpoints(sagemaker.client).create_model(do.CreateModel("m", CONTENT, ROLE, None, True, TAGS))


def test_what_aws_adds_by_itself_makes_no_model_another(sagemaker: Stubbed) -> None:
    plain = (Container("reg/scorer:1", "sha256:1", "s3://b/k"),)
    source = {"S3Uri": "s3://b/k", "S3DataType": "S3Object", "CompressionType": "Gzip"}
    added = {
        "Mode": "SingleModel",
        "Environment": {},
        "ModelDataSource": {"S3DataSource": source},
        "ImageConfig": {"RepositoryAccessMode": "Platform"},
        "MultiModelConfig": {"ModelCacheSetting": "Enabled"},
    }
    image = {"Image": "reg/scorer@sha256:1", "ModelDataUrl": "s3://b/k"}
    _model_is_there(sagemaker, Containers=[{**image, **added}], InferenceExecutionConfig={"Mode": "Serial"})
    Endpoints(sagemaker.client).create_model(do.CreateModel("m", plain, ROLE, None, True, TAGS))


@pytest.mark.parametrize(
    "other",
    [
        {"ModelName": "evil"},
        {"EnableSSMAccess": True},
        {"CoreDumpConfig": {"DestinationS3Uri": "s3://evil"}},
        {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}},
    ],
)
def test_a_config_that_somebody_made_to_be_taken_for_ours_is_not(
    sagemaker: Stubbed, other: dict[str, Any]
) -> None:
    _config_is_there(sagemaker, **other)
    with pytest.raises(NotOurs, match="endpoint config c"):
        Endpoints(sagemaker.client).create_config(
            do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS)
        )


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://evil",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.mark.parametrize(
    "whole",
    [
        {"DataCaptureConfig": CAPTURE},
        {"ShadowProductionVariants": [{"VariantName": "shadow", "ModelName": "evil"}]},
        {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://evil"}}},
        {"ExplainerConfig": {"ClarifyExplainerConfig": {"ShapConfig": {"ShapBaselineConfig": {}}}}},
        {"KmsKeyId": "another"},
        {"ProductionVariants": [{"VariantName": "AllTraffic"}, {"VariantName": "Other"}]},
    ],
)
def test_nor_is_one_that_sends_what_it_is_asked_elsewhere(sagemaker: Stubbed, whole: dict[str, Any]) -> None:
    _config_is_there(sagemaker, whole)
    with pytest.raises(NotOurs, match=f"with another {next(iter(whole))}"):
        Endpoints(sagemaker.client).create_config(
            do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS)
        )


def test_what_aws_adds_by_itself_makes_no_config_another(sagemaker: Stubbed) -> None:
    off = {"DataCaptureConfig": {**CAPTURE, "EnableCapture": False}, "EnableNetworkIsolation": False}
    _config_is_there(
        sagemaker,
        off,
        VolumeSizeInGB=30,
        ContainerStartupHealthCheckTimeoutInSeconds=600,
        EnableSSMAccess=False,
        RoutingConfig={"RoutingStrategy": "RANDOM"},
    )
    Endpoints(sagemaker.client).create_config(do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS))


def test_a_model_whose_artifact_is_not_there_is_refused_as_the_versions_own(sagemaker: Stubbed) -> None:
    sagemaker.refuses("create_model", "ValidationException", "Could not find model data at s3://b/k.")
    with pytest.raises(VersionRefused, match=r"creating model m: .*s3://b/k"):
        Endpoints(sagemaker.client).create_model(do.CreateModel("m", CONTENT, ROLE, None, True, TAGS))


def test_a_config_carries_hardware_key_capture_and_tags(sagemaker: Stubbed) -> None:
    _config_is_made(
        sagemaker,
        ON_INSTANCES,
        KmsKeyId="key",
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 20,
            "DestinationS3Uri": "s3://b/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {
                "CsvContentTypes": ["text/csv"],
                "JsonContentTypes": ["application/json"],
            },
            "KmsKeyId": "other-key",
        },
    )
    capture = DataCapture(20, "s3://b/captured", "other-key")
    action = do.CreateConfig("c", "m", "ml.m5.large", 2, "key", capture, TAGS)
    Endpoints(sagemaker.client).create_config(action)


@pytest.mark.parametrize(
    ("rollout", "deployment"),
    [
        (
            RolloutSpec(Strategy.CANARY, 10, 300, 120, 3600),
            blue_green({"Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": TEN_PERCENT}),
        ),
        (
            RolloutSpec(Strategy.LINEAR, 10, 300, 120, 3600),
            blue_green({"Type": "LINEAR", "WaitIntervalInSeconds": 300, "LinearStepSize": TEN_PERCENT}),
        ),
        (
            RolloutSpec(Strategy.ALL_AT_ONCE, 10, 0, 0, 3600),
            blue_green({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}, termination=0),
        ),
        (
            RolloutSpec(Strategy.ROLLING, 10, 300, 120, 3600),
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": TEN_PERCENT,
                    "WaitIntervalInSeconds": 300,
                    "MaximumExecutionTimeoutInSeconds": 3600,
                }
            },
        ),
    ],
    ids=lambda value: value.strategy if isinstance(value, RolloutSpec) else "",
)
def test_each_strategy_is_spelled_out_in_the_update(
    sagemaker: Stubbed, rollout: RolloutSpec, deployment: dict[str, Any]
) -> None:
    updated(sagemaker, deployment | WATCHED)
    Endpoints(sagemaker.client).update_endpoint(update(rollout=rollout))


def test_an_update_that_nothing_watches_names_no_alarms(sagemaker: Stubbed) -> None:
    rollout = RolloutSpec(Strategy.ALL_AT_ONCE, 10, 0, 0, 3600)
    updated(sagemaker, blue_green({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}, termination=0))
    Endpoints(sagemaker.client).update_endpoint(update(rollout=rollout, alarms=()))


def test_a_fixed_instance_count_is_the_configs_own(sagemaker: Stubbed) -> None:
    canary = {"Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": TEN_PERCENT}
    updated(sagemaker, blue_green(canary) | WATCHED, retained=False)
    Endpoints(sagemaker.client).update_endpoint(update(retain_capacity=False))


def test_a_config_just_made_is_waited_for_until_it_is_visible(sagemaker: Stubbed) -> None:
    waits = Waits()
    for _ in range(2):
        sagemaker.refuses("create_endpoint", "ValidationException", NOT_THERE)
    sagemaker.answers(
        "create_endpoint", {"EndpointArn": ARN}, EndpointName="fraud", EndpointConfigName="c", Tags=TAG_LIST
    )
    Endpoints(sagemaker.client, waits).create_endpoint(do.CreateEndpoint("fraud", "c", TAGS))
    assert waits.seconds == [0.5, 1.0]


def test_a_config_that_stays_invisible_is_waited_for_elsewhere(sagemaker: Stubbed) -> None:
    for _ in range(4):
        sagemaker.refuses("update_endpoint", "ValidationException", NOT_THERE)
    with pytest.raises(Passing, match="the config is not visible yet"):
        Endpoints(sagemaker.client, Waits()).update_endpoint(update(config_is_new=True))


def test_a_kept_config_that_somebody_deleted_is_gone(sagemaker: Stubbed) -> None:
    sagemaker.refuses("update_endpoint", "ValidationException", NOT_THERE)
    with pytest.raises(Gone, match="updating endpoint fraud to c"):
        Endpoints(sagemaker.client, Waits()).update_endpoint(update())


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("ValidationException", f'Cannot update in-progress endpoint "{ARN}".', Busy),
        ("ValidationException", f'Could not find endpoint "{ARN}".', Busy),
        ("ResourceLimitExceeded", "The account-level service limit is 0 Instances", QuotaExceeded),
        ("ValidationException", "CloudWatch alarm greenlight/x must be in OK state", NotReady),
        ("ValidationException", "1 validation error detected", Refused),
    ],
)
def test_a_refused_update_says_which_kind(
    sagemaker: Stubbed, code: str, text: str, kind: type[Exception]
) -> None:
    sagemaker.refuses("update_endpoint", code, text)
    with pytest.raises(kind, match="updating endpoint fraud to c"):
        Endpoints(sagemaker.client, Waits()).update_endpoint(update())


def test_deleting_what_is_gone_is_success(sagemaker: Stubbed) -> None:
    sagemaker.refuses("delete_endpoint", "ValidationException", f'Could not find endpoint "{ARN}".')
    sagemaker.refuses("delete_endpoint_config", "ValidationException", NOT_THERE)
    sagemaker.refuses("delete_model", "ValidationException", 'Could not find model "m".')
    endpoints = Endpoints(sagemaker.client)
    endpoints.delete_endpoint("fraud")
    endpoints.delete_config("c")
    endpoints.delete_model("m")


def test_deleting_what_is_gone_is_success_even_where_iam_answers_first(sagemaker: Stubbed) -> None:
    sagemaker.refuses("delete_endpoint_config", "AccessDeniedException", "no identity-based policy allows it")
    sagemaker.refuses("describe_endpoint_config", "ValidationException", NOT_THERE)
    Endpoints(sagemaker.client).delete_config("c")


def test_deleting_what_is_there_and_not_ours_is_denied(sagemaker: Stubbed) -> None:
    sagemaker.refuses("delete_model", "AccessDeniedException", "no identity-based policy allows it")
    at = datetime(2026, 1, 2, tzinfo=UTC)
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model/m"
    sagemaker.answers(
        "describe_model", {"ModelName": "m", "ModelArn": arn, "CreationTime": at}, ModelName="m"
    )
    with pytest.raises(Denied, match="deleting model m"):
        Endpoints(sagemaker.client).delete_model("m")


def test_whether_a_thing_is_gone_is_not_guessed_when_aws_is_throttling(sagemaker: Stubbed) -> None:
    sagemaker.refuses("delete_model", "AccessDeniedException", "no identity-based policy allows it")
    sagemaker.refuses("describe_model", "ThrottlingException", "Rate exceeded")
    with pytest.raises(Throttled, match="deleting model m"):
        Endpoints(sagemaker.client).delete_model("m")


def test_a_delete_that_may_not_even_look_is_denied_by_its_own_words(sagemaker: Stubbed) -> None:
    sagemaker.refuses("delete_model", "AccessDeniedException", "not authorized to DeleteModel")
    sagemaker.refuses("describe_model", "AccessDeniedException", "not authorized to DescribeModel")
    with pytest.raises(Denied, match="DeleteModel"):
        Endpoints(sagemaker.client).delete_model("m")


def test_deleting_what_is_busy_is_busy(sagemaker: Stubbed) -> None:
    sagemaker.refuses(
        "delete_endpoint", "ValidationException", f'Cannot update in-progress endpoint "{ARN}".'
    )
    with pytest.raises(Busy):
        Endpoints(sagemaker.client).delete_endpoint("fraud")


def test_autoscaling_is_registered_with_its_policy(autoscaling: Stubbed) -> None:
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/fraud/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    autoscaling.answers("register_scalable_target", None, **target, MinCapacity=2, MaxCapacity=6)
    autoscaling.answers(
        "put_scaling_policy",
        {"PolicyARN": "arn"},
        PolicyName="greenlight-invocations-per-instance",
        **target,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 500.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
    Scaling(autoscaling.client).register(do.RegisterScaling("fraud", Autoscaling(2, 6, 500)))


def test_removing_autoscaling_that_is_gone_is_success(autoscaling: Stubbed) -> None:
    autoscaling.refuses("deregister_scalable_target", "ObjectNotFoundException", "No scalable target found")
    Scaling(autoscaling.client).remove(do.RemoveScaling("fraud"))


def _executor(sagemaker: Stubbed, alarms: Alarms) -> Executor:
    return Executor(
        Endpoints(sagemaker.client),
        alarms,
        Scaling(Stubbed("application-autoscaling").client),
        Monitoring(sagemaker.client),
        RetrainQueue(Stubbed("sqs").client, "url"),
    )


def test_a_placement_is_deleted_with_its_model_and_alarms(sagemaker: Stubbed) -> None:
    import boto3  # noqa: PLC0415 - with moto below
    from moto import mock_aws  # noqa: PLC0415

    sagemaker.answers("delete_endpoint_config", None, EndpointConfigName="c")
    sagemaker.answers("delete_model", None, ModelName="m")
    with mock_aws():
        alarms = Alarms(boto3.client("cloudwatch"))
        guardrail = do.PutGuardrail(
            "greenlight/fraud/c/errors", "fraud", "c", "Invocations", "Sum", 1.0, TAGS
        )
        executor = _executor(sagemaker, alarms)
        executor.perform(guardrail)
        executor.perform(do.DeletePlacement("c", "m", ("greenlight/fraud/c/errors",)))
        assert alarms.states(["greenlight/fraud/c/errors"])["greenlight/fraud/c/errors"] == "MISSING"


def test_a_placement_whose_model_another_config_uses_leaves_the_model(sagemaker: Stubbed) -> None:
    sagemaker.answers("delete_endpoint_config", None, EndpointConfigName="c")
    executor = _executor(sagemaker, Alarms(Stubbed("cloudwatch").client))
    executor.perform(do.DeletePlacement("c", None, ()))


SERVERLESS = Serverless(2048, 20, 5)
ASYNCHRONOUS = Asynchronous(
    "s3://answers/fraud",
    "s3://answers/fraud/failures",
    4,
    "arn:aws:sns:us-east-1:123456789012:done",
    "arn:aws:sns:us-east-1:123456789012:failed",
    "key",
)
TOPICS = {"SuccessTopic": ASYNCHRONOUS.success_topic, "ErrorTopic": ASYNCHRONOUS.error_topic}
OUTPUT = {
    "S3OutputPath": "s3://answers/fraud",
    "S3FailurePath": "s3://answers/fraud/failures",
    "NotificationConfig": TOPICS,
    "KmsKeyId": "key",
}
SIZE = {"MemorySizeInMB": 2048, "MaxConcurrency": 20, "ProvisionedConcurrency": 5}


def test_a_serverless_config_has_memory_and_concurrency_and_no_instances(sagemaker: Stubbed) -> None:
    _config_is_made(sagemaker, {"ServerlessConfig": SIZE})
    Endpoints(sagemaker.client).create_config(
        do.CreateConfig("c", "m", None, 1, None, None, TAGS, SERVERLESS)
    )


HOSTING = Hosting(900, 1200, 200, "al2-ami-sagemaker-inference-gpu-3-1")
STARTS: dict[str, Any] = {
    "ContainerStartupHealthCheckTimeoutInSeconds": 900,
    "ModelDataDownloadTimeoutInSeconds": 1200,
    "VolumeSizeInGB": 200,
    "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
}


def test_a_config_says_how_its_instances_start_and_what_disk_they_have(sagemaker: Stubbed) -> None:
    _config_is_made(sagemaker, ON_INSTANCES | STARTS)
    action = do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS, hosting=HOSTING)
    Endpoints(sagemaker.client).create_config(action)


@pytest.mark.parametrize("member", [None, *STARTS])
def test_a_config_that_is_there_starts_its_instances_as_was_asked(
    sagemaker: Stubbed, member: str | None
) -> None:
    others: dict[str, Any] = {name: value for name, value in STARTS.items() if name != member}
    _config_is_there(sagemaker, **others)
    action = do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS, hosting=HOSTING)
    if member is None:
        Endpoints(sagemaker.client).create_config(action)
        return
    with pytest.raises(NotOurs, match=f"with another {member}"):
        Endpoints(sagemaker.client).create_config(action)


def test_an_asynchronous_config_says_where_answers_go_and_who_is_told(sagemaker: Stubbed) -> None:
    _config_is_made(
        sagemaker,
        ON_INSTANCES,
        AsyncInferenceConfig={
            "OutputConfig": OUTPUT,
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        },
    )
    action = do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS, asynchronous=ASYNCHRONOUS)
    Endpoints(sagemaker.client).create_config(action)


@pytest.mark.parametrize("topic", [None, "arn:aws:sns:us-east-1:999999999999:evil"])
def test_an_asynchronous_config_that_tells_somebody_else_is_not_ours(
    sagemaker: Stubbed, topic: str | None
) -> None:
    told = {} if topic is None else {"NotificationConfig": {**TOPICS, "SuccessTopic": topic}}
    output = {name: value for name, value in OUTPUT.items() if name != "NotificationConfig"} | told
    _config_is_there(sagemaker, {"AsyncInferenceConfig": {"OutputConfig": output}})
    ours = Asynchronous("s3://answers/fraud", "s3://answers/fraud/failures", kms_key="key")
    action = do.CreateConfig("c", "m", "ml.m5.large", 2, None, None, TAGS, asynchronous=ours)
    if topic is None:
        Endpoints(sagemaker.client).create_config(action)
        return
    with pytest.raises(NotOurs, match="another AsyncInferenceConfig"):
        Endpoints(sagemaker.client).create_config(action)


def test_a_serverless_endpoint_is_updated_without_a_deployment_config(sagemaker: Stubbed) -> None:
    sagemaker.answers("update_endpoint", {"EndpointArn": ARN}, EndpointName="fraud", EndpointConfigName="c")
    Endpoints(sagemaker.client).update_endpoint(update(rollout=None, alarms=(), retain_capacity=False))


@pytest.mark.parametrize(
    ("members", "mode"),
    [
        ({}, EndpointMode.REAL_TIME),
        ({"AsyncInferenceConfig": {"OutputConfig": OUTPUT}}, EndpointMode.ASYNCHRONOUS),
        (
            {"ProductionVariants": [{"VariantName": "AllTraffic", "CurrentServerlessConfig": SIZE}]},
            EndpointMode.SERVERLESS,
        ),
    ],
)
def test_how_an_endpoint_is_served_is_read_from_it(
    sagemaker: Stubbed, members: dict[str, Any], mode: EndpointMode
) -> None:
    there = {
        "EndpointName": "fraud",
        "EndpointArn": ARN,
        "EndpointConfigName": "c",
        "EndpointStatus": "InService",
        "CreationTime": AT,
        "LastModifiedTime": AT,
    }
    sagemaker.answers("describe_endpoint", {**there, **members}, EndpointName="fraud")
    read = Endpoints(sagemaker.client).describe("fraud")
    assert read is not None
    assert read.mode is mode
