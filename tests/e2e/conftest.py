"""One local AWS with Greenlight and a group for each scenario, deployed once by the real CDK."""

import json
from collections.abc import Callable, Iterator

import pytest

from local.aws import LocalAws
from local.deploy import deploy_app, prepare
from tests.e2e.groups import GROUPS
from tests.e2e.scene import Scene, group_yaml

AUDITORS, RELIABILITY, ON_CALL = "internal-audit", "site-reliability", "olga"
_TIME_SCALE = 240.0  # AWS seconds a second: a canary of some minutes takes a few seconds


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    folder = tmp_path_factory.mktemp("groups")
    for name, changes in GROUPS.items():
        (folder / f"{name}.yaml").write_text(group_yaml(name, **changes))
    governance = tmp_path_factory.mktemp("account") / "governance.yaml"
    with LocalAws(time_scale=_TIME_SCALE) as aws:
        prepare(aws)
        governance.write_text(_governance(aws))
        deploy_app(aws, "--context", f"groups={folder}", "--context", f"governance={governance}")
        _stop_the_sweeps(aws)
        yield aws


def _governance(aws: LocalAws) -> str:
    """Somebody for each of the account's roles."""
    iam = aws.client("iam")
    root = {"AWS": f"arn:aws:iam::{aws.account}:root"}
    steps = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    trust = {"Effect": "Allow", "Principal": root, "Action": steps}
    steps_in = {"Effect": "Allow", "Action": steps, "Resource": "*"}
    trust_policy, policy = (
        json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, steps_in)
    )
    for role in (AUDITORS, RELIABILITY):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust_policy)
        iam.put_role_policy(RoleName=role, PolicyName="work", PolicyDocument=policy)
    iam.create_user(UserName=ON_CALL)
    iam.put_user_policy(UserName=ON_CALL, PolicyName="work", PolicyDocument=policy)
    named = [
        f"arn:aws:iam::{aws.account}:{one}"
        for one in (f"role/{AUDITORS}", f"role/{RELIABILITY}", f"user/{ON_CALL}")
    ]
    return f"auditors: [{named[0]}]\nbreak_glass: {{principals: [{named[1]}, {named[2]}]}}\n"


def _stop_the_sweeps(aws: LocalAws) -> None:
    """On the fast clock they come every second; here a test sweeps when it wants to, and counts what it means to."""
    scheduler = aws.client("scheduler")
    for found in scheduler.list_schedules()["Schedules"]:
        schedule = scheduler.get_schedule(Name=found["Name"], GroupName=found["GroupName"])
        kept = ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")
        scheduler.update_schedule(**{key: schedule[key] for key in kept}, State="DISABLED")


@pytest.fixture
def scene(aws: LocalAws) -> Callable[..., Scene]:
    """A scene for one of the groups in `GROUPS`."""

    def make(group: str) -> Scene:
        endpoint = GROUPS.get(group, {}).get("endpoint", {})
        return Scene(aws, group, endpoint.get("name", group), "asynchronous" in endpoint)

    return make
