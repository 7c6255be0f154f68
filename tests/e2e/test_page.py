"""The page as deployed: drawn by the function in its own role, for whoever may call it, and for nobody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.core.ledger import Kind
from lambdas.core.names import CONTROLLER_STACK, DASHBOARD, OBSERVABILITY_STACK, STATE_STACK, role_name
from local.aws import LocalAws
from local.demo.people import APPROVER, SCIENTIST, client_of, stepped_in
from local.demo.watch import words
from tests.e2e.scene import Scene
from tests.e2e.test_commands import HOSTILE, as_auditor

Make = Callable[..., Scene]
GROUP = "looked-at"


def page(s: Scene, environment: dict[str, str] | None = None, **asked: Any) -> str:
    """What the function answers, called as the console calls it: by whoever looks."""
    lambda_ = client_of(s.aws, "lambda", environment) if environment else s.aws.client("lambda")
    done = lambda_.invoke(FunctionName=_function(s.aws), Payload=json.dumps(asked))
    answer = json.load(done["Payload"])
    assert "FunctionError" not in done, answer
    return str(answer)


def _function(aws: LocalAws) -> str:
    return aws.outputs(OBSERVABILITY_STACK)["DashboardFunction"]


def test_it_shows_all_groups_and_of_each_what_is_live_what_waits_and_how_to_approve_it(scene: Make) -> None:
    s = scene(GROUP)
    live = s.register(CustomerMetadataProperties={"recall": "0.9"})
    s.decide(live, "Approved", HOSTILE)
    s.until_live(live)
    waiting = s.register(CustomerMetadataProperties={"recall": "0.95"})
    s.until_said(Kind.PENDING, waiting)
    auditor = as_auditor(s.aws)
    row = next(row for row in page(s, auditor).split("<tr") if GROUP in row)
    assert f"Settled v{live} is live" in words(row)
    assert f"v{waiting} v{live} Approved by {APPROVER.name}" in words(row)
    html = page(s, auditor, group=GROUP)
    told = words(html)
    assert f'greenlight approve {GROUP} {waiting} --reason "…"' in told
    assert f"v{waiting} waits for a decision Registered by {SCIENTIST.name}" in told
    assert "0.95" in told
    for element in ("<script", "<img", "<b>"):
        assert element not in html
    assert "<script>alert(1)</script>" in told  # the reason, as text


def test_it_tells_what_is_not_there_and_what_is_no_name(scene: Make) -> None:
    s = scene(GROUP)
    assert "group nobody has no record in this account and region" in words(page(s, group="nobody"))
    assert "is no name of a model package group" in words(page(s, group="<b>"))


@pytest.mark.parametrize("office", ["approver", "registrant"])
def test_who_belongs_to_one_group_does_not_see_all_of_them_through_it(scene: Make, office: str) -> None:
    s = scene(GROUP)
    person = APPROVER if office == "approver" else SCIENTIST
    me = stepped_in(s.aws, person, role_name(GROUP, office))
    with pytest.raises(ClientError, match="lambda:InvokeFunction"):
        page(s, me)


def test_the_dashboard_in_the_account_calls_this_function_and_shows_alarms_queues_and_functions_that_exist(
    scene: Make,
) -> None:
    aws = scene(GROUP).aws
    body = json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=DASHBOARD)["DashboardBody"])
    widgets = {
        kind: [w for w in body["widgets"] if w["type"] == kind] for kind in ("custom", "alarm", "metric")
    }
    (custom,), (alarms,) = widgets["custom"], widgets["alarm"]
    assert custom["properties"]["endpoint"].endswith(f":function:{_function(aws)}")
    there = {a["AlarmArn"] for a in aws.client("cloudwatch").describe_alarms(
        AlarmNamePrefix="greenlight-controller-", MaxRecords=100)["MetricAlarms"]}  # fmt: skip
    assert set(alarms["properties"]["alarms"]) == there
    outputs = aws.outputs(CONTROLLER_STACK)
    drawn = json.dumps([w["properties"]["metrics"] for w in widgets["metric"]])
    for name in ("ReconcileFunction", "SweepFunction", "AnnounceFunction", "RetrainFunction"):
        assert f'"{outputs[name]}"' in drawn
    for name in ("QueueUrl", "DeadLetterUrl", "UnannouncedUrl", "RetrainUrl", "RetrainDeadLetterUrl"):
        assert f'"{outputs[name].rpartition("/")[2]}"' in drawn


def test_without_its_tables_it_says_what_it_may_not_read(scene: Make) -> None:
    s = scene(GROUP)
    iam, role = s.aws.client("iam"), "greenlight-dashboard"
    state = s.aws.outputs(STATE_STACK)["StateTable"]
    refusal = {"Effect": "Deny", "Action": "dynamodb:Scan", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
    iam.put_role_policy(RoleName=role, PolicyName="refused", PolicyDocument=document)
    try:
        told = words(page(s))
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="refused")
    assert "This cannot be shown" in told
    assert state in told
