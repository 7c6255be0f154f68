"""The registry's calls: versions, groups, their policies and tags.

What they let through does no harm: the groups are there only for this, they allow none of their versions' images (so an
approval deploys nothing), the versions to be deleted are not there, the groups are not empty, and policies and tags are
put back.
"""

import json
from typing import Any

from lambdas.core.names import GROUP_TAG
from tests.e2e.matrix.stage import GROUPS, OURS, PENDING, TAGGED, THEIRS, A, Stage, arn, specification
from tests.e2e.matrix.tried import Call, Part, Undo, part
from tests.e2e.matrix.watched import watched_tags

_STATUSES: dict[str, dict[str, Any]] = {
    f"status {status}": {"ModelApprovalStatus": status} for status in (PENDING, "Approved", "Rejected")
}
_APPROVED = _STATUSES["status Approved"]
_CHANGED = {"InferenceSpecification": specification("changed:2")}
_METADATA = {"CustomerMetadataProperties": {"tried": "yes"}}
_CHANGES: dict[str, dict[str, Any]] = {
    **_STATUSES,
    "status Approved, reason": {**_APPROVED, "ApprovalDescription": "tried"},
    "status Approved, specification": {**_APPROVED, **_CHANGED},
    "status Rejected, specification": {**_STATUSES["status Rejected"], **_CHANGED},
    "metadata": _METADATA,
    "reason": {"ApprovalDescription": "tried"},
    "specification": _CHANGED,
    "source URI": {"SourceUri": "s3://somewhere/else"},
    "life cycle": {"ModelLifeCycle": {"Stage": "Production", "StageStatus": "Approved"}},
}
_NOBODYS = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "sagemaker:DescribeModelPackage",
    "Resource": arn("sagemaker", "model-package/nobody/1"),
}
_TAG = {"our tag": part({"Tags": TAGGED}, undo=Stage.put_back_tags)}
_OUR_KEY = {"our tag": part({"TagKeys": [GROUP_TAG]}, undo=Stage.put_back_tags)}


def _parts(changes: dict[str, dict[str, Any]]) -> dict[str, Part]:
    return {words: part(change) for words, change in changes.items()}


def _versions(member: str, letters: str = "AB", *, listed: bool = False) -> dict[str, Part]:
    """A version of each group, as the parameter `member`."""

    def one(group: str) -> Part:
        def request(stage: Stage) -> dict[str, Any]:
            version = stage.versions[group]
            return {member: [version] if listed else version}

        return Part(request)

    return {f"version of {letter}": one(GROUPS[letter]) for letter in letters}


def _standing() -> dict[str, Part]:
    """The version of A as it stands: pending, approved, rejected."""

    def one(status: str) -> Part:
        return Part(lambda stage: {"ModelPackageArn": stage.version(A, status)}, undo=Stage.forget_statuses)

    return {
        "version of A": one(PENDING),
        "approved version of A": one("Approved"),
        "rejected version of A": one("Rejected"),
    }


def _absent_versions() -> dict[str, Part]:
    return {
        f"version of {letter}": part({"ModelPackageName": arn("sagemaker", f"model-package/{group}/99999")})
        for letter, group in GROUPS.items()
    }


def _groups(letters: str, *, undo: Undo | None = None, **more: Any) -> dict[str, Part]:
    return {
        f"group {letter}": part({"ModelPackageGroupName": GROUPS[letter], **more}, undo=undo)
        for letter in letters
    }


def _tagged() -> dict[str, Part]:
    resources = {
        "group A": f"model-package-group/{GROUPS['A']}",
        "endpoint of ours": f"endpoint/{OURS}",
        "endpoint of others": f"endpoint/{THEIRS}",
    }
    named = {words: part({"ResourceArn": arn("sagemaker", one)}) for words, one in resources.items()}
    return {**named, **_versions("ResourceArn", "A")}


CALLS: dict[str, Call] = {
    "CreateModelPackage": Call(
        "sagemaker",
        on={
            **_groups("ABC", InferenceSpecification=specification()),
            "no group": part(
                {"ModelPackageName": "matrix-ungrouped", "InferenceSpecification": specification()},
                bounce="versioned Model Packages only",
            ),
        },
        having=_parts({**_STATUSES, "no status": {}}),
        bounce="already exist",
    ),
    "UpdateModelPackage": Call(
        "sagemaker",
        on={**_versions("ModelPackageArn", "BC"), **_standing()},
        having=_parts(_CHANGES),
    ),
    "DeleteModelPackage": Call("sagemaker", on=_absent_versions(), bounce="does not exist"),
    "DescribeModelPackage": Call("sagemaker", on=_versions("ModelPackageName")),
    "BatchDescribeModelPackage": Call("sagemaker", on=_versions("ModelPackageArnList", listed=True)),
    "ListModelPackages": Call("sagemaker", on=_groups("AB")),
    "CreateModelPackageGroup": Call(
        "sagemaker",
        on={"new group": part({"ModelPackageGroupName": "matrix-new"})},
        having={"": part({}), **_TAG},
        bounce="already exist",
    ),
    "DescribeModelPackageGroup": Call("sagemaker", on=_groups("AB")),
    "DeleteModelPackageGroup": Call("sagemaker", on=_groups("ABC"), bounce="ConflictException"),
    "ListModelPackageGroups": Call("sagemaker", on={"all groups": part({})}),
    "PutModelPackageGroupPolicy": Call(
        "sagemaker",
        on=_groups(
            "AC",
            undo=Stage.put_back_policies,
            ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [_NOBODYS]}),
        ),
    ),
    "GetModelPackageGroupPolicy": Call("sagemaker", on=_groups("A"), bounce="Cannot find"),
    "DeleteModelPackageGroupPolicy": Call(
        "sagemaker", on=_groups("AC", undo=Stage.put_back_policies), bounce="Cannot find"
    ),
    "AddTags": Call("sagemaker", on={**_tagged(), **watched_tags()}, having=_TAG),
    "DeleteTags": Call("sagemaker", on=_tagged(), having=_OUR_KEY),
    "ListTags": Call(
        "sagemaker",
        on={
            **_tagged(),
            "endpoint of A": part({"ResourceArn": arn("sagemaker", f"endpoint/{GROUPS['A']}")}),
            **watched_tags(),
        },
        bounce="Could not find|does not exist|not found",
    ),
    "Search": Call("sagemaker", on={"all versions": part({"Resource": "ModelPackage"})}),
}
