"""An administrator with the permissions boundary: what is out of reach, what is not hampered, and what remains."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infra.constructs.boundary import boundary
from infra.policies.denials import STACK_PREFIX, denials
from tests.infra.attempts import Attempt, administration
from tests.infra.conftest import Assembly
from tests.infra.outsiders import IAM, OURS, Statement, administrator, breaches, hampered, without
from tests.infra.policies import text
from tests.infra.reach import succeeds
from tests.infra.templates import ACCOUNT, REGION, Document
from tests.infra.test_policy_lint import lint

_ITS_OWN = (
    "EmpowerUnbound",
    "HoldGroups",
    "ForgeAnnouncements",
    "OpenBuses",
    "BecomeAnnounce",
    "TakeItOff",
    "BecomeAnother",
)
_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/greenlight"
SIDS = (*(denial.sid for denial in denials("*")), *_ITS_OWN)
_LIMIT = 6144


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    """The managed policy's properties."""
    stack = cdk.Stack(cdk.App(), "Any")
    boundary(stack)
    ((_, resource),) = Template.from_stack(stack).find_resources("AWS::IAM::ManagedPolicy").items()
    return dict(resource["Properties"])


@pytest.fixture(scope="module")
def statements(policy: dict[str, Any]) -> list[Statement]:
    """Its statements, for one account."""
    return [_resolved(statement) for statement in policy["PolicyDocument"]["Statement"]]


