"""The commands, as people run them, against the local AWS."""

import subprocess
import sys
from collections.abc import Callable

from local.aws import LocalAws
from tests.e2e.scene import Scene
from tests.infra.conftest import ROOT

Make = Callable[..., Scene]


def run(aws: LocalAws, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and commands
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=aws.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_plan_says_what_approving_would_do_and_does_nothing(scene: Make) -> None:
    s = scene("planned")
    live, pending = s.go_live(), s.register()
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


def test_the_ledger_is_exported_and_verified(scene: Make) -> None:
    s = scene("planned")
    exported = run(s.aws, "cli.ledger", "export", s.group)
    assert exported.returncode == 0, exported.stderr
    assert f'"{s.group}"' in exported.stdout
    told = run(s.aws, "cli.ledger", "export", "nobody")
    assert told.returncode == 2
    assert "is its name right?" in told.stderr


def test_an_empty_dead_letter_queue_needs_no_redrive(scene: Make) -> None:
    done = run(scene("planned").aws, "cli.redrive")
    assert (done.returncode, done.stdout) == (0, "the dead-letter queue is empty\n")
