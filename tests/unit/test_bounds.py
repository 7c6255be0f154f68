"""A group's record stays small whatever its history, and what is archived still tells news from what is known."""

import dataclasses
import json
import typing
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.adapters import store
from lambdas.core.acts import RETRY, Act
from lambdas.core.archive import COVERED, Archive
from lambdas.core.bounds import BOUNDS, MOST_BYTES, MOST_TEXT, bounded
from lambdas.core.desired import targets
from lambdas.core.facts import Hint, Trail, VersionDetail
from lambdas.core.identity import Identity
from lambdas.core.intake import MOST_AT_ONCE
from lambdas.core.ledger import MOST_ENTRY, Event, Kind, chain
from lambdas.core.record import (
    Approval,
    Cause,
    Head,
    Phase,
    Record,
    Retraining,
    Run,
    Witness,
    record_from_json,
    record_to_json,
)
from lambdas.core.spec import GroupSpec
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
    decided_on,
    event_of,
    known,
    live_on,
    names,
    package,
    placed,
)
from tests.long_history import EMOJI, MANY, history, looks, size

EVE = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/platform-admins/eve")
LONG = "because " * 128


@pytest.mark.parametrize("reason", [LONG, EMOJI], ids=["1,024 characters", "1,024 emoji"])
def test_a_record_stays_below_64_kb_with_5000_decided_and_5000_pending_versions(reason: str) -> None:
    record, largest, entry = history(reason)
    assert largest <= MOST_BYTES
    assert entry <= MOST_ENTRY
    assert record.waiting == MANY
    assert len(record.archive.having(Approval.REJECTED)) + len(record.versions) == MANY
    assert decided_on(Seen(record, tuple(_packages(reason)), hints=())).events == ()


def _packages(reason: str) -> Iterator[VersionDetail]:
    yield from (
        package(n, approval=Approval.REJECTED, reason=reason, at=START + n) for n in range(1, MANY + 1)
    )
    yield from (package(n, approval=Approval.PENDING) for n in range(MANY + 1, 2 * MANY + 1))


def test_a_first_look_at_a_group_with_5000_decided_versions_keeps_few_of_them_in_full() -> None:
    packages = tuple(package(n, at=START - 10 * n) for n in range(1, MANY + 1))
    record = after(decided_on(Seen(None, packages, hints=())))
    assert size(record) <= MOST_BYTES
    assert targets(record, a_spec()) == ()


# --- what stays -------------------------------------------------------------------------------------------------


def group(*, rejected: int = 60) -> Seen:
    """v1 is live and v2 the last known good; many others were decided against since."""
    one, two = package(1), package(2, at=START + 50)
    others = [package(n, approval=Approval.REJECTED) for n in range(3, rejected + 3)]
    seen = live_on(one, two, *others, kept=(placed(two, live_at=START + 200),), hints=())
    return replace(seen, record=bounded(replace_record(seen)))


def replace_record(seen: Seen) -> Record:
    assert seen.record is not None
    return seen.record


def test_live_and_last_known_good_stay_in_full_however_old_they_are() -> None:
    record = replace_record(group())
    assert {1, 2} < record.versions.keys()
    assert record.archive.status(10) is Approval.REJECTED


def test_a_rejection_of_the_live_version_leads_back_whatever_was_decided_since() -> None:
    seen = group()
    rejected = package(1, approval=Approval.REJECTED, at=NOW - 5)
    seen = replace(seen, packages=(rejected, *seen.packages[1:]))
    assert "UpdateEndpoint" in names(decided_on(seen))


def test_an_approval_that_waits_is_not_archived_for_the_decisions_after_it() -> None:
    waiting = package(3, at=NOW - 20_000)
    others = [package(n, approval=Approval.REJECTED, at=NOW - 10_000 + n) for n in range(4, 100)]
    record = bounded(replace_record(live_on(package(1), waiting, *others)))
    assert [target.version for target in targets(record, a_spec())] == [3, 1]


