"""Decisions of people, taken in from the registry, with events as evidence of when."""

from dataclasses import replace

import pytest

from lambdas.core.facts import Hint
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Phase
from tests.builders import (
    APPROVER,
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    after,
    changed,
    decided_as,
    decided_on,
    event_of,
    known,
    live_on,
    names,
    package,
    told,
)


def approval(version: int, at: float) -> Hint:
    """An event saying that the approval status itself was written."""
    return event_of(package(version), at=at)


def test_an_approval_is_recorded_with_who_when_why_and_on_what_content() -> None:
    approved = package(1, reason="AUC 0.93")
    words = event_of(approved, "ModelApprovalStatus", "ApprovalDescription")
    decision = decided_on(Seen(a_record(), (approved,), hints=(words,)))
    assert told(decision)[0] == "decision"
    event = decision.events[0]
    assert event.version == 1
    assert "AUC 0.93" in event.reason
    assert event.data == {
        "by": APPROVER.arn,
        "why": "AUC 0.93",
        "registered_by": REGISTRANT.arn,
        "decided_at": approved.modified,
        "before": "PendingManualApproval",
        "after": "Approved",
        "fingerprint": approved.fingerprint,
        "content": [
            {
                "image": "scorer:1",
                "digest": None,
                "pinned": False,
                "artifact": "s3://models/churn/1.tar.gz",
                "etag": None,
            }
        ],
    }


def test_a_pending_version_is_no_news() -> None:
    decision = decided_on(Seen(a_record(noted=1), (package(1, approval=Approval.PENDING),)))
    assert decision.entries == ()
    assert decision.actions == ()


def test_decisions_are_told_in_the_order_in_which_they_were_made() -> None:
    packages = (
        package(1, at=START + 30),
        package(2, at=START + 10, approval=Approval.REJECTED),
        package(3, at=START + 20),
    )
    decision = decided_on(Seen(a_record(), packages))
    assert [e.version for e in decision.events if e.kind == "decision"] == [2, 3, 1]


def test_the_latest_approval_wins_whatever_its_number() -> None:
    decision = decided_on(Seen(a_record(), (package(1, at=START + 30), package(2, at=START + 20))))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 1


def test_approving_an_approved_version_again_is_seen_by_its_event() -> None:
    seen = live_on(package(5), package(3))
    again = changed(seen, 3, modified=NOW - 10)
    decision = decided_on(replace(again, hints=(approval(3, NOW - 10),)))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 3
    assert told(decision) == ["decision", "rollout.started"]


def test_without_its_event_a_second_approval_changes_nothing_until_the_live_version_is_rejected() -> None:
    seen = replace(changed(live_on(package(5), package(3)), 3, modified=NOW - 10), hints=())
    assert decided_on(seen).actions == ()
    rejected = changed(seen, 5, approval=Approval.REJECTED, modified=NOW - 5)
    rollout = after(decided_on(rejected)).rollout
    assert rollout is not None
    assert rollout.version == 3


def test_annotating_a_version_changes_nothing() -> None:
    seen = changed(live_on(package(5), package(3)), 3, modified=NOW - 10)
    decision = decided_on(
        replace(seen, hints=(event_of(package(3), "CustomerMetadataProperties", at=NOW - 10),))
    )
    assert not decision.changed
    assert decision.actions == ()


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_doubled_event_tells_the_same_decision_once(times: int) -> None:
    seen = Seen(a_record(), (package(1),), hints=(approval(1, START + 100),) * times)
    assert told(decided_on(seen)) == ["decision", "rollout.started"]


def test_a_late_event_of_a_decision_already_taken_in_is_no_news() -> None:
    seen = live_on(package(5), package(3))
    decision = decided_on(replace(seen, hints=(approval(3, START + 300), approval(5, START + 500))))
    assert not decision.changed


def test_a_late_approval_event_of_a_version_since_rejected_approves_nothing() -> None:
    rejected = package(3, approval=Approval.REJECTED, at=NOW - 5)
    decision = decided_on(replace(live_on(package(5), rejected), hints=(approval(3, NOW - 10),)))
    assert not decision.changed


def test_a_late_approval_event_does_not_date_back_the_approval_after_a_rejection() -> None:
    rejected = package(3, approval=Approval.REJECTED, at=START + 400)
    seen = changed(live_on(package(5), rejected), 3, approval=Approval.APPROVED, modified=NOW - 5)
    decided = after(decided_on(replace(seen, hints=(approval(3, START + 300),)))).versions[3]
    assert (decided.at, decided.by) == (NOW - 5, APPROVER)


def test_an_event_in_whole_seconds_is_evidence_of_the_write_in_milliseconds() -> None:
    seen = Seen(a_record(), (package(1, at=START + 100.734),), hints=(approval(1, START + 100),))
    decided = after(decided_on(seen)).versions[1]
    assert decided.at == START + 100.734
    assert decided.by == APPROVER


