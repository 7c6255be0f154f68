"""The account's stack: auditor, break-glass, boundary and freeze windows; and who hears of break-glass."""

import json
from typing import Any

import pytest

from lambdas.core.names import AUDITOR, BOUNDARY, BREAK_GLASS, FREEZE_PARAMETER
from lambdas.core.spec import Recurring, calendar_from_json
from lambdas.core.trail import breach_of
from tests.infra.conftest import Assembly
from tests.infra.templates import Role, Templates

STACK, CONTROLLER = "Greenlight-Governance", "Greenlight-Controller"


def role(assembly: Assembly, name: str) -> Role:
    (found,) = [role for role in Templates(assembly).roles() if role.name == name]
    return found


def test_both_roles_have_the_names_that_others_rely_on(assembly: Assembly) -> None:
    roles = {r["RoleName"]: r for r in assembly.properties(STACK, "AWS::IAM::Role")}
    assert {name: r["Path"] for name, r in roles.items()} == {
        AUDITOR: "/greenlight/",
        BREAK_GLASS: "/greenlight/",
    }


def test_only_the_named_principals_step_in(assembly: Assembly) -> None:
    named = {AUDITOR: {"role/InternalAudit"}, BREAK_GLASS: {"role/SiteReliability", "user/reliability/eve"}}
    for name, principals in named.items():
        trusted = {str(statement["Principal"]) for statement in role(assembly, name).trust}
        assert trusted == {str({"AWS": f"arn:aws:iam::123456789012:{one}"}) for one in principals}


def test_break_glass_takes_a_source_identity_and_of_users_a_second_factor_and_lasts_an_hour(
    assembly: Assembly,
) -> None:
    asked = {
        statement["Principal"]["AWS"].rpartition("/")[2]: statement["Condition"]
        for statement in role(assembly, BREAK_GLASS).trust
        if "sts:AssumeRole" in statement["Action"]
    }
    assert asked["SiteReliability"] == {"Null": {"aws:SourceIdentity": "false"}}
    assert asked["eve"] == {
        "StringEquals": {"sts:SourceIdentity": "${aws:username}"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }
    (found,) = [r for r in assembly.properties(STACK, "AWS::IAM::Role") if r["RoleName"] == BREAK_GLASS]
    assert found["MaxSessionDuration"] == 3600


def test_the_auditor_is_allowed_nothing_that_writes(assembly: Assembly) -> None:
    """But to call the function that draws the page, which writes nothing either."""
    (page,) = [arn for arn in Templates(assembly).arns("AWS::Lambda::Function") if "Dashboard" in arn]
    reads = ("Batch", "Decrypt", "Describe", "Filter", "Get", "List", "Lookup", "Query", "Scan", "Search")
    for statement in role(assembly, AUDITOR).statements:
        if statement["Effect"] == "Allow":
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if actions == ["lambda:InvokeFunction"]:
                assert statement["Resource"] == page
                continue
            assert all(action.partition(":")[2].startswith(reads) for action in actions), actions


def test_the_boundary_is_in_the_account(assembly: Assembly) -> None:
    (policy,) = assembly.properties(STACK, "AWS::IAM::ManagedPolicy")
    assert (policy["Path"], policy["ManagedPolicyName"]) == ("/greenlight/", BOUNDARY)


def test_the_accounts_freeze_windows_are_what_reconcile_reads(assembly: Assembly) -> None:
    (parameter,) = assembly.properties(STACK, "AWS::SSM::Parameter")
    assert parameter["Name"] == FREEZE_PARAMETER
    read = calendar_from_json(parameter["Value"])
    assert read.recurring_freeze == (Recurring("0 17 * * 5", 3780, "Europe/Berlin", "weekend"),)


def rules(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found = assembly.properties(CONTROLLER, "AWS::Events::Rule")
    return {r["Description"].rpartition(" ")[2]: r for r in found if "break-glass" in r["Description"]}


def test_each_use_of_break_glass_is_told_to_people_and_put_into_the_ledgers_queue(assembly: Assembly) -> None:
    assert sorted(rules(assembly)) == ["entered", "used"]
    for rule in rules(assembly).values():
        targets = {target["Id"]: target for target in rule["Targets"]}
        assert targets["reconcile"]["SqsParameters"] == {"MessageGroupId": "$.detail.eventID"}
        assert "<who> called <what> at <when>" in targets["people"]["InputTransformer"]["InputTemplate"]
        assert json.loads(targets["people"]["InputTransformer"]["InputTemplate"])
        assert all("DeadLetterConfig" in target for target in targets.values())


def test_stepping_in_is_heard_although_cloudtrail_takes_it_for_reading(assembly: Assembly) -> None:
    assert rules(assembly)["entered"]["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@pytest.mark.parametrize(
    ("name", "event"),
    [
        (
            "entered",
            {
                "eventName": "AssumeRole",
                "eventSource": "sts.amazonaws.com",
                "requestParameters": {"roleArn": f"arn:aws:iam::123456789012:role/greenlight/{BREAK_GLASS}"},
            },
        ),
        (
            "used",
            {
                "eventName": "UpdateEndpoint",
                "eventSource": "sagemaker.amazonaws.com",
                "readOnly": False,
                "userIdentity": {"sessionContext": {"sessionIssuer": {"userName": BREAK_GLASS}}},
            },
        ),
    ],
)
def test_what_the_rules_match_is_what_reconcile_takes_for_a_breach(
    assembly: Assembly, name: str, event: dict[str, Any]
) -> None:
    detail = rules(assembly)[name]["EventPattern"]["detail"]
    assert _matches(detail, event)
    who = {"arn": "arn:aws:iam::123456789012:user/eve", **event.get("userIdentity", {})}
    whole = {**event, "userIdentity": who, "eventTime": "2026-11-23T12:00:00Z", "eventID": "e-1"}
    assert breach_of(whole) is not None


def _matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """As EventBridge does, for the filters that these rules use."""
    for key, wanted in pattern.items():
        if isinstance(wanted, dict):
            if not _matches(wanted, event.get(key, {})):
                return False
        elif not any(_fits(one, key, event) for one in wanted):
            return False
    return True


def _fits(wanted: Any, key: str, event: dict[str, Any]) -> bool:
    if not isinstance(wanted, dict):
        return bool(event.get(key) == wanted)
    if "exists" in wanted:
        return (key in event) is wanted["exists"]
    begin, _, end = wanted["wildcard"].partition("*")
    return str(event.get(key, "")).startswith(begin) and str(event.get(key, "")).endswith(end)


def test_an_alarm_stays_when_the_message_is_lost(assembly: Assembly) -> None:
    alarms = {
        alarm["AlarmName"]: alarm for alarm in assembly.properties(CONTROLLER, "AWS::CloudWatch::Alarm")
    }
    for name in ("greenlight-controller-break-glass-entered", "greenlight-controller-break-glass-used"):
        assert (alarms[name]["Namespace"], alarms[name]["MetricName"]) == ("AWS/Events", "TriggeredRules")


def test_without_governance_there_are_no_roles_no_rules_and_a_warning(plain: Assembly) -> None:
    assert plain.properties(STACK, "AWS::IAM::Role") == []
    assert plain.properties(STACK, "AWS::SSM::Parameter") == []
    assert rules(plain) == {}
    said = "".join(path.read_text() for path in plain.folder.glob("*.metadata.json"))
    said += (plain.folder / "manifest.json").read_text()
    assert "governance.yaml names no auditors" in said
