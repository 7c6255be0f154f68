"""Who approved what: what the registry, its events and CloudTrail prove, and what is not deployed for want of proof."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.content import Container
from lambdas.core.facts import Hint, Trail, VersionDetail
from lambdas.core.identity import Identity
from lambdas.core.ledger import Kind
from lambdas.core.proof import lookup
from lambdas.core.record import Approval, Decided, Phase, Record, Witness
from lambdas.core.spec import AllowedSpec, ApprovalSpec, GroupSpec, Mode
from lambdas.core.turn import Decision
from tests.builders import (
    ACCOUNT,
    APPROVER,
    GROUP,
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    ask,
    changed,
    decided_as,
    decided_on,
    event_of,
    having,
    live_on,
    names,
    package,
    placed,
    told,
)

ADMIN = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/dora")
OTHER_APPROVER = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-approver/zoe")
SWEEP = Hint("sweep")
AT = START + 100.0  # when the approver approves v1
SOON = AT + 400.0  # CloudTrail may not yet have told everything
LATER = AT + 2000.0  # it must have


def witness(
    by: Identity = APPROVER,
    approval: Approval | None = Approval.APPROVED,
    at: float = AT,
    **changes: Any,
) -> Witness:
    return Witness(
        **{"id": f"e-{at:.0f}-{by.arn[-3:]}", "group": GROUP, "version": 1, **changes},
        at=at,
        by=by,
        approval=approval,
    )


def heard(seen: Seen, *witnesses: Witness) -> Decision:
    """The decision when CloudTrail's events of these calls come in, and CloudTrail itself has them."""
    trail = Trail((*seen.trail.witnesses, *witnesses), complete=True)
    return decided_on(replace(seen, hints=tuple(Hint("trail", witness=w) for w in witnesses), trail=trail))


def only_said(seen: Seen, *witnesses: Witness) -> Decision:
    """The decision when messages say so, and CloudTrail itself knows nothing of it."""
    return decided_on(replace(seen, hints=tuple(Hint("trail", witness=w) for w in witnesses)))


def then(seen: Seen, decision: Decision, **changes: Any) -> Seen:
    """The same group after a decision, without the hints that led to it."""
    return replace(seen, record=after(decision), hints=(), **changes)


def starts(decision: Decision) -> int | None:
    """The version that a decision starts to roll out."""
    return next((e.version for e in decision.events if e.kind == "rollout.started"), None)


def blocked(decision: Decision) -> str:
    """Why nothing starts."""
    assert starts(decision) is None
    assert after(decision).phase is Phase.BLOCKED
    return after(decision).reason


def fresh(detail: VersionDetail, *hints: Hint, spec: GroupSpec | None = None) -> Seen:
    """A group with nothing live, in whose registry a version was just decided on."""
    spec = spec or a_spec()
    return Seen(replace(a_record(), spec=spec), (detail,), hints=hints, spec=spec)


# --- no identity in the registry ------------------------------------------------------------------------------

NAMELESS = package(1, author=None, registrant=None)
REGISTERED = Witness("e-r", GROUP, 1, START + 10, REGISTRANT, registered=True)


def test_without_identities_an_approval_waits_for_its_witness_and_says_so() -> None:
    decision = decided_on(fresh(NAMELESS, event_of(NAMELESS)))
    assert "who approved it is not known" in blocked(decision)
    assert "CloudTrail's event of the approval is awaited" in after(decision).reason
    assert decision.unsettled


def test_nobody_is_called_while_cloudtrail_is_awaited_and_somebody_is_once_it_is_overdue() -> None:
    seen = replace(fresh(NAMELESS, event_of(NAMELESS)), now=NAMELESS.modified + 1)
    waiting = decided_on(seen)
    assert [event.data.get("awaited") for event in waiting.events if event.kind == "blocked"] == [True]
    still = replace(seen, record=after(waiting), hints=(SWEEP,), now=NAMELESS.modified + 1800)
    assert told(decided_on(still)) == []
    overdue = decided_on(replace(still, now=NAMELESS.modified + 1801))
    assert "CloudTrail's answer is overdue" in blocked(overdue)
    assert [event.data for event in overdue.events] == [{}]


