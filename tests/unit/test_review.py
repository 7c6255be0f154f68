"""Versions that wait for a decision are noted, reminded of, and in the end said to have waited too long."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.facts import Report, VersionDetail
from lambdas.core.intake import MOST_AT_ONCE
from lambdas.core.ledger import Event, Kind
from lambdas.core.record import Approval, Pending
from lambdas.core.spec import GatesSpec, MetricGate, ReviewSpec
from lambdas.core.standing import standing
from tests.builders import (
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    decided_on,
    having,
    live_on,
    package,
    told,
)

HOUR, DAY = 3600.0, 86400.0
WAITING = [package(n, approval=Approval.PENDING) for n in (1, 2, 3)]


def group(*versions: int, now: float = NOW, **review: Any) -> Seen:
    """A group in whose registry these versions wait; the record knows of none."""
    spec = a_spec(review=ReviewSpec(**review))
    packages = tuple(one for one in WAITING if one.version in versions)
    return Seen(a_record(spec=spec), packages, spec=spec, now=now)


def seen_again(seen: Seen, now: float, **changes: Any) -> Seen:
    """The same group later, after what was decided on it until then."""
    return replace(seen, record=after(decided_on(seen)), now=now, **changes)


def said(seen: Seen, kind: Kind) -> list[Event]:
    return [event for event in decided_on(seen).events if event.kind is kind]


def test_a_registration_is_told_once_with_who_registered() -> None:
    (event,) = said(group(1), Kind.PENDING)
    assert (event.version, event.reason) == (1, "v1 was registered and waits for a decision")
    assert (event.data["registered_by"], event.data["registered_at"]) == (str(REGISTRANT), START)
    assert told(decided_on(seen_again(group(1), NOW + 60))) == []


def test_many_registrations_are_told_in_their_order_and_as_many_at_once_as_a_transaction_holds() -> None:
    many = tuple(package(n, approval=Approval.PENDING) for n in range(1, MOST_AT_ONCE + 11))
    first = decided_on(replace(group(), packages=many))
    assert [event.version for event in first.events] == list(range(1, MOST_AT_ONCE + 1))
    assert first.again
    rest = decided_on(replace(group(), packages=many, record=after(first)))
    assert [event.version for event in rest.events] == list(range(MOST_AT_ONCE + 1, MOST_AT_ONCE + 11))
    assert not rest.again


def test_what_was_pending_before_the_first_look_is_waited_for_from_then_on_without_a_word_each() -> None:
    spec = a_spec(review=ReviewSpec(reminder_hours=24))
    onboarded = decided_on(Seen(None, tuple(WAITING), spec=spec, spec_modified=START, now=NOW))
    assert told(onboarded) == ["onboarded"]
    later = Seen(after(onboarded), tuple(WAITING), spec=spec, now=NOW + 25 * HOUR)
    (event,) = said(later, Kind.REMINDER)
    assert event.reason == "v1, v2, v3 wait for a decision, the longest for 25 hours"


def test_a_reminder_names_all_that_wait_and_comes_again_after_as_long() -> None:
    seen = seen_again(group(1, 2, reminder_hours=24), NOW + 23 * HOUR)
    assert told(decided_on(seen)) == []
    (event,) = said(replace(seen, now=NOW + 24 * HOUR), Kind.REMINDER)
    assert event.reason.startswith("v1, v2 wait for a decision, the longest for ")
    assert event.data == {"versions": [1, 2]}
    reminded = seen_again(replace(seen, now=NOW + 24 * HOUR), NOW + 47 * HOUR)
    assert told(decided_on(reminded)) == []
    assert told(decided_on(replace(reminded, now=NOW + 48 * HOUR))) == ["reminder"]


def test_nobody_is_reminded_where_the_spec_says_so_and_nothing_expires() -> None:
    seen = seen_again(group(1, reminder_hours=0, expiry_days=0), NOW + 4000 * DAY)
    assert told(decided_on(seen)) == []


def test_what_waited_too_long_is_said_once_and_not_reminded_of_and_its_status_stays() -> None:
    seen = seen_again(group(1, reminder_hours=24, expiry_days=7), START + 7 * DAY)
    decision = decided_on(seen)
    assert told(decision) == ["expired"]
    assert decision.actions == ()
    assert "the status stays as it is" in decision.events[0].reason
    assert told(decided_on(seen_again(seen, START + 70 * DAY))) == []


@pytest.mark.parametrize("approval", [Approval.APPROVED, Approval.REJECTED])
def test_what_was_decided_on_waits_no_more(approval: Approval) -> None:
    decided = package(1, approval=approval, at=NOW)
    seen = seen_again(group(1, reminder_hours=24), NOW + 25 * HOUR, packages=(decided,))
    assert "reminder" not in told(decided_on(seen))
    assert after(decided_on(seen)).pending == {}


def test_what_is_set_back_to_pending_is_a_decision_and_not_waited_for() -> None:
    rejected = package(1, approval=Approval.REJECTED)
    seen = Seen(a_record(rejected, noted=1), (WAITING[0],), now=NOW + 100 * DAY)
    assert "reminder" not in told(decided_on(seen))


def test_a_version_that_a_list_leaves_out_for_a_moment_is_not_told_again() -> None:
    seen = seen_again(group(1, 2), NOW + 60, packages=(WAITING[0],))
    back = seen_again(seen, NOW + 120, packages=tuple(WAITING[:2]))
    assert told(decided_on(back)) == []
    assert after(decided_on(back)).pending[2] == Pending(NOW + 120, NOW + 120)


def test_only_the_youngest_32_are_noted_and_all_are_counted_and_told_of() -> None:
    many = tuple(package(n, approval=Approval.PENDING) for n in range(1, 151))
    crowd = replace(group(), packages=many, record=replace(a_record(), noted=150))
    record = after(decided_on(crowd))
    assert sorted(record.pending) == list(range(119, 151))
    assert record.waiting == 150
    assert standing(record).more_pending == 118
    (reminder,) = decided_on(seen_again(crowd, NOW + 10 * DAY)).events
    assert "v150 and 118 more wait for a decision" in reminder.reason
    assert reminder.data["more"] == 118


# --- the comparison ---------------------------------------------------------------------------------------------

BEST = MetricGate("auc", at_least=0.9, worse_than_live_by=0.01)


def beside_live(
    candidate: VersionDetail, live: VersionDetail, gate: MetricGate = BEST, **reports: Report
) -> Seen:
    """A group in which one version is live and another was just registered."""
    spec = a_spec(gates=GatesSpec(metrics=(gate,)))
    return replace(having(live_on(live, spec=spec), noted=1), packages=(live, candidate), reports=reports)


def test_a_registration_is_told_with_what_an_approver_should_know() -> None:
    live = package(1, metadata={"auc": "0.95", "dataset": "may"})
    candidate = package(2, approval=Approval.PENDING, metadata={"auc": "0.93", "dataset": "june"})
    (event,) = said(beside_live(candidate, live), Kind.PENDING)
    assert event.data["compared_with"] == 1
    (auc,) = event.data["metrics"]
    assert (auc["name"], auc["before"], auc["after"], auc["better"]) == ("auc", 0.95, 0.93, False)
    assert auc["change"] == -0.02
    assert {"name": "dataset", "before": "may", "after": "june"} in event.data["differences"]
    assert event.data["gates"] == ["its auc is 0.93, worse by more than 0.01 than v1's 0.95"]


def test_the_first_version_is_compared_with_nothing_and_its_gates_are_told() -> None:
    candidate = package(1, approval=Approval.PENDING, metadata={"auc": "0.8"})
    spec = a_spec(gates=GatesSpec(metrics=(BEST,)))
    (event,) = said(Seen(a_record(spec=spec), (candidate,), spec=spec), Kind.PENDING)
    assert (event.data["compared_with"], event.data["differences"]) == (None, [])
    assert event.data["metrics"] == [
        {"name": "auc", "before": None, "after": 0.8, "change": None, "better": None}
    ]
    assert event.data["gates"] == ["its auc is 0.8, below 0.9"]


def test_a_report_that_cannot_be_read_is_told_and_nothing_is_held_up() -> None:
    candidate = package(2, approval=Approval.PENDING, evaluation="s3://b/2.json")
    (event,) = said(beside_live(candidate, package(1, metadata={"auc": "0.95"})), Kind.PENDING)
    assert event.data["report"] == "its evaluation report cannot be read: it is not there"


def test_what_is_told_of_a_version_has_an_end() -> None:
    many = {f"metric {n}": "1" for n in range(60)} | {f"note {n}": "x" * 1000 for n in range(60)}
    candidate = package(2, approval=Approval.PENDING, metadata=many)
    (event,) = said(beside_live(candidate, package(1)), Kind.PENDING)
    assert (len(event.data["metrics"]), len(event.data["differences"])) == (50, 50)
    assert max(len(one["after"]) for one in event.data["differences"]) == 200


def test_of_many_that_are_registered_at_once_the_youngest_are_compared() -> None:
    many = tuple(package(n, approval=Approval.PENDING) for n in range(1, 16))
    events = said(replace(group(), packages=many), Kind.PENDING)
    assert [event.version for event in events if "gates" in event.data] == list(range(6, 16))
