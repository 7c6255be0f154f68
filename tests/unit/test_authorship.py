"""Who wrote the content that is approved: under four eyes an approver puts nothing of their own live."""

from dataclasses import replace

import pytest

from lambdas.core.facts import Hint, Trail, VersionDetail
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Witness
from lambdas.core.spec import ApprovalSpec, Mode
from lambdas.core.turn import Decision
from tests.builders import (
    ACCOUNT,
    APPROVER,
    GROUP,
    REGISTRANT,
    START,
    Seen,
    a_spec,
    after,
    ask,
    changed,
    decided_on,
    event_of,
    live_on,
    package,
    told,
)
from tests.unit.test_proof import (
    AT,
    LATER,
    OTHER_APPROVER,
    REGISTERED,
    SOON,
    SWEEP,
    blocked,
    fresh,
    heard,
    starts,
    then,
    witness,
)

OWN = package(1, image="scorer:own")
BOTH = ("ModelApprovalStatus", "InferenceSpecification")
ONE_EYE = a_spec(approval=ApprovalSpec(four_eyes=False))
SAYS_SO = f"{APPROVER} approved it and {APPROVER} wrote its content, the same person"
AWAITED = "wrote its content too is not known"


def again(seen: Seen, decision: Decision, at: float = AT + 60) -> Decision:
    """The decision when the same approver then approves what is there, and writes nothing else."""
    clean = package(1, image="scorer:own", at=at)
    return decided_on(replace(then(seen, decision), packages=(clean,), hints=(event_of(clean),)))


def test_who_approves_own_content_in_one_call_is_blocked_with_four_eyes() -> None:
    own = event_of(OWN, *BOTH)
    assert SAYS_SO in blocked(decided_on(fresh(OWN, own)))
    assert starts(decided_on(fresh(OWN, own, spec=ONE_EYE))) == 1


def test_approving_again_does_not_make_it_another_persons_content() -> None:
    seen = fresh(OWN, event_of(OWN, *BOTH))
    assert SAYS_SO in blocked(again(seen, decided_on(seen)))


def test_nor_does_writing_it_in_the_call_that_rejects() -> None:
    rejected = replace(OWN, approval=Approval.REJECTED)
    seen = fresh(rejected, event_of(rejected, *BOTH))
    assert SAYS_SO in blocked(again(seen, decided_on(seen)))


def test_nor_if_the_call_that_rejects_is_told_late_or_with_the_approval() -> None:
    rejected = event_of(replace(OWN, approval=Approval.REJECTED), *BOTH)
    seen = fresh(replace(OWN, approval=Approval.REJECTED))
    late = decided_on(replace(then(seen, decided_on(seen)), hints=(rejected,)))
    assert SAYS_SO in blocked(again(seen, late))
    clean = package(1, image="scorer:own", at=AT + 60)
    both = fresh(clean, rejected, event_of(clean))
    first = decided_on(both)
    assert AWAITED in blocked(first)
    calls = (REGISTERED, witness(approval=Approval.REJECTED, content=True), witness(at=AT + 60))
    assert SAYS_SO in blocked(heard(then(both, first), *calls))


def test_another_approver_may_approve_it() -> None:
    seen = fresh(OWN, event_of(OWN, *BOTH))
    by_other = replace(OWN, modified=AT + 60, author=OTHER_APPROVER)
    waiting = then(seen, decided_on(seen), packages=(by_other,))
    assert starts(decided_on(replace(waiting, hints=(event_of(by_other),)))) == 1


def test_without_the_event_of_the_approval_cloudtrail_tells_what_it_wrote() -> None:
    seen = replace(fresh(OWN), now=SOON)
    first = decided_on(seen)
    assert AWAITED in blocked(first)
    assert AWAITED in blocked(decided_on(replace(then(seen, first), hints=(SWEEP,))))
    assert SAYS_SO in blocked(heard(then(seen, first), witness(content=True), REGISTERED))
    assert AWAITED in blocked(
        heard(then(seen, first), witness(), REGISTERED)
    )  # there may have been a decision before
    assert starts(heard(then(seen, first, now=LATER), witness(), REGISTERED)) == 1


def test_an_event_without_the_fields_that_were_written_tells_nothing() -> None:
    assert AWAITED in blocked(decided_on(fresh(OWN, event_of(OWN, wrote=None))))


def test_nothing_is_awaited_of_a_group_that_asks_for_one_pair_of_eyes() -> None:
    assert starts(decided_on(fresh(OWN, spec=ONE_EYE))) == 1


def test_nothing_is_asked_where_the_event_tells_that_the_approval_wrote_no_content() -> None:
    decision, facts = ask(fresh(OWN, event_of(OWN)))
    assert starts(decision) == 1
    assert facts.trail is None