@pytest.mark.parametrize(
    ("detail", "spec"),
    [
        (package(1, author=ADMIN), a_spec()),
        (package(1, registrant=APPROVER), a_spec()),
        (NAMELESS, a_spec(allowed=AllowedSpec(image_repositories=("elsewhere/*",)))),
    ],
    ids=["no approver", "the same person", "an image that is not allowed"],
)
def test_what_speaks_against_a_version_calls_somebody_at_once(detail: VersionDetail, spec: GroupSpec) -> None:
    decision = decided_on(fresh(detail, event_of(detail), spec=spec))
    assert blocked(decision)
    assert ["awaited" in event.data for event in decision.events if event.kind == "blocked"] == [False]


def test_the_witness_proves_it_once_who_registered_is_known_too() -> None:
    seen = fresh(NAMELESS, event_of(NAMELESS))
    waiting = then(seen, decided_on(seen), trail=Trail((witness(), REGISTERED), complete=True))
    decision = heard(waiting, witness())
    assert starts(decision) == 1
    assert told(decision)[0] == "witness"
    assert decision.events[0].data["verified"] is True


def test_the_witness_alone_proves_it_where_four_eyes_are_not_asked_for() -> None:
    spec = a_spec(approval=ApprovalSpec(four_eyes=False))
    seen = fresh(NAMELESS, event_of(NAMELESS), spec=spec)
    assert starts(heard(then(seen, decided_on(seen)), witness())) == 1


def test_who_registered_and_approved_is_found_out_by_the_trail() -> None:
    seen = fresh(NAMELESS, event_of(NAMELESS))
    mine = replace(REGISTERED, by=replace(REGISTRANT, arn=REGISTRANT.arn.replace("rob", "ann")))
    decision = heard(then(seen, decided_on(seen), trail=Trail((mine,), complete=True)), witness())
    assert "the same person" in blocked(decision)


def test_a_lost_witness_is_asked_for_by_the_sweep() -> None:
    seen = fresh(NAMELESS, event_of(NAMELESS))
    waiting = then(seen, decided_on(seen), trail=Trail((witness(), REGISTERED), complete=True))
    assert blocked(decided_on(waiting))
    decision = decided_on(replace(waiting, hints=(SWEEP,)))
    assert starts(decision) == 1
    assert told(decision)[0] == "witness"


def test_an_approval_that_nobody_witnessed_stays_blocked_and_is_told_once() -> None:
    seen = fresh(NAMELESS, event_of(NAMELESS))
    waiting = then(seen, decided_on(seen))
    decision = decided_on(replace(waiting, hints=(SWEEP,)))
    assert blocked(decision)
    assert told(decision) == []


def test_the_trail_is_asked_only_for_what_it_can_settle_and_not_on_every_look() -> None:
    waiting = then(fresh(NAMELESS), decided_on(fresh(NAMELESS)))
    assert ask(waiting)[1].trail is None
    assert ask(replace(waiting, hints=(SWEEP,)))[1].trail is not None
    settled = live_on(package(1))
    assert ask(replace(settled, hints=(SWEEP,)))[1].trail is None


def test_the_longer_a_doubt_lasts_the_further_back_cloudtrail_is_searched() -> None:
    nameless = replace(NAMELESS, modified=START + 90_000)
    seen = fresh(nameless, event_of(nameless))
    known = after(decided_on(seen)).versions[1]
    found: list[float] = []
    for age in (0.0, 1800.0, 7200.0, 1e9):
        asked = lookup(replace(seen.facts(), now=known.at + age), a_spec(), 1, known)
        assert asked is not None
        found.append(known.at - asked.since)
    # At most since it was registered; three seconds more, because CloudTrail's times are whole ones.
    assert found == [1803.0, 1803.0, 7203.0, 90_003.0]


# --- an annotator wrote after the approver --------------------------------------------------------------------

ANNOTATED = package(1, at=AT + 60, author=REGISTRANT)


def test_when_an_annotator_wrote_after_the_approver_the_witness_decides() -> None:
    seen = fresh(ANNOTATED, event_of(ANNOTATED, at=AT))
    waiting = decided_on(seen)
    assert "not known" in blocked(waiting)
    assert starts(heard(then(seen, waiting), witness())) == 1


