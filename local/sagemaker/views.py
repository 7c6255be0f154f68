"""An endpoint as DescribeEndpoint and its events show it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from local.sagemaker.deployment import FULL, STATUS, Kind

if TYPE_CHECKING:
    from local.sagemaker.deployment import Deployment
    from local.sagemaker.state import Endpoint, Fields, Side, Variant

_WITH_NEW_SIDE = {Kind.CREATE, Kind.UPDATE, Kind.ROLLBACK}


def describe(endpoint: Endpoint) -> Fields:
    """DescribeEndpoint's answer."""
    fields: Fields = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "ProductionVariants": variants(endpoint),
        "DataCaptureConfig": endpoint.serving and _capture(endpoint.serving),
        "FailureReason": endpoint.failure_reason,
        "AsyncInferenceConfig": endpoint.serving and endpoint.serving.asynchronous,
        "LastDeploymentConfig": endpoint.last_deployment_config,
        "PendingDeploymentSummary": pending(endpoint),
    }
    return {name: value for name, value in fields.items() if value not in (None, [])}


def variants(endpoint: Endpoint) -> list[Fields]:
    """The variants that serve; while something else is deployed, the old side's."""
    if endpoint.serving is None:
        return []
    deployment = endpoint.deployment
    left = FULL - deployment.traffic if deployment and deployment.rolling else FULL
    return [_variant(variant, left, deployment) for variant in endpoint.serving.variants]


def pending(endpoint: Endpoint) -> Fields | None:
    """PendingDeploymentSummary; None when no other configuration is being deployed."""
    deployment = endpoint.deployment
    if deployment is None or deployment.new is None or deployment.kind not in _WITH_NEW_SIDE:
        return None
    return {
        "EndpointConfigName": deployment.new.config,
        "StartTime": deployment.began,
        "ProductionVariants": [_pending_variant(variant, deployment) for variant in deployment.new.variants],
    }


def _variant(variant: Variant, left: float, deployment: Deployment | None) -> Fields:
    fields: Fields = {
        "VariantName": variant.name,
        "DeployedImages": _images(variant),
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.desired_weight,
    } | _extras(variant)
    if variant.count is not None:
        fields["CurrentInstanceCount"] = math.ceil(variant.count * left - 1e-9)
        fields["DesiredInstanceCount"] = variant.desired_count
    if deployment and deployment.kind is Kind.CAPACITY:
        fields["VariantStatus"] = [_status(variant, deployment)]
    return fields


def _pending_variant(variant: Variant, deployment: Deployment) -> Fields:
    fields: Fields = {
        "VariantName": variant.name,
        "DeployedImages": _images(variant),
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.desired_weight,
        "VariantStatus": [_status(variant, deployment)],
    } | _extras(variant)
    if variant.desired_count is not None:
        fields["InstanceType"] = variant.fleet.instance_type
        fields["CurrentInstanceCount"] = math.ceil(variant.desired_count * deployment.traffic - 1e-9)
        fields["DesiredInstanceCount"] = variant.desired_count
    return fields


def _status(variant: Variant, deployment: Deployment) -> Fields:
    phase = deployment.phase
    return {
        "Status": STATUS[phase.step],
        "StatusMessage": phase.message(variant.desired_count or 0),
        "StartTime": deployment.phase_began,
    }


def _extras(variant: Variant) -> Fields:
    extras: dict[str, Any] = {
        name: variant.settings[name]
        for name in ("ManagedInstanceScaling", "RoutingConfig")
        if name in variant.settings
    }
    if serverless := variant.settings.get("ServerlessConfig"):
        extras |= {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return extras


def _images(variant: Variant) -> list[Fields]:
    return [
        {"SpecifiedImage": container.image, "ResolvedImage": _resolved(container.image)}
        for container in variant.fleet.containers
    ]


def _resolved(image: str) -> str:
    """The image by digest, as AWS resolves a tag; the digest is that of the name."""
    if "@sha256:" in image:
        return image
    repository, _, tag = image.rpartition(":")
    name = repository if repository and "/" not in tag else image
    return f"{name}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"[:255]


def _capture(side: Side) -> Fields | None:
    if side.data_capture is None:
        return None
    enabled = side.data_capture.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": side.data_capture["InitialSamplingPercentage"],
        "DestinationS3Uri": side.data_capture["DestinationS3Uri"],
        "KmsKeyId": side.data_capture.get("KmsKeyId", ""),
    }
