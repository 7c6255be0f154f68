"""Approving, rejecting and rolling back by command, as the people who may, and as those who may not."""

import json
import subprocess
from collections.abc import Callable

from lambdas.core.names import role_name
from local.demo.people import APPROVER, SCIENTIST, stepped_in
from tests.e2e.scene import Scene
from tests.e2e.test_commands import GREENLIGHT, as_auditor, run
from tests.infra.conftest import ROOT

Make = Callable[..., Scene]
_SURE = ("--reason", "looked at", "--yes")


def approver(s: Scene) -> dict[str, str]:
    return stepped_in(s.aws, APPROVER, role_name(s.group, "approver"))


def registrant(s: Scene) -> dict[str, str]:
    return stepped_in(s.aws, SCIENTIST, role_name(s.group, "registrant"))


def status(s: Scene, version: int) -> str:
    described = s.scientist().describe_model_package(ModelPackageName=s.arns[version])
    return str(described["ModelApprovalStatus"])


def test_an_approver_sees_what_comes_of_it_approves_watches_and_rolls_back(scene: Make) -> None:
    s = scene("decided")
    me = approver(s)
    first = s.register(CustomerMetadataProperties={"recall": "0.9"})
    done = run(s.aws, "approve", s.group, str(first), *_SURE, "--watch", environment=me)
    assert done.returncode == 0, done.stderr
    assert f"CreateEndpoint {s.group}" in done.stdout
    assert f"v{first}: PendingManualApproval → Approved: looked at" in done.stderr
    assert f"v{first} is live, as the registry wants" in done.stdout
    second = s.register(CustomerMetadataProperties={"recall": "0.95"})
    done = run(s.aws, "approve", s.group, str(second), *_SURE, "--watch", "--json", environment=me)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["comparison"]["metrics"] == [{"name": "recall", "before": 0.9, "after": 0.95}]
    assert told["end"] == {"good": True, "said": f"v{second} is live, as the registry wants"}
    back = run(s.aws, "rollback", s.group, "--reason", "incident 7", "--yes", "--watch", environment=me)
    assert back.returncode == 0, back.stderr
    assert f"v{first} is live, as the registry wants" in back.stdout
    assert s.watch.settled_on(first)
    assert status(s, second) == "Rejected"
    assert any("incident 7" in line.reason for line in s.watch.ledger())


def test_an_approver_and_a_registrant_read_their_own_group_and_no_other(scene: Make) -> None:
    s = scene("decided")
    for me in (approver(s), registrant(s)):
        for command in (("status",), ("versions",), ("history",), ("history", "--verify")):
            done = run(s.aws, command[0], s.group, *command[1:], environment=me)
            assert done.returncode == 0, done.stderr
        other = run(s.aws, "status", "asked", environment=me)
        assert (other.returncode, "may read everything" in other.stderr) == (2, True)


def test_a_version_that_cannot_be_served_ends_the_watch_with_exit_code_1_and_why(scene: Make) -> None:
    s = scene("decided")
    bad = s.register("unloadable")
    done = run(s.aws, "approve", s.group, str(bad), *_SURE, "--watch", environment=approver(s))
    assert done.returncode == 1, done.stderr
    assert f"v{bad}" in done.stdout.splitlines()[-1]
    again = run(s.aws, "approve", s.group, str(bad), *_SURE, environment=approver(s))
    assert (again.returncode, f"v{bad} of group decided is Approved already" in again.stderr) == (2, True)
    assert f"greenlight retry {s.group} {bad}" in again.stderr


def test_who_may_not_decide_is_told_which_role_may_and_nothing_is_done(scene: Make) -> None:
    s = scene("decided")
    version = s.register()
    for me in (registrant(s), as_auditor(s.aws)):
        for verb in ("approve", "reject"):
            done = run(s.aws, verb, s.group, str(version), *_SURE, environment=me)
            assert done.returncode == 2
            assert f"role/greenlight/{s.group}-approver may" in done.stderr, done.stderr
    assert status(s, version) == "PendingManualApproval"


def test_what_is_not_confirmed_or_cannot_be_decided_is_not_done(scene: Make) -> None:
    s = scene("decided")
    me, version = approver(s), s.register()
    unasked = run(s.aws, "reject", s.group, str(version), "--reason", "x", environment=me)
    assert (unasked.returncode, "nothing was done, as nobody said yes" in unasked.stderr) == (1, True)
    blank = run(s.aws, "reject", s.group, str(version), "--reason", " ", "--yes", environment=me)
    assert (blank.returncode, "--reason has 0 characters" in blank.stderr) == (2, True)
    absent = run(s.aws, "approve", s.group, "99", *_SURE, environment=me)
    assert (absent.returncode, "has no version 99" in absent.stderr) == (2, True)
    assert status(s, version) == "PendingManualApproval"
    assert run(s.aws, "reject", s.group, str(version), *_SURE, environment=me).returncode == 0
    twice = run(s.aws, "reject", s.group, str(version), *_SURE, environment=me)
    assert (twice.returncode, "is Rejected already" in twice.stderr) == (2, True)


def test_somebody_elses_decision_meanwhile_is_not_overwritten(scene: Make) -> None:
    s = scene("decided")
    version = s.register()
    asking = subprocess.Popen(  # noqa: S603 - our own command
        [GREENLIGHT, "approve", s.group, str(version), "--reason", "looked at"],
        cwd=ROOT,
        env={**s.aws.environment(), **approver(s)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with asking:
        assert asking.stderr is not None
        asked = ""
        while "[y/N]" not in asked:
            asked += (one := asking.stderr.read(1))
            assert one, asked
        s.decide(version, "Rejected", "not this one")
        _, error = asking.communicate("y\n", timeout=300)
    assert asking.returncode == 2
    assert "was changed meanwhile: it is Rejected" in error
    assert "not this one" in error
    assert status(s, version) == "Rejected"