def test_in_whatever_order_the_events_come_the_witness_decides() -> None:
    seen = replace(fresh(ANNOTATED, event_of(ANNOTATED, "CustomerMetadataProperties")), now=SOON)
    first = decided_on(seen)
    assert "not known" in blocked(first)
    second = heard(then(seen, first), witness(), REGISTERED)
    assert "not known" in blocked(second)
    third = decided_on(replace(then(seen, second), hints=(event_of(ANNOTATED, at=AT),)))
    assert "not known" in blocked(third)
    fourth = heard(then(seen, third, now=LATER), witness(), REGISTERED)
    assert starts(fourth) == 1
    decided = after(fourth).versions[1]
    assert (decided.by, decided.at) == (APPROVER, AT)


def test_the_time_of_the_decision_is_the_approvals_not_the_annotations() -> None:
    """v1 was approved before v2, and annotated after it: v2 is the latest decision."""
    spec = a_spec()
    two = package(2, at=AT + 30)
    seen = Seen(a_record(), (ANNOTATED, two), spec=spec)
    first = decided_on(seen)
    assert starts(first) == 2
    rollout = after(heard(then(seen, first), witness())).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_an_approver_who_wrote_last_approved() -> None:
    assert starts(decided_on(fresh(package(1), event_of(package(1))))) == 1


# --- somebody who may not ---------------------------------------------------------------------------------------


def test_an_admins_approval_is_blocked_and_names_the_admin() -> None:
    by_admin = package(1, author=ADMIN)
    seen = fresh(by_admin, event_of(by_admin))
    first = decided_on(seen)
    assert "not known" in blocked(first)  # an admin may have annotated what somebody else approved
    assert first.events[0].data["by"] is None
    decision = heard(then(seen, first), witness(ADMIN))
    assert f"{ADMIN} approved it, who is not an approver" in blocked(decision)
    (correction,) = [event for event in decision.events if event.kind is Kind.CORRECTED]
    assert correction.data["by"] == ADMIN.arn
    assert correction.data["corrects"] == first.events[0].data["decided_at"]


def test_the_witness_names_who_approved_where_the_registry_does_not() -> None:
    seen = fresh(NAMELESS, event_of(NAMELESS))
    decision = heard(then(seen, decided_on(seen)), witness(ADMIN))
    assert ADMIN.arn in blocked(decision)


def test_an_approver_who_approved_before_the_admin_proves_it_afterwards() -> None:
    by_admin = package(1, author=ADMIN, at=AT + 30)
    seen = replace(fresh(by_admin, event_of(by_admin)), now=SOON)
    decision = decided_on(seen)
    calls = (witness(at=AT), witness(ADMIN, at=AT + 30))
    soon = heard(then(seen, decision), *calls)
    assert ADMIN.arn in blocked(soon)
    assert starts(heard(then(seen, soon, now=LATER), *calls)) == 1


def test_an_approval_of_before_a_rejection_proves_nothing_about_the_one_after_it() -> None:
    rejected = fresh(package(1, approval=Approval.REJECTED, at=AT + 20))
    seen = then(rejected, decided_on(rejected), packages=(package(1, author=ADMIN, at=AT + 40),))
    decision = decided_on(seen)
    assert "not known" in blocked(decision)
    assert "not known" in blocked(heard(then(seen, decision), witness(at=AT)))


@pytest.mark.parametrize("after", [0.0, 2.0, 60.0])
def test_an_approval_that_the_approver_took_back_soon_proves_nothing_of_a_later_one(after: float) -> None:
    """Neither was seen: the registry first shows what somebody else made of it."""
    seen = fresh(package(1, author=ADMIN, at=AT + 200))
    calls = (
        witness(at=AT),
        witness(at=AT + after, approval=Approval.REJECTED, id="e-taken-back"),
        witness(ADMIN, at=AT + 200),
    )
    assert blocked(heard(then(seen, decided_on(seen)), *calls))
    trail = Trail((*calls, REGISTERED), complete=True)
    assert blocked(decided_on(replace(seen, trail=trail, hints=(SWEEP,))))


