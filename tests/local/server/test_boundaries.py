"""A permissions boundary leaves a role what both its policies and the boundary allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.local.server.iam_parts import (
    ACCOUNT,
    assume,
    client_of,
    document,
    make_policy,
    make_role,
    refused,
    statement,
)
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETER = "/greenlight/known"
READ, WRITE = "ssm:GetParameter", "ssm:PutParameter"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own, with nothing in it but a parameter."""
    with LocalAws() as local:
        local.client("ssm").put_parameter(Name=PARAMETER, Value="1", Type="String")
        yield local


def session(aws: LocalAws, role: str, service: str = "ssm") -> Any:
    return client_of(aws, assume(aws.client("sts"), role), service)


def read(client: Any) -> None:
    client.get_parameter(Name=PARAMETER)


def write(client: Any) -> None:
    client.put_parameter(Name=PARAMETER, Value="2", Type="String", Overwrite=True)


def test_a_boundary_leaves_what_both_allow(aws: LocalAws) -> None:
    boundary = make_policy(aws, "reads", statement(["ssm:GetParameter", "ssm:DeleteParameter"]))
    role = make_role(aws, statement([READ, WRITE]), PermissionsBoundary=boundary)
    client = session(aws, role)
    read(client)
    with refused(f"{WRITE} .*because no permissions boundary allows the {WRITE} action"):
        write(client)
    with refused("because no identity-based policy allows the ssm:DeleteParameter action"):
        client.delete_parameter(Name=PARAMETER)


def test_a_deny_in_a_boundary_refuses(aws: LocalAws) -> None:
    deny = statement(WRITE, Effect="Deny")
    boundary = make_policy(aws, "denies", statement("*"), deny)
    role = make_role(aws, statement("*"))
    name = role.rpartition("/")[2]
    client = session(aws, role)
    write(client)
    aws.client("iam").put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    read(client)
    with refused(f"{WRITE} .*with an explicit deny in a permissions boundary"):
        write(client)
    aws.client("iam").delete_role_permissions_boundary(RoleName=name)
    write(client)


@pytest.mark.parametrize("resource", ["parameter", "role"])
def test_a_deny_in_a_boundary_may_look_at_the_tags_of_the_resource(aws: LocalAws, resource: str) -> None:
    tags = [{"Key": "Guarded", "Value": "yes"}]
    deny = statement("*", Effect="Deny", Condition={"StringEquals": {"aws:ResourceTag/Guarded": "yes"}})
    boundary = make_policy(aws, f"by-tag-of-{resource}", statement("*"), deny)
    role = make_role(aws, statement("*"), PermissionsBoundary=boundary)
    with_tag, without = f"/guarded/{resource}", f"/free/{resource}"
    if resource == "parameter":
        for name, its in ((with_tag, tags), (without, [])):
            aws.client("ssm").put_parameter(Name=name, Value="1", Type="String", Tags=its)
        session(aws, role).delete_parameter(Name=without)
        with refused("with an explicit deny in a permissions boundary"):
            session(aws, role).delete_parameter(Name=with_tag)
        return
    make_role(aws, name="guarded", Tags=tags)
    make_role(aws, name="free")
    session(aws, role, "iam").delete_role(RoleName="free")
    with refused("with an explicit deny in a permissions boundary"):
        session(aws, role, "iam").delete_role(RoleName="guarded")


def test_a_boundary_holds_for_sagemaker_too(aws: LocalAws) -> None:
    boundary = make_policy(aws, "no-sagemaker", statement("ssm:*"))
    client = session(aws, make_role(aws, statement("*"), PermissionsBoundary=boundary), "sagemaker")
    with refused("no permissions boundary allows the sagemaker:ListModelPackageGroups action"):
        client.list_model_package_groups()


def test_a_template_sets_changes_and_takes_away_a_boundary(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    reads = make_policy(aws, "template-reads", statement(READ))
    writes = make_policy(aws, "template-writes", statement(WRITE))

    def deploy(call: Any, done: str, boundary: str | None) -> None:
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        properties = {
            "RoleName": "bounded", "Path": "/greenlight/",
            "AssumeRolePolicyDocument": json.loads(document(trust)),
            "Policies": [{"PolicyName": "p", "PolicyDocument": json.loads(document(statement("*")))}],
            **({"PermissionsBoundary": boundary} if boundary else {}),
        }  # fmt: skip
        role = {"Type": "AWS::IAM::Role", "Properties": properties}
        call(StackName="bounded", TemplateBody=json.dumps({"Resources": {"Role": role}}),
            Capabilities=["CAPABILITY_NAMED_IAM"])  # fmt: skip
        eventually(
            lambda: cloudformation.describe_stacks(StackName="bounded")["Stacks"][0]["StackStatus"] == done
        )

    deploy(cloudformation.create_stack, "CREATE_COMPLETE", reads)
    client = session(aws, f"arn:aws:iam::{ACCOUNT}:role/greenlight/bounded")
    read(client)
    with refused():
        write(client)
    described = aws.client("iam").get_role(RoleName="bounded")["Role"]
    assert described["PermissionsBoundary"]["PermissionsBoundaryArn"] == reads
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE", writes)
    write(client)
    with refused():
        read(client)
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE", None)
    read(client)
    write(client)


def test_a_template_with_a_boundary_that_is_not_there_fails(aws: LocalAws) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": json.loads(document(trust)),
        "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/no-such",
    }
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="odd", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    eventually(
        lambda: cloudformation.describe_stacks(StackName="odd")["Stacks"][0]["StackStatus"].startswith(
            "ROLLBACK_"
        )
    )
