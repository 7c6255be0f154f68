"""What the calls of the matrix are made on: three groups of its own, and models, configs and endpoints beside them."""

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lambdas.core.names import (
    CONTROLLER_STACK,
    FREEZE_PARAMETER,
    GROUP_TAG,
    OBSERVABILITY_STACK,
    ROLE_PATH,
    STATE_STACK,
    function_role_name,
    parameter_name,
    role_name,
)
from local.aws import LocalAws
from tests.e2e.models import artifact
from tests.e2e.scene import ACCOUNT, BUCKET, IMAGE

PENDING = "PendingManualApproval"
A, B, C = "matrix", "matrix-other", "matrix-guarded"
"""The group of the registrant and the approver; another; one with a resource policy of its own."""

GROUPS = {"A": A, "B": B, "C": C}
"""By the letters of the table."""

OURS, THEIRS = "matrix-ours", "matrix-theirs"
"""A model, a config and an endpoint of this name each: with the tag of group A, without."""

REGION = "us-east-1"
TAGGED: list[dict[str, str]] = [{"Key": GROUP_TAG, "Value": A}]
STACK = "Greenlight-Matrix"
"""A stack that is called as ours are; nothing is in it that anyone needs."""
EMPTY_STACK = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}
ROLES = {"approver's role": role_name(A, "approver"), "reconcile's role": function_role_name("reconcile")}
"""By the words of the table."""

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
    """Made by root; `versions` are the ARNs of a version of each group, `outputs` those of our stacks."""

    aws: LocalAws
    versions: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    _statuses: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for stack in (STATE_STACK, CONTROLLER_STACK, OBSERVABILITY_STACK):
            self.outputs |= self.aws.outputs(stack)
        for key in ARTIFACTS.values():
            self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=artifact("unloadable", A))
        for group in (A, B, C):
            made = self.aws.client("sagemaker").create_model_package(
                ModelPackageGroupName=group,
                ModelApprovalStatus=PENDING,
                InferenceSpecification=specification(),
            )
            self.versions[group] = made["ModelPackageArn"]
        for name, tags in ((OURS, TAGGED), (THEIRS, [])):
            self._endpoint(name, tags)
        self.hold(held=True)
        self._keep()

    def hold(self, *, held: bool) -> None:
        """Keep reconcile from looking: what is tried here concerns it not, and each look takes time."""
        self.aws.client("lambda").update_event_source_mapping(UUID=self.mapping(), Enabled=not held)

    def keep_held(self) -> None:
        """As `hold` has it, whoever switched reconcile on."""
        self.hold(held=True)

    def version(self, group: str, status: str) -> str:
        """The ARN of a group's version, after its status was set to this one."""
        version = self.versions[group]
        if self._statuses.get(group) != status:
            self.aws.client("sagemaker").update_model_package(
                ModelPackageArn=version, ModelApprovalStatus=status
            )
            self._statuses[group] = status
        return version

    def forget_statuses(self) -> None:
        """Somebody has changed them."""
        self._statuses.clear()

    def _keep(self) -> None:
        """Remember what a call that IAM lets through may change, to put it back."""
        iam, ssm = self.aws.client("iam"), self.aws.client("ssm")
        for role in ROLES.values():
            self._kept[role] = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
        self._kept["spec"] = ssm.get_parameter(Name=parameter_name(A))["Parameter"]["Value"]
        self._kept["policy"] = self.aws.client("sagemaker").get_model_package_group_policy(
            ModelPackageGroupName=C
        )["ResourcePolicy"]
        self._kept["tags"] = {one: self._tags(one) for one in self._tagged()}
        self._kept["mapping"] = self.aws.client("lambda").get_event_source_mapping(UUID=self.mapping())

    def put_back_trust(self) -> None:
        """Who may step into the roles that calls are made on."""
        for role in ROLES.values():
            self.aws.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=self._kept[role])

    def put_back_spec(self) -> None:
        """The spec of group A, and no freeze windows."""
        ssm = self.aws.client("ssm")
        ssm.put_parameter(Name=parameter_name(A), Value=self._kept["spec"], Type="String", Overwrite=True)
        ssm.delete_parameters(Names=[FREEZE_PARAMETER])

    def put_back_policies(self) -> None:
        """The group policy of C; A and B have none."""
        sagemaker = self.aws.client("sagemaker")
        sagemaker.put_model_package_group_policy(ModelPackageGroupName=C, ResourcePolicy=self._kept["policy"])
        with suppress(ClientError):
            sagemaker.delete_model_package_group_policy(ModelPackageGroupName=A)

    def put_back_tags(self) -> None:
        """The tags of groups, versions and endpoints."""
        sagemaker = self.aws.client("sagemaker")
        for one, tags in self._kept["tags"].items():
            if (now := self._tags(one)) != tags:
                if added := sorted(now.keys() - tags.keys()):
                    sagemaker.delete_tags(ResourceArn=one, TagKeys=added)
                if tags:
                    sagemaker.add_tags(
                        ResourceArn=one, Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
                    )

    def put_back_mapping(self) -> None:
        """What brings the queue's messages to reconcile, as it was, and nothing beside."""
        lambda_, kept = self.aws.client("lambda"), self._kept["mapping"]
        settings = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "ScalingConfig")
        found = lambda_.list_event_source_mappings(FunctionName=self.outputs["ReconcileFunction"])
        first, *others = found["EventSourceMappings"] or [None]
        for other in others:
            lambda_.delete_event_source_mapping(UUID=other["UUID"])
        if first is None:
            lambda_.create_event_source_mapping(
                FunctionName=kept["FunctionArn"],
                Enabled=False,
                **{key: kept[key] for key in settings if key in kept},
            )

    def rule(self) -> str:
        """The name of a rule that is called as ours are; enabling one of ours again would not make it what it was."""
        name = "Greenlight-Controller-Tried"
        self.aws.client("events").put_rule(Name=name, EventPattern='{"source": ["tried"]}')
        return name

    def stack(self) -> str:
        """The name of a stack that is called as ours are, after it was made if it is not there."""
        cloudformation = self.aws.client("cloudformation")
        with suppress(ClientError):
            cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(EMPTY_STACK))
            cloudformation.get_waiter("stack_create_complete").wait(
                StackName=STACK, WaiterConfig={"Delay": 0.1}
            )
        return STACK

    def _tagged(self) -> list[str]:
        named = [arn("sagemaker", f"model-package-group/{A}"), self.versions[A]]
        return [*named, *(arn("sagemaker", f"endpoint/{name}") for name in (OURS, THEIRS))]

    def _tags(self, resource: str) -> dict[str, str]:
        found = self.aws.client("sagemaker").list_tags(ResourceArn=resource)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def table_arn(self, output: str) -> str:
        """The ARN of the table that an output of our stacks names."""
        return arn("dynamodb", f"table/{self.outputs[output]}")

    def stream_arn(self) -> str:
        """The ARN of the ledger's stream."""
        table = self.aws.client("dynamodb").describe_table(TableName=self.outputs["LedgerTable"])["Table"]
        return str(table["LatestStreamArn"])

    def shard(self) -> str:
        """The id of a shard of it."""
        told = self.aws.client("dynamodbstreams").describe_stream(StreamArn=self.stream_arn())
        return str(told["StreamDescription"]["Shards"][0]["ShardId"])

    def iterator(self) -> str:
        """Where to read it from."""
        asked = {"StreamArn": self.stream_arn(), "ShardId": self.shard(), "ShardIteratorType": "LATEST"}
        return str(self.aws.client("dynamodbstreams").get_shard_iterator(**asked)["ShardIterator"])

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

    def fresh(self) -> str:
        """A name that nothing has yet."""
        return f"matrix-doomed-{next(self._numbers)}"

    def doomed(self, *tags: dict[str, str]) -> str:
        """The name of a model, a config and an endpoint that are there to be deleted."""
        name = self.fresh()
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
