"""What people ask for beside decisions: to pause and resume a group."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.core.ledger import Kind
from lambdas.core.record import Phase
from local.demo.people import APPROVER, session
from tests.e2e.scene import Scene
from tests.e2e.test_scenarios import in_phase

Make = Callable[..., Scene]


def act(scene: Scene, kind: str, **asked: Any) -> None:
    """The approver asks for something."""
    ssm = session(scene.aws, APPROVER, "ssm", (scene.group, "approver"))
    name = f"/greenlight/acts/{scene.group}/{kind}"
    ssm.put_parameter(Name=name, Value=json.dumps(asked), Type="String", Overwrite=True)


def test_a_pause_holds_an_approval_until_it_is_resumed_and_the_ledger_says_who_and_why(scene: Make) -> None:
    s = scene("paused")
    act(s, "pause", reason="incident 7")
    version = s.register()
    s.approve(version)
    assert "incident 7" in in_phase(s, Phase.PAUSED)
    assert s.watch.endpoint() is None
    act(s, "pause", resume=True, reason="mended")
    s.until_live(version)
    said = {line.kind: line for line in s.watch.ledger()}
    assert "incident 7" in said[Kind.PAUSE.value].reason
    assert "mended" in said[Kind.RESUME.value].reason


def test_an_approver_pauses_no_other_group(scene: Make) -> None:
    s = scene("paused")
    ssm = session(s.aws, APPROVER, "ssm", (s.group, "approver"))
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.put_parameter(Name="/greenlight/acts/own-work/pause", Value='{"reason": "x"}', Type="String")
