"""What the calls of the matrix are made on: three groups of its own, and models, configs and endpoints beside them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lambdas.core.names import GROUP_TAG, ROLE_PATH, role_name
from local.aws import LocalAws
from tests.e2e.models import artifact
from tests.e2e.scene import ACCOUNT, BUCKET, IMAGE

A, B, C = "matrix", "matrix-other", "matrix-guarded"
"""The group of the registrant and the approver; another; one with a resource policy of its own."""

GROUPS = {"A": A, "B": B, "C": C}
"""By the letters of the table."""

OURS, THEIRS = "matrix-ours", "matrix-theirs"
"""A model, a config and an endpoint of this name each: with the tag of group A, without."""

REGION = "us-east-1"
TAGGED: list[dict[str, str]] = [{"Key": GROUP_TAG, "Value": A}]


ARTIFACTS = {letter: f"{group}/1/model.tar.gz" for letter, group in GROUPS.items()}


def arn(service: str, resource: str) -> str:
    """The ARN of something in the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def role_arn(kind: str, group: str = A) -> str:
    """The ARN of a group's role."""
    return f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}{role_name(group, kind)}"


def container(image: str = IMAGE) -> dict[str, str]:
    """An image, and an artifact that no container can load: an endpoint of it fails, and soon."""
    return {"Image": image, "ModelDataUrl": f"s3://{BUCKET}/{ARTIFACTS['A']}"}


def specification(image: str = IMAGE) -> dict[str, Any]:
    """An inference specification."""
    types = {"SupportedContentTypes": ["text/plain"], "SupportedResponseMIMETypes": ["text/plain"]}
    return {"Containers": [container(image)], **types}


@dataclass
class Stage:
    """Made by root; `versions` are the ARNs of a pending version of each group, `outputs` those of our stacks."""

    aws: LocalAws
    versions: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for stack in ("Greenlight-State", "Greenlight-Controller"):
            (found,) = self.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
            self.outputs |= {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
        for key in ARTIFACTS.values():
            self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=artifact("unloadable", A))
        for group in (A, B, C):
            made = self.aws.client("sagemaker").create_model_package(
                ModelPackageGroupName=group,
                ModelApprovalStatus="PendingManualApproval",
                InferenceSpecification=specification(),
            )
            self.versions[group] = made["ModelPackageArn"]
        for name, tags in ((OURS, TAGGED), (THEIRS, [])):
            self._endpoint(name, tags)

    def table_arn(self, output: str) -> str:
        """The ARN of the table that an output of our stacks names."""
        return arn("dynamodb", f"table/{self.outputs[output]}")

    def log_group(self, output: str) -> str:
        """The log group of the function that an output of our stacks names."""
        function = self.aws.client("lambda").get_function_configuration(FunctionName=self.outputs[output])
        return str(function["LoggingConfig"]["LogGroup"])

    def mapping(self) -> str:
        """The id of what brings the reconcile queue's messages to its function."""
        listed = self.aws.client("lambda").list_event_source_mappings(
            FunctionName=self.outputs["ReconcileFunction"]
        )
        return str(listed["EventSourceMappings"][0]["UUID"])

    def key(self, table: str) -> str:
        """The ARN of the key that encrypts a table."""
        described = self.aws.client("dynamodb").describe_table(TableName=self.outputs[table])
        return str(described["Table"]["SSEDescription"]["KMSMasterKeyArn"])

    def ciphertext(self, table: str) -> bytes:
        """Something that the key of a table has encrypted."""
        done = self.aws.client("kms").encrypt(KeyId=self.key(table), Plaintext=b"tried")
        return bytes(done["CiphertextBlob"])

    def doomed(self, *tags: dict[str, str]) -> str:
        """The name of a model, a config and an endpoint that are there to be deleted."""
        name = f"matrix-doomed-{next(self._numbers)}"
        self._endpoint(name, list(tags))
        return name

    def _endpoint(self, name: str, tags: list[dict[str, str]]) -> None:
        sagemaker = self.aws.client("sagemaker")
        sagemaker.create_model(**model(name, tags))
        sagemaker.create_endpoint_config(**config(name, tags))
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)


def model(name: str, tags: list[dict[str, str]], role: str | None = None) -> dict[str, Any]:
    """Parameters of CreateModel."""
    passed = role or role_arn("endpoint")
    return {"ModelName": name, "Containers": [container()], "ExecutionRoleArn": passed, "Tags": tags}


def config(name: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    """Parameters of CreateEndpointConfig."""
    variant = {
        "VariantName": "main",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    return {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tags}
