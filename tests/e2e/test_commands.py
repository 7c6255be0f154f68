"""The commands, as people run them, against the local AWS."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lambdas.core.ledger import Kind
from lambdas.core.names import AUDITOR, CONTROLLER_STACK, abort_alarm, role_name
from lambdas.core.record import Record
from local.aws import LocalAws
from local.demo.people import APPROVER, Person, stepped_in, variables
from tests.e2e.conftest import AUDITORS
from tests.e2e.scene import Scene
from tests.infra.conftest import ROOT

Make = Callable[..., Scene]
GREENLIGHT = str(Path(sys.executable).with_name("greenlight"))


def run(
    aws: LocalAws, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and commands
        [GREENLIGHT, *arguments],
        cwd=ROOT,
        env={**aws.environment(), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_plan_says_what_approving_would_do_and_does_nothing(scene: Make) -> None:
    s = scene("planned")
    live, pending = s.go_live(), s.register()
    alarm = abort_alarm(s.group)
    s.until("the abort alarm to be OK", lambda: True if s.watch.alarm_state(alarm) == "OK" else None)
    approving = run(s.aws, "plan", s.group, "approve", str(pending))
    assert approving.returncode == 0, approving.stderr
    assert f"calls    UpdateEndpoint {s.group} to {s.group}-v{pending}-" in approving.stdout
    assert "canary 50 %, watched by 2 alarms" in approving.stdout
    rejecting = run(s.aws, "plan", s.group, "reject", str(live))
    assert "and nothing good is left; it serves on" in rejecting.stdout
    assert s.watch.settled_on(live)
    assert {line.kind for line in s.watch.ledger() if line.version == pending} <= {Kind.PENDING.value}


def test_a_plan_for_what_is_not_there_says_so(scene: Make) -> None:
    s = scene("planned")
    done = run(s.aws, "plan", s.group, "approve", "99")
    assert done.returncode == 2
    assert done.stderr == f"greenlight: group {s.group} has no version 99\n"


def as_auditor(aws: LocalAws) -> dict[str, str]:
    """The variables by which a command runs in the auditor's role."""
    return stepped_in(aws, Person("ida", AUDITORS), AUDITOR)


