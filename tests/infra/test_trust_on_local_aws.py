"""Every combination of what stepping in may take, met by every kind of request for a session on the local AWS."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from botocore.exceptions import ClientError

from infra.constructs.trust import stepping_in
from local.aws import LocalAws
from tests.infra.templates import ACCOUNT
from tests.local.server.iam_parts import client_of, document, make_role, statement, trust

pytestmark = pytest.mark.e2e

COMPANY, USER = "company-modellers", "ann"
ROLE_ARN, USER_ARN = (
    f"arn:aws:iam::{ACCOUNT}:role/greenlight/{COMPANY}",
    f"arn:aws:iam::{ACCOUNT}:user/{USER}",
)
STEPS = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
SETTINGS: dict[str, dict[str, Any]] = {
    "none": {},
    "mfa": {"mfa": True},
    "tags": {"tags": {"team": "fraud"}},
    "source identity": {"source_identity": True},
    "tags and source identity": {"tags": {"team": "fraud"}, "source_identity": True},
    "all": {"mfa": True, "tags": {"team": "fraud"}, "source_identity": True},
}
DEVICE = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/{USER}", "TokenCode": "123456"}
DEVICES: list[dict[str, Any]] = [{}, DEVICE]
TAGS: list[dict[str, Any]] = [
    {},
    *({"Tags": [{"Key": "team", "Value": team}]} for team in ("fraud", "churn")),
]
IDENTITIES: list[dict[str, Any]] = [{}, *({"SourceIdentity": name} for name in (USER, "somebody-else"))]


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS with a company's role, and a user."""
    with LocalAws() as local:
        make_role(local, statement(STEPS), trusts=(trust(STEPS),), name=COMPANY)
        iam = local.client("iam")
        iam.create_user(UserName=USER)
        iam.put_user_policy(UserName=USER, PolicyName="p", PolicyDocument=document(statement(STEPS)))
        yield local


@pytest.fixture(scope="module")
def user(aws: LocalAws) -> Any:
    """STS, called by the user."""
    return client_of(aws, aws.client("iam").create_access_key(UserName=USER)["AccessKey"], "sts")


def company(aws: LocalAws, **asked: str) -> Any:
    """STS, called in a session of the company's role."""
    session = aws.client("sts").assume_role(RoleArn=ROLE_ARN, RoleSessionName=USER, **asked)
    return client_of(aws, session["Credentials"], "sts")


def door(aws: LocalAws, settings: Mapping[str, Any], *principals: str) -> str:
    """A role with the trust policy that is meant by the settings; its ARN."""
    asked = {"mfa": False, "source_identity": False, "tags": {}, **settings}
    policy = cdk.Stack().resolve(stepping_in(principals or [ROLE_ARN, USER_ARN], **asked))
    return make_role(aws, trusts=tuple(policy["Statement"]))


def lets_in(sts: Any, role: str, request: Mapping[str, Any]) -> bool:
    try:
        sts.assume_role(RoleArn=role, RoleSessionName=USER, **request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def tagged(settings: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    return "tags" not in settings or request.get("Tags") == TAGS[1]["Tags"]


def requests() -> Iterator[dict[str, Any]]:
    for device, tags, identity in itertools.product(DEVICES, TAGS, IDENTITIES):
        yield device | tags | identity


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_user_is_let_in_with_all_that_is_asked_and_by_no_name_but_the_own(
    aws: LocalAws, user: Any, settings: dict[str, Any]
) -> None:
    role = door(aws, settings)
    for request in requests():
        identity = request.get("SourceIdentity")
        meant = (
            tagged(settings, request)
            and ("mfa" not in settings or "SerialNumber" in request)
            and identity in ((USER,) if "source_identity" in settings else (None, USER))
        )
        assert lets_in(user, role, request) == meant, request


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_role_is_let_in_with_the_source_identity_that_its_session_came_with_and_no_other(
    aws: LocalAws, settings: dict[str, Any]
) -> None:
    role = door(aws, settings)
    for inherited in (None, USER):
        sts = company(aws, **({"SourceIdentity": inherited} if inherited else {}))
        for request in requests():
            identity = request.get("SourceIdentity", inherited)
            meant = (
                tagged(settings, request)
                and "SerialNumber" not in request
                and identity == inherited
                and not ("source_identity" in settings and inherited is None)
            )
            assert lets_in(sts, role, request) == meant, (inherited, request)


def test_a_users_own_session_that_began_with_a_second_factor_is_let_in(aws: LocalAws, user: Any) -> None:
    role = door(aws, SETTINGS["mfa"])
    for device, meant in ((DEVICE, True), ({}, False)):
        sts = client_of(aws, user.get_session_token(**device)["Credentials"], "sts")
        assert lets_in(sts, role, {}) == meant


def test_who_is_not_named_is_not_let_in(aws: LocalAws, user: Any) -> None:
    assert not lets_in(user, door(aws, {}, ROLE_ARN), {})
    assert not lets_in(company(aws), door(aws, {}, USER_ARN), {})
