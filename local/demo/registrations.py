"""Registers the demo's real models: artifact and evaluation to S3, then a version in the registry."""

import io
import json
import tarfile
from typing import Any

from local.aws import LocalAws
from local.demo.people import SCIENTIST, session
from local.models import ModelArtifact

BUCKET = "greenlight-demo-models"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn-inference:1.4-1-cpu-py3"


def make_bucket(aws: LocalAws) -> None:
    """The company's bucket for model artifacts."""
    aws.client("s3").create_bucket(Bucket=BUCKET)


class Registrations:
    """What the data scientist registers; remembers the ARN of each version by its story name."""

    def __init__(self, aws: LocalAws, group: str) -> None:
        self._aws, self._group = aws, group
        self._s3 = session(aws, SCIENTIST, "s3")
        self._sagemaker = session(aws, SCIENTIST, "sagemaker", (group, "registrant"))
        self.arns: dict[str, str] = {}

    def request(self, name: str, artifact: ModelArtifact, approval: str) -> dict[str, Any]:
        """Upload the artifact and its evaluation; returns the CreateModelPackage request that registers it."""
        prefix = f"{self._group}/{name}"
        self._put(f"{prefix}/model.tar.gz", artifact.model_tar)
        self._put(f"{prefix}/sample.tar.gz", _packed(artifact.sample_request))
        self._put(f"{prefix}/evaluation.json", json.dumps(artifact.evaluation).encode())
        quality = {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{prefix}/evaluation.json"}
        return {
            "ModelPackageGroupName": self._group,
            "ModelPackageDescription": artifact.description,
            "ModelApprovalStatus": approval,
            "InferenceSpecification": {
                "Containers": [{"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{prefix}/model.tar.gz"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "SamplePayloadUrl": f"s3://{BUCKET}/{prefix}/sample.tar.gz",
            "ModelMetrics": {"ModelQuality": {"Statistics": quality}},
            "CustomerMetadataProperties": dict(artifact.metadata),
        }

    def register(self, name: str, artifact: ModelArtifact) -> str:
        """Register a version as pending; returns its ARN."""
        request = self.request(name, artifact, "PendingManualApproval")
        self.arns[name] = str(self._sagemaker.create_model_package(**request)["ModelPackageArn"])
        return self.arns[name]

    def _put(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def _packed(request: bytes) -> bytes:
    """A sample payload as SageMaker wants it: one archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo("request.json")
        member.size = len(request)
        archive.addfile(member, io.BytesIO(request))
    return content.getvalue()
