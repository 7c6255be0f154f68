"""Rule 4: while the endpoint is busy, wait; abort, once, a rollout whose version was rejected."""

from dataclasses import replace

import pytest

from lambdas.core.facts import BUSY, AlarmState, EndpointStatus
from lambdas.core.names import abort_alarm
from lambdas.core.record import Approval, Direction, Phase
from tests.builders import (
    AFTER,
    GROUP,
    NOW,
    START,
    Seen,
    a_record,
    after,
    an_endpoint,
    changed,
    decided_on,
    having,
    live_on,
    names,
    package,
    placed,
    rolling_to,
    told,
)

ECHO = 180.0
BAKING = EndpointStatus.UPDATING


def in_flight(status: EndpointStatus = BAKING, **rollout: object) -> Seen:
    """v1 is live, v2 is on its way."""
    seen = rolling_to(live_on(package(1)), package(2), **rollout)
    assert seen.endpoint is not None
    assert seen.record is not None
    assert seen.record.rollout is not None
    pending = seen.record.rollout.config
    busy = replace(seen.endpoint, status=status, modified=AFTER, pending_config=pending)
    return replace(seen, endpoint=busy)


def reject(seen: Seen, version: int) -> Seen:
    return changed(seen, version, approval=Approval.REJECTED, modified=NOW - 1)


@pytest.mark.parametrize("status", sorted(BUSY))
def test_a_busy_endpoint_without_a_rollout_of_ours_is_waited_for(status: EndpointStatus) -> None:
    seen = live_on(package(1), package(2))
    assert seen.endpoint is not None
    decision = decided_on(replace(seen, endpoint=replace(seen.endpoint, status=status)))
    assert decision.actions == ()
    assert decision.entries == ()


@pytest.mark.parametrize("status", [EndpointStatus.UPDATING, EndpointStatus.ROLLING_BACK])
def test_a_rollout_that_is_still_wanted_is_waited_for(status: EndpointStatus) -> None:
    decision = decided_on(in_flight(status))
    assert decision.actions == ()
    assert decision.entries == ()
    assert after(decision).phase is Phase.ROLLING
    assert decision.unsettled


def test_a_newer_approval_lets_the_rollout_finish() -> None:
    seen = in_flight()
    decision = decided_on(replace(seen, packages=(*seen.packages, package(3, at=NOW - 1))))
    assert told(decision) == ["decision"]
    assert decision.actions == ()


def test_rejecting_the_version_in_flight_trips_the_abort_alarm() -> None:
    decision = decided_on(reject(in_flight(), 2))
    assert names(decision) == ["TripAbort"]
    assert told(decision) == ["decision", "rollout.abort"]
    assert after(decision).phase is Phase.ABORTING


def test_setting_the_version_in_flight_back_to_pending_aborts_it() -> None:
    seen = changed(in_flight(), 2, approval=Approval.PENDING, modified=NOW - 1)
    assert names(decided_on(seen)) == ["TripAbort"]


def test_the_abort_is_told_once_and_tripped_until_it_is_seen() -> None:
    seen = reject(in_flight(), 2)
    record = after(decided_on(seen))
    again = decided_on(replace(seen, record=record))
    assert names(again) == ["TripAbort"]
    assert again.entries == ()
    assert not again.changed
    seen_tripped = replace(seen, record=record, alarms={abort_alarm(GROUP): AlarmState.ALARM})
    assert decided_on(seen_tripped).actions == ()


def test_while_traffic_goes_back_the_alarm_is_left_alone() -> None:
    seen = reject(in_flight(), 2)
    record = after(decided_on(seen))
    assert seen.endpoint is not None
    going_back = replace(seen.endpoint, status=EndpointStatus.ROLLING_BACK)
    assert decided_on(replace(seen, record=record, endpoint=going_back)).actions == ()


@pytest.mark.parametrize("version", [1, 3])
def test_rejecting_any_other_version_aborts_nothing(version: int) -> None:
    seen = in_flight()
    seen = replace(seen, packages=(*seen.packages, package(3, at=START + 10)))
    assert decided_on(reject(seen, version)).actions == ()


def test_a_version_rejected_while_its_endpoint_is_created_goes_when_the_endpoint_is_free() -> None:
    version = package(1)
    creating = an_endpoint(placed(version, live_at=None).config, EndpointStatus.CREATING)
    seen = replace(rolling_to(Seen(a_record()), version, endpoint_modified=None), endpoint=creating)
    decision = decided_on(reject(seen, 1))
    assert decision.actions == ()
    assert told(decision) == ["decision"]
    created = replace(creating, status=EndpointStatus.IN_SERVICE)
    end = decided_on(replace(reject(seen, 1), record=after(decision), endpoint=created))
    assert told(end) == ["rollout.succeeded", "withdrawn"]


