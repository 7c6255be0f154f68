"""Every kind of entry has a name and an urgency; what is announced is what was recorded, or nothing."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from lambdas.core.announcements import (
    TELLINGS,
    Announcement,
    Urgency,
    chosen_from,
    chosen_text,
    read,
    urgency_of,
)
from lambdas.core.errors import Malformed
from lambdas.core.ledger import NEED_A_PERSON, Entry, Event, Kind, chain
from lambdas.core.record import Head
from tests.unit.test_ledger import EVENTS

GROUP = "churn"


def entry(kind: Kind = Kind.DECISION, reason: str = "because", **data: object) -> Entry:
    """An entry of version 7."""
    (made,), _ = chain(GROUP, Head(11, "0" * 64), [Event(kind, 1_700_000_000.25, reason, 7, data)])
    return made


def announcement(kind: Kind = Kind.DECISION, reason: str = "because", **data: object) -> Announcement:
    """The same, read."""
    return read(entry(kind, reason, **data))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_told_in_some_way(kind: Kind) -> None:
    telling = TELLINGS[kind]
    assert telling.words.isascii()
    assert telling.detail_type.istitle()


def test_what_needs_a_person_pages_and_so_does_break_glass_and_nothing_else() -> None:
    paging = {kind for kind, telling in TELLINGS.items() if telling.urgency is Urgency.PAGE}
    assert paging == NEED_A_PERSON | {Kind.BREAK_GLASS}


@given(EVENTS)
def test_what_is_read_is_what_was_recorded(events: list[Event]) -> None:
    entries, _ = chain(GROUP, Head(), events)
    for event, made in zip(events, entries, strict=True):
        one = read(made)
        assert (one.kind, one.reason, one.version, one.data) == (
            event.kind,
            event.reason,
            event.version,
            event.data,
        )
        assert abs(one.at - event.at) < 0.001
        assert (one.id, one.hash) == (f"{GROUP}/{made.seq}", made.hash)


def forged(body: object) -> Entry:
    """An entry that is whole, and says this."""
    text = body if isinstance(body, str) else json.dumps(body)
    made = replace(entry(), body=text)
    digest = _hash_of(made)
    return replace(made, hash=digest)


def _hash_of(made: Entry) -> str:
    import hashlib  # noqa: PLC0415 - the recipe of exports, written down once more on purpose

    return hashlib.sha256(f"{made.group}\n{made.seq}\n{made.previous}\n{made.body}".encode()).hexdigest()


BODY = {"kind": "decision", "at": 1.0, "reason": "r", "version": None, "data": {}}


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "[" * 5000 + "]" * 5000,
        {**BODY, "kind": "explosion"},
        {**BODY, "at": "soon"},
        {**BODY, "at": 1e300},
        {**BODY, "at": None},
        {**BODY, "version": "seven"},
        {**BODY, "data": 7},
        {key: value for key, value in BODY.items() if key != "reason"},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_told_by_its_number(body: object) -> None:
    assert read(forged(BODY)).reason == "r"
    with pytest.raises(Malformed, match="entry 12 of group churn cannot be read"):
        read(forged(body))


def test_an_entry_that_is_not_what_was_written_is_not_announced() -> None:
    with pytest.raises(Malformed, match="entry 12 of group churn: its hash is not that of its content"):
        read(replace(entry(), body=entry(reason="another").body))


def test_the_account_chooses_urgencies_by_kind() -> None:
    chosen = {Kind.DECISION: Urgency.PAGE, Kind.BLOCKED: Urgency.QUIET}
    assert urgency_of(announcement(), {}) is Urgency.INFORM
    assert urgency_of(announcement(), chosen) is Urgency.PAGE
    assert urgency_of(announcement(Kind.BLOCKED), {}) is Urgency.PAGE
    assert urgency_of(announcement(Kind.BLOCKED), chosen) is Urgency.QUIET


def test_what_is_only_awaited_pages_nobody_and_is_told_all_the_same() -> None:
    assert urgency_of(announcement(Kind.BLOCKED, awaited=True), {}) is Urgency.INFORM
    assert (
        urgency_of(announcement(Kind.BLOCKED, awaited=True), {Kind.BLOCKED: Urgency.QUIET}) is Urgency.QUIET
    )


def test_urgencies_survive_the_environment() -> None:
    for chosen in ({}, {Kind.FAILED: Urgency.PAGE, Kind.SPEC: Urgency.INFORM}):
        assert chosen_from(chosen_text(chosen)) == chosen


@pytest.mark.parametrize("text", ["", "[]", '{"explosion": "page"}', '{"blocked": "shout"}'])
def test_urgencies_that_cannot_be_read_are_told(text: str) -> None:
    with pytest.raises(Malformed, match=r"urgencies .* cannot be read"):
        chosen_from(text)
