"""The ledger says who decided, and why, only where it is known; what is told later corrects it, at the decision."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.corrections import corrected
from lambdas.core.errors import Throttled
from lambdas.core.facts import Trail, VersionDetail
from lambdas.core.ledger import Event, Kind
from lambdas.core.proof import lookup, told_since
from lambdas.core.record import Approval, Phase, Witness
from lambdas.core.turn import Decision
from lambdas.core.versions import told_by
from tests.builders import (
    APPROVER,
    REGISTRANT,
    START,
    Seen,
    a_spec,
    after,
    ask,
    decided_on,
    event_of,
    live_on,
    names,
    package,
    placed,
)
from tests.unit.test_look import Desk
from tests.unit.test_proof import (
    ADMIN,
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

SIGNED = "Reviewed by ann. Signed: ann"
PENDING = package(1, approval=Approval.PENDING, at=START, author=REGISTRANT, reason=SIGNED)


def rejected(at: float = AT, **changes: Any) -> VersionDetail:
    return replace(package(1), **{"approval": Approval.REJECTED, "modified": at, **changes})


def note(at: float) -> Witness:
    """A registrant's write of metadata."""
    return witness(REGISTRANT, None, at)


def of_kind(decision: Decision, kind: Kind) -> list[Event]:
    return [event for event in decision.events if event.kind is kind]


# --- who ----------------------------------------------------------------------------------------------------------


def annotated() -> tuple[Seen, Decision]:
    """An approver rejected v1; before anybody looked, a registrant wrote to it, its description included."""
    seen = replace(fresh(rejected(AT + 1, author=REGISTRANT, reason="rob says it is bad")), now=AT + 2)
    return seen, decided_on(seen)


def test_a_decision_is_not_by_who_annotated_it_nor_for_their_reason() -> None:
    _, decision = annotated()
    (entry,) = of_kind(decision, Kind.DECISION)
    assert (entry.data["by"], entry.data["why"]) == (None, None)
    assert "rob" not in entry.reason
    assert after(decision).versions[1].by is None


def test_once_cloudtrail_tells_an_entry_corrects_the_decision_and_readers_show_it_there() -> None:
    seen, decision = annotated()
    assert decision.unsettled
    calls = (witness(approval=Approval.REJECTED, reason="it drifts"), note(AT + 1))
    soon = heard(then(seen, decision, now=SOON), *calls)
    assert not of_kind(soon, Kind.CORRECTED)  # an earlier rejection may not be told yet
    told = heard(then(seen, soon, now=LATER), *calls)
    (correction,) = of_kind(told, Kind.CORRECTED)
    assert (correction.data["by"], correction.data["why"]) == (APPROVER.arn, "it drifts")
    (shown, *_) = corrected([*decision.events, *told.events])
    assert shown.kind is Kind.DECISION
    assert shown.reason == "v1: PendingManualApproval → Rejected: it drifts"
    assert (shown.data["by"], shown.data["corrected"]) == (APPROVER.arn, True)
    archived = told_by([*decision.events, *told.events])[1]
    assert (archived.by, archived.reason) == (APPROVER, "it drifts")
    again = heard(then(seen, told, now=LATER + 300), *calls)
    assert not of_kind(again, Kind.CORRECTED)


def test_the_sweep_asks_cloudtrail_who_decided_once_nothing_else_is_to_be_done() -> None:
    seen = live_on(package(1), package(2), kept=(placed(package(2), live_at=START + 50),))
    by_note = replace(package(1), approval=Approval.REJECTED, modified=AT + 500, author=REGISTRANT)
    seen = replace(seen, packages=(by_note, package(2)), hints=(SWEEP,), now=AT + 600)
    decision, facts = ask(seen)
    assert "UpdateEndpoint" in names(decision)
    assert facts.trail is None  # the way back does not wait for CloudTrail
    settled = replace(fresh(rejected(author=REGISTRANT), SWEEP), now=AT + 10)
    first, facts = ask(settled)
    assert facts.trail is None
    _, facts = ask(replace(settled, record=after(first), now=SOON))
    assert facts.trail is not None


@pytest.mark.parametrize(("complete", "asked"), [(True, LATER - AT), (False, 90_000.0)])
def test_what_cloudtrail_does_not_tell_in_time_is_not_asked_for_any_more(
    complete: bool, asked: float
) -> None:
    seen, decision = annotated()
    silent = then(seen, decision, trail=Trail((), complete=complete))
    soon = decided_on(replace(silent, hints=(SWEEP,), now=SOON))
    assert after(soon).versions[1].untold
    last = decided_on(replace(silent, hints=(SWEEP,), now=AT + asked))
    assert not after(last).versions[1].untold
    assert not of_kind(last, Kind.CORRECTED)
    assert not last.unsettled


