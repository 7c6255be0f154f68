"""Registers a version as pending."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lambdas.adapters.aws import aws_errors
from lambdas.core.record import Approval

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

_TOKEN = 36  # the longest ClientToken [B]


def register(sagemaker: SageMakerClient, request: dict[str, Any]) -> str:
    """CreateModelPackage, as PendingManualApproval whatever the request says.

    The token is a digest of the request, so that a call made again, its answer lost, makes no second version.

    Returns:
        The version's ARN.
    """
    group = request["ModelPackageGroupName"]
    whole = {**request, "ModelApprovalStatus": Approval.PENDING.value}
    token = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:_TOKEN]
    with aws_errors(f"registering a version of group {group}"):
        return str(sagemaker.create_model_package(**whole, ClientToken=token)["ModelPackageArn"])
