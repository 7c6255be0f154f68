"""`greenlight announce`: asks the function as often as it takes, and tells where it stopped."""

import io
import json
from typing import Any

import pytest

from cli import operating
from lambdas.adapters.aws import Aws
from tests.adapters.conftest import Stubbed
from tests.cli.running import greenlight

DONE = {"announced": 0, "set_aside": 0, "next": None, "error": None}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lays out what the function is asked and answers, in order."""
    stubbed = Stubbed("lambda")
    monkeypatch.setattr(Aws, "functions", lambda *_: stubbed.client)
    monkeypatch.setattr(Aws, "cloudformation", None)
    monkeypatch.setattr(operating, "outputs", lambda *_: {"AnnounceFunction": "announce"})

    def lay_out(first: int, last: int | None, **answer: Any) -> None:
        payload = json.dumps({"group": "churn", "first": first, "last": last}).encode()
        said = io.BytesIO(json.dumps(DONE | answer).encode())
        stubbed.answers(
            "invoke", {"Payload": said, "StatusCode": 200}, FunctionName="announce", Payload=payload
        )

    yield lay_out
    stubbed.done()


def test_it_goes_on_until_all_is_told(asked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked(41, None, announced=200, next=241)
    asked(241, None, announced=3)
    assert greenlight("announce", "churn", "--from", "41") == 0
    assert capsys.readouterr().out == "203 entries are announced again\n"


def test_it_tells_where_it_stopped_why_and_how_to_go_on(
    asked: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(41, 60, announced=2, next=43, error="publishing to T: AccessDenied: no")
    assert greenlight("announce", "churn", "--from", "41", "--to", "60") == 2
    said = capsys.readouterr().err
    assert "2 entries were announced; not entry 43, nor any after it: publishing to T" in said
    assert "`greenlight announce churn --from 43 --to 60`" in said


def test_what_is_set_aside_again_is_told(asked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked(41, 41, set_aside=1)
    assert greenlight("announce", "churn", "--from", "41", "--to", "41", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"group": "churn", "announced": 0, "set_aside": 1}


def test_a_group_without_such_entries_is_told(asked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked(41, None)
    assert greenlight("announce", "churn", "--from", "41") == 0
    assert "group churn has no such entries; `greenlight history churn`" in capsys.readouterr().out


def test_an_entry_number_is_asked_for() -> None:
    assert greenlight("announce", "churn") == 2
    assert greenlight("announce", "churn", "--from", "0") == 2