def test_an_annotation_after_the_approval_does_not_make_the_annotator_the_approver() -> None:
    annotated = package(1, at=START + 160, author=Identity("arn:aws:iam::123456789012:user/rob"))
    decided = after(decided_on(Seen(a_record(), (annotated,), hints=(approval(1, START + 100),)))).versions[1]
    assert decided.at == START + 100
    assert decided.by is None


def test_approved_and_rejected_between_two_looks_is_one_rejection() -> None:
    decision = decided_on(Seen(a_record(), (package(1, approval=Approval.REJECTED),)))
    assert told(decision) == ["decision"]
    assert decision.actions == ()


def test_a_version_set_back_to_pending_is_a_decision_against_it() -> None:
    seen = changed(live_on(package(1)), 1, approval=Approval.PENDING, modified=NOW - 5)
    decision = decided_on(seen)
    assert told(decision) == ["decision", "withdrawn"]


def test_a_deleted_version_serves_on_and_is_told_once() -> None:
    seen = replace(live_on(package(1)), packages=())
    decision = decided_on(seen)
    assert told(decision) == ["decision"]
    assert decision.actions == ()
    assert after(decision).phase is Phase.SETTLED
    assert told(decided_on(replace(seen, record=after(decision)))) == []


def test_a_deleted_version_is_never_started_again() -> None:
    seen = replace(live_on(package(1)), packages=(), endpoint=None)
    assert decided_on(seen).actions == ()


def test_a_version_that_was_rejected_and_then_deleted_does_not_stand_before_another() -> None:
    """Its endpoint was deleted with it; an older approval of another, which could not start then, may now."""
    seen = live_on(package(1, at=START + 200), package(2, at=START + 100))
    rejected = decided_as(seen, 1, approval=Approval.REJECTED)
    decision = decided_on(replace(rejected, packages=(package(2, at=START + 100),), endpoint=None))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 2
    assert after(decision).versions[1].approval is Approval.REJECTED


def test_a_deleted_version_whose_endpoint_is_gone_gives_way_to_another() -> None:
    seen = live_on(package(1, at=START + 200), package(2, at=START + 100))
    decision = decided_on(replace(seen, packages=(package(2, at=START + 100),), endpoint=None))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_a_deleted_version_that_serves_does_not_give_way() -> None:
    seen = live_on(package(1, at=START + 200), package(2, at=START + 100))
    decision = decided_on(replace(seen, packages=(package(2, at=START + 100),)))
    assert after(decision).phase is Phase.SETTLED


def test_a_deleted_rejected_version_is_not_worth_a_word() -> None:
    seen = live_on(package(1), package(2, approval=Approval.REJECTED))
    assert told(decided_on(replace(seen, packages=(package(1),)))) == []


def test_rejecting_a_version_keeps_that_it_failed() -> None:
    failed = known(package(2), failed="guardrail", failures=1)
    seen = live_on(package(1))
    assert seen.record is not None
    record = replace(seen.record, versions={**seen.record.versions, 2: failed})
    rejected = package(2, approval=Approval.REJECTED, at=NOW - 5)
    decided = after(decided_on(replace(seen, record=record, packages=(package(1), rejected)))).versions[2]
    assert (decided.failed, decided.failures) == ("guardrail", 1)


def test_approving_a_version_again_forgets_that_it_failed_but_not_how_often() -> None:
    failed = known(package(2), failed="guardrail", failures=1)
    seen = live_on(package(1))
    assert seen.record is not None
    record = replace(seen.record, versions={**seen.record.versions, 2: failed})
    again = replace(seen, record=record, packages=(package(1), package(2, at=NOW - 5)))
    decided = after(decided_on(replace(again, hints=(approval(2, NOW - 5),)))).versions[2]
    assert (decided.failed, decided.failures) == (None, 1)


def test_more_decisions_than_a_transaction_holds_are_taken_in_several_turns_before_anything_is_done() -> None:
    seen = Seen(a_record(), tuple(package(v) for v in range(1, 101)))
    first = decided_on(seen)
    assert first.again
    assert len(first.entries) <= 99
    assert first.actions == ()
    second = decided_on(replace(seen, record=after(first)))
    assert not second.again
    rollout = after(second).rollout
    assert rollout is not None
    assert rollout.version == 100
    assert names(second)[-1] == "CreateEndpoint"


def test_more_deletions_than_a_transaction_holds_are_taken_in_several_turns() -> None:
    packages = tuple(package(v) for v in range(1, 131))
    seen = replace(live_on(packages[-1], *packages[:-1]), packages=())
    first = decided_on(seen)
    assert first.again
    assert len(first.entries) <= 99
    second = decided_on(replace(seen, record=after(first)))
    assert not second.again
    assert {d.approval for d in after(second).versions.values()} == {Approval.DELETED}
