"""Gives an endpoint to a group, by its owner's own credentials; no role of ours may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.adapters.aws import aws_errors
from lambdas.core.names import GROUP_TAG, REASON_TAG

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient


def give(sagemaker: SageMakerClient, arn: str, group: str, reason: str) -> None:
    """Tag an endpoint as a group's, and with why, in one call (AddTags)."""
    tags = {GROUP_TAG: group, REASON_TAG: reason}
    with aws_errors(f"tagging {arn}"):
        sagemaker.add_tags(
            ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )
