"""Which roles could decide, write a managed endpoint, or steer reconcile, by any call: exactly those that are meant."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from lambdas.core.names import BREAK_GLASS
from tests.infra.attempts import Attempt, decisions, endpoint_writes, monitoring_writes, steering
from tests.infra.conftest import Assembly
from tests.infra.reach import able
from tests.infra.templates import Resource, Role, Templates

RECONCILE, SWEEP, ANNOUNCE = "greenlight-reconcile", "greenlight-sweep", "greenlight-announce"
RETRAIN = "greenlight-retrain"
PAGE = "greenlight-dashboard"
GROUPS = ("everything", "lonely", "tumor-screening", "wine-cultivar")
STRANGERS = ("everything-2", "somebody-elses")  # groups that no template is about
APPROVERS = {f"{group}-approver": {group} for group in GROUPS if group != "lonely"}
ENDPOINTS = {"everything": "everything-live"}  # else named as the group


@pytest.fixture(scope="module")
def templates(assembly: Assembly) -> Templates:
    """All templates."""
    return Templates(assembly)


@pytest.fixture(scope="module")
def roles(templates: Templates) -> list[Role]:
    """All roles."""
    return templates.roles()


def deciders(roles: list[Role]) -> dict[str, set[str]]:
    """Roles that could bring a version to Approved, or write any other decision, to the groups they could do it in."""
    return _by_role(roles, decisions)


def endpoint_writers(roles: list[Role]) -> dict[str, set[str]]:
    """Roles that could change a group's endpoint."""
    return _by_role(roles, lambda group: endpoint_writes(group, ENDPOINTS.get(group, group)))


def test_only_a_groups_own_approver_could_decide_on_its_versions(
    assembly: Assembly, roles: list[Role]
) -> None:
    for group in GROUPS:
        assert assembly.resources(f"Greenlight-Group-{group}", "AWS::SageMaker::ModelPackageGroup")
    assert deciders(roles) == APPROVERS


def test_only_reconcile_and_break_glass_could_write_a_managed_endpoint(roles: list[Role]) -> None:
    assert endpoint_writers(roles) == {name: {*GROUPS, *STRANGERS} for name in (RECONCILE, BREAK_GLASS)}


def test_without_break_glass_only_reconcile_could(plain: Assembly) -> None:
    assert set(endpoint_writers(Templates(plain).roles())) == {RECONCILE}


def test_nobody_could_write_an_endpoint_that_is_not_ours(roles: list[Role]) -> None:
    assert _by_role(roles, lambda group: endpoint_writes(group, group, managed=False)) == {}


def test_only_reconcile_could_change_what_it_goes_by_and_break_glass_stop_a_rollout(
    templates: Templates, roles: list[Role]
) -> None:
    state, ledger = sorted(templates.arns("AWS::DynamoDB::Table"), key=lambda arn: "Ledger" in arn)

    def attempts(group: str, *, alarms: bool) -> list[Attempt]:
        every = steering(group, state=state, ledger=ledger)
        return [attempt for attempt in every if attempt.action.startswith("cloudwatch:") is alarms]

    everywhere = {*GROUPS, *STRANGERS}
    assert _by_role(roles, lambda group: attempts(group, alarms=False)) == {RECONCILE: everywhere}
    assert _by_role(roles, lambda group: attempts(group, alarms=True)) == dict.fromkeys(
        (RECONCILE, BREAK_GLASS), everywhere
    )


def test_only_reconcile_could_change_what_watches_a_live_version(roles: list[Role]) -> None:
    """Each of the calls, on every group; and it starts or stops no schedule."""
    assert _by_role(roles, monitoring_writes) == {RECONCILE: {*GROUPS, *STRANGERS}}
    for attempt in monitoring_writes("everything"):
        never = attempt.action in {"sagemaker:StartMonitoringSchedule", "sagemaker:StopMonitoringSchedule"}
        assert able(roles, [attempt]) == (set() if never else {RECONCILE}), attempt


def test_nobody_could_change_what_watches_an_endpoint_of_others(roles: list[Role]) -> None:
    others = [replace(one, context={}) for one in monitoring_writes("somebody-elses")]
    assert able(roles, others) == set()


