"""The organisation policy: an administrator of the account is stopped, every office goes on, and the CDK deploys."""

from dataclasses import replace
from itertools import chain

import pytest

from infra.policies.denials import Denial, denials
from infra.policies.organization import PATH, minified, organization_policy, pretty
from tests.infra.attempts import Attempt, administration, decisions, endpoint_writes, steering
from tests.infra.conftest import Assembly
from tests.infra.outsiders import (
    ENDPOINT,
    EVERYTHING,
    GROUP,
    HERE,
    IAM,
    LEDGER,
    OURS,
    STATE,
    Statement,
    administrator,
    breaches,
    forbidden,
    hampered,
    ordinary,
    without,
)
from tests.infra.reach import succeeds
from tests.infra.templates import ACCOUNT, REGION, Document, Role, Templates
from tests.infra.test_policy_lint import lint

_LIMIT = 5120
_LONGEST_QUALIFIER = "q" * 10  # CDK takes no more
DENIALS = denials("hnb659fds")
SIDS = tuple(denial.sid for denial in DENIALS)
POLICY: list[Statement] = [denial.statement_with_exceptions() for denial in DENIALS]
EXECUTOR, DEPLOY, PUBLISHING = (
    f"cdk-hnb659fds-{kind}-role-{ACCOUNT}-{REGION}" for kind in ("cfn-exec", "deploy", "file-publishing")
)
REGISTRATION = Attempt(
    "sagemaker:CreateModelPackage",
    f"arn:aws:sagemaker:{HERE}:model-package-group/{GROUP}",
    {"sagemaker:ModelApprovalStatus": "PendingManualApproval"},
)
# Whoever is excepted by some statement needs to be: one call for each.
OFFICES = {
    ("Decide", f"greenlight/{GROUP}-approver"),
    ("RemoveEvidence", EXECUTOR),
    ("ChangeOurs", "greenlight/greenlight-reconcile"),
    ("ChangeOurs", "greenlight/greenlight-break-glass"),
    ("ChangeOurs", EXECUTOR),
    ("MakeOurs", "greenlight/greenlight-reconcile"),
    ("MakeOurs", "greenlight/greenlight-break-glass"),
    ("MakeOurs", EXECUTOR),
    ("ChangeMachinery", EXECUTOR),
    ("RewireFunctions", EXECUTOR),
    ("RewireFunctions", "greenlight/greenlight-break-glass"),
    ("WriteTables", "greenlight/greenlight-reconcile"),
    ("WriteTables", "greenlight/greenlight-sweep"),
    ("WriteTables", EXECUTOR),
    ("TouchAlarmsAndQueue", "greenlight/greenlight-reconcile"),
    ("TouchAlarmsAndQueue", "greenlight/greenlight-retrain"),
    ("TouchAlarmsAndQueue", "greenlight/greenlight-sweep"),
    ("TouchAlarmsAndQueue", "greenlight/greenlight-break-glass"),
    ("TouchAlarmsAndQueue", EXECUTOR),
    ("ForgeMetrics", "greenlight/greenlight-reconcile"),
    ("ChangeRoles", EXECUTOR),
    ("PassRoles", "greenlight/greenlight-reconcile"),
    ("PassRoles", "greenlight/greenlight-break-glass"),
    ("PassRoles", EXECUTOR),
    ("Deploy", EXECUTOR),
    ("Deploy", DEPLOY),
    ("Deploy", PUBLISHING),
    ("Deploy", "greenlight/platform-deployer"),
}


def organized(statements: list[Statement]) -> list[Statement]:
    """A policy beside the one that every organisation begins with."""
    return [EVERYTHING, *statements]


def named(name: str) -> Role:
    """A role that is allowed everything else, in an organisation with the policy."""
    return replace(administrator(organized(POLICY)), arn=f"{IAM}:role/{name}")


def test_the_file_is_what_the_code_makes() -> None:
    assert PATH.read_text(encoding="utf-8") == pretty(organization_policy())
    assert organization_policy()["Statement"] == POLICY


def test_it_fits_into_an_organisation_policy() -> None:
    longest = [denial.statement_with_exceptions() for denial in denials(_LONGEST_QUALIFIER)]
    assert len(minified({"Version": "2012-10-17", "Statement": longest})) <= _LIMIT


def test_its_syntax_is_what_such_policies_always_took() -> None:
    for statement in POLICY:
        assert set(statement) <= {"Sid", "Effect", "Action", "NotAction", "Resource", "Condition"}
        assert statement["Effect"] == "Deny"
        for action in statement["Action" if "Action" in statement else "NotAction"]:
            assert "*" not in action[:-1]
            assert "?" not in action


def test_the_linter_finds_nothing_in_it() -> None:
    assert lint(Document("organisation", "PolicyDocument", organization_policy())) == set()


def test_an_administrator_can_do_nothing_that_takes_an_office() -> None:
    assert breaches(administrator([EVERYTHING]))
    assert breaches(administrator(organized(POLICY))) == []


@pytest.mark.parametrize("arn", [f"{IAM}:root", f"{IAM}:user/admin", f"{IAM}:role/everything-approver"])
def test_neither_can_root_nor_a_user_nor_a_role_outside_our_path_that_is_named_so(arn: str) -> None:
    assert breaches(replace(administrator(organized(POLICY)), arn=arn)) == []


def test_an_administrator_goes_on_with_ordinary_work() -> None:
    assert hampered(administrator(organized(POLICY))) == []


def test_administering_what_is_others_is_left_as_it_is() -> None:
    role = administrator(organized(POLICY))
    for attempt in administration():
        assert succeeds(role, attempt) != any(name in attempt.resource for name in OURS)


@pytest.mark.parametrize("sid", SIDS)
def test_each_statement_is_needed(sid: str) -> None:
    assert breaches(administrator(organized(without(POLICY, sid))))


@pytest.mark.parametrize(("sid", "name"), sorted(OFFICES))
def test_each_exception_is_needed(sid: str, name: str) -> None:
    """Without the exception, the same statement would stop who holds the office."""
    (denial,) = (denial for denial in DENIALS if denial.sid == sid)
    strict = organized([denial.statement()])
    stopped = [
        attempt
        for attempt in forbidden()
        if succeeds(_only(name, denial), attempt)
        and not succeeds(replace(named(name), boundary=strict), attempt)
    ]
    assert stopped


def _only(name: str, denial: Denial) -> Role:
    return replace(named(name), boundary=organized([denial.statement_with_exceptions()]))


def test_every_exception_is_an_office_known_here() -> None:
    for denial in DENIALS:
        excepted = {name for sid, name in OFFICES if sid == denial.sid}
        for pattern in denial.excepted:
            one = [Denial("One", ("x:Y",), excepted=(pattern,)).statement_with_exceptions()]
            assert any(
                succeeds(replace(named(name), boundary=organized(one)), Attempt("x:Y", "*"))
                for name in excepted
            ), (denial.sid, pattern)


def test_every_role_of_the_templates_can_do_what_it_could(assembly: Assembly) -> None:
    roles = Templates(assembly).roles()
    tried = [
        *chain(forbidden(), ordinary(), administration()),
        *(attempt for group in ("tumor-screening", "wine-cultivar") for attempt in decisions(group)),
    ]
    assert any(succeeds(role, attempt) for role in roles for attempt in tried)
    for role in roles:
        limited = replace(role, boundary=[*(role.boundary or [EVERYTHING]), *POLICY])
        lost = [attempt for attempt in tried if succeeds(role, attempt) and not succeeds(limited, attempt)]
        assert lost == [], role.name


def test_an_approver_still_decides_and_a_registrant_still_registers(assembly: Assembly) -> None:
    roles = {role.name: replace(role, boundary=organized(POLICY)) for role in Templates(assembly).roles()}
    decided = [a for a in decisions(GROUP) if succeeds(roles[f"{GROUP}-approver"], a)]
    assert {str(a.context["sagemaker:ModelApprovalStatus"]) for a in decided} == {"Approved", "Rejected"}
    assert succeeds(roles[f"{GROUP}-registrant"], REGISTRATION)
    assert not any(succeeds(roles[f"{GROUP}-registrant"], a) for a in decisions(GROUP))


def test_reconcile_still_moves_endpoints(assembly: Assembly) -> None:
    (reconcile,) = (role for role in Templates(assembly).roles() if role.name == "greenlight-reconcile")
    limited = replace(reconcile, boundary=organized(POLICY))
    done = {attempt.action for attempt in endpoint_writes(GROUP, ENDPOINT) if succeeds(limited, attempt)}
    assert {f"sagemaker:{verb}Endpoint" for verb in ("Create", "Update", "Delete")} < done


def test_cloudformation_still_deploys_but_decides_nothing() -> None:
    executor = named(EXECUTOR)
    deploys = [*steering(GROUP, state=STATE, ledger=LEDGER), *administration()]
    refused = {attempt.action for attempt in deploys if not succeeds(executor, attempt)}
    assert refused == {"cloudwatch:PutMetricData"}
    for attempt in decisions(GROUP):
        about_the_policy = attempt.action.endswith("ModelPackageGroupPolicy")
        assert succeeds(executor, attempt) is about_the_policy


def test_deployers_reach_the_cdks_roles_and_nobody_else_does() -> None:
    for name in (EXECUTOR, DEPLOY, PUBLISHING):
        step = Attempt("sts:AssumeRole", f"{IAM}:role/{name}")
        assert succeeds(named("greenlight/platform-deployer"), step)
        for other in ("admin", "platform-deployer", f"greenlight/{GROUP}-approver"):
            assert not succeeds(named(other), step)


def test_another_bootstraps_roles_are_bound_like_everyone() -> None:
    assert breaches(named(f"cdk-other-cfn-exec-role-{ACCOUNT}-{REGION}")) == []


@pytest.mark.parametrize(
    "name",
    [
        "greenlight/new-approver",
        "greenlight/greenlight-reconcile",
        "greenlight/new-deployer",
        f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1",
    ],
)
def test_nobody_makes_a_role_that_would_be_excepted(name: str) -> None:
    for action in ("CreateRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "TagRole", "DeleteRole"):
        assert not succeeds(administrator(organized(POLICY)), Attempt(f"iam:{action}", f"{IAM}:role/{name}"))
