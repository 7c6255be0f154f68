"""The commands, as people run them, against the local AWS."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from lambdas.core.names import AUDITOR, abort_alarm
from local.aws import LocalAws
from tests.e2e.conftest import AUDITORS
from tests.e2e.scene import Scene
from tests.infra.conftest import ROOT

Make = Callable[..., Scene]


def run(
    aws: LocalAws, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and commands
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**aws.environment(), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_plan_says_what_approving_would_do_and_does_nothing(scene: Make) -> None:
    s = scene("planned")
    live, pending = s.go_live(), s.register()
    alarm = abort_alarm(s.group)
    s.until("the abort alarm to be OK", lambda: True if s.watch.alarm_state(alarm) == "OK" else None)
    approving = run(s.aws, "cli.plan", s.group, "approve", str(pending))
    assert approving.returncode == 0, approving.stderr
    assert f"calls    UpdateEndpoint {s.group} to {s.group}-v{pending}-" in approving.stdout
    assert "canary 50 %, watched by 2 alarms" in approving.stdout
    rejecting = run(s.aws, "cli.plan", s.group, "reject", str(live))
    assert "and nothing good is left; it serves on" in rejecting.stdout
    assert s.watch.settled_on(live)
    assert not [line for line in s.watch.ledger() if line.version == pending]


def test_a_plan_for_what_is_not_there_says_so(scene: Make) -> None:
    s = scene("planned")
    done = run(s.aws, "cli.plan", s.group, "approve", "99")
    assert done.returncode == 2
    assert done.stderr == f"plan: group {s.group} has no version 99\n"


def as_auditor(aws: LocalAws) -> dict[str, str]:
    """The variables by which a command runs in the auditor's role."""
    company = aws.client("sts", role=AUDITORS, session_name="ida")
    role = f"arn:aws:iam::{aws.account}:role/greenlight/{AUDITOR}"
    given = company.assume_role(RoleArn=role, RoleSessionName="ida")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def test_the_auditor_exports_the_ledger_and_anyone_verifies_it_without_aws(
    scene: Make, tmp_path: Path
) -> None:
    s = scene("planned")
    s.go_live()
    auditor = as_auditor(s.aws)
    exported = run(s.aws, "cli.ledger", "export", s.group, environment=auditor)
    assert exported.returncode == 0, exported.stderr
    assert f'"{s.group}"' in exported.stdout
    told = run(s.aws, "cli.ledger", "export", "nobody", environment=auditor)
    assert told.returncode == 2
    assert "is its name right?" in told.stderr
    whole = verify(tmp_path, exported.stdout)
    assert whole.returncode == 0, whole.stderr
    lines = exported.stdout.splitlines()
    missing = verify(tmp_path, "\n".join([*lines[:2], *lines[3:]]))
    assert missing.returncode == 1
    assert "entry 2" in missing.stdout + missing.stderr


def verify(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Verify an export as somebody who has the file and no AWS."""
    (folder / "export.jsonl").write_text(text)
    return subprocess.run(  # noqa: S603 - as above
        [sys.executable, "-m", "cli.ledger", "verify", str(folder / "export.jsonl")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_dead_letters_go_back_to_reconcile(scene: Make) -> None:
    s = scene("planned")
    sqs = s.aws.client("sqs")
    outputs = s.aws.client("cloudformation").describe_stacks(StackName="Greenlight-Controller")["Stacks"][0][
        "Outputs"
    ]
    dead = next(one["OutputValue"] for one in outputs if one["OutputKey"] == "DeadLetterUrl")
    sqs.purge_queue(QueueUrl=dead)
    empty = run(s.aws, "cli.redrive")
    assert (empty.returncode, empty.stdout) == (0, "the dead-letter queue is empty\n"), empty.stderr
    asks = json.dumps({"greenlight": {"group": s.group, "source": "redriven"}})
    sqs.send_message(QueueUrl=dead, MessageBody=asks, MessageGroupId="g", MessageDeduplicationId="redriven")
    moved = run(s.aws, "cli.redrive")
    assert (moved.returncode, moved.stdout) == (0, "about 1 messages go back to reconcile\n"), moved.stderr

    def is_gone() -> bool | None:
        names = ["ApproximateNumberOfMessages"]
        left = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"]
        return True if left["ApproximateNumberOfMessages"] == "0" else None

    assert s.until("the dead-letter queue to be empty", is_gone)
