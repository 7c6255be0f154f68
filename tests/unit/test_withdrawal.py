"""Rule 10: the live version is rejected and nothing good is left."""

from dataclasses import replace

import pytest

from lambdas.core.actions import DeleteEndpoint
from lambdas.core.record import Approval, Direction, Phase
from lambdas.core.spec import Withdrawal
from tests.builders import (
    GROUP,
    NOW,
    Seen,
    a_spec,
    after,
    an_endpoint_spec,
    changed,
    decided_as,
    decided_on,
    live_on,
    names,
    only,
    package,
    told,
)

V1 = package(1)
DELETE = a_spec(withdrawal=Withdrawal.DELETE)
AGAINST = [Approval.REJECTED, Approval.PENDING]


def rejected(seen: Seen, approval: Approval = Approval.REJECTED) -> Seen:
    return changed(seen, 1, approval=approval, modified=NOW - 1)


@pytest.mark.parametrize("approval", AGAINST)
def test_by_default_it_serves_on_and_is_said(approval: Approval) -> None:
    decision = decided_on(rejected(live_on(V1), approval))
    assert decision.actions == ()
    assert told(decision) == ["decision", "withdrawn"]
    assert after(decision).phase is Phase.WITHDRAWN


def test_it_is_said_once() -> None:
    seen = rejected(live_on(V1))
    assert decided_on(replace(seen, record=after(decided_on(seen)))).entries == ()


@pytest.mark.parametrize("approval", AGAINST)
def test_the_endpoint_is_deleted_if_the_spec_says_so(approval: Approval) -> None:
    decision = decided_on(rejected(live_on(V1, spec=DELETE), approval))
    assert only(decision.actions, DeleteEndpoint) == DeleteEndpoint(GROUP)


def test_the_deletion_is_repeated_until_the_endpoint_is_gone() -> None:
    seen = rejected(live_on(V1, spec=DELETE))
    again = decided_on(replace(seen, record=after(decided_on(seen))))
    assert names(again) == ["DeleteEndpoint"]
    assert again.entries == ()


def test_when_the_endpoint_is_gone_nothing_is_live() -> None:
    seen = rejected(live_on(V1, spec=DELETE))
    record = after(decided_on(seen))
    gone = decided_on(replace(seen, record=record, endpoint=None))
    assert after(gone).live is None
    assert after(gone).phase is Phase.WITHDRAWN
    assert gone.actions == ()


def test_approving_again_after_a_deletion_makes_the_endpoint_again() -> None:
    seen = rejected(live_on(V1, spec=DELETE))
    record = after(decided_on(replace(seen, record=after(decided_on(seen)), endpoint=None)))
    approved = changed(
        replace(seen, record=record, endpoint=None), 1, approval=Approval.APPROVED, modified=NOW
    )
    assert names(decided_on(approved)) == ["ClearAbort", "CreateEndpoint"]


def test_what_never_was_good_is_not_restored_when_its_endpoint_is_gone_but_tried_anew() -> None:
    """It failed its smoke test, and was approved again under another spec: its old config is not that spec's."""
    spec = a_spec(endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    seen = replace(live_on(V1), endpoint=None, spec=spec, spec_is_read=True)
    record = seen.record
    assert record is not None
    unproven = replace(record, kept=tuple(replace(one, live_at=None) for one in record.kept))
    decision = decided_on(decided_as(replace(seen, record=unproven), 1, failures=1))
    rollout = after(decision).rollout
    assert rollout is not None
    assert (rollout.direction, rollout.config == record.live) == (Direction.FORWARD, False)
    assert names(decision) == ["CreateModel", "CreateConfig", "ClearAbort", "CreateEndpoint"]


def test_approving_again_while_it_serves_on_settles_it() -> None:
    seen = rejected(live_on(V1))
    record = after(decided_on(seen))
    approved = changed(replace(seen, record=record), 1, approval=Approval.APPROVED, modified=NOW)
    decision = decided_on(approved)
    assert after(decision).phase is Phase.SETTLED
    assert decision.actions == ()


def test_a_version_that_failed_but_was_not_rejected_is_never_deleted() -> None:
    decision = decided_on(decided_as(live_on(V1, spec=DELETE), 1, failed="alarm", failures=1))
    assert decision.actions == ()
    assert after(decision).phase is Phase.WITHDRAWN


def test_what_stands_in_the_way_of_another_version_is_said() -> None:
    unready = package(2, status="InProgress")
    decision = decided_on(rejected(live_on(V1, unready)))
    assert "it must be Completed" in decision.reason