def test_nor_does_the_message_of_an_approval_that_was_taken_back_soon() -> None:
    known = replace(a_record(), versions={1: Decided(Approval.REJECTED, START + 4)})
    seen = Seen(known, (package(1, author=ADMIN, at=AT + 200),))
    taken_back = witness(at=AT + 2, approval=Approval.REJECTED)
    assert blocked(heard(seen, witness(at=AT), taken_back))
    assert blocked(heard(then(seen, heard(seen, witness(at=AT), taken_back)), witness(ADMIN, at=AT + 200)))


REJECTED_SINCE = event_of(package(1, approval=Approval.REJECTED), at=AT + 60)


@pytest.mark.parametrize("hints", [(), (event_of(package(1), at=AT), REJECTED_SINCE)])
def test_an_approval_that_was_taken_back_is_not_awaited_by_cloudtrail_to_be_said_so(
    hints: tuple[Hint, ...],
) -> None:
    """Approved, rejected a minute later, approved by somebody else a minute after that: CloudTrail is late with all but
    the first."""
    seen = fresh(package(1, author=ADMIN, at=AT + 120), *hints, Hint("trail", witness=witness()))
    trail = Trail((witness(), REGISTERED), complete=True)
    first = decided_on(replace(seen, now=AT + 200, trail=trail))
    assert blocked(first)
    swept = replace(then(seen, first), hints=(SWEEP,), trail=trail)
    assert blocked(decided_on(replace(swept, now=AT + 300)))
    late = replace(swept, hints=(event_of(package(1), at=AT),), now=AT + 310)
    assert blocked(decided_on(late))
    calls = (*trail.witnesses, witness(at=AT + 60, approval=Approval.REJECTED), witness(ADMIN, at=AT + 120))
    assert blocked(decided_on(replace(swept, trail=Trail(calls, complete=True))))


def test_an_approval_is_taken_back_by_an_event_of_the_registry_too() -> None:
    seen = fresh(package(1, author=ADMIN, at=AT + 120), SWEEP, REJECTED_SINCE)
    assert blocked(decided_on(replace(seen, trail=Trail((witness(), REGISTERED), complete=True))))


WRITTEN_SINCE = AT + 60


def approved_and_held(now: float) -> Seen:
    """A version whose proven approval was taken in, and which could not start yet."""
    approved = package(1, at=AT)
    return replace(fresh(approved), record=a_record(approved), now=now)


@pytest.mark.parametrize("author", [ADMIN, REGISTRANT, None])
def test_what_was_written_to_after_its_approval_waits_until_cloudtrail_must_have_told_of_it(
    author: Identity | None,
) -> None:
    """Held up, an approved version may be rejected and approved by somebody else, and both events may be lost."""
    seen = approved_and_held(SOON)
    written = changed(seen, 1, author=author, modified=WRITTEN_SINCE)
    first = decided_on(written)
    assert "whether that took the approval back is not known" in blocked(first)
    assert ["awaited" in event.data for event in first.events if event.kind == "blocked"] == [True]
    trail = Trail((witness(), REGISTERED), complete=True)
    swept = replace(then(written, first), hints=(SWEEP,), trail=trail)
    assert blocked(decided_on(swept))
    assert starts(decided_on(replace(swept, now=LATER))) == 1
    silent = Trail((REGISTERED,), complete=True)
    assert starts(decided_on(replace(swept, now=LATER, trail=silent))) == 1
    assert blocked(decided_on(replace(swept, now=LATER, trail=replace(silent, complete=False))))
    calls = (*trail.witnesses, witness(at=AT + 30, approval=Approval.REJECTED), witness(ADMIN, at=AT + 60))
    undone = decided_on(replace(swept, now=LATER, trail=Trail(calls, complete=True)))
    assert "who approved it is not known" in blocked(undone) or "not an approver" in blocked(undone)


def test_what_was_written_long_ago_is_explained_in_the_very_look_that_finds_it() -> None:
    """A live version with a note, whose spec changes: it waits for no sweep."""
    seen = changed(approved_and_held(LATER), 1, author=REGISTRANT, modified=WRITTEN_SINCE)
    assert starts(decided_on(replace(seen, trail=Trail((witness(), REGISTERED), complete=True)))) == 1


