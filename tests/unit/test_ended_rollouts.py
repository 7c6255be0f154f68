"""Rules 5 and 6: what became of a rollout is read from the endpoint, never assumed."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateEndpoint, UpdateEndpoint
from lambdas.core.facts import EndpointStatus
from lambdas.core.moves import LONGEST_LOOK
from lambdas.core.record import Approval, Direction, Pause, Phase
from lambdas.core.spec import Withdrawal
from tests.builders import (
    AFTER,
    NOW,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint,
    an_endpoint_spec,
    changed,
    decided_as,
    decided_on,
    having,
    known,
    live_on,
    names,
    only,
    package,
    placed,
    rolling_to,
    told,
)

V1, V2 = package(1), package(2)
C1, C2 = placed(V1, live_at=None).config, placed(V2, live_at=None).config


def ended(config: str, seen: Seen | None = None, **rollout: object) -> Seen:
    """v1 was live, v2 was rolled out, and the endpoint is InService again on `config`."""
    seen = rolling_to(seen or live_on(V1), V2, **rollout)
    return replace(seen, endpoint=an_endpoint(config, modified=AFTER))


def test_a_rollout_succeeded_when_the_endpoint_serves_the_config_asked_for() -> None:
    decision = decided_on(ended(C2))
    assert told(decision) == ["rollout.succeeded"]
    record = after(decision)
    assert record.live == C2
    assert record.rollout is None
    live = record.live_placement()
    assert live is not None
    assert live.live_at == NOW
    assert record.phase is Phase.SETTLED


def test_in_service_on_the_old_config_is_a_failure() -> None:
    decision = decided_on(ended(C1))
    assert told(decision) == ["rollout.failed"]
    record = after(decision)
    assert record.live == C1
    assert record.versions[2].failed == "SageMaker rolled it back and gives no reason"


def test_the_reason_that_sagemaker_gives_is_told() -> None:
    seen = ended(C1)
    assert seen.endpoint is not None
    decision = decided_on(replace(seen, endpoint=replace(seen.endpoint, failure="alarm tripped")))
    assert decision.events[0].reason == "v2: alarm tripped"


def test_a_failed_version_is_not_tried_again() -> None:
    seen = ended(C1)
    record = after(decided_on(seen))
    decision = decided_on(replace(seen, record=record))
    assert not decision.changed
    assert decision.actions == ()


def test_a_failed_version_approved_again_is_tried_again_on_a_config_of_its_own() -> None:
    seen = ended(C1)
    record = after(decided_on(seen))
    again = changed(replace(seen, record=record), 2, approval=Approval.REJECTED, modified=NOW)
    record = after(decided_on(again))
    decision = decided_on(
        changed(replace(again, record=record), 2, approval=Approval.APPROVED, modified=NOW + 1)
    )
    update = only(decision.actions, UpdateEndpoint)
    assert update.config != C2
    assert names(decision) == ["DeletePlacement"] * 0 + ["CreateModel", "CreateConfig", "UpdateEndpoint"]


def test_after_a_failure_the_next_younger_approval_goes() -> None:
    seen = ended(C1, live_on(V1, package(3, at=V1.modified + 50)))
    decision = decided_on(seen)
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 3


def test_a_rollout_that_aws_never_took_up_is_started_again_without_a_second_entry() -> None:
    seen = rolling_to(live_on(V1), V2)
    decision = decided_on(seen)
    assert decision.entries == ()
    assert names(decision) == ["CreateModel", "CreateConfig", "UpdateEndpoint"]
    begun = seen.record.rollout if seen.record else None
    assert begun is not None
    assert after(decision).rollout == replace(begun, asked_at=NOW)


def test_a_rollout_that_was_refused_for_now_is_started_again_although_the_endpoint_changed() -> None:
    seen = ended(C1, held=True)
    decision = decided_on(seen)
    assert decision.entries == ()
    assert names(decision)[-1] == "UpdateEndpoint"
    rollout = after(decision).rollout
    assert rollout is not None
    assert (rollout.held, rollout.endpoint_modified) == (False, AFTER)


def test_a_rollout_that_never_started_is_dropped_when_its_version_is_rejected() -> None:
    seen = changed(rolling_to(live_on(V1), V2), 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision = decided_on(seen)
    assert told(decision) == ["decision", "rollout.superseded"]
    assert "UpdateEndpoint" not in names(decision)
    assert after(decision).rollout is None


def test_a_rollout_that_never_started_gives_way_to_a_newer_approval() -> None:
    seen = rolling_to(live_on(V1), V2)
    decision = decided_on(replace(seen, packages=(*seen.packages, package(3, at=NOW - 1))))
    assert told(decision) == ["decision", "rollout.superseded", "rollout.started"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 3


@pytest.mark.parametrize("then", ["rejected", "overtaken", "paused"])
def test_a_rollout_that_another_look_may_be_starting_yet_is_not_given_up(then: str) -> None:
    seen = rolling_to(live_on(V1), V2, asked_at=NOW - LONGEST_LOOK + 1)
    if then == "rejected":
        seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    elif then == "overtaken":
        seen = replace(seen, packages=(*seen.packages, package(3, at=NOW - 1)))
    else:
        seen = having(seen, pause=Pause("audit"))
    decision = decided_on(seen)
    record = after(decision)
    assert (record.phase, names(decision), decision.unsettled) == (Phase.WAITING, [], True)
    assert record.rollout == (seen.record.rollout if seen.record else None)
    later = replace(seen, record=record, now=NOW + 1)
    assert "rollout.superseded" in told(decided_on(later))


def test_a_rollout_that_aws_said_no_to_gives_way_at_once() -> None:
    seen = rolling_to(live_on(V1), V2, asked_at=NOW, held=True)
    decision = decided_on(replace(seen, packages=(*seen.packages, package(3, at=NOW - 1))))
    assert told(decision) == ["decision", "rollout.superseded", "rollout.started"]


def test_an_aborted_rollout_is_told_with_the_seconds_it_took_and_its_version_did_not_fail() -> None:
    rejected = package(2, approval=Approval.REJECTED, at=NOW - 40)
    seen = decided_as(
        ended(C1, abort_at=NOW - 30), 2, approval=Approval.REJECTED, at=NOW - 40, reason="", by=None
    )
    decision = decided_on(replace(seen, packages=(V1, rejected)))
    assert told(decision) == ["rollout.aborted"]
    assert decision.events[0].data["seconds_from_rejection"] == 40
    assert after(decision).versions[2].failed is None


def test_the_way_back_tells_how_long_the_rejected_version_took_traffic() -> None:
    seen = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    rejected = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 90)
    begun = replace(rejected, record=after(decided_on(rejected)))
    decision = decided_on(replace(begun, endpoint=an_endpoint(C1, modified=NOW)))
    (success,) = [event for event in decision.events if event.kind == "rollout.succeeded"]
    assert success.data["seconds_from_rejection"] == 90.0


def test_an_abort_that_came_too_late_ends_in_success_and_the_way_back() -> None:
    rejected = package(2, approval=Approval.REJECTED, at=NOW - 40)
    seen = decided_as(ended(C2, abort_at=NOW - 30), 2, approval=Approval.REJECTED, at=NOW - 40)
    decision = decided_on(replace(seen, packages=(V1, rejected)))
    assert told(decision) == ["rollout.succeeded", "rollout.started"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert (rollout.version, rollout.direction) == (1, Direction.BACKWARD)


def test_a_changed_spec_that_failed_is_blamed_on_the_spec_and_not_tried_again() -> None:
    bigger = a_spec(endpoint=replace(a_spec().endpoint, instance_type="ml.m5.xlarge"))
    respec = placed(V1, bigger, live_at=None)
    seen = replace(having(live_on(V1), spec=bigger), spec=bigger)
    seen = rolling_to(seen, V1, placement=respec, direction=Direction.RESPEC)
    back = replace(seen, endpoint=an_endpoint(C1, modified=AFTER))
    decision = decided_on(back)
    record = after(decision)
    assert told(decision) == ["rollout.failed"]
    assert record.versions[1].failed is None
    assert record.refused == respec.config
    assert record.phase is Phase.SETTLED
    assert decided_on(replace(back, record=record)).actions == ()


def test_an_endpoint_deleted_under_a_rollout_is_made_anew_with_what_is_wanted() -> None:
    seen = replace(rolling_to(live_on(V1), V2), endpoint=None)
    decision = decided_on(seen)
    assert told(decision) == ["rollout.superseded", "rollout.started"]
    assert names(decision)[-1] == "CreateEndpoint"
    assert only(decision.actions, CreateEndpoint).config == C2


def test_a_creation_that_never_began_is_repeated_without_a_second_entry() -> None:
    seen = rolling_to(Seen(a_record()), V1, endpoint_modified=None)
    decision = decided_on(seen)
    assert decision.entries == ()
    assert names(decision) == ["CreateModel", "CreateConfig", "ClearAbort", "CreateEndpoint"]


def failed_endpoint(seen: Seen, config: str) -> Seen:
    return replace(seen, endpoint=an_endpoint(config, EndpointStatus.FAILED, failure="no such image"))


def test_an_endpoint_that_failed_to_be_made_fails_its_version_and_waits_for_another() -> None:
    seen = failed_endpoint(rolling_to(Seen(a_record()), V1, endpoint_modified=None), C1)
    decision = decided_on(seen)
    assert told(decision) == ["rollout.failed", "withdrawn"]
    assert after(decision).versions[1].failed == "no such image"
    assert decision.actions == ()
    assert decided_on(replace(seen, record=after(decision))).entries == ()


def test_a_failed_endpoint_is_deleted_and_made_with_the_next_candidate() -> None:
    seen = rolling_to(Seen(a_record(), (package(3, at=V1.modified - 10),)), V1, endpoint_modified=None)
    seen = decided_with(failed_endpoint(seen, C1), 3)
    decision = decided_on(seen)
    assert names(decision) == ["DeleteEndpoint"]
    gone = replace(seen, record=after(decision), endpoint=None)
    made = decided_on(gone)
    rollout = after(made).rollout
    assert rollout is not None
    assert rollout.version == 3
    assert names(made)[-1] == "CreateEndpoint"


def decided_with(seen: Seen, version: int) -> Seen:
    """The decision about a version is already on record."""
    detail = next(p for p in seen.packages if p.version == version)
    assert seen.record is not None
    return replace(
        seen, record=replace(seen.record, versions={**a_record(detail).versions, **seen.record.versions})
    )


def test_a_failed_endpoint_fails_the_version_that_was_live_and_its_predecessor_returns() -> None:
    live = live_on(V2, V1, kept=(placed(V1, live_at=NOW - 90_000),))
    seen = failed_endpoint(live, C2)
    decision = decided_on(seen)
    assert told(decision) == ["version.failed"]
    assert names(decision) == ["DeleteEndpoint"]
    made = decided_on(replace(seen, record=after(decision), endpoint=None))
    assert only(made.actions, CreateEndpoint).config == C1
    assert names(made) == ["ClearAbort", "CreateEndpoint"]


def test_a_failed_endpoint_is_noted_once_however_often_it_is_seen() -> None:
    seen = failed_endpoint(live_on(V2, V1, kept=(placed(V1, live_at=NOW - 90_000),)), C2)
    record = after(decided_on(seen))
    again = decided_on(replace(seen, record=record))
    assert again.entries == ()
    assert names(again) == ["DeleteEndpoint"]
    assert after(again).versions[1].failed is None


@pytest.mark.parametrize("direction", [Direction.FORWARD, Direction.BACKWARD])
def test_the_time_of_the_decision_goes_with_the_version_that_went_live(direction: Direction) -> None:
    record = after(decided_on(ended(C2, direction=direction, decided_at=NOW - 3000)))
    live = record.live_placement()
    assert live is not None
    assert live.decided_at == NOW - 3000


# --- what is not the version's ---------------------------------------------------------------------------

NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
NO_ROLE = 'The execution role ARN "r" is invalid. Please ensure that the role exists.'


def gave_up(seen: Seen, reason: str) -> Seen:
    """The endpoint went back to what it served before, for a reason of AWS."""
    assert seen.endpoint is not None
    return replace(seen, endpoint=replace(seen.endpoint, failure=reason))


def test_without_capacity_a_rollout_waits_and_is_tried_again_ever_more_seldom() -> None:
    seen = gave_up(ended(C1), NO_CAPACITY)
    for minutes in (5, 10, 20, 40, 60, 60):
        decision = decided_on(seen)
        assert told(decision) == ["rollout.failed", "waiting"]
        assert decision.events[0].data["blame"] == "capacity"
        record = after(decision)
        assert record.versions[2].failed is None
        assert record.phase is Phase.WAITING
        assert f"it is tried again after {minutes} min" in record.reason
        waiting = decided_on(replace(seen, record=record, now=seen.now + minutes * 60 - 1))
        assert told(waiting) == []
        again = decided_on(replace(seen, record=record, now=seen.now + minutes * 60))
        rollout = after(again).rollout
        assert rollout is not None
        assert rollout.version == 2
        seen = replace(
            seen,
            record=after(again),
            now=seen.now + minutes * 60 + 100,
            endpoint=replace(an_endpoint(C1, modified=seen.now + minutes * 60 + 50), failure=NO_CAPACITY),
        )


def test_a_version_that_succeeds_after_waiting_leaves_nothing_behind() -> None:
    seen = gave_up(ended(C1), NO_CAPACITY)
    again = decided_on(replace(seen, record=after(decided_on(seen)), now=NOW + 400))
    served = replace(seen, record=after(again), now=NOW + 900, endpoint=an_endpoint(C2, modified=NOW + 800))
    record = after(decided_on(served))
    assert record.live == C2
    assert record.refusals == {}


def test_what_waits_for_capacity_gives_way_to_a_later_approval_and_not_to_an_earlier_one() -> None:
    earlier = package(1, at=START + 1)
    fresh = rolling_to(Seen(a_record(earlier, V2), (earlier, V2)), V2, endpoint_modified=None)
    failed = an_endpoint(C2, EndpointStatus.FAILED, modified=AFTER, failure=NO_CAPACITY)
    record = after(decided_on(replace(fresh, endpoint=failed)))
    assert record.versions[2].failed is None
    gone = replace(fresh, record=record, endpoint=None, now=NOW + 30)
    waiting = after(decided_on(gone))
    assert (waiting.phase, waiting.rollout) == (Phase.WAITING, None)
    later = package(3, at=NOW)
    newer = after(decided_on(replace(gone, packages=(earlier, V2, later)))).rollout
    assert newer is not None
    assert newer.version == 3


def test_a_role_that_had_not_spread_is_waited_for_and_then_needs_somebody() -> None:
    seen = gave_up(ended(C1), NO_ROLE)
    record = after(decided_on(seen))
    assert record.phase is Phase.WAITING
    assert record.versions[2].failed is None
    again = decided_on(replace(seen, record=record, now=NOW + 60))
    late = replace(
        seen,
        record=after(again),
        now=NOW + 700,
        endpoint=replace(an_endpoint(C1, modified=NOW + 650), failure=NO_ROLE),
    )
    record = after(decided_on(late))
    assert record.phase is Phase.BLOCKED
    assert record.versions[2].failed is None
    assert "See the runbook, 'Denied'" in record.reason


def test_a_way_back_without_capacity_never_fails_what_was_good() -> None:
    good = placed(V1, live_at=START + 150)
    seen = live_on(V2, kept=(good,))
    seen = changed(replace(seen, packages=(V1, V2)), 2, approval=Approval.REJECTED, modified=NOW - 700)
    seen = having(seen, versions={1: known(V1), 2: replace(known(V2), approval=Approval.REJECTED)})
    seen = rolling_to(seen, V1, placement=good, direction=Direction.BACKWARD)
    seen = replace(seen, endpoint=an_endpoint(C2, modified=AFTER, failure=NO_CAPACITY))
    record = after(decided_on(seen))
    assert record.versions[1].failed is None
    assert record.phase is Phase.WAITING
    assert record.placement(C1) is not None
    again = after(decided_on(replace(seen, record=record, now=NOW + 300))).rollout
    assert again is not None
    assert (again.version, again.direction) == (1, Direction.BACKWARD)


def test_what_waits_does_not_have_the_endpoint_withdrawn() -> None:
    good = placed(V1, live_at=START + 150)
    spec = a_spec(withdrawal=Withdrawal.DELETE)
    seen = live_on(V2, spec=spec, kept=(good,))
    seen = having(seen, versions={1: known(V1), 2: replace(known(V2), approval=Approval.REJECTED)})
    seen = changed(replace(seen, packages=(V1, V2)), 2, approval=Approval.REJECTED, modified=NOW - 700)
    seen = rolling_to(seen, V1, placement=good, direction=Direction.BACKWARD)
    seen = replace(seen, endpoint=an_endpoint(C2, modified=AFTER, failure=NO_CAPACITY))
    decision = decided_on(seen)
    assert "DeleteEndpoint" not in names(decision)
    assert decision.unsettled


def test_a_live_endpoint_that_fails_for_want_of_capacity_is_made_anew_with_the_same_version() -> None:
    seen = live_on(V1)
    failed = replace(seen, endpoint=an_endpoint(C1, EndpointStatus.FAILED, failure=NO_CAPACITY))
    decision = decided_on(failed)
    assert names(decision)[-1] == "DeleteEndpoint"
    assert after(decision).versions[1].failed is None
    again = after(decided_on(replace(failed, record=after(decision), endpoint=None))).rollout
    assert again is not None
    assert again.version == 1


def test_a_changed_spec_that_meets_no_capacity_is_tried_again_and_not_refused() -> None:
    spec = a_spec(endpoint=an_endpoint_spec(instance_type="ml.p5.48xlarge"))
    seen = having(live_on(V1), spec=spec)
    placement = placed(V1, spec, live_at=None)
    seen = rolling_to(replace(seen, spec=spec), V1, placement=placement, direction=Direction.RESPEC)
    seen = replace(seen, endpoint=an_endpoint(C1, modified=AFTER, failure=NO_CAPACITY))
    record = after(decided_on(seen))
    assert record.refused is None
    assert record.phase is Phase.WAITING
    again = after(decided_on(replace(seen, record=record, now=NOW + 300))).rollout
    assert again is not None
    assert again.direction is Direction.RESPEC
