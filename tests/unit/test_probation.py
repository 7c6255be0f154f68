"""Rule 8: for a time after a rollout an alarm still sends the version back."""

from dataclasses import replace

import pytest

from lambdas.core.actions import UpdateEndpoint
from lambdas.core.facts import AlarmState
from lambdas.core.names import abort_alarm
from lambdas.core.record import Approval, Direction, Phase
from lambdas.core.spec import GuardrailSpec
from tests.builders import (
    GROUP,
    NOW,
    START,
    Seen,
    a_spec,
    after,
    an_endpoint,
    an_endpoint_spec,
    ask,
    decided_on,
    having,
    live_on,
    names,
    only,
    package,
    placed,
    told,
)

SPEC = a_spec(guardrails=GuardrailSpec(error_rate=0.02, latency_p99_ms=100), probation_minutes=60)
V1, V2 = package(1), package(2)
ALARMS = placed(V2, SPEC, live_at=None).alarms


def on_probation(state: AlarmState = AlarmState.ALARM, *, minutes: float = 30, **changes: object) -> Seen:
    """v2 went live some minutes ago, v1 before it; one of v2's own alarms is in a state."""
    seen = live_on(
        V2, V1, spec=SPEC, kept=(placed(V1, SPEC, live_at=START + 150),), live_at=NOW - minutes * 60
    )
    return replace(seen, **{"alarms": {ALARMS[0]: state}, **changes})  # type: ignore[arg-type] # passed on


def test_an_alarm_on_probation_sends_the_version_back() -> None:
    decision = decided_on(on_probation())
    assert told(decision) == ["version.failed", "rollout.started"]
    assert names(decision) == ["UpdateEndpoint"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert (rollout.version, rollout.direction) == (1, Direction.BACKWARD)
    assert ALARMS[0] in decision.events[0].reason


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA, AlarmState.MISSING])
def test_only_an_alarm_that_tripped_counts(state: AlarmState) -> None:
    decision = decided_on(on_probation(state))
    assert decision.actions == ()
    assert decision.unsettled


def test_every_alarm_of_the_version_counts() -> None:
    assert told(decided_on(on_probation(alarms={ALARMS[1]: AlarmState.ALARM})))[0] == "version.failed"


def test_the_alarms_of_other_versions_do_not_count() -> None:
    others = placed(V1, SPEC, live_at=None).alarms
    assert decided_on(on_probation(alarms=dict.fromkeys(others, AlarmState.ALARM))).actions == ()


def test_after_probation_no_alarm_sends_it_back() -> None:
    decision, facts = ask(on_probation(minutes=60))
    assert decision.actions == ()
    assert facts.alarms == {}
    assert not decision.unsettled


def test_with_nothing_to_go_back_to_a_failed_version_serves_on_and_is_said() -> None:
    seen = live_on(V2, spec=SPEC, live_at=NOW - 60, alarms={ALARMS[0]: AlarmState.ALARM})
    decision = decided_on(seen)
    assert told(decision) == ["version.failed", "withdrawn"]
    assert after(decision).phase is Phase.WITHDRAWN
    assert decision.actions == ()


def test_a_version_that_failed_on_probation_is_told_once() -> None:
    seen = live_on(V2, spec=SPEC, live_at=NOW - 60, alarms={ALARMS[0]: AlarmState.ALARM})
    assert decided_on(replace(seen, record=after(decided_on(seen)))).entries == ()


def test_a_rejected_version_does_not_fail_too() -> None:
    rejected = replace(V2, approval=Approval.REJECTED, modified=NOW - 5)
    decision = decided_on(on_probation(packages=(rejected, V1)))
    assert told(decision) == ["decision", "rollout.started"]


def test_a_fix_approved_while_the_live_version_trips_all_its_alarms_gets_through() -> None:
    seen = on_probation(alarms=dict.fromkeys(ALARMS, AlarmState.ALARM))
    fix = package(3, at=NOW - 1)
    decision = decided_on(replace(seen, packages=(V1, V2, fix)))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 3


# --- further alarms, which see the whole endpoint ---------------------------------------------------------------

KPI = "business-kpi"
WITH_KPI = a_spec(guardrails=GuardrailSpec(alarms=(KPI,)), probation_minutes=60)
TRIPPED = {KPI: AlarmState.ALARM}