def test_the_event_of_own_content_may_come_after_the_look_that_saw_the_approval() -> None:
    seen = fresh(OWN)
    first = decided_on(seen)
    assert AWAITED in blocked(first)
    assert SAYS_SO in blocked(decided_on(replace(then(seen, first), hints=(event_of(OWN, *BOTH),))))


def test_the_event_of_an_approval_counts_as_much_after_the_look_that_saw_the_approval() -> None:
    seen = fresh(OWN)
    first = decided_on(seen)
    assert AWAITED in blocked(first)
    assert starts(decided_on(replace(then(seen, first), hints=(event_of(OWN),)))) == 1
    for another in (event_of(OWN, at=AT - 60), event_of(OWN, wrote=None), event_of(OWN, "ModelCard")):
        assert AWAITED in blocked(decided_on(replace(then(seen, first), hints=(another,))))


def registered(content: VersionDetail, decided: VersionDetail) -> Seen:
    """A version that was noted when it was registered, with this content, and then decided on."""
    return replace(fresh(decided), record=after(decided_on(waiting(content))))


def waiting(content: VersionDetail, *hints: Hint) -> Seen:
    """A version that nobody has decided on."""
    return fresh(replace(content, approval=Approval.PENDING), *hints)


AS_REGISTERED = package(1, at=START, author=None)


def test_what_is_as_it_was_registered_was_not_written_by_who_approves_it_though_no_event_says_so() -> None:
    assert starts(decided_on(registered(AS_REGISTERED, package(1)))) == 1


def test_nor_what_is_as_the_event_of_its_registration_tells_it_if_that_comes_with_the_approval() -> None:
    approved = package(1, at=START + 2)
    registration = event_of(AS_REGISTERED, wrote=None, approval=Approval.PENDING)
    assert starts(decided_on(fresh(approved, registration))) == 1
    own = replace(approved, containers=OWN.containers)
    assert AWAITED in blocked(decided_on(fresh(own, registration)))


def test_what_is_not_as_it_was_registered_may_be_an_approvers_own_though_the_last_approval_wrote_no_content() -> (
    None
):
    seen = registered(AS_REGISTERED, OWN)
    told_last = decided_on(replace(seen, hints=(event_of(OWN),)))
    assert AWAITED in blocked(told_last)
    own = witness(at=AT - 50, content=True)
    assert SAYS_SO in blocked(heard(then(seen, told_last), own, witness(), REGISTERED))
    by_registrant = witness(REGISTRANT, None, AT - 50, content=True)
    assert starts(heard(then(seen, told_last, now=LATER), by_registrant, witness(), REGISTERED)) == 1


@pytest.mark.parametrize(
    ("detail", "hints", "is_known"),
    [
        (AS_REGISTERED, (), True),
        (replace(AS_REGISTERED, modified=START + 60, author=REGISTRANT), (), True),
        (replace(AS_REGISTERED, modified=START + 60, author=APPROVER), (), False),
        (replace(AS_REGISTERED, modified=START + 60), (), False),
        (
            replace(AS_REGISTERED, modified=START + 60),
            (event_of(AS_REGISTERED, approval=Approval.PENDING),),
            True,
        ),
        (replace(OWN, modified=START + 60, author=None), (event_of(AS_REGISTERED),), False),
    ],
)
def test_what_a_version_was_registered_with_is_noted_only_if_it_is_known_that_nobody_wrote_since(
    detail: VersionDetail, hints: tuple[Hint, ...], is_known: bool
) -> None:
    noted = after(decided_on(waiting(detail, *hints))).pending[1]
    assert noted.fingerprint == (detail.fingerprint if is_known else None)


def test_of_two_approvals_before_the_first_look_cloudtrail_is_asked_what_the_first_one_wrote() -> None:
    seen = fresh(OWN)
    first = decided_on(seen)
    asked = ask(replace(then(seen, first), hints=(SWEEP,)))[1]
    assert asked.trail is not None
    assert asked.trail.since[1] <= START
    before = witness(at=AT - 50, content=True)
    assert SAYS_SO in blocked(heard(then(seen, first), before, witness(), REGISTERED))


def test_what_is_as_it_was_at_the_decision_before_was_not_written_by_this_one() -> None:
    rejected = package(1, approval=Approval.REJECTED)
    seen = fresh(rejected, event_of(rejected))
    approved = package(1, at=AT + 60)
    assert starts(decided_on(then(seen, decided_on(seen), packages=(approved,)))) == 1


def test_what_changed_since_the_decision_before_is_not_of_whom_cloudtrail_has_not_named() -> None:
    rejected = package(1, approval=Approval.REJECTED)
    seen = fresh(rejected, event_of(rejected))
    mended = package(1, image="scorer:mended", at=AT + 600)
    waiting = then(seen, decided_on(seen), packages=(mended,))
    first = decided_on(replace(waiting, hints=(event_of(mended),)))
    assert AWAITED in blocked(first)
    calls = [witness(approval=Approval.REJECTED), witness(at=AT + 600), REGISTERED]
    by_registrant = witness(REGISTRANT, None, AT + 300, content=True)
    assert starts(heard(then(waiting, first, now=LATER), *calls, by_registrant)) == 1
    assert AWAITED in blocked(heard(then(waiting, first, now=AT + 700), *calls, by_registrant))
    own = Witness("e-own", "churn", 1, AT + 300, APPROVER, Approval.REJECTED, content=True)
    assert "the same person" in blocked(heard(then(waiting, first, now=LATER), *calls, own))