def test_what_an_approver_wrote_after_the_approval_holds_nothing_up() -> None:
    seen = changed(approved_and_held(SOON), 1, author=OTHER_APPROVER, modified=WRITTEN_SINCE)
    assert starts(decided_on(seen)) == 1


def test_what_is_written_once_more_is_asked_for_once_more() -> None:
    seen = replace(approved_and_held(LATER), hints=(SWEEP,))
    trail = Trail((witness(), REGISTERED), complete=True)
    again = replace(changed(seen, 1, author=REGISTRANT, modified=LATER - 60), trail=trail)
    assert blocked(decided_on(again))


def test_an_approver_who_took_an_approval_back_may_give_it_again() -> None:
    seen = fresh(package(1, author=None, registrant=None, at=AT + 200))
    taken_back = witness(at=AT + 2, approval=Approval.REJECTED)
    calls = (REGISTERED, witness(at=AT), taken_back, witness(at=AT + 200))
    assert starts(decided_on(replace(seen, trail=Trail(calls, complete=True), hints=(SWEEP,)))) == 1


def test_an_approver_who_approves_again_unblocks() -> None:
    by_admin = package(1, author=ADMIN)
    seen = fresh(by_admin, event_of(by_admin))
    again = package(1, at=AT + 500)
    decision = decided_on(replace(then(seen, decided_on(seen)), packages=(again,), hints=(event_of(again),)))
    assert starts(decision) == 1


def test_a_rejection_that_was_undone_unseen_by_somebody_who_may_not_leads_off_the_version() -> None:
    seen = live_on(package(2), package(1), kept=(placed(package(1), live_at=START + 150),))
    undone = changed(seen, 2, author=ADMIN, modified=NOW - 50)
    late = witness(OTHER_APPROVER, Approval.REJECTED, NOW - 60, version=2)
    decision = heard(undone, late)
    assert starts(decision) == 1
    restored = heard(changed(undone, 2, author=APPROVER), late, witness(at=NOW - 50, version=2))
    assert starts(restored) is None
    assert after(restored).phase is Phase.SETTLED


def test_a_late_witness_of_an_older_rejection_changes_nothing() -> None:
    seen = live_on(package(2))
    decision = heard(seen, witness(OTHER_APPROVER, Approval.REJECTED, START + 150, version=2))
    assert told(decision) == ["witness"]
    assert decision.actions == ()
    assert after(decision).versions[2] == seen.record.versions[2] if seen.record else None


def test_who_may_not_approve_a_failed_version_again_does_not_bring_it_back() -> None:
    seen = decided_as(live_on(package(2), package(1)), 1, failed="alarm", failures=1)
    decision = heard(seen, witness(ADMIN, at=NOW - 500))
    assert after(decision).versions[1].failed == "alarm"


def test_an_approver_who_approves_a_failed_version_again_is_seen_by_cloudtrail_if_the_event_is_lost() -> None:
    seen = decided_as(live_on(package(2), package(1)), 1, failed="alarm", failures=1)
    assert starts(heard(changed(seen, 1, modified=NOW - 500), witness(at=NOW - 500))) == 1


def test_the_late_witness_of_an_approval_does_not_bring_back_what_failed_since() -> None:
    seen = decided_as(live_on(package(2), package(1)), 1, failed="alarm", failures=1)
    assert heard(seen, witness(at=AT + 2)).actions == ()


def test_a_doubled_witness_is_told_once() -> None:
    seen = live_on(package(1))
    first = heard(seen, witness(), witness())
    assert told(first) == ["witness"]
    assert not heard(then(seen, first), witness()).changed


# --- four eyes ----------------------------------------------------------------------------------------------------

SELF_MADE = package(1, registrant=Identity(REGISTRANT.arn.replace("rob", "ann")))


def test_an_approver_of_the_own_registration_is_blocked() -> None:
    assert "the same person" in blocked(decided_on(fresh(SELF_MADE)))


def test_another_approver_unblocks_it() -> None:
    seen = fresh(SELF_MADE, event_of(SELF_MADE))
    again = replace(SELF_MADE, author=OTHER_APPROVER, modified=AT + 500)
    waiting = then(seen, decided_on(seen), packages=(again,))
    assert starts(decided_on(replace(waiting, hints=(event_of(again),)))) == 1


