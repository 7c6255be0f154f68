"""What is too long for IAM is told before synthesis, measured on the very policies that are made."""

import itertools
import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml

from infra.config.governance import load_governance
from infra.config.group import GroupConfig
from infra.config.problems import ConfigError
from infra.config.trust_policy import MOST, too_long, trust_policy
from infra.constructs.policy_sizes import MOST_INLINE, inline_length, too_large
from infra.constructs.trust import stepping_in
from infra.stacks.group import GroupStack
from tests.infra.conftest import EVERYTHING, Assembly
from tests.infra.test_config import told

SSO = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO"
TEAMS = [f"{SSO}_{'ModelRiskApprovers'}{number}_0123456789abcdef" for number in range(9)]
USERS = [f"arn:aws:iam::123456789012:user/people/{name}" for name in ("ann", "bob")]


def test_seven_roles_of_identity_center_are_more_than_a_trust_policy_holds() -> None:
    found = told(approvers=TEAMS[:7], registrants=TEAMS[:7], approval__four_eyes=False)
    assert list(found) == ["approvers", "registrants"]
    for said in found.values():
        assert f"IAM takes {MOST}" in said
        assert "one permission set of Identity Center" in said


def test_six_roles_of_identity_center_fit() -> None:
    assert told(approvers=TEAMS[:6]) == {}


def test_conditions_on_sessions_count_too() -> None:
    tags = {f"team-{number}": "x" * 60 for number in range(5)}
    assert list(told(approvers=TEAMS[:6], sessions={"source_identity": True, "tags": tags})) == ["approvers"]


def test_account_wide_roles_are_measured_too(tmp_path: Path) -> None:
    path = tmp_path / "governance.yaml"
    path.write_text(yaml.safe_dump({"auditors": TEAMS[:8], "break_glass": {"principals": TEAMS[:8]}}))
    with pytest.raises(ConfigError) as caught:
        load_governance(path, required=True)
    assert [problem.key for problem in caught.value.problems] == ["auditors", "break_glass.principals"]


def test_what_is_measured_is_what_is_made() -> None:
    stack = cdk.Stack(cdk.App(context={"@aws-cdk/aws-iam:minimizePolicies": False}))
    for principals in (TEAMS[:1], TEAMS[:3], USERS[:1], USERS, [*TEAMS[:2], *USERS]):
        for mfa, named, tags in itertools.product((False, True), (False, True), ({}, {"team": "x"})):
            asked: dict[str, Any] = {"mfa": mfa, "source_identity": named, "tags": tags}
            made = stack.resolve(stepping_in(principals, **asked))
            assert made == trust_policy(principals, **asked)
            assert len(json.dumps(made)) == len(json.dumps(trust_policy(principals, **asked)))
            assert too_long(principals, **asked) is None


def _stack(artifacts: int) -> GroupStack:
    data = {
        **yaml.safe_load(EVERYTHING),
        "artifacts": [f"s3://models/{'x' * 400}/{n}" for n in range(artifacts)],
    }
    del data["freeze"]
    return GroupStack(cdk.App(), "stack", config=GroupConfig.model_validate_json(json.dumps(data)))


def test_more_artifacts_than_a_roles_policies_hold_are_told_with_the_way_out() -> None:
    (first, *_) = too_large(_stack(12), "everything")
    assert first.file == "group everything"
    assert f"IAM takes {MOST_INLINE}: name fewer or shorter prefixes in artifacts" in first.allowed


def test_few_artifacts_are_never_too_many() -> None:
    """So few that `build` does not ask."""
    assert list(too_large(_stack(3), "everything")) == []


def test_every_role_of_ours_is_within_iams_limits(assembly: Assembly) -> None:
    for stack in assembly.stacks():
        for role in assembly.properties(stack, "AWS::IAM::Role"):
            assert inline_length(role.get("Policies", ())) <= MOST_INLINE
            assert len(json.dumps(role["AssumeRolePolicyDocument"], separators=(",", ":"))) <= MOST
        for policy in assembly.properties(stack, "AWS::IAM::ManagedPolicy"):
            assert inline_length([policy]) <= 6144, stack
