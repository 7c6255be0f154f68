"""Application Auto Scaling of an endpoint's variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.core.spec import VARIANT

if TYPE_CHECKING:
    from types_boto3_application_autoscaling import ApplicationAutoScalingClient

    from lambdas.core.actions import RegisterScaling, RemoveScaling

_POLICY = "greenlight-invocations-per-instance"


class Scaling:
    """Registers and removes the bounds and the policy of a variant's instance count."""

    def __init__(self, autoscaling: ApplicationAutoScalingClient) -> None:
        self._autoscaling = autoscaling

    def register(self, action: RegisterScaling) -> None:
        """RegisterScalableTarget and PutScalingPolicy; both overwrite what is there."""
        resource = _resource(action.endpoint)
        with aws_errors(f"registering autoscaling of endpoint {action.endpoint}"):
            self._autoscaling.register_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=resource,
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                MinCapacity=action.autoscaling.min,
                MaxCapacity=action.autoscaling.max,
            )
            self._autoscaling.put_scaling_policy(
                PolicyName=_POLICY,
                ServiceNamespace="sagemaker",
                ResourceId=resource,
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": float(action.autoscaling.invocations_per_instance),
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                },
            )

    def remove(self, action: RemoveScaling) -> None:
        """DeregisterScalableTarget, which takes the policy with it; gone already is success."""
        with aws_errors(f"removing autoscaling of endpoint {action.endpoint}"):
            try:
                self._autoscaling.deregister_scalable_target(
                    ServiceNamespace="sagemaker",
                    ResourceId=_resource(action.endpoint),
                    ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                )
            except ClientError as error:
                if not not_found(error):
                    raise


def _resource(endpoint: str) -> str:
    return f"endpoint/{endpoint}/variant/{VARIANT}"
