"""An object under a customer managed key is read by whoever may decrypt with that key, endpoints included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.local.server.iam_parts import assume, client_of, make_role, refused, statement
from tests.local.server.test_sagemaker import SCRIPT, artifact
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from local.aws import LocalAws

BUCKET = "under-a-key"
READ = statement("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*")


def decrypt(service: str | None) -> dict[str, object]:
    via = {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}
    return statement("kms:Decrypt", **({"Condition": via} if service else {}))


RIGHTS = {
    "none": ((READ,), False),
    "any way": ((READ, decrypt(None)), True),
    "by S3": ((READ, decrypt("s3")), True),
    "by another service": ((READ, decrypt("dynamodb")), False),
    "the key alone": ((decrypt("s3"),), False),
}


@pytest.fixture(scope="module")
def model_data(aws: LocalAws) -> str:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.put_object(
        Bucket=BUCKET,
        Key="model.tar.gz",
        Body=artifact(SCRIPT),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    s3.put_object(Bucket=BUCKET, Key="plain", Body=b"plain")
    return f"s3://{BUCKET}/model.tar.gz"


@pytest.mark.parametrize("rights", RIGHTS)
def test_reading_takes_the_key_too(aws: LocalAws, model_data: str, rights: str) -> None:
    policy, may = RIGHTS[rights]
    s3 = client_of(aws, assume(aws.client("sts"), make_role(aws, *policy)), "s3")
    if may:
        assert s3.get_object(Bucket=BUCKET, Key="model.tar.gz")["ContentLength"] > 0
    else:
        with refused():
            s3.get_object(Bucket=BUCKET, Key="model.tar.gz")
    if READ in policy:
        assert s3.get_object(Bucket=BUCKET, Key="plain")["Body"].read() == b"plain"


def test_an_endpoint_reads_its_artifact_by_its_execution_role(aws: LocalAws, model_data: str) -> None:
    sagemaker = aws.client("sagemaker")
    trusts = (
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        },
    )
    names = {rights: f"keyed-{number}" for number, rights in enumerate(RIGHTS)}
    for rights, name in names.items():
        container = {
            "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1",
            "ModelDataUrl": model_data,
        }
        role = make_role(aws, *RIGHTS[rights][0], trusts=trusts)
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
        variant = {
            "VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        }  # fmt: skip
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def ended(name: str) -> dict[str, Any] | None:
        found = sagemaker.describe_endpoint(EndpointName=name)
        return None if found["EndpointStatus"] == "Creating" else dict(found)

    for rights, name in names.items():
        found = eventually(lambda name=name: ended(name))  # type: ignore[misc] # the loop's own name
        assert found is not None
        if RIGHTS[rights][1]:
            assert found["EndpointStatus"] == "InService"
        else:
            assert found["EndpointStatus"] == "Failed"
            assert f"Could not access model data at {model_data}" in found["FailureReason"]
        sagemaker.delete_endpoint(EndpointName=name)