def test_nobody_asks_who_decided_on_a_version_that_left_the_registry() -> None:
    seen, decision = annotated()
    gone = decided_on(then(seen, decision, packages=(), now=SOON))
    assert not after(gone).versions[1].untold
    assert not gone.unsettled


def test_a_throttled_cloudtrail_brings_no_message_back_where_only_the_ledger_waits() -> None:
    seen, decision = annotated()
    desk = Desk(
        replace(seen, record=after(decision), now=SOON), errors={"trail": [Throttled("slow down")] * 2}
    )
    desk.look(SWEEP)
    assert "trail" in desk.calls


def test_a_later_rejection_by_somebody_else_does_not_make_it_theirs() -> None:
    """The registry gives the time of the last of two rejections; the first one is the change of status."""
    seen = replace(fresh(rejected(AT + 60, author=ADMIN)), now=AT + 61)
    decision = decided_on(seen)
    calls = (
        witness(approval=Approval.REJECTED, reason="it drifts"),
        witness(ADMIN, Approval.REJECTED, AT + 60, reason="me too"),
    )
    assert after(heard(then(seen, decision, now=SOON), *calls)).versions[1].by is None
    told = after(heard(then(seen, decision, now=AT + 1_000), *calls)).versions[1]
    assert (told.by, told.reason) == (APPROVER, "it drifts")


def by_and_time(event: Event) -> tuple[Any, Any]:
    return event.data["by"], event.data.get("corrects", event.data.get("decided_at"))


def test_what_cloudtrail_tells_in_the_look_that_first_sees_a_decision_corrects_its_entry() -> None:
    nameless = package(1, author=None, registrant=None)
    trail = Trail((witness(), REGISTERED), complete=True)
    first = decided_on(replace(fresh(nameless, event_of(nameless), SWEEP), trail=trail, now=LATER))
    (shown, *_) = [one for one in corrected(first.events) if one.kind is Kind.DECISION]
    assert shown.data["registered_by"] == REGISTRANT.arn
    assert starts(first) == 1


def test_an_approval_that_counts_instead_of_another_has_an_entry_of_its_own() -> None:
    """An administrator approved last, within the same seconds; the entry that names them stays as it is."""
    by_admin = package(1, at=AT + 2, author=ADMIN)
    calls = (witness(), witness(ADMIN, at=AT + 2), REGISTERED)
    first = decided_on(replace(fresh(by_admin), now=AT + 3))
    record = after(first)
    named = replace(record.versions[1], by=ADMIN, untold=False)
    seen = replace(fresh(by_admin), record=replace(record, versions={1: named}), now=LATER)
    told = heard(seen, *calls)
    decision = of_kind(told, Kind.DECISION)
    assert [by_and_time(one) for one in decision] == [(APPROVER.arn, AT)]
    assert not of_kind(told, Kind.CORRECTED)
    assert decision[0].data["before"] is None
    assert after(told).versions[1].recorded == AT
    assert not heard(then(seen, told), *calls).entries


def test_an_approval_that_was_taken_back_keeps_its_name_and_the_one_since_is_by_nobody_known() -> None:
    approved = package(1)
    first = decided_on(replace(fresh(approved, event_of(approved)), now=AT + 1))
    assert of_kind(first, Kind.DECISION)[0].data["by"] == APPROVER.arn
    again = replace(approved, modified=AT + 300, author=ADMIN)
    seen = replace(then(seen=fresh(approved), decision=first), packages=(again,), now=AT + 500)
    told = heard(seen, witness(), witness(OTHER_APPROVER, Approval.REJECTED, AT + 200), REGISTERED)
    assert [by_and_time(one) for one in of_kind(told, Kind.DECISION)] == [(None, AT + 200)]
    assert not of_kind(told, Kind.CORRECTED)
    kept = corrected([*first.events, *told.events])
    assert [one.data["by"] for one in kept if one.kind is Kind.DECISION] == [APPROVER.arn, None]


def test_of_two_approvals_the_last_writers_is_at_the_time_of_their_own_write() -> None:
    """The event of the last one is lost; the one before is ann's, whose name nobody has yet."""
    last = package(1, at=AT + 60, author=OTHER_APPROVER)
    first = decided_on(replace(fresh(last, event_of(last, at=AT)), now=AT + 61))
    assert [by_and_time(one) for one in of_kind(first, Kind.DECISION)] == [(OTHER_APPROVER.arn, AT + 60)]


# --- why ----------------------------------------------------------------------------------------------------------


