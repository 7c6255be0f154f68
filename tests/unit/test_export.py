"""An exported ledger can be verified by anyone, and every change of it is found by number."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Malformed
from lambdas.core.export import History, from_lines, to_lines
from lambdas.core.ledger import Event
from lambdas.core.record import Head
from tests.unit.test_ledger import EVENTS, GROUP, written


@given(EVENTS)
def test_what_is_exported_is_read_again(events: list[Event]) -> None:
    entries, head = written(events)
    read = from_lines(list(to_lines(GROUP, entries, head)))
    assert read == History(GROUP, tuple(entries), head)
    assert read.first_broken() is None


@given(EVENTS)
def test_the_recipe_in_the_header_is_all_it_takes_to_verify(events: list[Event]) -> None:
    """By hand: nothing of ours is called."""
    header, *lines = (json.loads(line) for line in to_lines(GROUP, *written(events)))
    previous = ""
    for seq, line in enumerate(lines, start=1):
        text = f"{header['ledger']}\n{seq}\n{previous}\n{line['body']}"
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert (line["seq"], line["hash"]) == (seq, previous)
    assert header["head"] == {"seq": len(lines), "hash": previous}


@given(EVENTS, st.data())
def test_a_line_edited_or_left_out_is_found_by_its_number(events: list[Event], data: st.DataObject) -> None:
    lines = list(to_lines(GROUP, *written(events)))
    number = data.draw(st.integers(1, len(lines) - 1))
    edited = json.loads(lines[number])
    edited["body"] = edited["body"].replace('"at":', '"at": ')
    changed = [*lines[:number], json.dumps(edited), *lines[number + 1 :]]
    assert from_lines(changed).first_broken() == number
    assert from_lines(lines[:number] + lines[number + 1 :]).first_broken() == number


@given(EVENTS)
def test_a_ledger_that_does_not_reach_its_records_head_is_broken(events: list[Event]) -> None:
    entries, head = written(events)
    longer = replace(head, seq=head.seq + 1)
    assert from_lines(list(to_lines(GROUP, entries, longer))).first_broken() is not None


def test_an_empty_ledger_is_whole() -> None:
    assert from_lines(list(to_lines(GROUP, (), Head()))).first_broken() is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "no line"),
        (["nonsense"], "line 1 is not JSON"),
        (["[]"], "line 1 is"),
        (['{"ledger": "churn"}'], "line 1 lacks head"),
        (['{"ledger": "churn", "head": {}}', '{"seq": "1"}'], "line 2 lacks"),
        (
            ['{"ledger": "churn", "head": {}}', '{"seq": 1, "previous": "", "hash": "", "body": 7}'],
            "line 2.body",
        ),
        (
            ['{"ledger": "churn", "head": {}}', '{"seq": 1, "previous": "", "hash": "", "body": "", "x": 1}'],
            "x",
        ),
    ],
)
def test_what_is_no_export_is_told_by_line(lines: list[str], says: str) -> None:
    with pytest.raises(Malformed, match=says):
        from_lines(lines)
