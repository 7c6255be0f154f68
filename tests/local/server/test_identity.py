"""Roles with a path are assumed, named and refused as on AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.aws import LocalAws

ACCOUNT = "123456789012"
APPROVER = f"arn:aws:iam::{ACCOUNT}:role/greenlight/small-approver"


def make_role(aws: LocalAws, name: str, trust: object, policy: object | None = None) -> str:
    iam = aws.client("iam")
    arn: str = iam.create_role(
        RoleName=name, Path="/greenlight/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]  # fmt: skip
    if policy:
        document = json.dumps({"Version": "2012-10-17", "Statement": policy})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return arn


def test_a_role_with_a_path_is_assumed_and_its_permissions_hold(aws: LocalAws) -> None:
    sts = aws.client("sts", role="greenlight/small-approver", session_name="ann")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/small-approver/ann"
    table = aws.client("dynamodb", role=APPROVER)
    table.get_item(TableName="small", Key={"name": {"S": "x"}})
    with pytest.raises(ClientError, match="dynamodb:DeleteItem"):
        table.delete_item(TableName="small", Key={"name": {"S": "x"}})


def test_the_principal_arn_of_a_session_is_the_roles_arn_with_its_path(aws: LocalAws) -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/greenlight/by-arn"}}
    allow = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*", "Condition": condition}
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    name = "/greenlight/groups/small"
    assert aws.client("ssm", role=make_role(aws, "by-arn", trust, [allow])).get_parameter(Name=name)
    other = aws.client("ssm", role=make_role(aws, "by-other-arn", trust, [allow]))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        other.get_parameter(Name=name)


def test_only_whom_a_role_trusts_may_assume_it(aws: LocalAws) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": APPROVER}, "Action": "sts:AssumeRole"}
    arn = make_role(aws, "for-approvers", trust)
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="root")


def test_the_source_identity_of_a_session_is_kept(aws: LocalAws) -> None:
    allow = {
        "Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceIdentity": "ann"}},
    }  # fmt: skip
    trust = {
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }  # fmt: skip
    arn = make_role(aws, "by-source", trust, [allow])
    sts = aws.client("sts")
    found = sts.assume_role(RoleArn=arn, RoleSessionName="sess", SourceIdentity="ann")["Credentials"]
    session = boto3.session.Session(
        found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], "us-east-1"
    )
    session.client("ssm", endpoint_url=aws.endpoint).get_parameter(Name="/greenlight/groups/small")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("ssm", role=arn).get_parameter(Name="/greenlight/groups/small")


def test_plain_http_stands_for_tls(aws: LocalAws) -> None:
    """The small app's queues deny aws:SecureTransport=false."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="ticks")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody='{"tick": "by hand"}')


def test_every_parameter_of_a_call_is_asked_for(aws: LocalAws) -> None:
    allow = {
        "Effect": "Allow",
        "Action": "ssm:GetParameters",
        "Resource": f"arn:aws:ssm:*:{ACCOUNT}:parameter/greenlight/groups/*",
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    ssm = aws.client("ssm", role=make_role(aws, "parameter-reader", trust, [allow]))
    name = "/greenlight/groups/small"
    assert [found["Name"] for found in ssm.get_parameters(Names=[name])["Parameters"]] == [name]
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ssm.get_parameters(Names=[name, "/greenlight/other"])
