"""A model package group's own policy: its Deny refuses anyone, its Allow adds to identity policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.local.server.iam_parts import (
    ACCOUNT,
    ROOT,
    assume,
    client_of,
    document,
    make_role,
    refused,
    statement,
)
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
UPDATE = "sagemaker:UpdateModelPackage"
DENIED = "with an explicit deny in a resource-based policy"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own."""
    with LocalAws() as local:
        yield local


def group_with_version(aws: LocalAws, name: str) -> tuple[str, str]:
    """The ARNs of a new group and of its one version, which waits for a decision."""
    sagemaker = aws.client("sagemaker")
    group = sagemaker.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    version = sagemaker.create_model_package(
        ModelPackageGroupName=name, ModelApprovalStatus="PendingManualApproval"
    )["ModelPackageArn"]
    return group, version


def put(aws: LocalAws, name: str, *statements: object) -> None:
    aws.client("sagemaker").put_model_package_group_policy(
        ModelPackageGroupName=name, ResourcePolicy=document(*statements)
    )


def held(resource: object, actions: object, **more: object) -> dict[str, object]:
    """A Deny for everyone, with conditions."""
    return {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resource, **more}


def session(aws: LocalAws, role: str) -> Any:
    return client_of(aws, assume(aws.client("sts"), role), "sagemaker")


def test_a_deny_refuses_all_but_the_role_it_excepts_root_included(aws: LocalAws) -> None:
    _, version = group_with_version(aws, "guarded")
    approver = make_role(aws, statement("sagemaker:*"), name="guarded-approver")
    other = make_role(aws, statement("*"))
    put(aws, "guarded", held(f"{PREFIX}:model-package/guarded/*", UPDATE,
        Condition={"ArnNotLike": {"aws:PrincipalArn": approver}}))  # fmt: skip
    for client, who in (
        (aws.client("sagemaker"), ROOT),
        (session(aws, other), f"arn:aws:sts::{ACCOUNT}:assumed-role/{other.rpartition('/')[2]}/ann"),
    ):
        message = f"User: {who} is not authorized to perform: {UPDATE} on resource: {version} {DENIED}"
        with refused(f"AccessDeniedException.*{message}"):
            client.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
        assert client.describe_model_package(ModelPackageName=version)
    session(aws, approver).update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")


def test_a_deny_may_look_at_the_approval_status_asked_for(aws: LocalAws) -> None:
    _, version = group_with_version(aws, "by-status")
    condition = {
        "StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"},
        "StringNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/no-such"},
    }
    put(aws, "by-status", held("*", UPDATE, Condition=condition))
    root = aws.client("sagemaker")
    with refused(DENIED):
        root.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    root.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")


def test_a_deny_holds_for_the_group_itself_and_for_versions_to_come(aws: LocalAws) -> None:
    group, _ = group_with_version(aws, "closed")
    put(aws, "closed", held([group, f"{PREFIX}:model-package/closed/*"],
        ["sagemaker:CreateModelPackage", "sagemaker:DeleteModelPackageGroup", "sagemaker:AddTags"]))  # fmt: skip
    root = aws.client("sagemaker")
    with refused(DENIED):
        root.create_model_package(ModelPackageGroupName="closed")
    with refused(DENIED):
        root.delete_model_package_group(ModelPackageGroupName="closed")
    with refused(DENIED):
        root.add_tags(ResourceArn=group, Tags=[{"Key": "k", "Value": "v"}])
    root.delete_model_package_group_policy(ModelPackageGroupName="closed")
    assert root.create_model_package(ModelPackageGroupName="closed")


def test_another_groups_policy_says_nothing(aws: LocalAws) -> None:
    group_with_version(aws, "strict")
    put(aws, "strict", held("*", "sagemaker:*"))
    _, version = group_with_version(aws, "strict-not")
    aws.client("sagemaker").update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")


def test_an_allow_adds_to_the_policies_of_whom_it_names(aws: LocalAws) -> None:
    _, version = group_with_version(aws, "open")
    named, other = make_role(aws), make_role(aws)
    with refused("no identity-based policy allows the sagemaker:DescribeModelPackage action"):
        session(aws, named).describe_model_package(ModelPackageName=version)
    allow = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sagemaker:DescribeModelPackage"}
    put(aws, "open", {**allow, "Resource": f"{PREFIX}:model-package/open/*"})
    assert session(aws, named).describe_model_package(ModelPackageName=version)
    with refused("no identity-based policy"):
        session(aws, other).describe_model_package(ModelPackageName=version)


def test_an_allow_for_the_account_leaves_it_to_identity_policies(aws: LocalAws) -> None:
    _, version = group_with_version(aws, "delegated")
    allow = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sagemaker:*", "Resource": "*"}
    put(aws, "delegated", allow)
    with refused("no identity-based policy"):
        session(aws, make_role(aws)).describe_model_package(ModelPackageName=version)


def test_a_template_makes_changes_and_takes_away_a_groups_policy(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")

    def deploy(call: Any, done: str, *statements: object) -> None:
        policy = json.loads(document(*statements))
        properties = {
            "ModelPackageGroupName": "templated",
            **({"ModelPackageGroupPolicy": policy} if statements else {}),
        }
        group = {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": properties}
        call(StackName="templated", TemplateBody=json.dumps({"Resources": {"Group": group}}))
        eventually(
            lambda: cloudformation.describe_stacks(StackName="templated")["Stacks"][0]["StackStatus"] == done
        )

    root = aws.client("sagemaker")
    deploy(cloudformation.create_stack, "CREATE_COMPLETE", held("*", "sagemaker:CreateModelPackage"))
    with refused(DENIED):
        root.create_model_package(ModelPackageGroupName="templated")
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE", held("*", "sagemaker:DeleteModelPackage"))
    version = root.create_model_package(ModelPackageGroupName="templated")["ModelPackageArn"]
    with refused(DENIED):
        root.delete_model_package(ModelPackageName=version)
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE")
    root.delete_model_package(ModelPackageName=version)
