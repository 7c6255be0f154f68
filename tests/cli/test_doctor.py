"""What `doctor` makes of what it saw."""

from collections.abc import Iterable, Sequence

import pytest

from cli import findings
from cli.findings import Finding, Health, Trail
from lambdas.core.names import AUDITOR
from lambdas.core.spec import Autoscaling, EndpointSpec, GroupSpec

OWN = {
    f"Greenlight-{name}": "CREATE_COMPLETE" for name in ("State", "Controller", "Observability", "Governance")
}
NOW = 1_800_000_000.0


def health(found: Iterable[Finding]) -> list[Health]:
    return [one.health for one in found]


def test_stacks_in_step_are_one_finding() -> None:
    (one,) = findings.stacks({**OWN, "Greenlight-Group-risk": "UPDATE_COMPLETE"}, ["risk"])
    assert (one.health, one.found) == (Health.OK, "all 5 stacks are deployed")


@pytest.mark.parametrize(
    ("stacks", "groups", "expected", "told"),
    [
        (OWN, ["risk"], Health.FAILED, "there is no stack Greenlight-Group-risk"),
        ({**OWN, "Greenlight-Group-old": "CREATE_COMPLETE"}, [], Health.FAILED, "its group's spec is not"),
        ({**OWN, "Greenlight-State": "UPDATE_IN_PROGRESS"}, [], Health.WARNING, "is UPDATE_IN_PROGRESS"),
        (
            {**OWN, "Greenlight-State": "UPDATE_ROLLBACK_COMPLETE"},
            [],
            Health.WARNING,
            "failed and was undone",
        ),
        ({**OWN, "Greenlight-State": "ROLLBACK_COMPLETE"}, [], Health.FAILED, "is ROLLBACK_COMPLETE"),
        ({**OWN, "Greenlight-State": "UPDATE_ROLLBACK_FAILED"}, [], Health.FAILED, "UPDATE_ROLLBACK_FAILED"),
    ],
)
def test_what_is_out_of_step_is_told(
    stacks: dict[str, str], groups: Sequence[str], expected: Health, told: str
) -> None:
    found = [one for one in findings.stacks(stacks, groups) if one.health is not Health.OK]
    assert [(one.health, told in one.found, bool(one.do)) for one in found] == [(expected, True, True)]
    assert Health.OK not in health(findings.stacks(stacks, groups)) or not groups


@pytest.mark.parametrize(
    ("trails", "expected"),
    [
        ([Trail("main", logging=True, management=True)], Health.OK),
        ([Trail("off", logging=False, management=True)], Health.WARNING),
        ([Trail("data", logging=True, management=False)], Health.WARNING),
        ([], Health.WARNING),
    ],
)
def test_a_trail_counts_that_logs_what_writes(trails: Sequence[Trail], expected: Health) -> None:
    assert health(findings.trails(trails)) == [expected]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["Enabled"], Health.OK),
        (["Disabled"], Health.FAILED),
        (["Enabled", "Disabled"], Health.FAILED),
        ([], Health.FAILED),
    ],
)
def test_reconcile_takes_messages_or_fails(states: Sequence[str], expected: Health) -> None:
    assert health(findings.mapping(states)) == [expected]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - 300, Health.OK),
        (NOW - 1000, Health.WARNING),
        (NOW - 4000, Health.FAILED),
        (0.0, Health.FAILED),
    ],
)
def test_a_sweep_that_is_silent_is_told(at: float, expected: Health) -> None:
    assert health(findings.swept(at, NOW)) == [expected]


@pytest.mark.parametrize(("off", "expected"), [(5, Health.OK), (-100, Health.WARNING), (400, Health.FAILED)])
def test_a_wrong_clock_is_told(off: float, expected: Health) -> None:
    assert health(findings.clock(NOW + off, NOW)) == [expected]


def test_an_alarm_on_ourselves_fails_and_one_of_a_fleet_warns() -> None:
    assert health(findings.alarms({"greenlight-controller-queue-age": "OK"})) == [Health.OK]
    ours, fleet = findings.alarms(
        {"greenlight-controller-dead-letters": "ALARM", "greenlight/risk/risk-v1/errors": "ALARM"}
    )
    assert (ours.health, fleet.health) == (Health.FAILED, Health.WARNING)
    assert "greenlight status risk" in (fleet.do or "")
    assert health(findings.alarms({})) == [Health.FAILED]


def test_dead_letters_fail() -> None:
    assert health(findings.dead_letters(0)) == [Health.OK]
    assert health(findings.dead_letters(2)) == [Health.FAILED]


def _trust(principal: str | list[str]) -> dict[str, object]:
    return {"Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}]}


SOMEBODY = _trust("arn:aws:iam::123456789012:role/somebody")
ROLES = dict.fromkeys(
    (AUDITOR, "risk-approver", "risk-registrant", "risk-endpoint", "greenlight-sweep"), SOMEBODY
)


def test_roles_that_are_there_and_let_somebody_in_are_sound() -> None:
    assert health(findings.roles(ROLES, ["risk"])) == [Health.OK]


@pytest.mark.parametrize(
    ("without", "expected", "told"),
    [
        ("risk-endpoint", Health.FAILED, "there is no role risk-endpoint"),
        ("risk-approver", Health.WARNING, "group risk has no approver"),
        (AUDITOR, Health.WARNING, f"there is no role {AUDITOR}"),
    ],
)
def test_a_missing_role_is_told(without: str, expected: Health, told: str) -> None:
    found = list(findings.roles({name: one for name, one in ROLES.items() if name != without}, ["risk"]))
    assert (found[0].health, found[0].found) == (expected, told)


def test_a_role_whose_people_were_deleted_is_told() -> None:
    gone = {**ROLES, "risk-approver": _trust(["AROAEXAMPLEEXAMPLE12", "arn:aws:iam::123456789012:role/x"])}
    (one,) = findings.roles(gone, ["risk"])
    assert (one.health, one.found) == (
        Health.FAILED,
        "role risk-approver lets in somebody who was deleted",
    )


def _spec(name: str, count: int, scaling: Autoscaling | None = None) -> GroupSpec:
    return GroupSpec(name, EndpointSpec(name, "ml.m5.large", count, scaling), "arn:aws:iam::1:role/r")


@pytest.mark.parametrize(
    ("quota", "expected"),
    [(12.0, Health.OK), (11.0, Health.WARNING), (8.0, Health.WARNING), (7.0, Health.FAILED)],
)
def test_a_quota_must_hold_what_serves_and_one_more_fleet(quota: float, expected: Health) -> None:
    specs = [_spec("risk", 4), _spec("fraud", 2, Autoscaling(2, 4, 500))]
    assert health(findings.quotas(specs, {"ml.m5.large": quota})) == [expected]


def test_an_unknown_quota_is_said_not_guessed() -> None:
    assert health(findings.quotas([_spec("risk", 1)], {})) == [Health.UNKNOWN]
