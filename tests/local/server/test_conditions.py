"""Conditions of identity policies, each met and not met, allowing and denying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.local.server.iam_parts import ACCOUNT, assume, client_of, document, make_role, refused, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETER, READ = "/greenlight/known", "ssm:GetParameter"
SELF = f"arn:aws:iam::{ACCOUNT}:role/greenlight/by-condition"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/greenlight/other"
MET = {
    "principal arn": {"ArnEquals": {"aws:PrincipalArn": SELF}},
    "principal arn as a string": {"StringEquals": {"aws:PrincipalArn": SELF}},
    "one of two arns": {"ArnLike": {"aws:PrincipalArn": [OTHER, SELF]}},
    "arn with a star": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/greenlight/*"}},
    "arn with two stars": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/greenlight/by-*"}},
    "none of the arns": {"ArnNotLike": {"aws:PrincipalArn": [OTHER, f"{OTHER}-*"]}},
    "not the arn": {"ArnNotEquals": {"aws:PrincipalArn": OTHER}},
    "string that is not there": {"StringNotEqualsIfExists": {"aws:SourceIdentity": "bob"}},
    "string not equal though not there": {"StringNotEquals": {"aws:SourceIdentity": "bob"}},
    "string that is another": {"StringNotEqualsIfExists": {"aws:PrincipalTag/Team": "churn"}},
    "null": {"Null": {"aws:SourceIdentity": "true"}},
    "not null": {"Null": {"aws:PrincipalTag/Team": "false"}},
    "no tags": {"Null": {"aws:TagKeys": "true"}},
    "account": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    "any of one": {"ForAnyValue:StringEquals": {"aws:PrincipalTag/Team": ["fraud", "churn"]}},
    "all of none": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
    "both": {"ArnLike": {"aws:PrincipalArn": SELF}, "StringLike": {"aws:PrincipalTag/Team": "fr?ud"}},
    "variable": {"StringEquals": {"aws:PrincipalTag/Team": ["churn", "${aws:PrincipalTag/team}"]}},
    "variable in a text": {"ArnEquals": {"aws:PrincipalArn": f"{SELF[:-9]}${{aws:PrincipalTag/By}}"}},
}
NOT_MET = {
    "principal arn": {"ArnEquals": {"aws:PrincipalArn": OTHER}},
    "role without its path": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/by-condition"}},
    "session": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/by-condition/*"}},
    "one of two arns": {"ArnNotLike": {"aws:PrincipalArn": [OTHER, SELF]}},
    "star that ends at a colon": {"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/greenlight/by-condition"}},
    "string that is not there": {"StringEquals": {"aws:SourceIdentity": "ann"}},
    "string that is the same": {"StringNotEqualsIfExists": {"aws:PrincipalTag/Team": "fraud"}},
    "null": {"Null": {"aws:SourceIdentity": "false"}},
    "any of none": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
    "variable": {"StringEquals": {"aws:PrincipalTag/Team": "${aws:PrincipalAccount}"}},
    "variable that is not there": {"StringNotEquals": {"aws:PrincipalTag/Team": "${aws:username}"}},
    "one of both": {"ArnLike": {"aws:PrincipalArn": SELF}, "StringLike": {"aws:PrincipalTag/Team": "x*"}},
}


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


@pytest.fixture(scope="module")
def conditioned(aws: LocalAws) -> Any:
    """An SSM client in a session of a role that is tagged and has, at first, no policy."""
    make_role(
        aws,
        name="by-condition",
        Tags=[{"Key": "Team", "Value": "fraud"}, {"Key": "By", "Value": "condition"}],
    )
    return session(aws, SELF)


def have(aws: LocalAws, *statements: object) -> None:
    aws.client("iam").put_role_policy(
        RoleName="by-condition", PolicyName="p", PolicyDocument=document(*statements)
    )


@pytest.mark.parametrize("name", MET)
def test_a_condition_that_is_met_allows_and_denies(aws: LocalAws, conditioned: Any, name: str) -> None:
    have(aws, statement(READ, Condition=MET[name]))
    read(conditioned)
    have(aws, statement(READ), statement(READ, Effect="Deny", Condition=MET[name]))
    with refused("with an explicit deny in an identity-based policy"):
        read(conditioned)


@pytest.mark.parametrize("name", NOT_MET)
def test_a_condition_that_is_not_met_does_neither(aws: LocalAws, conditioned: Any, name: str) -> None:
    have(aws, statement(READ, Condition=NOT_MET[name]))
    with refused("because no identity-based policy allows"):
        read(conditioned)
    have(aws, statement(READ), statement(READ, Effect="Deny", Condition=NOT_MET[name]))
    read(conditioned)


@pytest.mark.parametrize(
    ("condition", "tags", "met"),
    [
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, ["a", "b"], True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, ["b", "c"], False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, ["a", "b"], True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, ["a", "b"], False),
        ({"StringEquals": {"aws:RequestTag/a": "1"}}, ["a"], True),
        ({"StringEquals": {"aws:RequestTag/a": "1"}}, ["b"], False),
    ],
)  # fmt: skip
def test_conditions_on_the_tags_of_a_request(
    aws: LocalAws, conditioned: Any, condition: object, tags: list[str], met: bool
) -> None:
    del conditioned  # has made the role
    have(aws, statement("sagemaker:*", Condition=condition))
    client = session(aws, SELF, "sagemaker")
    group = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package-group/no-such"
    answer = "does not exist|Could not find" if met else "AccessDenied"
    with refused(answer):
        client.add_tags(ResourceArn=group, Tags=[{"Key": key, "Value": "1"} for key in tags])
