"""SageMaker endpoints, endpoint configs and models: read, made, moved, deleted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, message, not_found
from lambdas.adapters.deleting import unless_gone
from lambdas.adapters.sameness import unlike_config, unlike_model
from lambdas.core.errors import Busy, Gone, NotOurs, Passing
from lambdas.core.facts import Endpoint, EndpointStatus
from lambdas.core.spec import VARIANT, DataCapture, EndpointMode, RolloutSpec, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_sagemaker import SageMakerClient

    from lambdas.core import actions as do
    from lambdas.core.spec import Asynchronous, Hosting, Serverless

_VISIBILITY_WAITS = (0.5, 1.0, 2.0)  # seconds between tries while a config just made is not visible yet


class Endpoints:
    """Reads endpoints and performs the actions on them; `sleep` takes seconds."""

    def __init__(self, sagemaker: SageMakerClient, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sagemaker, self._sleep = sagemaker, sleep

    def describe(self, name: str) -> Endpoint | None:
        """An endpoint (DescribeEndpoint); None: there is none."""
        with aws_errors(f"describing endpoint {name}"):
            try:
                answer = self._sagemaker.describe_endpoint(EndpointName=name)
            except ClientError as error:
                if not_found(error):
                    return None
                raise
        summary = answer.get("PendingDeploymentSummary", {})
        pending = summary.get("ProductionVariants", ())
        return Endpoint(
            name=answer["EndpointName"],
            arn=answer["EndpointArn"],
            status=EndpointStatus(answer["EndpointStatus"]),
            config=answer.get("EndpointConfigName", ""),
            modified=answer["LastModifiedTime"].timestamp(),
            pending_config=summary.get("EndpointConfigName"),
            failure=answer.get("FailureReason"),
            variants=tuple(one["VariantName"] for one in answer.get("ProductionVariants", ())) or (VARIANT,),
            steps=tuple(step["Status"] for one in pending for step in one.get("VariantStatus", ())),
            mode=_mode(answer),
            capture=_capture(answer.get("DataCaptureConfig")),
        )

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of an endpoint (ListTags)."""
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        with aws_errors(f"listing the tags of {arn}"):
            return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def create_model(self, action: do.CreateModel) -> None:
        """CreateModel; one of that name must be the same model.

        Raises:
            NotOurs: it is another, that somebody made to be taken for ours.
        """
        request: dict[str, Any] = {
            "ModelName": action.name,
            "Containers": [container.definition() for container in action.containers],
            "ExecutionRoleArn": action.execution_role,
            "EnableNetworkIsolation": action.network_isolation,
            "Tags": _tags(action.tags),
        }
        if action.vpc is not None:
            request["VpcConfig"] = {
                "Subnets": list(action.vpc.subnets),
                "SecurityGroupIds": list(action.vpc.security_groups),
            }
        what = f"creating model {action.name}"
        if not self._made(what, self._sagemaker.create_model, request):
            with aws_errors(what):
                found = self._sagemaker.describe_model(ModelName=action.name)
            _must_be_ours(what, unlike_model(request, found))

    def create_config(self, action: do.CreateConfig) -> None:
        """CreateEndpointConfig; one of that name must be the same config.

        Raises:
            NotOurs: it is another, that somebody made to be taken for ours.
        """
        hardware: dict[str, Any] = (
            {"ServerlessConfig": _serverless(action.serverless)}
            if action.serverless is not None
            else {
                "InstanceType": action.instance_type,
                "InitialInstanceCount": action.instance_count,
                **_hosting(action.hosting),
            }
        )
        variant = {"VariantName": VARIANT, "ModelName": action.model, "InitialVariantWeight": 1.0}
        request: dict[str, Any] = {
            "EndpointConfigName": action.name,
            "ProductionVariants": [variant | hardware],
            "Tags": _tags(action.tags),
        }
        if action.kms_key is not None:
            request["KmsKeyId"] = action.kms_key
        if action.data_capture is not None:
            request["DataCaptureConfig"] = _data_capture(action.data_capture)
        if action.asynchronous is not None:
            request["AsyncInferenceConfig"] = _asynchronous(action.asynchronous)
        what = f"creating endpoint config {action.name}"
        if not self._made(what, self._sagemaker.create_endpoint_config, request):
            with aws_errors(what):
                found = self._sagemaker.describe_endpoint_config(EndpointConfigName=action.name)
            _must_be_ours(what, unlike_config(request, found))

    def create_endpoint(self, action: do.CreateEndpoint) -> None:
        """CreateEndpoint, waiting a little for a config just made to become visible."""
        request = {
            "EndpointName": action.name,
            "EndpointConfigName": action.config,
            "Tags": _tags(action.tags),
        }
        self._once_visible(
            f"creating endpoint {action.name}", self._sagemaker.create_endpoint, request, new=True
        )

    def update_endpoint(self, action: do.UpdateEndpoint) -> None:
        """UpdateEndpoint with its deployment spelled out: what an update leaves out, AWS drops [B].

        A serverless endpoint has no capacity to retain, and takes no deployment config. Nothing is excluded from what
        is retained: AWS documents the exclusion of data capture as not supported [B].
        """
        request: dict[str, Any] = {"EndpointName": action.name, "EndpointConfigName": action.config}
        if action.rollout is not None:
            request |= {
                "RetainAllVariantProperties": action.retain_capacity,
                "DeploymentConfig": _deployment(action.rollout, action.alarms),
            }
        self._once_visible(
            f"updating endpoint {action.name} to {action.config}",
            self._sagemaker.update_endpoint,
            request,
            new=action.config_is_new,
        )

    def delete_endpoint(self, name: str) -> None:
        """DeleteEndpoint; gone already is success."""
        api, key = self._sagemaker, {"EndpointName": name}
        unless_gone(f"deleting endpoint {name}", api.delete_endpoint, api.describe_endpoint, key)

    def delete_config(self, name: str) -> None:
        """DeleteEndpointConfig; gone already is success."""
        api, key = self._sagemaker, {"EndpointConfigName": name}
        what = f"deleting endpoint config {name}"
        unless_gone(what, api.delete_endpoint_config, api.describe_endpoint_config, key)

    def delete_model(self, name: str) -> None:
        """DeleteModel; gone already is success."""
        api, key = self._sagemaker, {"ModelName": name}
        unless_gone(f"deleting model {name}", api.delete_model, api.describe_model, key)

    def _made(self, what: str, call: Callable[..., object], request: Mapping[str, Any]) -> bool:
        """Whether it was made now; False: one of that name is there already."""
        with aws_errors(what):
            try:
                call(**request)
            except ClientError as error:
                if "already existing" not in message(error).lower():
                    raise
                return False
        return True

    def _once_visible(
        self, what: str, call: Callable[..., object], request: Mapping[str, Any], *, new: bool
    ) -> None:
        """Call; a config that "could not be found" is not visible yet if it is new, and gone if it is not."""
        with aws_errors(what):
            for wait in (*_VISIBILITY_WAITS, None):
                try:
                    call(**request)
                except ClientError as error:
                    if not (not_found(error) and "find endpoint" in message(error).lower()):
                        raise
                    if "endpoint configuration" not in message(error).lower():
                        # The endpoint was deleted after we saw it: that says nothing of what it was to serve.
                        raise Busy(f"{what}: {message(error)}") from error
                    if not new:
                        raise Gone(f"{what}: {message(error)}") from error
                    if wait is None:
                        raise Passing(f"{what}: the config is not visible yet ({message(error)})") from error
                    self._sleep(wait)
                else:
                    return


