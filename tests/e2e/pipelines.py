"""The pipelines of the end-to-end tests: callables that the local AWS runs as the pipelines' role."""

from typing import Any

import boto3

from lambdas.core.names import ROLE_PATH, RUN_KEY, role_name
from local.pipeline import Job
from tests.e2e.models import artifact

BUCKET = "greenlight-demo-models"


def registers(job: Job) -> list[str]:
    """Registers a version in the group that asked, and names the run in it."""
    return [_register(job, job.parameters["GreenlightGroup"])]


def elsewhere(job: Job) -> list[str]:
    """Registers in a group that did not ask."""
    return [_register(job, "circled-other")]


def fails(_job: Job) -> list[str]:
    """Ends without a version."""
    raise ValueError("the feature store is empty")


def _register(job: Job, group: str) -> str:
    key = f"{group}/{job.parameters['GreenlightRun']}/model.tar.gz"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=artifact("sound", key))
    image = f"{job.account}.dkr.ecr.{job.region}.amazonaws.com/inference:1"
    package = _registrant(job, group).create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": f"s3://{BUCKET}/{key}"}],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
        CustomerMetadataProperties={RUN_KEY: job.parameters["GreenlightRun"]},
    )
    return str(package["ModelPackageArn"])


def _registrant(job: Job, group: str) -> Any:
    role = f"arn:aws:iam::{job.account}:role{ROLE_PATH}{role_name(group, 'registrant')}"
    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="retraining")["Credentials"]
    return boto3.client(
        "sagemaker",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