def test_four_eyes_can_be_waived_by_the_group() -> None:
    assert starts(decided_on(fresh(SELF_MADE, spec=a_spec(approval=ApprovalSpec(four_eyes=False))))) == 1


# --- audit ----------------------------------------------------------------------------------------------------------

AUDIT = a_spec(approval=ApprovalSpec(mode=Mode.AUDIT))


@pytest.mark.parametrize("detail", [NAMELESS, package(1, author=ADMIN), SELF_MADE])
def test_in_audit_mode_it_goes_live_and_the_ledger_says_what_enforce_would_do(detail: VersionDetail) -> None:
    decision = decided_on(fresh(detail, spec=AUDIT))
    assert starts(decision) == 1
    assert told(decision) == ["decision", "unproven", "rollout.started"]
    assert "enforce would block it" in decision.events[1].reason


def test_in_audit_mode_changed_content_is_blocked_all_the_same() -> None:
    evil = replace(package(1), containers=(Container("scorer:evil"),))
    decision = decided_on(fresh(evil, event_of(package(1)), spec=AUDIT))
    assert "Image of container 1 was 'scorer:1'" in blocked(decision)


def test_a_change_from_audit_to_enforce_takes_nothing_off() -> None:
    live = live_on(package(1, author=ADMIN))
    assert decided_on(live).actions == ()
    assert after(decided_on(live)).phase is Phase.SETTLED


# --- the content that was approved --------------------------------------------------------------------------------


def test_content_changed_between_the_approval_and_the_first_look_is_blocked() -> None:
    evil = package(1, image="scorer:evil", at=AT + 5, author=REGISTRANT)
    seen = fresh(evil, event_of(package(1)), Hint("trail", witness=witness()))
    reason = blocked(decided_on(seen))
    assert "Image of container 1 was 'scorer:1' when it was approved, and is 'scorer:evil'" in reason


def test_content_changed_within_the_second_of_the_approval_is_blocked() -> None:
    evil = package(1, image="scorer:evil", at=AT + 0.9, author=REGISTRANT)
    seen = fresh(evil, event_of(package(1)), Hint("trail", witness=witness()))
    assert "is not what was approved" in blocked(decided_on(seen))


def test_content_changed_right_after_an_approval_whose_event_is_lost_is_blocked() -> None:
    """Within CloudTrail's seconds: who wrote last is not who approved, so what is there is not what was approved."""
    evil = package(1, image="scorer:evil", at=AT + 1, author=REGISTRANT)
    seen = replace(fresh(evil), now=SOON)
    first = decided_on(seen)
    assert "not known" in blocked(first)
    second = heard(then(seen, first), witness())
    assert "not known" in blocked(second)
    tampering = witness(REGISTRANT, None, AT + 1, content=True)
    third = heard(then(seen, second, now=LATER), witness(), tampering)
    assert "changed it afterwards" in blocked(third)


ADDED: list[dict[str, Any]] = [
    {"environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://evil/code.tar.gz"}},
    {"model_data": "s3://evil/model.tar.gz"},
]


def with_added(added: dict[str, Any], **changes: Any) -> VersionDetail:
    """v1, registered with an image only, after somebody added to it what the approval's event did not tell."""
    return package(1, containers=(Container("scorer:1", **added),), **changes)


BARE = with_added({})


@pytest.mark.parametrize("added", ADDED)
def test_content_that_was_added_after_the_approval_is_not_confirmed_by_its_event(
    added: dict[str, Any],
) -> None:
    evil = with_added(added, at=AT + 5, author=REGISTRANT)
    seen = fresh(evil, event_of(BARE))
    first = decided_on(seen)
    assert blocked(first)
    soon = heard(then(seen, first, now=SOON), witness(), REGISTERED)
    assert blocked(soon)
    tampering = witness(REGISTRANT, None, AT + 5, content=True)
    assert "changed it afterwards" in blocked(heard(then(seen, soon), witness(), tampering, REGISTERED))


