"""Pipelines of the tests: callables that the local AWS runs in processes of their own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from local.pipeline import Job

BUCKET = "circle"


def register(job: Job) -> list[str]:
    """Registers a version of the group that it is told, as the pipeline's role."""
    print("this goes to the log, and is no answer")
    package = boto3.client("sagemaker").create_model_package(
        ModelPackageGroupName=job.parameters["Group"],
        ModelApprovalStatus="PendingManualApproval",
        MetadataProperties={"GeneratedBy": job.execution_arn},
        InferenceSpecification={
            "Containers": [{"Image": f"{job.account}.dkr.ecr.{job.region}.amazonaws.com/a:1"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    return [str(package["ModelPackageArn"])]


def fail(_job: Job) -> list[str]:
    """Fails as training does."""
    raise ValueError("no tumour of the window has a label")


def die(_job: Job) -> list[str]:
    """Ends without a word."""
    os._exit(3)


def nothing(_job: Job) -> list[str]:
    """Returns what is no list of ARNs."""
    return None  # type: ignore[return-value] # the mistake that is tested


def forbidden(_job: Job) -> list[str]:
    """Does what the pipeline's role may not."""
    boto3.client("iam").list_users()
    return []


def hang(job: Job) -> list[str]:
    """Says which process it is, and stays."""
    Path(job.parameters["Group"]).write_text(str(os.getpid()))
    time.sleep(600)
    return []
