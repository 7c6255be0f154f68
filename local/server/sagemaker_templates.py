"""CloudFormation's AWS::SageMaker::ModelPackageGroup, made through the same API as anyone's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.sagemaker.caller import Caller
from local.sagemaker.errors import SageMakerError
from local.server.cloudformation import ResourceType

if TYPE_CHECKING:
    from local.server.cloudformation import Made, Properties
    from local.server.model import CurrentModel


class ModelPackageGroups:
    """Makes, changes and deletes groups for a stack, as the role that CloudFormation acts with."""

    def __init__(self, model: CurrentModel, account: str, region: str) -> None:
        self._model = model
        self._caller = Caller(
            arn=f"arn:aws:sts::{account}:assumed-role/cdk-hnb659fds-cfn-exec-role-{account}-{region}/AWSCloudFormation",
            account=account,
            principal_id="AROACLOUDFORMATION:AWSCloudFormation",
        )

    def type(self) -> ResourceType:
        """The resource type. Its Ref is the group's ARN."""
        return ResourceType(
            "AWS::SageMaker::ModelPackageGroup",
            "ModelPackageGroupName",
            self._create,
            self._update,
            self._delete,
            name_length=63,
            replacing=("ModelPackageGroupDescription",),
            tagged=True,
        )

    def _call(self, operation: str, **request: object) -> dict[str, Any]:
        try:
            return dict(self._model.call(operation, request, self._caller))
        except SageMakerError as error:
            raise ValueError(f"{error.code}: {error.message}") from error

    def _create(self, name: str, properties: Properties) -> Made:
        request: dict[str, Any] = {"ModelPackageGroupName": name}
        if properties.get("ModelPackageGroupDescription"):
            request["ModelPackageGroupDescription"] = properties["ModelPackageGroupDescription"]
        if _tags(properties):
            request["Tags"] = _tags(properties)
        arn = self._call("CreateModelPackageGroup", **request)["ModelPackageGroupArn"]
        try:
            self._put_policy(name, properties)
        except ValueError:
            # What a failed creation has made, CloudFormation deletes again (its guide, "Stack failure options").
            self._call("DeleteModelPackageGroup", ModelPackageGroupName=name)
            raise
        return self._made(name, arn)

    def _update(self, ref: str, old: Properties, new: Properties) -> Made:
        name = ref.rsplit("/", 1)[1]
        before, after = ({tag["Key"] for tag in _tags(of)} for of in (old, new))
        if before - after:
            self._call("DeleteTags", ResourceArn=ref, TagKeys=sorted(before - after))
        if _tags(new):
            self._call("AddTags", ResourceArn=ref, Tags=_tags(new))
        if old.get("ModelPackageGroupPolicy") and not new.get("ModelPackageGroupPolicy"):
            self._call("DeleteModelPackageGroupPolicy", ModelPackageGroupName=name)
        self._put_policy(name, new)
        return self._made(name, ref)

    def _delete(self, ref: str, properties: Properties) -> None:
        del properties
        name = ref.rsplit("/", 1)[1]
        try:
            self._model.call("DescribeModelPackageGroup", {"ModelPackageGroupName": name}, self._caller)
        except SageMakerError:
            return  # gone already
        self._call("DeleteModelPackageGroup", ModelPackageGroupName=name)

    def _put_policy(self, name: str, properties: Properties) -> None:
        policy = properties.get("ModelPackageGroupPolicy")
        if policy:
            text = policy if isinstance(policy, str) else json.dumps(policy)
            self._call("PutModelPackageGroupPolicy", ModelPackageGroupName=name, ResourcePolicy=text)

    def _made(self, name: str, arn: str) -> Made:
        group = self._call("DescribeModelPackageGroup", ModelPackageGroupName=name)
        return arn, {
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": group["ModelPackageGroupStatus"],
            "CreationTime": str(group["CreationTime"]),
        }


def _tags(properties: Properties) -> list[dict[str, str]]:
    """A template's tags, without those of CloudFormation's own (aws:…), which no API takes."""
    return [dict(tag) for tag in properties.get("Tags") or () if not tag["Key"].startswith("aws:")]