def _resolved(statement: Statement) -> dict[str, Any]:
    conditions = {
        operator: {key: text(value) if isinstance(value, dict) else value for key, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    return {**statement, **({"Condition": conditions} if conditions else {})}


def escapes(statements: list[Statement]) -> list[Attempt]:
    """Ways out of the boundary, and into the identity of a principal without one, that succeed."""
    role = administrator(statements)
    unbound = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
    other = [
        Attempt(f"iam:{action}", f"{IAM}:{resource}", context)
        for context in ({}, unbound)
        for action, resource in (
            ("AttachRolePolicy", "role/any"),
            ("AttachUserPolicy", "user/any"),
            ("CreateRole", "role/any"),
            ("CreateUser", "user/any"),
            ("PutRolePermissionsBoundary", "role/admin"),
            ("PutRolePolicy", "role/any"),
            ("PutUserPermissionsBoundary", "user/any"),
            ("PutUserPolicy", "user/any"),
        )
    ]
    bound = {"iam:PermissionsBoundary": f"{IAM}:policy/greenlight/greenlight-boundary"}
    other += [
        Attempt("iam:DeleteRolePermissionsBoundary", f"{IAM}:role/admin", bound),
        Attempt("iam:DeleteUserPermissionsBoundary", f"{IAM}:user/any", bound),
        Attempt("iam:UpdateAssumeRolePolicy", f"{IAM}:role/OrganizationAccountAccessRole"),
        Attempt("iam:CreateAccessKey", f"{IAM}:user/any"),
    ]
    return [attempt for attempt in other if succeeds(role, attempt)]


def holds(statements: list[Statement]) -> list[Attempt]:
    """Ways to pause a group, have a failed version tried again, or freeze the account, that succeed."""
    role = administrator(statements)
    parameters = ("acts/everything/pause", "acts/everything/retry", "freeze")
    return [
        attempt
        for parameter in parameters
        for action in ("DeleteParameter", "DeleteParameters", "PutParameter")
        if succeeds(
            role,
            attempt := Attempt(
                f"ssm:{action}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/greenlight/{parameter}"
            ),
        )
    ]


def forgeries(statements: list[Statement]) -> list[Attempt]:
    """Ways to say in announce's place what happened, or to keep it from being heard, that succeed."""
    role = administrator(statements)
    changes = ("DeleteEventBus", "PutEvents", "PutPermission", "RemovePermission", "UpdateEventBus")
    every = [Attempt(f"events:{change}", _BUS) for change in changes]
    every.append(Attempt("sts:AssumeRole", f"{IAM}:role/greenlight/greenlight-announce"))
    return [attempt for attempt in every if succeeds(role, attempt)]


def test_it_has_the_name_that_other_policies_know(policy: dict[str, Any]) -> None:
    assert policy["Path"] + policy["ManagedPolicyName"] == "/greenlight/greenlight-boundary"


def test_it_fits_into_a_managed_policy(policy: dict[str, Any]) -> None:
    longest = {"AWS::Partition": "aws-us-gov", "AWS::AccountId": "1" * 12}
    size = json.dumps(policy["PolicyDocument"], separators=(",", ":"))
    assert len(size) + sum(map(len, longest.values())) <= _LIMIT


def test_an_administrator_with_it_can_do_nothing_that_takes_an_office(statements: list[Statement]) -> None:
    assert breaches(administrator([{"Effect": "Allow", "Action": "*", "Resource": "*"}]))
    assert breaches(administrator(statements)) == []


def test_an_administrator_with_it_finds_no_way_out_of_it(statements: list[Statement]) -> None:
    assert escapes(statements) == []


def test_an_administrator_with_it_holds_no_group_still(statements: list[Statement]) -> None:
    assert len(holds(without(statements, "HoldGroups"))) == 9
    assert holds(statements) == []


def test_an_administrator_with_it_says_nothing_in_announces_place_and_may_listen(
    statements: list[Statement],
) -> None:
    assert len(forgeries(without(without(statements, "ForgeAnnouncements"), "BecomeAnnounce"))) == 4
    assert {one.action for one in forgeries(without(statements, "OpenBuses"))} == {
        "events:PutPermission",
        "events:RemovePermission",
    }
    assert forgeries(statements) == []
    rule = _BUS.replace("event-bus/greenlight", "rule/greenlight/mine")
    assert succeeds(administrator(statements), Attempt("events:PutRule", rule))


def test_an_administrator_with_it_goes_on_with_ordinary_work(statements: list[Statement]) -> None:
    assert hampered(administrator(statements)) == []


def test_what_remains_of_administration_is_only_about_others(statements: list[Statement]) -> None:
    role = administrator(statements)
    left = {attempt.action: attempt.resource for attempt in administration() if succeeds(role, attempt)}
    assert not any(name in resource for resource in left.values() for name in OURS)
    # A group gives nobody more than their boundary; functions and stacks of roles without one are known to remain.
    assert {action for action in left if action.startswith("iam:")} == {
        "iam:AddUserToGroup",
        "iam:AttachGroupPolicy",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutGroupPolicy",
    }


@pytest.mark.parametrize("sid", SIDS)
def test_each_statement_is_needed(statements: list[Statement], sid: str) -> None:
    left = without(statements, sid)
    assert breaches(administrator(left)) or escapes(left) or holds(left) or forgeries(left)


def test_nothing_else_is_in_it(statements: list[Statement]) -> None:
    assert [statement["Sid"] for statement in statements] == ["GrantsNothing", *SIDS]


def test_what_it_knows_by_name_is_named_so(assembly: Assembly) -> None:
    """Tables, functions, rules, schedules, topics and archives have no names of their own: CloudFormation gives them
    the stack's name and more."""
    assert all(stack.startswith(STACK_PREFIX) for stack in assembly.stacks())
    named = {
        "AWS::DynamoDB::Table": "TableName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::Events::Rule": "Name",
        "AWS::Events::Archive": "ArchiveName",
        "AWS::Scheduler::Schedule": "Name",
        "AWS::SNS::Topic": "TopicName",
    }
    for kind, key in named.items():
        found = [each for stack in assembly.stacks() for each in assembly.properties(stack, kind)]
        assert found, kind
        assert all(key not in properties for properties in found)


def test_the_linter_says_only_what_a_boundary_is(statements: list[Statement]) -> None:
    """Allowing everything is how a boundary takes only what it denies. The key of boundaries is a string in Amazon's
    own examples, and an ARN in its reference; either takes the other."""
    found = lint(Document("boundary", "PolicyDocument", {"Version": "2012-10-17", "Statement": statements}))
    assert {finding.issue for finding in found} == {
        "CREDENTIALS_EXPOSURE",
        "MISMATCHED_TYPE_BUT_USABLE",
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "PRIVILEGE_ESCALATION",
    }
    assert lint(
        Document("boundary", "PolicyDocument", {"Version": "2012-10-17", "Statement": statements[1:]})
    ) == {finding for finding in found if finding.issue == "MISMATCHED_TYPE_BUT_USABLE"}
