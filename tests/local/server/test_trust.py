"""Who may have a session of a role, and what the session is known by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.local.server.iam_parts import assume, client_of, document, make_role, refused, statement, trust

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSUME = "sts:AssumeRole"
ASSUME_AND_SET = ["sts:AssumeRole", "sts:SetSourceIdentity"]
MFA = {"SerialNumber": "arn:aws:iam::123456789012:mfa/ann", "TokenCode": "123456"}
PARAMETER = "/greenlight/known"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own, with nothing in it but a parameter."""
    with LocalAws() as local:
        local.client("ssm").put_parameter(Name=PARAMETER, Value="1", Type="String")
        yield local


def reads_if(**condition: object) -> dict[str, object]:
    return statement("ssm:GetParameter", Condition=condition)


def read(aws: LocalAws, credentials: dict[str, Any]) -> None:
    client_of(aws, credentials, "ssm").get_parameter(Name=PARAMETER)


@pytest.mark.parametrize(
    ("condition", "right", "wrong"),
    [
        ({"StringEquals": {"sts:ExternalId": "the-id"}}, {"ExternalId": "the-id"}, {"ExternalId": "other"}),
        ({"StringLike": {"sts:RoleSessionName": "an*"}}, {}, {"RoleSessionName": "bob"}),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, MFA, {}),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, MFA, {"SerialNumber": MFA["SerialNumber"]}),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}, {}, None),
        ({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}, None, {}),
    ],
    ids=["external id", "session name", "mfa", "half an mfa", "principal arn", "not that principal arn"],
)  # fmt: skip
def test_a_trust_policy_has_conditions_on_the_request(
    aws: LocalAws, condition: object, right: dict[str, str] | None, wrong: dict[str, str] | None
) -> None:
    role = make_role(aws, trusts=(trust(ASSUME, Condition=condition),))
    sts = aws.client("sts")
    if right is not None:
        assert sts.assume_role(**{"RoleArn": role, "RoleSessionName": "ann", **right})
    if wrong is not None:
        with refused(rf"is not authorized to perform: sts:AssumeRole on resource: {role}"):
            sts.assume_role(**{"RoleArn": role, "RoleSessionName": "ann", **wrong})


def test_a_deny_without_mfa_holds_by_bool_if_exists(aws: LocalAws) -> None:
    deny = trust(ASSUME, Effect="Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    role = make_role(aws, trusts=(trust(ASSUME), deny))
    with refused():
        assume(aws.client("sts"), role)
    assert assume(aws.client("sts"), role, **MFA)


# --- source identity


def test_a_trust_policy_can_ask_for_a_source_identity(aws: LocalAws) -> None:
    condition = {"StringLike": {"sts:SourceIdentity": "?*"}}
    role = make_role(aws, trusts=(trust(ASSUME_AND_SET, Condition=condition),))
    with refused():
        assume(aws.client("sts"), role)
    answer = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ann", SourceIdentity="ann")
    assert answer["SourceIdentity"] == "ann"


def test_setting_a_source_identity_needs_a_permission_of_its_own(aws: LocalAws) -> None:
    role = make_role(aws, trusts=(trust(ASSUME),))
    assert assume(aws.client("sts"), role)
    with refused(rf"sts:SetSourceIdentity on resource: {role}"):
        assume(aws.client("sts"), role, SourceIdentity="ann")


def test_setting_a_source_identity_knows_no_external_id(aws: LocalAws) -> None:
    """Service Authorization Reference: SetSourceIdentity has the condition key sts:SourceIdentity only."""
    condition = {"StringEquals": {"sts:ExternalId": "the-id"}}
    both = make_role(aws, trusts=(trust(ASSUME_AND_SET, Condition=condition),))
    with refused("sts:SetSourceIdentity"):
        assume(aws.client("sts"), both, SourceIdentity="ann", ExternalId="the-id")
    apart = make_role(aws, trusts=(trust(ASSUME, Condition=condition), trust("sts:SetSourceIdentity")))
    assert assume(aws.client("sts"), apart, SourceIdentity="ann", ExternalId="the-id")


def chain(aws: LocalAws, *, second: tuple[object, ...] = ()) -> tuple[Any, str]:
    """An STS client of a session with the source identity ann, and another role that it may assume."""
    first = make_role(aws, statement(["sts:*"]), trusts=(trust(ASSUME_AND_SET),))
    role = make_role(
        aws, reads_if(StringEquals={"aws:SourceIdentity": "ann"}), trusts=second or (trust(ASSUME_AND_SET),)
    )
    return client_of(aws, assume(aws.client("sts"), first, SourceIdentity="ann"), "sts"), role


def test_a_source_identity_persists_into_the_next_role(aws: LocalAws) -> None:
    sts, role = chain(aws)
    read(aws, assume(sts, role))
    read(aws, assume(sts, role, SourceIdentity="ann"))
    with refused():
        read(aws, assume(aws.client("sts"), role))


def test_a_source_identity_cannot_be_changed(aws: LocalAws) -> None:
    sts, role = chain(aws)
    with refused("sts:SetSourceIdentity"):
        assume(sts, role, SourceIdentity="bob")


def test_a_role_that_lets_none_set_a_source_identity_cannot_be_the_next(aws: LocalAws) -> None:
    sts, role = chain(aws, second=(trust(ASSUME),))
    with refused("sts:SetSourceIdentity"):
        assume(sts, role)


@pytest.mark.parametrize("key", ["aws:SourceIdentity", "sts:SourceIdentity"])
def test_a_trust_policy_sees_the_source_identity_of_the_caller(aws: LocalAws, key: str) -> None:
    for name, allowed in (("ann", True), ("bob", False)):
        condition = {"StringEquals": {key: name}}
        sts, role = chain(aws, second=(trust(ASSUME_AND_SET, Condition=condition),))
        if allowed:
            read(aws, assume(sts, role))
        else:
            with refused():
                assume(sts, role)


def test_a_caller_needs_leave_to_set_a_source_identity_by_its_own_policies_too(aws: LocalAws) -> None:
    first = make_role(aws, statement(ASSUME))
    role = make_role(aws, trusts=(trust(ASSUME_AND_SET),))
    sts = client_of(aws, assume(aws.client("sts"), first), "sts")
    assert assume(sts, role)
    with refused("sts:SetSourceIdentity"):
        assume(sts, role, SourceIdentity="ann")


# --- tags


def test_session_tags_need_a_permission_and_become_principal_tags(aws: LocalAws) -> None:
    tags = [{"Key": "Team", "Value": "fraud"}]
    role = make_role(aws, reads_if(StringEquals={"aws:PrincipalTag/Team": "fraud"}))
    with refused("sts:TagSession"):
        assume(aws.client("sts"), role, Tags=tags)
    both = trust([ASSUME, "sts:TagSession"])
    role = make_role(aws, reads_if(StringEquals={"aws:PrincipalTag/Team": "fraud"}), trusts=(both,))
    read(aws, assume(aws.client("sts"), role, Tags=tags))
    with refused():
        read(aws, assume(aws.client("sts"), role))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:RequestTag/Team": "fraud"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}, "Null": {"aws:TagKeys": "false"}},
    ],
    ids=["value", "keys"],
)
def test_a_trust_policy_has_conditions_on_tags(aws: LocalAws, condition: object) -> None:
    role = make_role(aws, trusts=(trust([ASSUME, "sts:TagSession"], Condition=condition),))
    sts = aws.client("sts")
    assert assume(sts, role, Tags=[{"Key": "Team", "Value": "fraud"}])
    with refused():
        assume(sts, role, Tags=[{"Key": "Other", "Value": "x"}])
    with refused():
        assume(sts, role)


