"""The people of the story and what they may do: each acts by a role of their own, with IAM enforced."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambdas.core.names import ROLE_PATH, role_name
from local.aws import LocalAws


@dataclass(frozen=True)
class Person:
    """Somebody with a company role, who steps into a group's role to work on the group."""

    name: str
    company_role: str


SCIENTIST = Person("maya", "data-scientists")
APPROVER = Person("jonas", "model-risk")
CLIENT = Person("screening-app", "applications")

PIPELINES = "model-pipelines"
"""The role that the company's SageMaker pipelines run by."""

_COMPANY_POLICIES: dict[str, list[dict[str, Any]]] = {
    "data-scientists": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::*:role/greenlight/*-registrant",
        },
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::*/*"},
    ],
    "model-risk": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::*:role/greenlight/*-approver",
        },
    ],
    PIPELINES: [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::*:role/greenlight/*-registrant",
        },
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::*/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::*"},
    ],
    "applications": [
        {
            "Effect": "Allow",
            "Action": ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"],
            "Resource": "*",
        }
    ],
}


def hire(aws: LocalAws) -> None:
    """Make the company's own roles, which exist before Greenlight does."""
    iam = aws.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
        ],
    }
    for role, statements in _COMPANY_POLICIES.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=role, PolicyName="work", PolicyDocument=json.dumps(policy))


def session(aws: LocalAws, person: Person, service: str, group_role: tuple[str, str] | None = None) -> Any:
    """A client of `service` as this person; with `group_role` (group, kind), in that role of the group.

    Raises:
        ClientError: the person may not step into that role.
    """
    if group_role is None:
        return aws.client(service, role=person.company_role, session_name=person.name)
    return client_of(aws, service, stepped_in(aws, person, role_name(*group_role)))


def client_of(aws: LocalAws, service: str, session: Mapping[str, str]) -> Any:
    """A client of `service` with the variables of a session."""
    return boto3.session.Session(
        aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=session["AWS_SESSION_TOKEN"],
        region_name=aws.region,
    ).client(service, endpoint_url=aws.endpoint)  # type: ignore[call-overload] # the service is the caller's choice


def stepped_in(aws: LocalAws, person: Person, role: str) -> dict[str, str]:
    """The variables by which a program runs in a role of Greenlight's that a person steps into.

    Raises:
        ClientError: the person may not.
    """
    sts = aws.client("sts", role=person.company_role, session_name=person.name)
    arn = f"arn:aws:iam::{aws.account}:role{ROLE_PATH}{role}"
    return variables(sts.assume_role(RoleArn=arn, RoleSessionName=person.name)["Credentials"])


def environment(aws: LocalAws, person: Person) -> dict[str, str]:
    """The variables by which a program runs as this person."""
    arn = f"arn:aws:iam::{aws.account}:role/{person.company_role}"
    return variables(aws.client("sts").assume_role(RoleArn=arn, RoleSessionName=person.name)["Credentials"])


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """What STS gave, as AWS's programs take it."""
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def denied(call: Any, /, **request: Any) -> bool:
    """Whether IAM denies a call. Any other outcome is no denial."""
    try:
        call(**request)
    except ClientError as error:
        return "AccessDenied" in str(error.response["Error"]["Code"])
    return False