def in_role(aws: LocalAws, role: str) -> dict[str, str]:
    """The variables by which a command runs in a company's role."""
    arn = f"arn:aws:iam::{aws.account}:role/{role}"
    return variables(aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ida")["Credentials"])


def test_the_auditor_exports_the_ledger_and_anyone_verifies_it_without_aws(
    scene: Make, tmp_path: Path
) -> None:
    s = scene("planned")
    s.go_live()
    auditor = as_auditor(s.aws)
    exported = run(s.aws, "history", s.group, "--export", environment=auditor)
    assert exported.returncode == 0, exported.stderr
    assert f'"{s.group}"' in exported.stdout
    told = run(s.aws, "history", "nobody", "--export", environment=auditor)
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
        [GREENLIGHT, "verify", str(folder / "export.jsonl")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_dead_letters_go_back_to_reconcile(scene: Make) -> None:
    s = scene("planned")
    sqs = s.aws.client("sqs")
    dead = s.aws.outputs(CONTROLLER_STACK)["DeadLetterUrl"]
    sqs.purge_queue(QueueUrl=dead)
    empty = run(s.aws, "redrive")
    assert (empty.returncode, empty.stdout) == (
        0,
        "no message waits in the dead-letter queue; one that somebody has just read is hidden for half a minute\n",
    ), empty.stderr
    asks = json.dumps({"greenlight": {"group": s.group, "source": "redriven"}})
    sqs.send_message(QueueUrl=dead, MessageBody=asks, MessageGroupId="g", MessageDeduplicationId="redriven")
    moved = run(s.aws, "redrive")
    assert (moved.returncode, moved.stdout) == (0, "about 1 messages go back to reconcile\n"), moved.stderr

    def is_gone() -> bool | None:
        names = ["ApproximateNumberOfMessages"]
        left = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"]
        return True if left["ApproximateNumberOfMessages"] == "0" else None

    assert s.until("the dead-letter queue to be empty", is_gone)


def asked(aws: LocalAws, *arguments: str, **environment: str) -> Any:
    """What a command answers in JSON."""
    done = run(aws, *arguments, "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _record(s: Scene) -> Record:
    record = s.watch.record()
    assert record is not None
    return record


HOSTILE = "[bold]<script>alert(1)</script>\x1b[31m"


def test_status_versions_and_diff_tell_where_a_group_stands_and_show_hostile_words_as_text(
    scene: Make,
) -> None:
    s = scene("asked")
    first = s.register(CustomerMetadataProperties={"recall": "0.9", "note": "first"})
    s.decide(first, "Approved", HOSTILE)
    s.until_live(first)
    second = s.register(CustomerMetadataProperties={"recall": "0.95", "note": "second"})
    s.until("v2 to be taken in", lambda: True if second in _record(s).pending else None)
    before = s.aws.last_request()
    (told,) = [one for one in asked(s.aws, "status") if one["group"] == s.group]
    assert (told["live"], told["pending"], told["phase"]) == (first, [second], "Settled")
    asked_for = [call["operation"] for call in s.aws.requests(before) if call["principal"].endswith(":root")]
    assert "Scan" in asked_for
    assert "GetItem" not in asked_for
    one = run(s.aws, "status", s.group)
    assert f"v{first}, since" in one.stdout
    assert "Settled, for" in one.stdout
    listed = asked(s.aws, "versions", s.group)
    assert [(row["version"], row["metrics"]["recall"]) for row in listed] == [(second, 0.95), (first, 0.9)]
    assert listed[1]["became"] == "live"
    assert listed[1]["by"].endswith("asked-approver/jonas")
    assert "recall 0.95" in run(s.aws, "versions", s.group, "--most", "1").stdout
    compared = asked(s.aws, "diff", s.group, str(first), str(second))
    assert compared["metrics"] == [{"name": "recall", "before": 0.9, "after": 0.95}]
    shown = run(s.aws, "diff", s.group, str(first), str(second)).stdout
    assert "+0.05" in shown
    assert "second" in shown
    for told in (run(s.aws, "versions", s.group).stdout, run(s.aws, "history", s.group).stdout):
        assert "[bold]<script>alert(1)</script>" in told
        assert "\x1b" not in told


def test_what_is_not_there_or_may_not_be_read_is_told_in_a_line_with_what_to_do(scene: Make) -> None:
    s = scene("asked")
    unknown = run(s.aws, "status", "nobody")
    assert unknown.returncode == 2
    assert "group nobody has no record" in unknown.stderr
    assert "`greenlight status` lists all groups" in unknown.stderr
    missing = run(s.aws, "diff", s.group, "1", "99")
    assert (missing.returncode, "has no version 99" in missing.stderr) == (2, True)
    bare = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    nobody = run(s.aws, "status", environment=bare)
    assert (nobody.returncode, "no AWS credentials" in nobody.stderr) == (2, True), nobody.stderr
    denied = run(s.aws, "status", s.group, environment=in_role(s.aws, AUDITORS))
    assert denied.returncode == 2
    assert f"role/greenlight/{AUDITOR} may read everything" in denied.stderr
    assert run(s.aws, "status", s.group, environment=as_auditor(s.aws)).returncode == 0
    assert run(s.aws, "status", environment=as_auditor(s.aws)).returncode == 0
    approver = run(s.aws, "status", environment=stepped_in(s.aws, APPROVER, role_name(s.group, "approver")))
    assert approver.returncode == 2
    assert f"role/greenlight/{AUDITOR} may read everything" in approver.stderr


def test_a_ledger_is_shown_and_verified(scene: Make) -> None:
    s = scene("asked")
    shown = run(s.aws, "history", s.group)
    assert "first look at this group" in shown.stdout
    assert asked(s.aws, "history", s.group)[0]["kind"] == "onboarded"
    whole = run(s.aws, "history", s.group, "--verify")
    assert (whole.returncode, "are as they were written" in whole.stdout) == (0, True)


def test_an_approver_pauses_resumes_and_is_told_what_is_asked_wrongly_or_of_another_group(
    scene: Make,
) -> None:
    s = scene("asked")
    approver = stepped_in(s.aws, APPROVER, role_name(s.group, "approver"))
    bad = run(s.aws, "pause", s.group, "--reason", "x", "--until", "tomorrow", environment=approver)
    assert (bad.returncode, "expected ISO 8601" in bad.stderr) == (2, True)
    paused = run(s.aws, "pause", s.group, "--reason", "incident 7", environment=approver)
    assert paused.returncode == 0, paused.stderr
    s.until("the pause to be taken in", lambda: True if s.kinds()[Kind.PAUSE.value] else None)
    assert asked(s.aws, "status", s.group)["paused"] == "incident 7"
    resumed = run(s.aws, "resume", s.group, "--reason", "mended", "--json", environment=approver)
    assert json.loads(resumed.stdout)["asked"] == {"reason": "mended", "resume": True}
    s.until("the resume to be taken in", lambda: True if s.kinds()[Kind.RESUME.value] else None)
    other = run(s.aws, "retry", "planned", "1", "--reason", "x", environment=approver)
    assert other.returncode == 2
    assert "role/greenlight/planned-approver may ask for it" in other.stderr
    absent = run(s.aws, "retry", "nobody", "1", "--reason", "x")
    assert (absent.returncode, "no model package group nobody" in absent.stderr) == (2, True)
    assert run(s.aws, "retry", s.group, "0", "--reason", "x").returncode == 2
