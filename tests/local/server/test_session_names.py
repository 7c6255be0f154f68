"""The local AWS takes the names of sessions, and the source identities, that STS takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.server.session_names import problem
from tests.local.server.iam_parts import make_role, trust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

ONE = "1 validation error detected: Value"
SESSION, SOURCE = (
    "at 'roleSessionName' failed to satisfy constraint: Member must",
    "at 'sourceIdentity' failed",
)
PATTERN = r"satisfy regular expression pattern: [\w+=,.@-]*"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own."""
    with LocalAws() as local:
        yield local


@pytest.fixture(scope="module")
def role(aws: LocalAws) -> str:
    """A role that anybody of the account may assume, with a source identity of their choice."""
    return make_role(aws, trusts=(trust(["sts:AssumeRole", "sts:SetSourceIdentity"]),))


def sts_of(aws: LocalAws) -> Any:
    """A client that sends whatever it is given: botocore would refuse short names itself."""
    return aws.client("sts", config=Config(parameter_validation=False))


def said(aws: LocalAws, role: str, name: str, **more: str) -> str:
    """What the local AWS says of an AssumeRole with this name."""
    with pytest.raises(ClientError) as caught:
        sts_of(aws).assume_role(RoleArn=role, RoleSessionName=name, **more)
    answer: Any = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationError", 400)
    return str(answer["Error"]["Message"])


@pytest.mark.parametrize("name", ["an", "a" * 64, "Ann.B_1+=,@-"])
def test_names_that_aws_takes_are_taken(aws: LocalAws, role: str, name: str) -> None:
    answer = sts_of(aws).assume_role(RoleArn=role, RoleSessionName=name, SourceIdentity=name)
    assert answer["AssumedRoleUser"]["Arn"].endswith(f"/{name}")
    assert answer["SourceIdentity"] == name


@pytest.mark.parametrize("name", ["ann b", "ann/b", "änn", "аnn", "ann\u200b", "ann:b", "<b>&", "an\n"])  # noqa: RUF001 - Cyrillic
def test_a_name_of_other_characters_is_refused_in_awss_words(aws: LocalAws, role: str, name: str) -> None:
    assert said(aws, role, name) == f"{ONE} '{name}' {SESSION} {PATTERN}"
    assert (
        said(aws, role, "ann", SourceIdentity=name)
        == f"{ONE} '{name}' {SOURCE} to satisfy constraint: Member must {PATTERN}"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a", "have length greater than or equal to 2"),
        ("", "have length greater than or equal to 2"),
        ("a" * 65, "have length less than or equal to 64"),
    ],
)
def test_a_name_too_short_or_too_long_is_refused_in_awss_words(
    aws: LocalAws, role: str, name: str, says: str
) -> None:
    assert said(aws, role, name) == f"{ONE} '{name}' {SESSION} {says}"


def test_a_web_identitys_session_name_is_held_to_the_same(aws: LocalAws, role: str) -> None:
    with pytest.raises(ClientError, match="1 validation error detected: Value 'a b' at 'roleSessionName'"):
        sts_of(aws).assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="a b", WebIdentityToken="x" * 20
        )


def test_a_federated_users_name_is_held_to_its_own_limits(aws: LocalAws) -> None:
    for name, says in (("a b", "pattern"), ("a", "greater than or equal to 2"), ("a" * 33, "equal to 32")):
        with pytest.raises(
            ClientError, match=f"1 validation error detected: Value '{name}' at 'name'.*{says}"
        ):
            sts_of(aws).get_federation_token(Name=name)


def test_all_that_is_wrong_with_names_is_told_at_once() -> None:
    told = problem("AssumeRole", {"RoleSessionName": "é", "SourceIdentity": "a" * 65})
    assert told is not None
    assert told.startswith("3 validation errors detected: Value 'é' at 'roleSessionName' failed")
    assert told.count("; Value ") == 2


def test_a_session_without_a_name_is_refused_and_other_calls_need_none() -> None:
    assert problem("AssumeRole", {}) == f"{ONE} null {SESSION} not be null"
    assert problem("GetCallerIdentity", {}) is None