def test_a_way_back_is_never_aborted() -> None:
    """Aborting it would lead back to the version it leads away from."""
    seen = in_flight(direction=Direction.BACKWARD)
    assert decided_on(reject(seen, 2)).actions == ()


def test_a_changed_spec_of_a_version_that_is_rejected_is_aborted() -> None:
    seen = in_flight(direction=Direction.RESPEC)
    assert names(decided_on(reject(seen, 2))) == ["TripAbort"]


def test_deleting_the_version_in_flight_from_the_registry_aborts_nothing() -> None:
    seen = in_flight()
    decision = decided_on(replace(seen, packages=(package(1),)))
    assert told(decision) == ["decision"]
    assert decision.actions == ()


def test_a_rollout_that_aws_refused_is_not_what_makes_the_endpoint_busy() -> None:
    """Autoscaling is: there is nothing to abort, and tripping the alarm would only delay the next rollout."""
    seen = in_flight(held=True)
    assert seen.endpoint is not None
    scaling = replace(seen, endpoint=replace(seen.endpoint, pending_config=None))
    decision = decided_on(reject(scaling, 2))
    assert decision.actions == ()
    assert told(decision) == ["decision"]


def test_a_rollout_seen_in_flight_has_begun_whatever_aws_answered() -> None:
    decision = decided_on(in_flight(held=True))
    rollout = after(decision).rollout
    assert rollout is not None
    assert not rollout.held


def test_approving_again_while_the_abort_runs_starts_anew_afterwards_without_an_abort() -> None:
    rejected = reject(in_flight(), 2)
    record = after(decided_on(rejected))
    approved = changed(rejected, 2, approval=Approval.APPROVED, modified=NOW)
    still_aborting = decided_on(
        replace(approved, record=record, alarms={abort_alarm(GROUP): AlarmState.ALARM})
    )
    assert still_aborting.actions == ()
    assert approved.endpoint is not None
    back = replace(approved.endpoint, status=EndpointStatus.IN_SERVICE)
    decision = decided_on(replace(approved, record=after(still_aborting), endpoint=back))
    assert told(decision) == ["rollout.aborted", "rollout.started"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.abort_at is None


@pytest.mark.parametrize(
    ("failure", "waits"), [(f"alarms went into ALARM state: {abort_alarm(GROUP)}", False), (None, True)]
)
def test_an_alarm_that_nobody_saw_go_off_is_waited_for_unless_sagemaker_says_it_did(
    failure: str | None, *, waits: bool
) -> None:
    seen = reject(in_flight(), 2)
    v3 = package(3, at=NOW - 1)
    record = after(decided_on(replace(seen, packages=(*seen.packages, v3))))
    assert seen.endpoint is not None
    back = replace(seen.endpoint, status=EndpointStatus.IN_SERVICE, pending_config=None, failure=failure)
    decision = decided_on(replace(seen, record=record, packages=(*seen.packages, v3), endpoint=back))
    assert ("rollout.started" in told(decision)) is not waits


def test_an_abort_that_came_too_late_does_not_stop_the_next_rollout() -> None:
    """v2 went live before its abort took hold; the alarm, OK as yet, may go off in the middle of v3's rollout."""
    seen = reject(in_flight(), 2)
    v3 = package(3, at=NOW - 1)
    record = after(decided_on(replace(seen, packages=(*seen.packages, v3))))
    assert record.rollout is not None
    serving = replace(an_endpoint(record.rollout.config), modified=AFTER)
    ended = replace(seen, record=record, packages=(*seen.packages, v3), endpoint=serving)
    waiting = decided_on(ended)
    assert (after(waiting).phase, names(waiting)) == (Phase.WAITING, ["ClearAbort"])
    assert "may go off yet" in waiting.reason
    later = decided_on(replace(ended, record=after(waiting), now=NOW + ECHO))
    assert told(later) == ["rollout.started"]


def test_a_rollout_repeated_after_all_carries_no_old_abort() -> None:
    seen = in_flight(abort_at=NOW - 50, held=True)
    assert seen.endpoint is not None
    free = replace(seen.endpoint, status=EndpointStatus.IN_SERVICE, pending_config=None)
    rollout = after(decided_on(having(replace(seen, endpoint=free)))).rollout
    assert rollout is not None
    assert rollout.abort_at is None
