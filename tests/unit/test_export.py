"""An exported ledger can be verified by anyone, and every change of it is found by number."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Malformed
from lambdas.core.export import History, from_bytes, to_lines
from lambdas.core.ledger import Entry, Event, Kind
from lambdas.core.record import Head
from tests.unit.test_ledger import EVENTS, GROUP, written

HEADER = next(to_lines(GROUP, (), Head()))


def joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@given(EVENTS)
def test_what_is_exported_is_read_again(events: list[Event]) -> None:
    entries, head = written(events)
    read = from_bytes(joined(to_lines(GROUP, entries, head)))
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
    edited["body"] = edited["body"].replace('"at":', '"at":1')
    changed = [*lines[:number], json.dumps(edited), *lines[number + 1 :]]
    assert from_bytes(joined(changed)).first_broken() == number
    assert from_bytes(joined(lines[:number] + lines[number + 1 :])).first_broken() == number


@given(EVENTS)
def test_a_ledger_that_does_not_reach_its_records_head_is_broken(events: list[Event]) -> None:
    entries, head = written(events)
    longer = replace(head, seq=head.seq + 1)
    assert from_bytes(joined(to_lines(GROUP, entries, longer))).first_broken() is not None


def test_an_empty_ledger_is_whole() -> None:
    assert from_bytes(joined(to_lines(GROUP, (), Head()))).first_broken() is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "no line"),
        (["nonsense"], "line 1 is not JSON"),
        (["[]"], "line 1 is"),
        (['{"ledger": "churn"}'], "line 1 lacks head"),
        ([HEADER, '{"seq": "1"}'], "line 2 lacks"),
        (
            [HEADER, '{"seq": 1, "previous": "", "hash": "", "body": 7}'],
            r"line 2\.body",
        ),
        (
            [HEADER, '{"seq": 1, "previous": "", "hash": "", "body": "", "x": 1}'],
            "x",
        ),
    ],
)
def test_what_is_no_export_is_told_by_line(lines: list[str], says: str) -> None:
    with pytest.raises(Malformed, match=says):
        from_bytes(joined(lines))


THREE = [
    Event(Kind.DECISION, 1.0, "v1: approved", 1, {"by": "ann", "scores": [0.5, {"auc": 1}]}),
    Event(Kind.STARTED, 2.0, "forward to v1", 1),
    Event(Kind.SUCCEEDED, 3.0, "v1 is live", 1),
]


def export() -> bytes:
    return joined(to_lines(GROUP, *written(THREE)))


def line_of(content: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    """The export with one line changed."""
    lines = content.split(b"\n")
    lines[number - 1] = change(lines[number - 1])
    return b"\n".join(lines)


def with_body(change: Callable[[str], str]) -> bytes:
    """An export whose first entry has another body, and a chain that was written anew, so that every hash fits."""
    entries, _ = written(THREE)
    bodies = [change(entries[0].body), *(one.body for one in entries[1:])]
    head, forged = Head(), []
    for seq, body in enumerate(bodies, start=1):
        digest = hashlib.sha256(f"{GROUP}\n{seq}\n{head.hash}\n{body}".encode()).hexdigest()
        forged.append(Entry(GROUP, seq, head.hash, digest, body))
        head = Head(seq, digest)
    return joined(to_lines(GROUP, forged, head))


def replaced(old: bytes, new: bytes, number: int = 2) -> bytes:
    found = line_of(export(), number, lambda line: line.replace(old, new))
    assert found != export()
    return found


SAYS_TWO_THINGS = {
    "a body twice": (
        replaced(b'"body": ', b'"body": "{}", "body": '),
        "line 2 has the key 'body' more than once",
    ),
    "a key twice, deep inside": (
        line_of(export(), 1, lambda one: one.replace(b'{"seq": 3', b'{"seq": 9, "seq": 3')),
        "line 1 has the key 'seq' more than once",
    ),
    "a key twice, once escaped": (
        replaced(b'"body": ', b'"bod\\u0079": "", "body": '),
        "line 2 has the key 'body'",
    ),
    "an unknown key": (replaced(b'"body": ', b'"by": "rob", "body": '), r"line 2 has unknown keys by"),
    "an unknown key in the header": (
        replaced(b'"recipe"', b'"by": "rob", "recipe"', 1),
        r"line 1.* has unknown keys by",
    ),
    "an unknown key in the head": (
        replaced(b'"seq": 3', b'"by": "rob", "seq": 3', 1),
        r"line 1.* has unknown keys by",
    ),
    "another recipe": (replaced(b"SHA-256", b"MD5", 1), "line 1 is not spelled as"),
    "a name with a line break": (
        line_of(export(), 1, lambda one: one.replace(b'"churn"', b'"churn\\nall is well"')),
        "line 1 names 'churn.*no group's name",
    ),
    "data behind the object": (
        line_of(export(), 2, lambda one: one + b' {"by": "rob"}'),
        "line 2 is not JSON",
    ),
    "spaces behind the object": (line_of(export(), 2, lambda one: one + b" "), "line 2 is not spelled as"),
    "spaces within": (replaced(b'"seq": 1', b'"seq":  1'), "line 2 is not spelled as"),
    "keys in another order": (
        line_of(export(), 2, lambda one: json.dumps(json.loads(one), sort_keys=True).encode()),
        "line 2 is not spelled as",
    ),
    "a blank line in between": (line_of(export(), 2, lambda one: b"\n" + one), "line 2 is blank"),
    "a blank line at the end": (export() + b"\n", "line 5 is blank"),
    "spaces only": (export() + b"  \n", "line 5 is blank"),
    "UTF-8's byte order mark": (b"\xef\xbb\xbf" + export(), "line 1 .*byte order mark"),
    "UTF-16": (export().decode().encode("utf-16"), "line 1 .*UTF-16"),
    "UTF-16 without a mark": (export().decode().encode("utf-16-le"), "line 1 .*UTF-16"),
    "what is not UTF-8": (replaced(b"ann", b"\xffnn"), "line 2 is not ASCII, first at byte"),
    "characters that an export escapes": (replaced(b"ann", "änn".encode()), "line 2 is not ASCII"),
    "an escape that hides text": (replaced(b"ann", b"\\u0061nn"), "line 2 is not spelled as"),
    "an escaped slash": (replaced(b"ann", b"\\/ann"), "line 2 is not spelled as"),
    "a lone surrogate": (replaced(b"ann", b"\\ud800nn"), "line 2 has half a character"),
    "a lone surrogate in a hash": (
        replaced(b'"previous": "', b'"previous": "\\udfff'),
        "line 2 has half a character",
    ),
    "a fraction": (replaced(b'"seq": 1', b'"seq": 1.0'), r"line 2\.seq"),
    "an exponent": (replaced(b'"seq": 1', b'"seq": 1e0'), r"line 2\.seq"),
    "true": (replaced(b'"seq": 1', b'"seq": true'), r"line 2\.seq"),
    "minus zero": (replaced(b'"seq": 1', b'"seq": -0'), "line 2 is not spelled as"),
    "no number": (replaced(b'"seq": 1', b'"seq": NaN'), "line 2 has NaN"),
    "too large a number": (replaced(b'"seq": 1', b'"seq": 1' + b"0" * 5000), "line 2 is not JSON"),
    "carriage returns": (export().replace(b"\n", b"\r\n"), "line 1 ends with a carriage return"),
    "a carriage return for a line's end": (
        export().replace(b"\n", b"\r"),
        "line 1 ends with a carriage return",
    ),
    "a form feed for a line's end": (export().replace(b"\n", b"\f", 1), "line 1 is not JSON"),
    "U+2028 for a line's end": (export().replace(b"\n", "\u2028".encode(), 1), "line 1 is not ASCII"),
    "depth without end": (line_of(export(), 2, lambda _: b"[" * 200_000), "line 2 is not JSON"),
    "a body that is a list": (with_body(lambda _: "[]"), r"line 2's body is \[\]; expected an object"),
    "a body that is no JSON": (with_body(lambda _: "approved"), "line 2's body is not JSON"),
    "a body with a key twice": (
        with_body(lambda body: body.replace('"by":', '"by":"rob","by":')),
        "line 2's body has the key 'by' more than once",
    ),
    "a body with a key twice, deep inside": (
        with_body(lambda body: body.replace('{"auc":', '{"auc":0,"auc":')),
        "line 2's body has the key 'auc' more than once",
    ),
    "a body with no number": (with_body(lambda body: body.replace("0.5", "NaN")), "line 2's body has NaN"),
    "a body with an infinite number": (
        with_body(lambda body: body.replace("0.5", "1e999")),
        "line 2's body is not",
    ),
    "a body with half a character": (
        with_body(lambda body: body.replace("ann", "\\ud800")),
        "line 2's body has half",
    ),
    "a body with an escape that hides text": (
        with_body(lambda body: body.replace("ann", "\\u0061nn")),
        "line 2's body is not spelled as",
    ),
    "a body with spaces": (
        with_body(lambda body: body.replace(":", ": ", 1)),
        "line 2's body is not spelled as",
    ),
    "a body with characters that the ledger escapes": (
        with_body(lambda body: body.replace("ann", "\N{RIGHT-TO-LEFT OVERRIDE}nna")),
        "line 2's body is not spelled as",
    ),
}


@pytest.mark.parametrize(("content", "says"), SAYS_TWO_THINGS.values(), ids=SAYS_TWO_THINGS)
def test_a_line_that_may_be_read_in_two_ways_is_refused_by_its_number(content: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=f"^{says}.*; do not rely on this file"):
        from_bytes(content)


def test_the_last_line_end_may_be_missing() -> None:
    assert from_bytes(export().removesuffix(b"\n")) == from_bytes(export())
    assert from_bytes(export()).first_broken() is None


@given(EVENTS, st.data())
def test_any_other_byte_is_refused_or_breaks_the_chain(events: list[Event], data: st.DataObject) -> None:
    """Whatever is verified as whole is the export itself, to the last byte."""
    content = joined(to_lines(GROUP, *written(events)))
    at = data.draw(st.integers(0, len(content) - 2))
    changed = content[:at] + data.draw(st.binary(max_size=3)) + content[at + data.draw(st.integers(0, 2)) :]
    try:
        read = from_bytes(changed)
    except Malformed:
        return
    unchanged = changed.removesuffix(b"\n") == content.removesuffix(b"\n")
    assert unchanged or read.first_broken() is not None