def test_the_open_answer_of_a_run_is_not_archived() -> None:
    answer = package(3, at=NOW - 20_000)
    others = [package(n, at=NOW - 10_000 + n) for n in range(4, 100)]
    run = Run("churn-run-1", Cause.DRIFT, "drift", NOW - 30_000, versions=(3,), ended=NOW - 25_000)
    record = replace_record(live_on(package(1), answer, *others))
    record = bounded(replace(record, retraining=Retraining(past=(run,))))
    assert 3 in record.versions
    assert 4 not in record.versions


def test_what_the_registry_has_otherwise_by_now_is_not_archived_before_it_is_taken_in() -> None:
    rejected = package(1, approval=Approval.REJECTED)
    others = [package(n, approval=Approval.REJECTED) for n in range(2, 60)]
    assert 1 not in bounded(a_record(rejected, *others)).versions
    assert 1 in bounded(a_record(rejected, *others), news={1}).versions


def test_bounding_a_record_twice_is_bounding_it_once() -> None:
    record = replace_record(group())
    assert bounded(record) is record or bounded(record) == record


# --- what is archived -------------------------------------------------------------------------------------------


def archived(approval: Approval, **changes: Any) -> Seen:
    """v3 was decided on long ago and is archived; the archive's youngest decision was at `archive.at`."""
    seen = group()
    others = tuple(package(n, approval=Approval.REJECTED) for n in range(4, 63))
    mine = package(3, approval=approval, **{"at": START + 10, **changes})
    record = replace_record(seen)
    if approval is Approval.APPROVED:
        archive = record.archive.adding({3: Approval.APPROVED}, record.archive.at)
        record = replace(record, archive=archive)
    return replace(seen, record=record, packages=(package(1), package(2, at=START + 50), mine, *others))


def at(seen: Seen) -> float:
    return replace_record(seen).archive.at


def test_an_archived_version_whose_status_is_the_same_is_no_news() -> None:
    for approval in (Approval.REJECTED, Approval.APPROVED):
        assert decided_on(archived(approval)).events == ()


def test_an_archived_rejection_that_is_approved_is_taken_in_with_nothing_before_the_archive() -> None:
    seen = archived(Approval.REJECTED)
    approved = package(3, at=NOW - 5)
    seen = replace(
        seen, packages=(*seen.packages[:2], approved, *seen.packages[3:]), hints=(event_of(approved),)
    )
    decision = decided_on(seen)
    assert decision.events[0].data["before"] == "Rejected"
    taken = after(decision).versions[3]
    assert (taken.not_before, taken.by, taken.unsure) == (at(seen), APPROVER, START)
    assert after(decision).archive.status(3) is None


def test_an_approval_event_of_an_archived_version_counts_only_if_it_is_younger_than_the_archive() -> None:
    seen = archived(Approval.APPROVED, at=NOW - 5)
    old = event_of(package(3), at=at(seen))
    assert decided_on(replace(seen, hints=(old,))).events == ()
    young = event_of(package(3, at=NOW - 5))
    taken = after(decided_on(replace(seen, hints=(young,)))).versions[3]
    assert (taken.at, taken.by, taken.not_before) == (NOW - 5, APPROVER, at(seen))


def test_an_archived_approval_that_somebody_else_gives_again_is_none() -> None:
    seen = archived(Approval.APPROVED, at=NOW - 5, author=EVE)
    again = event_of(package(3, at=NOW - 5, author=EVE))
    assert 3 not in after(decided_on(replace(seen, hints=(again,)))).versions


@pytest.mark.parametrize("author", [EVE, None], ids=["by name", "nobody named"])
def test_an_approval_of_before_the_archive_does_not_prove_one_that_came_after(
    author: Identity | None,
) -> None:
    """An approver approved v3 once, and rejected it; it was archived. Somebody else approves it now: CloudTrail, which
    has the approver's old approval and no rejection (it tells late, or of the first pages only), proves nothing."""
    seen = archived(Approval.REJECTED)
    intruded = package(3, at=NOW - 2_000, author=author)
    old = Witness("e-1", GROUP, 3, at(seen) - 50, APPROVER, Approval.APPROVED)
    seen = replace(
        seen,
        packages=(*seen.packages[:2], intruded, *seen.packages[3:]),
        hints=(Hint("sweep"), event_of(intruded)),
        trail=Trail((old,), complete=True),
    )
    decision = decided_on(seen)
    assert names(decision) == []
    record = after(decision)
    assert record.versions[3].by != APPROVER
    assert record.live == replace_record(seen).live