def test_a_description_that_was_there_before_is_not_the_approvers_words() -> None:
    approved = package(1, reason=SIGNED)
    decision = decided_on(fresh(approved, event_of(approved)))
    (entry,) = of_kind(decision, Kind.DECISION)
    assert entry.data["why"] is None
    assert "Signed" not in entry.reason
    assert starts(decision) == 1  # why is not asked for before a rollout
    assert after(decision).versions[1].reason == ""


def test_words_count_that_the_decisions_own_event_says_were_written_in_it() -> None:
    approved = package(1, reason="AUC 0.93")
    both = ("ModelApprovalStatus", "ApprovalDescription")
    seen = fresh(approved, event_of(approved, *both))
    assert of_kind(decided_on(seen), Kind.DECISION)[0].data["why"] == "AUC 0.93"
    overwritten = replace(approved, reason="rob was here", modified=AT + 30, author=REGISTRANT)
    event = event_of(approved, *both, description="AUC 0.93")
    assert of_kind(decided_on(fresh(overwritten, event)), Kind.DECISION)[0].data["why"] == "AUC 0.93"
    silent = event_of(approved, *both)
    assert of_kind(decided_on(fresh(overwritten, silent)), Kind.DECISION)[0].data["why"] is None


def test_the_decisions_event_tells_the_words_also_when_it_comes_late() -> None:
    approved = package(1, reason="AUC 0.93")
    seen = replace(fresh(approved), now=AT + 1)
    first = decided_on(seen)
    assert of_kind(first, Kind.DECISION)[0].data["why"] is None
    event = event_of(approved, "ModelApprovalStatus", "ApprovalDescription", description="AUC 0.93")
    late = decided_on(replace(then(seen, first), hints=(event,)))
    assert of_kind(late, Kind.CORRECTED)[0].data["why"] == "AUC 0.93"


def test_cloudtrail_tells_that_an_approver_gave_no_reason_without_an_entry() -> None:
    approved = package(1, reason=SIGNED)
    first = after(decided_on(fresh(approved, event_of(approved))))
    seen = live_on(approved)
    assert seen.record is not None
    seen = replace(seen, record=replace(seen.record, versions=first.versions))
    told = heard(seen, witness(), REGISTERED)
    assert not of_kind(told, Kind.CORRECTED)
    assert not after(told).versions[1].untold
    assert "Signed" not in after(told).versions[1].reason


# --- nobody holds an approval off by writing ---------------------------------------------------------------------


def test_a_colleague_who_annotates_every_ten_minutes_does_not_hold_an_approval_off() -> None:
    """The approval's event is lost. CloudTrail tells each write after five minutes."""
    approval = witness()
    notes = [note(AT + 60 + 600 * n) for n in range(12)]
    last = [one for one in notes if one.at <= AT + 61]
    seen = fresh(package(1, at=last[-1].at, author=REGISTRANT))
    decision = decided_on(replace(seen, now=AT + 62))
    assert starts(decision) is None
    for minute in range(2, 120):
        now = AT + 60.0 * minute
        written = [one for one in notes if one.at <= now]
        told = tuple(one for one in (approval, REGISTERED, *written) if one.at <= now - 300)
        version = package(1, at=written[-1].at, author=REGISTRANT)
        seen = replace(seen, record=after(decision), packages=(version,), hints=(SWEEP,), now=now)
        decision = decided_on(replace(seen, trail=Trail(told, complete=True)))
        if starts(decision) == 1:
            assert now <= AT + 1_500
            return
    pytest.fail(f"held off for two hours: {after(decision).reason}")


def test_a_later_write_that_cloudtrail_has_not_told_of_may_be_anything() -> None:
    content = event_of(package(1), at=AT)
    seen = fresh(package(1, at=AT + 1_000, author=REGISTRANT), content)
    first = decided_on(replace(seen, now=AT + 1_001))
    untold = then(seen, first, now=AT + 1_200)
    assert "not known" in blocked(heard(untold, witness(), REGISTERED))
    assert starts(heard(untold, witness(), note(AT + 1_000), REGISTERED)) == 1
    by_somebody_else = witness(ADMIN, None, AT + 1_000)
    assert "not known" in blocked(heard(untold, witness(), by_somebody_else, REGISTERED))


@pytest.mark.parametrize("status", [Approval.REJECTED, Approval.PENDING, Approval.APPROVED])
def test_a_later_write_of_a_status_is_no_note(status: Approval) -> None:
    seen = fresh(package(1, at=AT + 1_000, author=ADMIN))
    first = decided_on(replace(seen, now=AT + 1_001))
    calls = (witness(), witness(ADMIN, status, AT + 1_000), REGISTERED)
    decision = heard(then(seen, first, now=AT + 1_200), *calls)
    assert starts(decision) is None
    assert after(decision).phase is Phase.BLOCKED


