"""The command `doctor`, as people run it, against the local AWS."""

import json
from collections.abc import Callable
from typing import Any

from local.aws import LocalAws
from tests.e2e.conftest import AUDITORS
from tests.e2e.groups import GROUPS
from tests.e2e.scene import Scene
from tests.e2e.test_commands import as_auditor, in_role, run

Make = Callable[..., Scene]


def _found(aws: LocalAws, **environment: str) -> tuple[int, list[dict[str, Any]]]:
    """Its exit code and findings."""
    done = run(aws, "doctor", "--json", environment=environment)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _of(found: list[dict[str, Any]], check: str) -> list[tuple[str, str]]:
    return [(one["health"], one["found"]) for one in found if one["check"] == check]


def test_the_auditor_checks_the_account_and_is_told_what_is_wrong_and_what_to_do(
    aws: LocalAws, scene: Make
) -> None:
    scene("asked").watch.sweep(full=False)
    auditor = as_auditor(aws)
    _, found = _found(aws, **auditor)
    assert _of(found, "stacks") == [("ok", f"all {len(GROUPS) + 4} stacks are deployed")]
    assert _of(found, "reconcile") == [("ok", "it takes messages from its queue")]
    assert [health for health, _ in _of(found, "sweep")] == ["ok"]
    assert [health for health, _ in _of(found, "roles")] == ["ok"]
    assert [health for health, _ in _of(found, "clock")] == ["ok"]
    assert [health for health, _ in _of(found, "trail")] == ["not checked"]
    assert [health for health, _ in _of(found, "quotas")] == ["not checked"]
    assert not [one for one in found if "denied" in one["found"].lower() or "authorized" in one["found"]]


def test_the_auditor_may_list_all_groups_and_plan(aws: LocalAws, scene: Make) -> None:
    s, auditor = scene("registered"), as_auditor(aws)
    listed = run(aws, "status", environment=auditor)
    assert (listed.returncode, s.group in listed.stdout) == (0, True), listed.stderr
    planned = run(aws, "plan", s.group, "approve", str(s.register()), environment=auditor)
    assert planned.returncode == 0, planned.stderr


def test_a_disabled_reconcile_and_a_missing_spec_fail_it_in_text_and_by_the_exit_code(
    aws: LocalAws, scene: Make
) -> None:
    mappings, ssm = aws.client("lambda"), aws.client("ssm")
    (mapping,) = [
        one
        for one in mappings.list_event_source_mappings()["EventSourceMappings"]
        if one["EventSourceArn"].endswith("reconcile.fifo")
    ]
    name = "/greenlight/groups/adopted"
    kept = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.delete_parameter(Name=name)
    mappings.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        done = run(aws, "doctor", environment=as_auditor(aws))
    finally:
        mappings.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        ssm.put_parameter(Name=name, Value=kept, Type="String")
    assert done.returncode == 1, done.stdout
    assert "its event source mapping is Disabled" in done.stdout
    assert "stack Greenlight-Group-adopted is there, and its group's spec is not" in done.stdout


def test_who_may_not_look_is_told_who_may_and_nothing_is_called_sound(aws: LocalAws) -> None:
    code, found = _found(aws, **in_role(aws, AUDITORS))
    assert code == 0
    assert {one["health"] for one in found if one["check"] not in {"account", "clock"}} == {"not checked"}
    assert [one["do"] for one in found if one["check"] == "stacks"] == [
        "run it as greenlight-auditor, which may"
    ]