def test_who_wrote_the_content_of_an_archived_version_is_asked_of_cloudtrail_again() -> None:
    """The approver wrote it, in the call that rejected it, which only the archived decision knew."""
    seen = archived(Approval.REJECTED)
    approved = package(3, at=NOW - 2_000)
    own = Witness("e-1", GROUP, 3, START + 10, APPROVER, Approval.REJECTED, content=True)
    its = Witness("e-2", GROUP, 3, NOW - 2_000, APPROVER, Approval.APPROVED)
    packages = (*seen.packages[:2], approved, *seen.packages[3:])
    seen = replace(seen, packages=packages, hints=(event_of(approved),))
    assert names(decided_on(seen)) == []
    swept = replace(seen, hints=(Hint("sweep"), event_of(approved)), trail=Trail((own, its), complete=True))
    decision, facts = ask(swept)
    assert facts.trail is not None
    assert facts.trail.since[3] <= START
    assert names(decision) == []
    assert after(decision).phase is Phase.BLOCKED
    assert "the same person" in decision.reason
    rob = replace(own, by=REGISTRANT)
    assert "UpdateEndpoint" in names(decided_on(replace(swept, trail=Trail((rob, its), complete=True))))


def test_an_archived_version_that_failed_is_not_started_by_itself_and_is_by_a_new_approval() -> None:
    one, failed = package(1), package(3)
    others = [package(n, approval=Approval.REJECTED) for n in range(4, 60)]
    seen = live_on(one, failed, *others, hints=())
    record = replace_record(seen)
    record = replace(record, versions={**record.versions, 3: known(failed, failed="it errs", failures=1)})
    record = bounded(record)
    assert record.archive.status(3) is Approval.APPROVED
    rejected = package(1, approval=Approval.REJECTED, at=NOW - 5)
    gone = replace(seen, record=record, packages=(rejected, failed, *others))
    assert names(decided_on(gone)) == []
    again = package(3, at=NOW - 4)
    news = Hint("sweep"), event_of(again)
    its = Witness("e", GROUP, 3, NOW - 4, APPROVER, Approval.APPROVED)
    tried = replace(
        gone,
        packages=(rejected, again, *others),
        hints=news,
        now=NOW + 2_000,
        trail=Trail((its,), complete=True),
    )
    decision = decided_on(tried)
    assert "UpdateEndpoint" in names(decision)
    first = placed(failed, live_at=None)
    assert after(decision).rollout is not None
    assert after(decision).rollout.config != first.config  # type: ignore[union-attr] # as asserted above


def test_an_archived_approval_that_leaves_the_registry_is_said_once() -> None:
    seen = archived(Approval.APPROVED)
    gone = replace(seen, packages=(*seen.packages[:2], *seen.packages[3:]))
    decision = decided_on(gone)
    assert [(one.version, one.data["after"]) for one in decision.events] == [(3, "Deleted")]
    assert decided_on(replace(gone, record=after(decision))).events == ()


def test_another_try_of_an_archived_version_is_answered() -> None:
    act = Act(RETRY, json.dumps({"version": 3, "reason": "once more"}), "stamp")
    decision = decided_on(replace(archived(Approval.APPROVED), acts=(act,), spec_is_read=True))
    assert "approve it again" in decision.events[0].reason


def test_an_archived_version_that_waits_again_is_no_registration() -> None:
    seen = archived(Approval.REJECTED)
    archive = replace_record(seen).archive.adding({3: Approval.PENDING}, at(seen))
    waits = package(3, approval=Approval.PENDING)
    record = replace(replace_record(seen), archive=archive, noted=62)
    decision = decided_on(
        replace(seen, record=record, packages=(*seen.packages[:2], waits, *seen.packages[3:]))
    )
    assert decision.events == ()
    assert 3 not in after(decision).pending


