"""Registers the demo's real models by `greenlight register`, as their data scientist does."""

import json
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.aws import LocalAws
from local.demo.command import greenlight
from local.demo.people import SCIENTIST, environment, session
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
        self.arns: dict[str, str] = {}

    def request(self, name: str, artifact: ModelArtifact, approval: str) -> dict[str, Any]:
        """Upload the artifact; returns the CreateModelPackage request that registers it by hand."""
        key = f"{self._group}/{name}/model.tar.gz"
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=artifact.model_tar)
        return {
            "ModelPackageGroupName": self._group,
            "ModelApprovalStatus": approval,
            "InferenceSpecification": {
                "Containers": [{"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{key}"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        }

    def register(self, name: str, artifact: ModelArtifact) -> str:
        """Register a version as pending, by the command and from files as a data scientist has them; returns its ARN.

        Raises:
            StoryError: the command could not.
        """
        with TemporaryDirectory() as folder:
            options = {
                "--image": IMAGE,
                "--artifact": _file(folder, "model.tar.gz", artifact.model_tar),
                "--metrics": _file(folder, "evaluation.json", json.dumps(artifact.evaluation).encode()),
                "--statistics": _file(folder, "statistics.json", json.dumps(artifact.statistics).encode()),
                "--constraints": _file(folder, "constraints.json", json.dumps(artifact.constraints).encode()),
                "--sample": _file(folder, "request.json", artifact.sample_request),
                "--metadata": _file(folder, "metadata.json", json.dumps(dict(artifact.metadata)).encode()),
                "--description": artifact.description,
                "--to": f"s3://{BUCKET}/{self._group}",
            }
            asked = ("register", self._group, *chain(*options.items()), "--step-in", "--json")
            told = json.loads(greenlight(self._aws, environment(self._aws, SCIENTIST), *asked))
        self.arns[name] = str(told["arn"])
        return self.arns[name]


def _file(folder: str, name: str, content: bytes) -> str:
    file = Path(folder) / name
    file.write_bytes(content)
    return str(file)
