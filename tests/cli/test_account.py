"""How a command steps into a role of ours: under a name that AWS takes and that is still the caller's."""

from datetime import UTC, datetime

import pytest

from cli.account import stepped_into
from lambdas.adapters.aws import Aws
from lambdas.core.identity import Identity, same_person
from tests.adapters.conftest import Stubbed
from tests.builders import ACCOUNT

IAM, STS = f"arn:aws:iam::{ACCOUNT}:", f"arn:aws:sts::{ACCOUNT}:"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (f"{IAM}user/people/ann", "ann"),
        (f"{IAM}user/x", "x@"),
        (f"{IAM}root", "root"),
        (f"{STS}assumed-role/AWSReservedSSO_Science_0a1b2c3d/ann@corp.com", "ann@corp.com"),
    ],
)
def test_who_steps_into_a_role_keeps_the_own_name(
    arn: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sts = Stubbed("sts")
    monkeypatch.setattr(Aws, "sts", sts.client)
    sts.answers("get_caller_identity", {"Arn": arn, "Account": ACCOUNT})
    role = f"{IAM}role/greenlight/churn-registrant"
    given = {
        "AccessKeyId": "A" * 16,
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": datetime(2026, 12, 1, tzinfo=UTC),
    }
    asked = {"RoleArn": role, "RoleSessionName": name, "DurationSeconds": 900}
    sts.answers("assume_role", {"Credentials": given}, **asked)
    stepped_into("churn-registrant")
    sts.done()
    session = Identity(f"{STS}assumed-role/churn-registrant/{name}")
    assert same_person(Identity(arn), session)