@given(st.dictionaries(st.integers(1, 3 * COVERED), st.sampled_from(list(Approval)[:3]), max_size=60))
def test_an_archive_remembers_each_status_of_the_highest_numbers(statuses: dict[int, Approval]) -> None:
    archive = Archive().adding(statuses, 7.0)
    floor = max(statuses, default=0) - COVERED + 1
    assert {n: archive.status(n) for n in statuses} == {
        n: s if n >= floor else None for n, s in statuses.items()
    }
    assert len(archive.statuses) <= COVERED // 3 + 4
    assert archive.without(statuses).statuses.strip("A=") == ""


def test_below_the_archives_floor_only_an_approval_that_an_event_tells_is_news() -> None:
    seen = archived(Approval.REJECTED)
    archive = replace_record(seen).archive.adding({COVERED + 20: Approval.REJECTED}, at(seen))
    record = replace(replace_record(seen), archive=archive)
    approved = package(3, at=NOW - 5)
    seen = replace(seen, record=record, packages=(*seen.packages[:2], approved, *seen.packages[3:]))
    far = package(COVERED + 20, approval=Approval.REJECTED)
    seen = replace(seen, packages=(*seen.packages, far))
    assert archive.floor == 21
    assert decided_on(seen).events == ()
    assert decided_on(replace(seen, hints=(event_of(approved),))).events[0].version == 3


def test_what_is_archived_is_taken_in_before_what_is_new() -> None:
    """Archiving the new ones moves the time before which nothing counts for the archived."""
    seen = archived(Approval.REJECTED)
    more = tuple(package(n, at=NOW - 50 + n / 100) for n in range(1_000, 1_000 + 2 * MOST_AT_ONCE))
    mine = package(40, at=NOW - 60)
    packages = {p.version: p for p in (*seen.packages, *more, mine)}
    record = replace_record(seen)
    first = next(looks(record, packages))
    assert 40 in {event.version for event in first.events}
    assert after(first).versions[40].not_before == record.archive.at if 40 in after(first).versions else True


# --- texts and entries ------------------------------------------------------------------------------------------


def test_reasons_are_cut_in_the_record_and_longer_in_the_ledger() -> None:
    seen = live_on(package(1), hints=())
    rejected = package(2, approval=Approval.REJECTED, reason=EMOJI)
    decision = decided_on(replace(seen, packages=(*seen.packages, rejected)))
    kept, written = after(decision).versions[2].reason, json.loads(decision.entries[0].body)["reason"]
    assert len(json.dumps(kept)) - 2 <= MOST_TEXT
    assert 10 * len(kept) < len(written) < len(EMOJI)


TEXTS = st.text(max_size=5) | st.sampled_from([EMOJI, LONG * 40, "\\" * 9_000])
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=30)
@given(TEXTS, st.dictionaries(st.text(max_size=3), VALUES | TEXTS.map(lambda one: [one] * 400), max_size=40))
def test_no_entry_is_larger_than_a_transaction_has_room_for(reason: str, data: dict[str, Any]) -> None:
    (entry,), _ = chain(GROUP, Head(), [Event(Kind.DECISION, NOW, reason, 1, data)])
    assert len(entry.body) <= MOST_ENTRY
    assert 99 * MOST_ENTRY + MOST_BYTES < store._MOST_BYTES


def test_an_entry_says_what_is_cut_in_it_and_nothing_where_nothing_is() -> None:
    (long, short), _ = chain(
        GROUP,
        Head(),
        [Event(Kind.SPEC, NOW, "x", None, {"by": LONG * 9, "n": 1}), Event(Kind.SPEC, NOW, "x")],
    )
    assert json.loads(long.body)["data"]["cut"] == ["by"]
    assert json.loads(short.body)["data"] == {}


# --- every list has a bound -------------------------------------------------------------------------------------


