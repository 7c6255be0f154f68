"""The ledger's chain: an entry removed, edited, moved or cut off shows, and where."""

import json
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.core.ledger import Entry, Event, Kind, chain, first_broken
from lambdas.core.record import Head

GROUP = "churn"
EVENTS = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from(Kind),
        at=st.floats(0, 2e9),
        reason=st.text(max_size=20),
        version=st.none() | st.integers(1, 99),
        data=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2),
    ),
    min_size=1,
    max_size=8,
)


def written(events: list[Event]) -> tuple[list[Entry], Head]:
    entries, head = chain(GROUP, Head(), events)
    return list(entries), head


@given(EVENTS)
def test_a_ledger_as_it_was_written_is_whole(events: list[Event]) -> None:
    entries, head = written(events)
    assert first_broken(GROUP, entries, head) is None
    assert [entry.seq for entry in entries] == list(range(1, len(events) + 1))


@given(EVENTS, st.integers(1, 7))
def test_a_ledger_written_in_parts_is_the_same_ledger(events: list[Event], cut: int) -> None:
    first, head = chain(GROUP, Head(), events[:cut])
    second, end = chain(GROUP, head, events[cut:])
    assert ([*first, *second], end) == written(events)


@given(EVENTS, st.data())
def test_a_removed_entry_is_found(events: list[Event], data: st.DataObject) -> None:
    entries, head = written(events)
    gone = data.draw(st.integers(0, len(entries) - 1))
    assert first_broken(GROUP, entries[:gone] + entries[gone + 1 :], head) == gone + 1


@given(EVENTS, st.data())
def test_an_edited_entry_is_found(events: list[Event], data: st.DataObject) -> None:
    entries, head = written(events)
    edited = data.draw(st.integers(0, len(entries) - 1))
    body = json.dumps({**json.loads(entries[edited].body), "reason": "nothing happened", "by": "nobody"})
    entries[edited] = replace(entries[edited], body=body)
    assert first_broken(GROUP, entries, head) == edited + 1


@given(EVENTS, st.data())
def test_an_edited_entry_with_a_hash_of_its_own_is_found_by_the_next_or_the_head(
    events: list[Event], data: st.DataObject
) -> None:
    entries, head = written(events)
    edited = data.draw(st.integers(0, len(entries) - 1))
    forged, _ = chain(
        GROUP, Head(edited, entries[edited].previous), [replace(events[edited], reason="forged!")]
    )
    assume(forged[0] != entries[edited])
    entries[edited] = forged[0]
    assert first_broken(GROUP, entries, head) == edited + 2


@given(EVENTS, st.data())
def test_two_entries_in_each_others_place_are_found(events: list[Event], data: st.DataObject) -> None:
    entries, head = written(events)
    assume(len(entries) > 1)
    place = data.draw(st.integers(0, len(entries) - 2))
    entries[place], entries[place + 1] = entries[place + 1], entries[place]
    assert first_broken(GROUP, entries, head) == place + 1


@given(EVENTS, st.data())
def test_entries_cut_off_at_the_end_are_found_by_the_head(events: list[Event], data: st.DataObject) -> None:
    entries, head = written(events)
    left = data.draw(st.integers(0, len(entries) - 1))
    assert first_broken(GROUP, entries[:left], head) == left + 1
    assert first_broken(GROUP, entries[:left]) is None


@given(EVENTS)
def test_entries_of_another_group_do_not_pass_for_ours(events: list[Event]) -> None:
    entries, head = written(events)
    assert first_broken("fraud", entries, head) == 1


def test_an_empty_ledger_is_whole() -> None:
    assert first_broken(GROUP, [], Head()) is None