def test_a_further_alarm_that_has_tripped_already_does_not_watch_the_repair() -> None:
    seen = live_on(V1, V2, spec=WITH_KPI, alarms=TRIPPED)
    decision = decided_on(seen)
    update = only(decision.actions, UpdateEndpoint)
    assert update.alarms == (abort_alarm(GROUP),)
    assert decision.events[-1].data["unwatched"] == [KPI]


def test_a_further_alarm_that_is_not_there_blocks_and_is_named() -> None:
    decision = decided_on(live_on(V1, V2, spec=WITH_KPI, alarms={KPI: AlarmState.MISSING}))
    assert decision.actions == ()
    assert KPI in decision.reason


def gone_back(*, state: AlarmState) -> Seen:
    """The way back from v2, whose alarm tripped, has ended at v1."""
    seen = live_on(V2, V1, spec=WITH_KPI, kept=(placed(V1, WITH_KPI, live_at=START + 150),))
    rejected = replace(V2, approval=Approval.REJECTED, modified=NOW - 500)
    begun = having(seen, rollout=after(decided_on(replace(seen, packages=(rejected, V1)))).rollout)
    rollout = begun.record.rollout if begun.record else None
    assert rollout is not None
    assert rollout.unwatched == (KPI,)
    ended = replace(
        begun,
        packages=(rejected, V1),
        endpoint=an_endpoint(rollout.config, modified=NOW),
        alarms={KPI: state},
    )
    return replace(ended, record=after(decided_on(ended)))


def test_what_tripped_on_the_version_that_was_left_does_not_fail_the_one_that_was_gone_back_to() -> None:
    seen = gone_back(state=AlarmState.ALARM)
    assert seen.record is not None
    assert seen.record.phase is Phase.SETTLED
    assert decided_on(seen).actions == ()
    assert told(decided_on(seen)) == []


def test_once_it_has_been_ok_a_further_alarm_counts_again() -> None:
    seen = gone_back(state=AlarmState.ALARM)
    calm = replace(seen, alarms={KPI: AlarmState.OK})
    again = replace(calm, record=after(decided_on(calm)), alarms=TRIPPED)
    assert told(decided_on(again))[0] == "version.failed"


def test_a_further_alarm_that_was_ok_after_the_way_back_counts() -> None:
    seen = replace(gone_back(state=AlarmState.OK), alarms=TRIPPED)
    assert told(decided_on(seen))[0] == "version.failed"


# --- a changed spec on probation --------------------------------------------------------------------------------

BIGGER = replace(SPEC, endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))


def respecced(state: AlarmState = AlarmState.ALARM, **changes: object) -> Seen:
    """v2 serves under a changed spec for some minutes; before, it served well under the old one."""
    old = placed(V2, SPEC, live_at=NOW - 90_000)
    seen = live_on(V2, V1, spec=BIGGER, kept=(old, placed(V1, SPEC, live_at=START + 150)), live_at=NOW - 600)
    assert seen.record is not None
    live = replace(seen.record.kept[0], instead_of=old.config)
    seen = having(seen, kept=(live, *seen.record.kept[1:]))
    return replace(seen, **{"alarms": {live.alarms[0]: state}, **changes})  # type: ignore[arg-type] # passed on


def test_an_alarm_on_probation_under_a_changed_spec_sends_back_to_the_old_spec_not_to_another_version() -> (
    None
):
    decision = decided_on(respecced())
    assert told(decision) == ["spec.failed", "rollout.started"]
    record = after(decision)
    rollout = record.rollout
    assert rollout is not None
    assert (rollout.version, rollout.config, rollout.direction) == (
        2,
        placed(V2, SPEC, live_at=None).config,
        Direction.BACKWARD,
    )
    assert record.versions[2].failed is None


def test_back_under_its_old_spec_a_version_stays_there() -> None:
    seen = respecced()
    record = after(decided_on(seen))
    assert record.rollout is not None
    back = replace(seen, record=record, endpoint=an_endpoint(record.rollout.config, modified=NOW), alarms={})
    decision = decided_on(back)
    assert told(decision) == ["rollout.succeeded"]
    assert decided_on(replace(back, record=after(decision))).actions == ()
    assert "its changed spec failed" in decision.reason


def test_while_the_changed_spec_is_on_probation_the_old_config_is_kept() -> None:
    calm = respecced(AlarmState.OK)
    assert calm.record is not None
    assert calm.spec is not None
    spec = replace(calm.spec, retain_versions=1)
    decision = decided_on(having(replace(calm, spec=spec), spec=spec))
    assert placed(V2, SPEC, live_at=None).config in {p.config for p in after(decision).kept}
