"""What becomes of a group when AWS refuses an action."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateEndpoint, CreateModel, DeletePlacement, UpdateEndpoint
from lambdas.core.errors import (
    Busy,
    Conflict,
    Denied,
    Gone,
    GreenlightError,
    NotReady,
    QuotaExceeded,
    Refused,
    Throttled,
)
from lambdas.core.record import Approval, Direction, Phase, Record
from lambdas.core.setback import setback
from lambdas.core.turn import Decision
from tests.builders import (
    NOW,
    START,
    Seen,
    after,
    ask,
    changed,
    decided_on,
    live_on,
    names,
    package,
    placed,
    told,
)

V1, V2 = package(1), package(2)


def refused(seen: Seen, kind: type, error: GreenlightError) -> Decision | None:
    """The outcome when AWS answers the first action of a kind with an error."""
    decision, facts = ask(seen)
    assert decision.record is not None
    action = next(a for a in decision.actions if isinstance(a, kind))
    return setback(facts, decision.record, action, error)


def outcome(seen: Seen, kind: type, error: GreenlightError) -> Decision:
    found = refused(seen, kind, error)
    assert found is not None
    return found


def record_after(seen: Seen, kind: type, error: GreenlightError) -> Record:
    return after(outcome(seen, kind, error))


@pytest.mark.parametrize("error", [QuotaExceeded("quota of 0 instances"), NotReady("not visible yet")])
def test_what_aws_cannot_do_yet_is_said_and_tried_again(error: GreenlightError) -> None:
    seen = live_on(V1, V2)
    decision = outcome(seen, UpdateEndpoint, error)
    record = after(decision)
    assert told(decision) == ["waiting"]
    assert record.phase is Phase.WAITING
    assert str(error) in record.reason
    assert decision.unsettled
    again = decided_on(replace(seen, record=record))
    assert again.entries == ()
    assert names(again)[-1] == "UpdateEndpoint"


def test_waiting_for_the_same_is_told_once() -> None:
    seen = live_on(V1, V2)
    error = QuotaExceeded("quota of 0 instances")
    record = record_after(seen, UpdateEndpoint, error)
    assert told(outcome(replace(seen, record=record), UpdateEndpoint, error)) == []


def test_what_waits_gives_way_when_it_is_rejected() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, UpdateEndpoint, QuotaExceeded("quota of 0 instances"))
    decision = decided_on(changed(replace(seen, record=record), 2, approval=Approval.REJECTED, modified=NOW))
    assert told(decision) == ["decision", "rollout.superseded"]


def test_denied_blocks_and_points_to_the_runbook() -> None:
    decision = outcome(live_on(V1, V2), CreateModel, Denied("may not pass the role"))
    record = after(decision)
    assert told(decision) == ["blocked"]
    assert record.phase is Phase.BLOCKED
    assert "See the runbook, 'Denied'" in record.reason
    assert record.versions[2].failed is None
    assert record.rollout is not None
    assert record.rollout.held


def test_a_refused_version_failed_and_the_next_step_follows_at_once() -> None:
    decision = outcome(live_on(V1, V2), CreateModel, Refused("image is in another region"))
    record = after(decision)
    assert told(decision) == ["rollout.failed"]
    assert record.versions[2].failed == "image is in another region"
    assert record.rollout is None
    assert decision.again


def test_a_refused_changed_spec_is_not_the_versions_fault() -> None:
    spec = live_on(V1).spec
    assert spec is not None
    bigger = replace(spec, endpoint=replace(spec.endpoint, instance_type="ml.made.up"))
    seen = replace(live_on(V1), spec=bigger, spec_is_read=True)
    record = record_after(seen, UpdateEndpoint, Refused("no such instance type"))
    assert record.versions[1].failed is None
    assert record.refused == placed(V1, bigger, live_at=None).config


def test_a_kept_config_that_is_gone_is_made_anew() -> None:
    seen = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision = outcome(seen, UpdateEndpoint, Gone("config is gone"))
    record = after(decision)
    assert told(decision) == ["rollout.superseded"]
    assert decision.again
    assert record.versions[1].failed is None
    again = decided_on(replace(seen, record=record))
    assert names(again) == ["CreateModel", "CreateConfig", "UpdateEndpoint"]
    rollout = after(again).rollout
    assert rollout is not None
    assert rollout.version == 1


def test_a_live_config_that_is_gone_with_its_endpoint_is_made_anew() -> None:
    seen = replace(live_on(V1), endpoint=None)
    record = record_after(seen, CreateEndpoint, Gone("config is gone"))
    assert names(decided_on(replace(seen, record=record)))[0] == "CreateModel"


def test_a_way_back_whose_config_is_gone_still_leads_to_that_version_not_to_one_that_never_was_live() -> None:
    never_live = package(3, at=V1.modified + 50)
    seen = live_on(V2, V1, never_live, kept=(placed(V1, live_at=START + 150),))
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    record = record_after(seen, UpdateEndpoint, Gone("config is gone"))
    again = after(decided_on(replace(seen, record=record))).rollout
    assert again is not None
    assert (again.version, again.direction) == (1, Direction.BACKWARD)


def test_what_is_made_anew_must_be_what_was_approved() -> None:
    seen = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    record = record_after(seen, UpdateEndpoint, Gone("config is gone"))
    edited = changed(seen, 1, containers=(replace(V1.containers[0], image="scorer:evil"),))
    decision = decided_on(replace(edited, record=record))
    assert decision.actions == ()
    assert "content changed" in decision.reason


@pytest.mark.parametrize("error", [Throttled("slow down"), Conflict("changed")])
def test_other_transient_errors_are_nobodys_news(error: GreenlightError) -> None:
    assert refused(live_on(V1, V2), UpdateEndpoint, error) is None


def test_an_endpoint_taken_by_another_operation_has_not_begun_our_rollout() -> None:
    """Autoscaling came between our look and our call; when it ends the endpoint has changed, but v2 did not fail."""
    seen = live_on(V1, V2)
    decision = outcome(seen, UpdateEndpoint, Busy("cannot update in-progress endpoint"))
    assert told(decision) == []
    record = after(decision)
    assert record.rollout is not None
    assert record.rollout.held
    assert decision.again, "whether it is our own earlier try shows only while the endpoint is busy"
    assert seen.endpoint is not None
    scaled = replace(seen.endpoint, modified=NOW - 1)
    again = decided_on(replace(seen, record=record, endpoint=scaled))
    assert names(again)[-1] == "UpdateEndpoint"
    assert after(again).versions[2].failed is None


@pytest.mark.parametrize("error", [Refused("still in use"), Gone("no such"), Denied("may not delete")])
def test_an_error_outside_of_rollouts_blocks_and_is_told_once(error: GreenlightError) -> None:
    seen = live_on(V1, kept=(placed(V2, live_at=None),))
    decision = outcome(seen, DeletePlacement, error)
    assert told(decision) == ["blocked"]
    record = after(decision)
    assert record.phase is Phase.BLOCKED
    assert record.kept == (seen.record.kept if seen.record else ())
    again = outcome(replace(seen, record=record), DeletePlacement, error)
    assert told(again) == []
    assert after(again).phase is Phase.BLOCKED


def test_a_refused_way_back_fails_the_version_it_leads_to() -> None:
    seen = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision = outcome(seen, UpdateEndpoint, Refused("model is gone"))
    record = after(decision)
    assert record.versions[1].failed == "model is gone"
    assert Direction.BACKWARD.value in told_reason(seen)


def told_reason(seen: Seen) -> str:
    return decided_on(seen).events[-1].reason
