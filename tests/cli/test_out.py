"""What comes from outside is shown as text."""

import time

import pytest

from cli import out


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\x1b[31mb\x07", "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_value_is_shown_as_it_is_and_steers_no_terminal(
    value: object, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out.table(("it",), [(value,)])
    _, *lines = capsys.readouterr().out.splitlines()
    assert shown == "\n".join(line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (300, "5 min"), (7200, "2 h"), (200_000, "2 d"), (-5, "0 s")]
)
def test_how_long_ago_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert out.ago(time.time() - seconds) == words
    assert out.ago(None) is None
