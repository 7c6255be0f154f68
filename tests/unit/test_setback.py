"""What becomes of a group when AWS refuses an action."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateConfig, CreateEndpoint, CreateModel, DeletePlacement, UpdateEndpoint
from lambdas.core.acts import Act
from lambdas.core.errors import (
    Busy,
    Conflict,
    Denied,
    Gone,
    GreenlightError,
    NotReady,
    Passing,
    QuotaExceeded,
    Refused,
    SpecRefused,
    Throttled,
    VersionRefused,
)
from lambdas.core.facts import VersionDetail
from lambdas.core.record import Approval, Direction, Phase, Record
from lambdas.core.refusals import LONGEST
from lambdas.core.setback import setback
from lambdas.core.turn import Decision
from tests.builders import (
    NOW,
    START,
    Seen,
    after,
    ask,
    changed,
    decided_as,
    decided_on,
    having,
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
    decision = outcome(live_on(V1, V2), CreateModel, VersionRefused("image is in another region"))
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


def leaving_v2(*others: VersionDetail) -> Seen:
    """v2 is live and was rejected; v1 was live before it."""
    seen = live_on(V2, V1, *others, kept=(placed(V1, live_at=START + 150),))
    return changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)


def later(seen: Seen, record: Record, seconds: float) -> Seen:
    return replace(seen, record=record, now=NOW + seconds)


def test_a_way_back_that_fails_by_its_own_content_fails_the_version_it_leads_to() -> None:
    seen = leaving_v2()
    decision = outcome(seen, UpdateEndpoint, VersionRefused("its image is gone"))
    record = after(decision)
    assert record.versions[1].failed == "its image is gone"
    assert Direction.BACKWARD.value in told_reason(seen)


# --- answers that are not the version's ------------------------------------------------------------------

PASSING = Passing("creating model m: ValidationException: Could not assume role r")


def test_what_passes_is_waited_for_and_made_again_soon_and_fails_nothing() -> None:
    seen = live_on(V1, V2)
    decision = outcome(seen, CreateModel, PASSING)
    record = after(decision)
    assert told(decision) == ["waiting"]
    assert record.phase is Phase.WAITING
    assert decision.soon
    assert decision.unsettled
    assert record.versions[2].failed is None
    again = decided_on(later(seen, record, 5))
    assert told(again) == []
    assert names(again)[0] == "CreateModel"


def test_what_has_not_passed_after_ten_minutes_needs_somebody_and_fails_nothing() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, CreateModel, PASSING)
    waiting = outcome(later(seen, record, LONGEST - 1), CreateModel, PASSING)
    assert told(waiting) == []
    blocked = outcome(later(seen, after(waiting), LONGEST), CreateModel, PASSING)
    record = after(blocked)
    assert told(blocked) == ["blocked"]
    assert not blocked.soon
    assert record.phase is Phase.BLOCKED
    assert "Could not assume role r. AWS has said so for 10 minutes" in record.reason
    assert "See the runbook, 'Denied'" in record.reason
    assert record.versions[2].failed is None
    again = outcome(later(seen, record, LONGEST + 300), CreateModel, PASSING)
    assert told(again) == [], "each sweep tries again, and says nothing new"


def test_the_ten_minutes_begin_anew_with_another_approval() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, CreateModel, PASSING)
    approved = decided_as(later(seen, record, LONGEST), 2, recorded=NOW + LONGEST - 1)
    assert after(outcome(approved, CreateModel, PASSING)).phase is Phase.WAITING


def test_a_passing_answer_on_a_way_back_fails_nothing_and_gives_way_to_another_version_after_ten_minutes() -> (
    None
):
    never_live = package(3, at=V1.modified + 50)
    seen = leaving_v2(never_live)
    record = record_after(seen, UpdateEndpoint, PASSING)
    assert record.phase is Phase.WAITING
    decision = outcome(later(seen, record, LONGEST), UpdateEndpoint, PASSING)
    record = after(decision)
    assert told(decision) == ["rollout.failed"]
    assert decision.events[0].data["blame"] == "passing"
    assert decision.again
    assert record.versions[1].failed is None
    other = after(decided_on(later(seen, record, LONGEST))).rollout
    assert other is not None
    assert other.version == 3
    back = after(decided_on(later(seen, record, LONGEST + 3600))).rollout
    assert back is not None
    assert back.version == 1


def test_what_aws_refuses_of_the_spec_is_said_of_the_spec_and_not_tried_again_by_itself() -> None:
    seen = live_on(V1, V2)
    decision = outcome(seen, CreateConfig, SpecRefused("KMS key is not supported for ml.g5.xlarge"))
    record = after(decision)
    assert told(decision) == ["rollout.failed"]
    assert decision.events[0].data["blame"] == "spec"
    assert record.versions[2].failed is None
    settled = decided_on(later(seen, record, 7 * 86_400))
    assert names(settled) == ["DeletePlacement"]
    assert after(settled).phase is Phase.BLOCKED
    assert (
        "AWS refuses `endpoint.kms_key` of the group's spec: KMS key is not supported"
        in after(settled).reason
    )


def test_what_aws_refuses_of_the_spec_is_tried_again_when_the_spec_changes() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, UpdateEndpoint, SpecRefused("DeploymentConfig is not supported"))
    spec = seen.spec
    assert spec is not None
    other = replace(spec, rollout=replace(spec.rollout, bake_seconds=spec.rollout.bake_seconds + 60))
    again = decided_on(replace(later(seen, record, 60), spec=other, spec_is_read=True))
    assert names(again)[-1] == "UpdateEndpoint"


def test_what_nobody_is_blamed_for_blocks_until_somebody_asks_for_another_try() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, CreateModel, Refused("words that nobody has seen before"))
    assert record.versions[2].failed is None
    blocked = decided_on(later(seen, record, 3600))
    assert names(blocked) == ["DeletePlacement"]
    assert "words that nobody has seen before. See the runbook, 'Refused'" in after(blocked).reason
    retry = Act("retry", '{"version": 2, "reason": "AWS is well again"}', "1")
    again = decided_on(replace(later(seen, record, 3700), acts=(retry,), spec_is_read=True))
    assert "retry" in told(again)
    assert names(again)[0] == "CreateModel"
    assert after(again).versions[2].renewed == 0.0, "it did not fail, so it does not outrank later approvals"


def test_what_is_held_back_on_a_way_back_leaves_another_version_to_go_to() -> None:
    never_live = package(3, at=V1.modified + 50)
    seen = leaving_v2(never_live)
    record = record_after(seen, UpdateEndpoint, Refused("words that nobody has seen before"))
    assert record.versions[1].failed is None
    other = after(decided_on(later(seen, record, 1))).rollout
    assert other is not None
    assert other.version == 3


def test_at_most_eight_answers_are_remembered_and_none_of_what_serves() -> None:
    seen = live_on(V1, V2)
    record = record_after(seen, CreateModel, SpecRefused("no"))
    (known,) = record.refusals.values()
    many = {f"churn-v{n}-x": replace(known, at=NOW - n) for n in range(20)}
    fresh = outcome(having(seen, refusals=many), CreateModel, SpecRefused("no"))
    assert len(after(fresh).refusals) == 8
    assert set(record.refusals) <= set(after(fresh).refusals)


def told_reason(seen: Seen) -> str:
    return decided_on(seen).events[-1].reason