def test_who_changed_content_after_an_approval_is_named_though_the_change_was_seen_first() -> None:
    evil = with_added(ADDED[0], at=AT + 1.4, author=REGISTRANT)
    seen = fresh(evil, SWEEP)
    first = decided_on(replace(seen, now=AT + 2))
    assert "not known" in blocked(first)
    tampering = witness(REGISTRANT, None, AT + 1, content=True)
    later = heard(then(seen, first, now=AT + 60), witness(), tampering, REGISTERED)
    assert f"{REGISTRANT} changed it afterwards" in blocked(later)


def test_what_an_event_left_out_is_confirmed_by_cloudtrails_whole_answer() -> None:
    annotated = with_added(ADDED[0], at=AT + 5, author=REGISTRANT)
    seen = fresh(annotated, event_of(BARE))
    assert starts(heard(then(seen, decided_on(seen)), witness(), REGISTERED)) == 1


@pytest.mark.parametrize("added", ADDED)
def test_an_event_need_not_tell_everything_where_the_approver_wrote_last(added: dict[str, Any]) -> None:
    seen = fresh(with_added(added), event_of(BARE))
    decision, facts = ask(seen)
    assert starts(decision) == 1
    assert facts.trail is None


def test_what_cloudtrail_shows_counts_for_more_than_an_event_that_somebody_may_have_forged() -> None:
    evil = package(1, image="scorer:evil", at=AT + 30, author=REGISTRANT)
    seen = fresh(evil, event_of(evil, at=AT))
    first = decided_on(seen)
    assert after(first).versions[1].confirmed
    tampering = witness(REGISTRANT, None, AT + 30, content=True)
    assert "changed it afterwards" in blocked(heard(then(seen, first), witness(), tampering, REGISTERED))


def test_a_late_event_shows_that_the_content_was_changed_before_the_first_look() -> None:
    evil = package(1, image="scorer:evil", at=AT + 5, author=REGISTRANT)
    seen = fresh(evil, Hint("trail", witness=witness()))
    first = decided_on(seen)
    assert blocked(first)
    late = decided_on(replace(then(seen, first), hints=(event_of(package(1)),)))
    assert "is not what was approved" in blocked(late)


UNCONFIRMED = package(1, at=AT + 60, author=REGISTRANT)


def unconfirmed(*more: Witness, complete: bool = True, now: float = NOW) -> Decision:
    """The approval's own event is lost, an annotator wrote since; the sweep asks CloudTrail."""
    trail = Trail((REGISTERED, witness(), *more), complete=complete)
    return decided_on(replace(fresh(UNCONFIRMED, SWEEP), trail=trail, now=now))


def test_without_the_approvals_own_event_cloudtrail_tells_that_nobody_changed_the_content() -> None:
    assert starts(unconfirmed(witness(REGISTRANT, None, AT + 60))) == 1


def test_without_the_approvals_own_event_cloudtrail_tells_who_changed_the_content() -> None:
    tampering = witness(REGISTRANT, None, AT + 30, content=True)
    assert f"{REGISTRANT} changed it afterwards" in blocked(unconfirmed(tampering))


def test_as_long_as_cloudtrail_may_not_have_told_everything_the_content_is_not_taken_for_unchanged() -> None:
    assert "no event tells that what is there now" in blocked(unconfirmed(complete=False))
    assert blocked(unconfirmed(now=AT + 600))


def test_content_is_not_confirmed_by_a_trail_that_does_not_have_the_approval() -> None:
    seen = replace(fresh(UNCONFIRMED, SWEEP), trail=Trail((REGISTERED,), complete=True))
    assert blocked(decided_on(seen))


# --- allow-lists ----------------------------------------------------------------------------------------------------

REPOSITORY = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/scoring/churn"
IMAGE = package(1, image=f"{REPOSITORY}:7")


@pytest.mark.parametrize(
    "allowed", [(), (REPOSITORY,), (REPOSITORY.removesuffix("churn") + "*",), ("other", REPOSITORY)]
)
def test_an_image_of_an_allowed_repository_passes(allowed: tuple[str, ...]) -> None:
    spec = a_spec(allowed=AllowedSpec(image_repositories=allowed, artifact_buckets=("models",)))
    assert starts(decided_on(fresh(IMAGE, event_of(IMAGE), spec=spec))) == 1


