"""Nothing that other people write is met by an error that nobody foresaw: a little of `make fuzz` in every run."""

import pytest

from tests.fuzz.registry import run, targets

_INPUTS = 40


@pytest.mark.parametrize("name", targets())
def test_whatever_is_written_there_is_an_answer_or_a_reason(name: str) -> None:
    assert run(targets()[name], _INPUTS) >= 1


def test_a_target_that_does_not_stand_an_input_is_found() -> None:
    reads = targets()["reports"]

    def fails(document: bytes) -> None:
        assert b"{" not in document

    with pytest.raises(AssertionError):
        run(type(reads)("fails", reads.inputs, fails), 200)
