"""Rule 3: a pause or a freeze window holds what moves forward; what happened is recorded all the same."""

from dataclasses import replace

import pytest

from lambdas.core.facts import EndpointStatus
from lambdas.core.record import Approval, Pause, Phase
from lambdas.core.spec import Freeze, Withdrawal
from tests.builders import (
    NOW,
    START,
    Seen,
    a_record,
    a_spec,
    after,
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

FROZEN = a_spec(freeze=(Freeze(NOW - 10, NOW + 10, "end of the quarter"),))
PAUSED = Pause("incident 7")
V1, V2, V3 = package(1), package(2), package(3)


def rejected_live(**changes: object) -> Seen:
    """v2 is live and was just rejected; v1 was live and good before."""
    seen = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),), **changes)  # type: ignore[arg-type] # passed on
    return changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)


def test_while_paused_a_new_approval_is_recorded_and_waits() -> None:
    seen = having(live_on(V1), pause=PAUSED)
    decision = decided_on(replace(seen, packages=(V1, V2)))
    assert told(decision) == ["decision", "paused"]
    assert decision.actions == ()
    assert "incident 7" in decision.reason
    assert decision.unsettled


def test_in_a_freeze_window_a_new_approval_waits() -> None:
    decision = decided_on(live_on(V1, V2, spec=FROZEN))
    assert decision.actions == ()
    assert "end of the quarter" in decision.reason


@pytest.mark.parametrize("now", [NOW - 11, NOW + 10])
def test_outside_the_freeze_window_it_goes(now: float) -> None:
    assert names(decided_on(live_on(V1, V2, spec=FROZEN, now=now)))[-1] == "UpdateEndpoint"


def test_a_pause_ends_by_itself_when_it_was_given_an_end() -> None:
    over = having(live_on(V1, V2), pause=Pause("incident 7", until=NOW))
    assert names(decided_on(over))[-1] == "UpdateEndpoint"


def test_a_paused_group_is_told_once() -> None:
    seen = having(live_on(V1, V2), pause=PAUSED)
    assert decided_on(replace(seen, record=after(decided_on(seen)))).entries == ()


def test_what_is_settled_stays_settled_while_paused() -> None:
    decision = decided_on(having(live_on(V1), pause=PAUSED))
    assert after(decision).phase is Phase.SETTLED


def test_a_rejected_live_version_goes_back_although_the_group_is_paused() -> None:
    assert names(decided_on(having(rejected_live(), pause=PAUSED))) == ["UpdateEndpoint"]


def test_a_rejected_live_version_goes_back_although_the_group_is_frozen() -> None:
    assert names(decided_on(rejected_live(spec=FROZEN))) == ["UpdateEndpoint"]


def test_a_pause_may_hold_the_way_back_too() -> None:
    decision = decided_on(having(rejected_live(), pause=Pause("evidence is taken", rollbacks=False)))
    assert decision.actions == ()
    assert after(decision).phase is Phase.PAUSED


def test_a_waiting_newer_approval_does_not_hold_the_way_back() -> None:
    seen = having(rejected_live(), pause=PAUSED)
    seen = replace(seen, packages=(*seen.packages, V3))
    decision = decided_on(seen)
    assert names(decision) == ["UpdateEndpoint"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 1


def test_a_rollout_that_never_started_is_dropped_by_a_pause_and_starts_anew_after_it() -> None:
    seen = having(rolling_to(live_on(V1), V2), pause=PAUSED)
    decision = decided_on(seen)
    assert told(decision) == ["rollout.superseded", "paused"]
    resumed = decided_on(replace(seen, record=replace(after(decision), pause=None)))
    assert told(resumed) == ["rollout.started"]


def test_the_first_creation_waits_too() -> None:
    seen = Seen(a_record(V1, pause=PAUSED), (V1,))
    decision = decided_on(seen)
    assert decision.actions == ()
    assert after(decision).phase is Phase.PAUSED


def test_the_endpoint_of_a_withdrawn_version_is_not_deleted_while_paused() -> None:
    spec = a_spec(withdrawal=Withdrawal.DELETE)
    seen = changed(live_on(V1, spec=spec), 1, approval=Approval.REJECTED, modified=NOW - 1)
    decision = decided_on(having(seen, pause=PAUSED))
    assert decision.actions == ()
    assert after(decision).phase is Phase.PAUSED


HELD_ENTIRELY = Pause("incident 8", rollbacks=False)


def rejected_in_flight(pause: Pause) -> Seen:
    """v2 is on its way, and was just rejected, in a paused group."""
    seen = having(rolling_to(live_on(V1, V2), V2), pause=pause)
    assert seen.endpoint is not None
    busy = replace(seen.endpoint, status=EndpointStatus.UPDATING)
    return changed(replace(seen, endpoint=busy), 2, approval=Approval.REJECTED, modified=NOW - 1)


def test_a_version_rejected_in_flight_is_aborted_although_the_group_is_paused() -> None:
    assert names(decided_on(rejected_in_flight(PAUSED))) == ["TripAbort"]


def test_a_pause_that_holds_the_way_back_holds_the_abort_too() -> None:
    decision = decided_on(rejected_in_flight(HELD_ENTIRELY))
    assert decision.actions == ()
    assert told(decision) == ["decision"]


def failed_while_paused(pause: Pause) -> Seen:
    """v2's endpoint failed; v1 was live and good before."""
    seen = having(live_on(V2, V1, kept=(placed(V1, live_at=START + 150),)), pause=pause)
    assert seen.endpoint is not None
    return replace(seen, endpoint=replace(seen.endpoint, status=EndpointStatus.FAILED, failure="no disk"))


def test_a_failed_endpoint_is_replaced_by_what_was_good_although_the_group_is_paused() -> None:
    assert names(decided_on(failed_while_paused(PAUSED))) == ["DeleteEndpoint"]


def test_a_pause_that_holds_the_way_back_leaves_a_failed_endpoint_as_it_is() -> None:
    decision = decided_on(failed_while_paused(HELD_ENTIRELY))
    assert decision.actions == ()
    assert told(decision) == ["version.failed", "paused"]
    assert "incident 8" in decision.reason