def _must_be_ours(what: str, other: str | None) -> None:
    """`other`: the member in which it differs."""
    if other is not None:
        raise NotOurs(
            f"{what}: one of that name is there with another {other}: somebody else made it; see who, and delete it"
        )


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _data_capture(capture: DataCapture) -> dict[str, Any]:
    """CSV and JSON are kept as they are: that is what Model Monitor reads; anything else comes as base64."""
    config: dict[str, Any] = {
        "EnableCapture": True,
        "InitialSamplingPercentage": capture.percentage,
        "DestinationS3Uri": capture.destination,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }
    if capture.kms_key is not None:
        config["KmsKeyId"] = capture.kms_key
    return config


def _serverless(serverless: Serverless) -> dict[str, int]:
    """ProductionVariant's ServerlessConfig."""
    config = {"MemorySizeInMB": serverless.memory_mb, "MaxConcurrency": serverless.max_concurrency}
    if serverless.provisioned_concurrency is not None:
        config["ProvisionedConcurrency"] = serverless.provisioned_concurrency
    return config


def _hosting(hosting: Hosting) -> dict[str, Any]:
    """The members of ProductionVariant that say how an instance starts; what is not given, AWS chooses."""
    members = {
        "ContainerStartupHealthCheckTimeoutInSeconds": hosting.container_startup_health_check_timeout,
        "ModelDataDownloadTimeoutInSeconds": hosting.model_data_download_timeout,
        "VolumeSizeInGB": hosting.volume_size_gb,
        "InferenceAmiVersion": hosting.inference_ami_version,
    }
    return {name: value for name, value in members.items() if value is not None}