# --- evidence is found in a flood --------------------------------------------------------------------------------


def test_where_cloudtrail_holds_more_than_one_look_reads_the_next_one_goes_on_and_forgets_nothing() -> None:
    seen = fresh(package(1, at=AT + 60, author=REGISTRANT))
    first = decided_on(replace(seen, now=AT + 61))
    part = Trail((witness(), REGISTERED), complete=False, until=AT + 30, step=8.0)
    swept = then(seen, first, now=LATER)
    second = decided_on(replace(swept, hints=(SWEEP,), trail=part))
    assert "CloudTrail holds more calls than one look reads" in blocked(second)
    decided = after(second).versions[1]
    assert decided.search is not None
    assert (decided.search.until, decided.search.step) == (AT + 30, 8.0)
    _, facts = ask(replace(then(seen, second, now=LATER + 300), hints=(SWEEP,)))
    asked = lookup(facts, a_spec(), 1, decided)
    assert asked is not None
    assert (asked.since, asked.step) == (AT + 30, 8.0)
    rest = Trail((), complete=True, until=LATER + 300, step=8.0)
    third = decided_on(replace(then(seen, second, now=LATER + 300), hints=(SWEEP,), trail=rest))
    assert starts(third) == 1
    assert after(third).versions[1].search is None


def test_what_cloudtrail_may_tell_late_does_not_count_as_read() -> None:
    seen = fresh(package(1, at=AT + 60, author=REGISTRANT))
    first = decided_on(replace(seen, now=AT + 61))
    part = Trail((witness(), REGISTERED), complete=False, until=AT + 900, step=8.0)
    second = decided_on(replace(then(seen, first, now=AT + 1_000), hints=(SWEEP,), trail=part))
    search = after(second).versions[1].search
    assert search is not None
    assert search.until == AT + 100


def test_an_approval_does_not_stand_while_a_later_part_is_not_read() -> None:
    seen = fresh(package(1, at=AT + 60, author=ADMIN))
    first = decided_on(replace(seen, now=AT + 61))
    part = Trail((witness(), REGISTERED), complete=False, until=AT + 30, step=8.0)
    second = decided_on(replace(then(seen, first, now=LATER), hints=(SWEEP,), trail=part))
    rest = Trail((witness(OTHER_APPROVER, Approval.REJECTED, AT + 40),), complete=True)
    third = decided_on(replace(then(seen, second, now=LATER), hints=(SWEEP,), trail=rest))
    assert starts(third) is None


def test_a_part_of_cloudtrail_that_nobody_read_does_not_count_as_told() -> None:
    """A search went up to a time; a message then had CloudTrail asked from a later time on."""
    seen = fresh(package(1, at=AT + 60, author=REGISTRANT))
    first = decided_on(replace(seen, now=AT + 61))
    part = Trail((witness(), REGISTERED), complete=False, until=AT + 30, step=8.0)
    second = decided_on(replace(then(seen, first, now=LATER), hints=(SWEEP,), trail=part))
    facts = replace(then(seen, second, now=LATER).facts(), trail=Trail((), True, {1: AT + 500}))
    assert told_since(facts, 1) == AT + 500
    assert told_since(replace(facts, trail=Trail((), True, {1: AT + 30})), 1) < AT


def test_what_an_annotator_writes_before_an_approval_pushes_no_evidence_out_of_a_search() -> None:
    writes = [
        witness(REGISTRANT, None, AT - 60 + n, id=f"w-{n}", content=True, reason="x" * 4_000)
        for n in range(12)
    ]
    seen = fresh(package(1, at=AT + 60, author=REGISTRANT))
    first = decided_on(replace(seen, now=AT + 61))
    part = Trail((*writes, witness(), REGISTERED), complete=False, until=AT + 30, step=8.0)
    second = decided_on(replace(then(seen, first, now=LATER), hints=(SWEEP,), trail=part))
    search = after(second).versions[1].search
    assert search is not None
    assert [one.id for one in search.found if one.approval is Approval.APPROVED] == [witness().id]
    assert sum(len(one.reason) for one in search.found) < 1_000


def test_more_decisions_in_cloudtrail_than_are_remembered_are_not_told_for_ever() -> None:
    many = tuple(witness(id=f"e-{n}", at=AT - 400 + n) for n in range(400))
    seen = live_on(package(1))
    decision, turns = heard(seen, *many), 1
    while decision.again and turns < 20:
        decision, turns = heard(then(seen, decision), *many), turns + 1
    assert turns < 6
    assert not heard(then(seen, decision), *many).entries