def test_a_rejection_of_which_no_event_told_what_it_wrote_is_looked_up_with_the_approval_after_it() -> None:
    seen = fresh(package(1, approval=Approval.REJECTED))
    approved = package(1, at=AT + 60)
    waiting = then(seen, decided_on(seen), packages=(approved,))
    first = decided_on(replace(waiting, hints=(event_of(approved),)))
    assert AWAITED in blocked(first)
    asked = ask(replace(then(waiting, first), hints=(SWEEP,)))[1]
    assert asked.trail is not None
    own = witness(approval=Approval.REJECTED, content=True)
    calls = (witness(at=AT + 60), REGISTERED)
    assert SAYS_SO in blocked(heard(then(waiting, first), own, *calls))
    assert starts(heard(then(waiting, first), witness(approval=Approval.REJECTED), *calls)) == 1


@pytest.mark.parametrize("wrote", [BOTH, ("ModelApprovalStatus",)])
def test_what_is_live_stays_live_whoever_writes_its_entry_since(wrote: tuple[str, ...]) -> None:
    seen = changed(live_on(OWN), 1, modified=AT + 600)
    decision = decided_on(replace(seen, hints=(event_of(seen.packages[0], *wrote),)))
    assert decision.actions == ()


def test_in_audit_mode_own_content_is_noted_and_deployed() -> None:
    decision = decided_on(
        fresh(OWN, event_of(OWN, *BOTH), spec=a_spec(approval=ApprovalSpec(mode=Mode.AUDIT)))
    )
    assert told(decision) == ["decision", "unproven", "rollout.started"]
    assert SAYS_SO in decision.events[1].reason


def test_a_doubled_event_of_own_content_changes_nothing_that_cloudtrail_has_settled() -> None:
    seen = fresh(OWN, event_of(OWN, *BOTH))
    first = decided_on(seen)
    by_other = witness(REGISTRANT, None, AT + 100, content=True)
    mended = replace(OWN, modified=AT + 100, author=REGISTRANT, containers=package(1).containers)
    settled = heard(then(seen, first, packages=(mended,)), witness(content=True), by_other, REGISTERED)
    assert after(settled).versions[1].writer == REGISTRANT
    doubled = decided_on(replace(then(seen, settled, packages=(mended,)), hints=(event_of(OWN, *BOTH),)))
    assert after(doubled).versions[1] == after(settled).versions[1]


def test_cloudtrails_own_answer_is_asked_once_in_a_look() -> None:
    seen = replace(fresh(OWN, SWEEP), trail=Trail((witness(), REGISTERED), complete=True))
    assert starts(decided_on(seen)) == 1
    assert starts(decided_on(replace(seen, hints=(Hint("trail", witness=witness()),)))) == 1


@pytest.mark.parametrize("before", [Approval.REJECTED, Approval.APPROVED])
def test_who_wrote_the_content_of_what_was_decided_before_us_is_asked_when_it_is_approved_again(
    before: Approval,
) -> None:
    """An approver may have rejected, or approved, with content of their own, unheard."""
    old = package(1, approval=before, at=START - 100)
    first = decided_on(Seen(None, (old,), hints=(SWEEP,)))
    approved = package(1, at=AT)
    seen = then(Seen(None, (old,), now=SOON), first, packages=(approved,))
    waiting = decided_on(replace(seen, hints=(event_of(approved),)))
    assert AWAITED in blocked(waiting)
    own = witness(approval=before, content=True, at=START - 100)
    assert SAYS_SO in blocked(heard(then(seen, waiting), own, witness(), REGISTERED))
    assert starts(heard(replace(then(seen, waiting), now=LATER), witness(), REGISTERED)) == 1


def test_a_source_identity_that_cloudtrail_adds_to_the_writer_counts_for_four_eyes() -> None:
    writer = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-registrant/rob")
    ann = replace(APPROVER, source="ann@corp.com")
    noted = replace(fresh(replace(OWN, author=ann)), now=SOON)
    first = decided_on(noted)
    record = after(first)
    known = replace(record.versions[1], writer=writer, written=AT - 50)
    seen = replace(noted, record=replace(record, versions={1: known}))
    sourced = replace(writer, source="Ann@corp.com")
    calls = (witness(sourced, None, AT - 50, content=True), witness(ann), REGISTERED)
    assert "the same person" in blocked(heard(seen, *calls))