def test_only_retrain_could_start_a_pipeline_and_only_reconcile_ask_it_to(
    templates: Templates, roles: list[Role]
) -> None:
    pipeline = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/everything-retrain"
    assert able(roles, [Attempt("sagemaker:StartPipelineExecution", pipeline)]) == {RETRAIN}
    assert able(roles, [Attempt("sqs:SendMessage", _queue(templates, "greenlight-retrain"))]) == {RECONCILE}
    for action in ("CreatePipeline", "UpdatePipeline", "DeletePipeline"):
        assert able(roles, [Attempt(f"sagemaker:{action}", pipeline)]) == set()


def test_only_the_sweep_could_ask_reconcile_for_a_look_and_retrain_tell_it_of_a_run(
    templates: Templates, roles: list[Role]
) -> None:
    queue = _queue(templates, "greenlight-reconcile.fifo")
    assert able(roles, [Attempt("sqs:SendMessage", queue)]) == {SWEEP, RETRAIN}


def _queue(templates: Templates, name: str) -> str:
    (arn,) = (arn for arn in templates.arns("AWS::SQS::Queue") if arn.endswith(f":{name}"))
    return arn


def test_no_policy_of_a_resource_lets_anyone_decide_or_write_endpoints(templates: Templates) -> None:
    for document in templates.documents():
        for statement in document.statements:
            if statement["Effect"] == "Allow" and "Principal" in statement:
                assert "sagemaker:" not in str(statement["Action"])
                assert document.kind == "KeyPolicy" or "*" not in statement["Action"]


PRINCIPALS = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"}
ATTACHED = {
    ("Greenlight-Controller", "AWS::IAM::ManagedPolicy"): {RECONCILE},
    ("Greenlight-Controller", "AWS::IAM::Policy"): {ANNOUNCE, RECONCILE, RETRAIN, SWEEP},
    ("Greenlight-Observability", "AWS::IAM::Policy"): {PAGE},
    (
        "Greenlight-Governance",
        "AWS::IAM::ManagedPolicy",
    ): set(),  # the boundary, which is for others to attach
}
"""Whom the policies that stand beside roles are attached to, by stack and type."""


def strangers(resources: Iterable[Resource]) -> list[str]:
    """What gives powers otherwise than by a role that the other tests read, or decides by being deployed."""
    found = []
    for stack, name, kind, properties in resources:
        beside = kind.startswith("AWS::IAM::") and kind not in PRINCIPALS
        decides = kind.startswith("AWS::SageMaker::") and kind != "AWS::SageMaker::ModelPackageGroup"
        runs = kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"
        if beside or decides or runs:
            found.append(f"{stack}/{name} is a {kind}")
        elif kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
            roles = {re.sub("[0-9A-F]{8}$", "", role) for role in properties.get("Roles", [])}
            others = [key for key in ("Users", "Groups") if properties.get(key)]
            if others or not roles <= ATTACHED.get((stack, kind), set()):
                found.append(f"{stack}/{name} is attached to {sorted(roles)} {others}")
    return found


def test_no_template_has_users_groups_versions_or_policies_of_others(templates: Templates) -> None:
    assert strangers(templates.resources()) == []


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::IAM::User", {}),
        ("AWS::IAM::Group", {}),
        ("AWS::IAM::UserPolicy", {}),
        ("AWS::IAM::InstanceProfile", {}),
        ("AWS::SageMaker::ModelPackage", {"ModelApprovalStatus": "Approved"}),
        ("AWS::SageMaker::Endpoint", {}),
        ("AWS::IAM::Policy", {"Users": ["ann"]}),
        ("AWS::IAM::Policy", {"Roles": ["somebody-elses"]}),
        ("AWS::IAM::ManagedPolicy", {"Groups": ["admins"]}),
        ("Custom::Anything", {}),
    ],
)
def test_what_gives_powers_beside_the_roles_is_found(
    templates: Templates, kind: str, properties: dict[str, Any]
) -> None:
    stranger = ("Greenlight-Controller", "Stranger", kind, properties)
    assert len(strangers([*templates.resources(), stranger])) == 1


def _allow(action: str, resource: str = "*", **more: Any) -> Callable[[Role], Role]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return lambda role: replace(role, statements=[*role.statements, statement])


def _trust(**principal: str) -> Callable[[Role], Role]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return lambda role: replace(role, trust=[*role.trust, statement])


def _without(sid: str) -> Callable[[Role], Role]:
    return lambda role: replace(role, statements=[s for s in role.statements if s.get("Sid") != sid])