def _asynchronous(asynchronous: Asynchronous) -> dict[str, Any]:
    """CreateEndpointConfig's AsyncInferenceConfig."""
    output: dict[str, Any] = {
        "S3OutputPath": asynchronous.output,
        "S3FailurePath": asynchronous.failures,
    }
    topics = {"SuccessTopic": asynchronous.success_topic, "ErrorTopic": asynchronous.error_topic}
    if given := {name: topic for name, topic in topics.items() if topic is not None}:
        output["NotificationConfig"] = given
    if asynchronous.kms_key is not None:
        output["KmsKeyId"] = asynchronous.kms_key
    config: dict[str, Any] = {"OutputConfig": output}
    if asynchronous.max_concurrent_invocations is not None:
        most = asynchronous.max_concurrent_invocations
        config["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": most}
    return config


def _capture(described: Mapping[str, Any] | None) -> DataCapture | None:
    """What an endpoint keeps of its requests, from DescribeEndpoint's DataCaptureConfig."""
    if not described or not described["EnableCapture"]:
        return None
    return DataCapture(
        described["CurrentSamplingPercentage"],
        described["DestinationS3Uri"],
        described.get("KmsKeyId") or None,
    )


def _mode(described: Mapping[str, Any]) -> EndpointMode:
    """How an endpoint is served, from DescribeEndpoint's answer."""
    if described.get("AsyncInferenceConfig"):
        return EndpointMode.ASYNCHRONOUS
    if any(one.get("CurrentServerlessConfig") for one in described.get("ProductionVariants", ())):
        return EndpointMode.SERVERLESS
    return EndpointMode.REAL_TIME


def _deployment(rollout: RolloutSpec, alarms: tuple[str, ...]) -> dict[str, Any]:
    """UpdateEndpoint's DeploymentConfig."""
    size = {"Type": "CAPACITY_PERCENT", "Value": rollout.step_percent}
    if rollout.strategy is Strategy.ROLLING:
        config: dict[str, Any] = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": size,
                "WaitIntervalInSeconds": rollout.bake_seconds,
                "MaximumExecutionTimeoutInSeconds": rollout.timeout_seconds,
            }
        }
    else:
        routing: dict[str, Any] = {
            "Type": rollout.strategy.value.upper(),
            "WaitIntervalInSeconds": rollout.bake_seconds,
        }
        if rollout.strategy is Strategy.CANARY:
            routing["CanarySize"] = size
        if rollout.strategy is Strategy.LINEAR:
            routing["LinearStepSize"] = size
        config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": routing,
                "TerminationWaitInSeconds": rollout.termination_wait_seconds,
                "MaximumExecutionTimeoutInSeconds": rollout.timeout_seconds,
            }
        }
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config