@pytest.mark.parametrize(
    "allowed", ["other", REPOSITORY + "-2", REPOSITORY[:-1], f"{REPOSITORY}/*", REPOSITORY.upper()]
)
def test_an_image_from_elsewhere_is_blocked(allowed: str) -> None:
    spec = a_spec(allowed=AllowedSpec(image_repositories=(allowed,)))
    assert f"its image is from {REPOSITORY}" in blocked(decided_on(fresh(IMAGE, spec=spec)))


def test_an_artifact_from_elsewhere_is_blocked() -> None:
    spec = a_spec(allowed=AllowedSpec(artifact_buckets=("models-2",)))
    assert "its artifact is in bucket models" in blocked(decided_on(fresh(IMAGE, spec=spec)))


ELSEWHERE = {"S3Uri": "s3://elsewhere/x/", "S3DataType": "S3Prefix", "CompressionType": "None"}


@pytest.mark.parametrize(
    "more",
    [
        {"ModelDataSource": {"S3DataSource": ELSEWHERE}},
        {
            "ModelDataSource": {
                "S3DataSource": {**ELSEWHERE, "S3Uri": "s3://models/x/", "ManifestS3Uri": "s3://elsewhere/m"}
            }
        },
        {"AdditionalModelDataSources": [{"ChannelName": "x", "S3DataSource": ELSEWHERE}]},
    ],
)
def test_so_is_any_further_part_of_it_from_elsewhere(more: dict[str, Any]) -> None:
    parted = package(1, containers=(Container("scorer:1", model_data="s3://models/x.tar.gz", more=more),))
    spec = a_spec(allowed=AllowedSpec(artifact_buckets=("models",)))
    assert "its artifact is in bucket elsewhere" in blocked(
        decided_on(fresh(parted, event_of(parted), spec=spec))
    )
    wider = a_spec(allowed=AllowedSpec(artifact_buckets=("models", "elsewhere")))
    assert starts(decided_on(fresh(parted, event_of(parted), spec=wider))) == 1


def test_a_container_that_no_model_can_be_made_with_is_blocked() -> None:
    odd = replace(package(1), containers=(Container("scorer:1", more={"ProductId": "p"}),))
    assert "ProductId" in blocked(decided_on(fresh(odd)))


def test_what_is_live_serves_on_whatever_is_blocked() -> None:
    seen = having(live_on(package(1)), phase=Phase.SETTLED)
    by_admin = package(2, author=ADMIN)
    decision = decided_on(replace(seen, packages=(package(1), by_admin), hints=(event_of(by_admin),)))
    assert names(decision) == []
    assert blocked(decision).startswith("v1 is live; v2: ")


def test_the_record_says_all_this_in_little_room() -> None:
    many = tuple(witness(id=f"e-{n}" * 9) for n in range(300))
    seen, turns = live_on(package(1)), 1
    decision = heard(seen, *many)
    while decision.again:  # a transaction has room for some of their entries
        assert len(decision.entries) <= 99
        decision, turns = heard(then(seen, decision), *many), turns + 1
    assert turns == 4
    record: Record = after(decision)
    assert {len(mark) for mark in record.heard} == {12}
    assert len(record.heard) == 256


def test_what_the_first_release_remembered_by_whole_ids_is_not_told_again() -> None:
    seen = live_on(package(1))
    told_before = replace(seen, record=replace(seen.record, heard=("e-1",))) if seen.record else seen
    assert "witness" not in told(
        decided_on(replace(told_before, hints=(Hint("trail", witness=witness(id="e-1")),)))
    )


def test_a_message_that_cloudtrail_does_not_confirm_proves_nothing() -> None:
    by_admin = package(1, author=ADMIN)
    seen = fresh(by_admin, event_of(by_admin))
    decision = only_said(then(seen, decided_on(seen)), witness(at=AT + 10))
    assert "not known" in blocked(decision)
    assert told(decision) == ["witness"]
    assert decision.events[0].data["verified"] is False


def test_a_message_that_cloudtrail_does_not_confirm_takes_nothing_off() -> None:
    seen = live_on(package(2), package(1), kept=(placed(package(1), live_at=START + 150),))
    decision = only_said(seen, witness(OTHER_APPROVER, Approval.REJECTED, NOW - 60, version=2))
    assert starts(decision) is None
    assert after(decision).phase is Phase.SETTLED
