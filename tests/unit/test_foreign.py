"""What other people wrote is read within bounds, and whatever is wrong with it is a reason."""

import json
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Throttled, Unreadable
from lambdas.core.foreign import MOST_DEPTH, boundary, read_json
from lambdas.core.text import cut

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@given(value=JSON)
def test_json_is_read_in_every_encoding_that_json_has(encoding: str, value: object) -> None:
    text = json.dumps({"value": value}, ensure_ascii=False).encode("utf-8", "replace").decode()
    assert read_json(text.encode(encoding)) == json.loads(text)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


@given(content=st.binary(max_size=200) | st.sampled_from([b"\xff\xfe1\x00", b"\xef\xbb\xbf{}", b"1", b"nul"]))
def test_whatever_is_no_json_is_unreadable_and_nothing_else(content: bytes) -> None:
    with pytest.raises(Unreadable) if not _is_json(content) else nullcontext():
        read_json(content)


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 1500, 300_000])
def test_json_nested_too_deep_is_refused_before_it_is_built(depth: int) -> None:
    for opening, closing in ((b'{"a":', b"}"), (b"[", b"]")):
        with pytest.raises(Unreadable, match="nested more than 64 levels"):
            read_json(opening * depth + b"1" + closing * depth, most_bytes=3_000_000)


def test_json_as_deep_as_allowed_is_read() -> None:
    assert read_json(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH)


def test_brackets_in_strings_are_no_depth() -> None:
    assert read_json(json.dumps(["[" * 500 + '\\"' * 3]).encode()) == ["[" * 500 + '\\"' * 3]


def test_json_with_too_many_parts_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 10 members and items"):
        read_json(b"[1,2,3,4,5,6,7,8,9,10,11,12]", most_parts=10)


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(Unreadable, match="has 12 bytes; at most 10 are read"):
        read_json(b'"0123456789"', most_bytes=10)


def test_a_string_that_never_ends_is_scanned_once() -> None:
    # Scanned from each quote in it, this would take an hour.
    with pytest.raises(Unreadable, match="not JSON"):
        read_json(b'"' + b'\\"' * 450_000)


@pytest.mark.parametrize("raised", [RecursionError, MemoryError, OverflowError, KeyError, OSError])
def test_whatever_is_raised_inside_the_boundary_becomes_a_reason(raised: type[Exception]) -> None:
    with pytest.raises(Unreadable, match="its report cannot be read"), boundary("its report"):
        raise raised("\n" * 9 + "x" * 10_000)
    with pytest.raises(Unreadable) as told, boundary("its report"):
        raise raised("😀" * 10_000)
    assert len(json.dumps(str(told.value))) < 400


def test_what_aws_may_answer_later_passes_the_boundary() -> None:
    with pytest.raises(Throttled), boundary("its report"):
        raise Throttled("S3: SlowDown")


@given(text=st.text(), most=st.integers(6, 60))
def test_a_text_is_cut_by_the_bytes_that_json_takes(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(json.dumps(short)) - 2 <= most
    assert short == text or len(json.dumps(text)) - 2 > most


def test_a_text_of_emoji_is_cut_to_what_fits() -> None:
    assert cut("😀" * 1024, 30) == "😀😀…"
    assert cut("plain", 30) == "plain"