def test_a_trust_policy_sees_the_tags_of_the_caller(aws: LocalAws) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "fraud"}}
    role = make_role(aws, trusts=(trust(ASSUME, Condition=condition),))
    for team, allowed in (("fraud", True), ("churn", False)):
        caller = make_role(aws, statement(ASSUME), Tags=[{"Key": "Team", "Value": team}])
        sts = client_of(aws, assume(aws.client("sts"), caller), "sts")
        if allowed:
            assert assume(sts, role)
        else:
            with refused():
                assume(sts, role)


# --- MFA


def user_key(aws: LocalAws, name: str, *policy: object) -> dict[str, Any]:
    """The access key of a new user with these statements."""
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*policy))
    return dict(iam.create_access_key(UserName=name)["AccessKey"])


def test_a_session_token_got_with_mfa_carries_it_and_one_of_a_role_does_not(aws: LocalAws) -> None:
    """IAM guide, "Secure API access with MFA"."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    user = client_of(aws, user_key(aws, "ann", statement(ASSUME), reads_if(**with_mfa)), "sts")
    role = make_role(aws, reads_if(**with_mfa), trusts=(trust(ASSUME, Condition=with_mfa),))
    with refused():
        assume(user, role)
    token = user.get_session_token(**MFA)["Credentials"]
    read(aws, token)
    session = assume(client_of(aws, token, "sts"), role)
    with refused():
        read(aws, session)
    plain = user.get_session_token()["Credentials"]
    with refused():
        read(aws, plain)
    with refused():
        assume(client_of(aws, plain, "sts"), role)


def test_a_session_of_a_role_has_no_device(aws: LocalAws) -> None:
    """STS API reference, AssumeRole: the device is one of the user who calls."""
    sts = client_of(aws, assume(aws.client("sts"), make_role(aws, statement(ASSUME))), "sts")
    role = make_role(aws)
    assert assume(sts, role)
    with refused("unable to validate MFA code"):
        assume(sts, role, **MFA)


def test_the_callers_own_policy_can_ask_for_mfa_and_a_session_name(aws: LocalAws) -> None:
    condition = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringEquals": {"sts:RoleSessionName": "ann"},
    }  # fmt: skip
    user = client_of(aws, user_key(aws, "bob", statement(ASSUME, Condition=condition)), "sts")
    role = make_role(aws)
    with refused():
        assume(user, role)
    assert assume(user, role, **MFA)
    with refused():
        user.assume_role(RoleArn=role, RoleSessionName="bob", **MFA)


# --- whom


def test_a_role_that_is_named_needs_no_policy_of_its_own_and_one_of_the_account_does(aws: LocalAws) -> None:
    """IAM guide: a trust policy is a resource-based policy; naming the account delegates to its policies."""
    caller = make_role(aws)
    sts = client_of(aws, assume(aws.client("sts"), caller), "sts")
    assert assume(sts, make_role(aws, trusts=(trust(ASSUME, principal=caller),)))
    with refused("no identity-based policy allows the sts:AssumeRole action"):
        assume(sts, make_role(aws))


def test_a_role_is_known_by_its_whole_arn(aws: LocalAws) -> None:
    role = make_role(aws)
    with refused():
        assume(aws.client("sts"), role.replace("/greenlight/", "/"))