def collections_of(kind: Any, path: str = "") -> Iterator[str]:
    for name, hint in typing.get_type_hints(kind).items():
        if name == "unknown":
            continue
        for one in (hint, *typing.get_args(hint)):
            origin = typing.get_origin(one)
            if dataclasses.is_dataclass(one) and one is not GroupSpec:
                yield from collections_of(one, f"{path}{name}.")
            elif origin is not None and (origin is tuple or issubclass_of_mapping(origin)):
                yield f"{path}{name}"
                yield from (
                    more
                    for inner in typing.get_args(one)
                    if dataclasses.is_dataclass(inner)
                    for more in collections_of(inner, f"{path}{name}.")
                )


def issubclass_of_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, typing.Mapping)


def test_each_list_and_mapping_of_the_record_has_a_stated_bound() -> None:
    assert set(collections_of(Record)) == BOUNDS.keys()


def _full(record: Record) -> Record:
    run = Run(
        "churn-run-12345",
        Cause.DRIFT,
        "x" * 200,
        NOW,
        versions=tuple(range(1, 40)),
        parameters={str(n): "y" * 100 for n in range(40)},
        problem="z" * 200,
    )
    heard = tuple(f"{n:036}" for n in range(64))
    retraining = Retraining(run=run, past=(run,) * 30, starts=tuple(NOW + n for n in range(400)))
    person = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{'r' * 64}/{'s' * 64}", "i" * 64)
    decided = {
        n: known(package(n), by=person, registrant=person, writer=person, reason="r" * 250, changed="c" * 250)
        for n in range(1, 200)
    }
    kept = tuple(placed(package(n), live_at=NOW - n) for n in range(1, 19))
    return replace(
        record, retraining=retraining, heard=heard, versions=decided, kept=kept, live=kept[0].config
    )


def test_a_record_in_which_everything_is_full_is_below_64_kb_all_the_same() -> None:
    record, _, _ = history(EMOJI)
    full = bounded(_full(record))
    assert size(full) <= MOST_BYTES
    assert len(full.retraining.past) <= 20
    assert all(not run.parameters for run in full.retraining.past)
    assert len(full.retraining.starts) == 168
    assert record_from_json(record_to_json(full)) == full


# --- what a newer release wrote, and who else approves -----------------------------------------------------------


@pytest.mark.parametrize("archive", ["zzz", {"at": START, "strange": "keys"}])
def test_what_a_newer_release_archived_is_told_anew_by_nobody_and_a_way_back_goes_at_once(
    archive: object,
) -> None:
    old = tuple(package(n, approval=Approval.REJECTED) for n in range(10, 400))
    good, live = package(1), package(2)
    seen = live_on(live, good, kept=(placed(good, live_at=START + 1000),))
    assert seen.record is not None
    written = json.loads(record_to_json(replace(seen.record, noted=400)))
    record = record_from_json(json.dumps({**written, "schema": "2.0", "archive": archive}))
    rejected = replace(live, approval=Approval.REJECTED, modified=NOW - 10)
    decision = decided_on(replace(seen, record=record, packages=(good, rejected, *old), hints=()))
    assert [event.version for event in decision.events] == [2, 1]
    assert names(decision) == ["UpdateEndpoint"]


def test_approvals_by_those_who_may_not_push_none_out_that_an_approver_gave() -> None:
    waiting = package(2)
    others = tuple(package(n, author=EVE) for n in range(3, 60))
    record = bounded(a_record(waiting, *others))
    assert 2 in record.versions
    assert len(record.versions) < len(others)


def test_a_record_whose_spec_cannot_be_read_blocks_with_that_reason_instead_of_failing() -> None:
    seen = live_on(package(1))
    assert seen.record is not None
    written = json.loads(record_to_json(seen.record))
    record = record_from_json(json.dumps({**written, "schema": "2.0", "spec": {"renamed": 1}}))
    decision = decided_on(replace(seen, record=record, spec=None, spec_is_read=True, hints=()))
    assert after(decision).phase is Phase.BLOCKED
    assert "a newer release wrote the group's spec" in after(decision).reason


def test_a_group_with_more_decisions_than_a_look_takes_in_is_looked_at_again_by_the_sweep() -> None:
    many = tuple(package(n, approval=Approval.REJECTED) for n in range(1, 200))
    decision = decided_on(Seen(a_record(phase=Phase.SETTLED), many, hints=()))
    assert (decision.again, decision.unsettled) == (True, True)
