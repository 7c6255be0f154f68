"""What the tests of IAM are made of: roles, sessions, and calls that are refused."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.aws import LocalAws

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_numbers = itertools.count(1)


def statement(actions: str | list[str], resource: object = "*", **more: object) -> dict[str, object]:
    """A statement of an identity policy: Allow, unless `Effect` says otherwise."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def trust(actions: str | list[str], principal: str = ROOT, **more: object) -> dict[str, object]:
    """A statement of a trust policy: Allow, unless `Effect` says otherwise."""
    return {"Effect": "Allow", "Action": actions, "Principal": {"AWS": principal}, **more}


def document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def make_role(
    aws: LocalAws, *policy: object, trusts: tuple[object, ...] = (), name: str = "", **more: Any
) -> str:
    """A role with these statements, whom root may assume unless `trusts` says otherwise; its ARN."""
    name = name or f"role-{next(_numbers)}"
    trusts = trusts or (trust("sts:AssumeRole"),)
    iam = aws.client("iam")
    arn: str = iam.create_role(
        RoleName=name, Path="/greenlight/", AssumeRolePolicyDocument=document(*trusts), **more
    )["Role"]["Arn"]
    if policy:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*policy))
    return arn


def make_policy(aws: LocalAws, name: str, *statements: object) -> str:
    """A managed policy with these statements; its ARN."""
    return str(
        aws.client("iam").create_policy(
            PolicyName=name, Path="/greenlight/", PolicyDocument=document(*statements)
        )["Policy"]["Arn"]
    )


def client_of(aws: LocalAws, credentials: dict[str, Any], service: str) -> Any:
    """A client with the credentials of an answer of STS or of CreateAccessKey."""
    session = boto3.session.Session(
        credentials["AccessKeyId"],
        credentials.get("SecretAccessKey"),
        credentials.get("SessionToken"),
        "us-east-1",
    )
    return session.client(service, endpoint_url=aws.endpoint)  # type: ignore[call-overload] # the service is the caller's choice


def assume(sts: Any, role: str, **asked: object) -> dict[str, Any]:
    """The credentials of a session of a role."""
    return dict(sts.assume_role(RoleArn=role, RoleSessionName="ann", **asked)["Credentials"])


def refused(match: str = "AccessDenied") -> Any:
    """The block's call is refused with these words."""
    return pytest.raises(ClientError, match=match)