REGISTRANT, APPROVER = "everything-registrant", "everything-approver"
_ROLE = "arn:aws:iam::123456789012:role/greenlight/"


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({SWEEP: [_allow("sagemaker:UpdateModelPackage")]}, SWEEP),
        ({SWEEP: [_allow("sagemaker:updatemodel*")]}, SWEEP),
        ({SWEEP: [_allow("sagemaker:CreateModelPackage")]}, SWEEP),
        ({SWEEP: [_allow("sagemaker:PutModelPackageGroupPolicy")]}, SWEEP),
        ({RECONCILE: [_allow("sagemaker:*"), _without("NeverDecide")]}, RECONCILE),
        ({REGISTRANT: [_allow("sagemaker:UpdateModelPackage"), _without("NeverDecide")]}, REGISTRANT),
        (
            {REGISTRANT: [_allow("sagemaker:CreateModelPackage"), _without("NeverRegisterAsDecided")]},
            REGISTRANT,
        ),
        ({"wine-cultivar-approver": [_allow("sagemaker:UpdateModelPackage")]}, "wine-cultivar-approver"),
        ({APPROVER: [_trust(AWS=f"{_ROLE}{SWEEP}")]}, SWEEP),
        ({APPROVER: [_trust(AWS="*")]}, REGISTRANT),
        ({APPROVER: [_trust(AWS="123456789012")], SWEEP: [_allow("sts:AssumeRole")]}, SWEEP),
        ({APPROVER: [_trust(Service="lambda.amazonaws.com")], SWEEP: [_allow("iam:PassRole")]}, SWEEP),
        ({SWEEP: [_allow("iam:PutRolePolicy", f"{_ROLE}*")]}, SWEEP),
        ({SWEEP: [_allow("iam:UpdateAssumeRolePolicy")]}, SWEEP),
        ({SWEEP: [_allow("iam:CreateAccessKey")]}, SWEEP),
        ({SWEEP: [_allow("cloudformation:ExecuteChangeSet")]}, SWEEP),
        ({SWEEP: [_allow("lambda:UpdateFunctionCode")]}, SWEEP),
        ({SWEEP: [_allow("sts:AssumeRole", "arn:aws:iam::123456789012:role/cdk-*")]}, SWEEP),
        ({SWEEP: [_trust(AWS=f"{_ROLE}{REGISTRANT}"), _allow("iam:PutRolePolicy")]}, REGISTRANT),
    ],
)
def test_a_policy_that_lets_somebody_else_decide_is_found(
    roles: list[Role], changes: dict[str, list[Callable[[Role], Role]]], who: str
) -> None:
    found = deciders(_changed(roles, changes))
    assert found != APPROVERS
    assert found[who] > APPROVERS.get(who, set())


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({SWEEP: [_allow("sagemaker:UpdateEndpoint")]}, SWEEP),
        ({SWEEP: [_allow("sagemaker:DeleteTags")]}, SWEEP),
        ({SWEEP: [_allow("sagemaker:CreateModel")]}, SWEEP),
        ({SWEEP: [_allow("application-autoscaling:RegisterScalableTarget")]}, SWEEP),
        ({APPROVER: [_allow("sagemaker:DeleteEndpoint"), _without("NeverTouchEndpoints")]}, APPROVER),
        ({"everything-endpoint": [_allow("sagemaker:CreateInferenceComponent")]}, "everything-endpoint"),
        ({RECONCILE: [_trust(AWS=f"{_ROLE}{APPROVER}")]}, APPROVER),
        ({SWEEP: [_allow("iam:PassRole", f"{_ROLE}{RECONCILE}")]}, SWEEP),
    ],
)
def test_a_policy_that_lets_somebody_else_write_endpoints_is_found(
    roles: list[Role], changes: dict[str, list[Callable[[Role], Role]]], who: str
) -> None:
    found = endpoint_writers(_changed(roles, changes))
    assert set(found) == {RECONCILE, BREAK_GLASS, who}


def test_a_boundary_is_heeded(roles: list[Role]) -> None:
    nothing = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
    assert deciders([replace(role, boundary=nothing) for role in roles]) == {}


def _changed(roles: list[Role], changes: dict[str, list[Callable[[Role], Role]]]) -> list[Role]:
    """The roles, some of them changed."""
    return [reduce(lambda one, change: change(one), changes.get(role.name, []), role) for role in roles]


def _by_role(roles: list[Role], attempts: Callable[[str], Iterable[Attempt]]) -> dict[str, set[str]]:
    """The roles for which some attempt on a group succeeds, and those groups."""
    found: dict[str, set[str]] = {}
    for group in (*GROUPS, *STRANGERS):
        for name in able(roles, attempts(group)):
            found.setdefault(name, set()).add(group)
    return found
