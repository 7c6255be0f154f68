"""Exporting and verifying a ledger from the command line."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from cli import ledger
from lambdas.adapters.aws import Aws
from lambdas.adapters.store import Store
from lambdas.core.export import from_bytes, to_lines
from lambdas.core.ledger import Event, Kind, chain
from lambdas.core.record import Head, Record
from tests.adapters.conftest import Stubbed
from tests.cli.running import greenlight

EVENTS = [Event(Kind.DECISION, 1.5, "v1: approved", 1), Event(Kind.STARTED, 2.5, "forward to v1", 1)]


def a_stack(monkeypatch: pytest.MonkeyPatch) -> Stubbed:
    """CloudFormation, answering what is laid out."""
    stubbed = Stubbed("cloudformation")
    monkeypatch.setattr(Aws, "cloudformation", stubbed.client)
    return stubbed


@pytest.fixture
def deployed(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A stack that tells the tables' names, and a group with two entries."""
    tells_its_tables(monkeypatch)
    return filled(store, EVENTS)


def tells_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"StateTable": "state", "LedgerTable": "ledger"}
    outputs = [{"OutputKey": key, "OutputValue": value} for key, value in told.items()]
    stack = {
        "StackName": "Greenlight-State",
        "CreationTime": datetime(2026, 11, 23, tzinfo=UTC),
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": outputs,
    }
    a_stack(monkeypatch).answers("describe_stacks", {"Stacks": [stack]}, StackName="Greenlight-State")


def filled(store: Store, events: list[Event]) -> Store:
    entries, head = chain("fraud", Head(), events)
    store.commit(Record("fraud", head=head), entries, unsettled=False)
    return store


def exported(capsys: pytest.CaptureFixture[str], folder: Path) -> Path:
    assert greenlight("history", "fraud", "--export") == 0
    file = folder / "fraud.jsonl"
    file.write_text(capsys.readouterr().out)
    return file


@pytest.mark.usefixtures("deployed")
def test_an_export_is_verified_without_aws(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = exported(capsys, tmp_path)
    assert greenlight("verify", str(file)) == 0
    assert "all 2 entries of group fraud" in capsys.readouterr().out


@pytest.mark.usefixtures("deployed")
def test_a_ledger_that_was_written_anew_is_found_by_a_head_noted_before(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = exported(capsys, tmp_path)
    assert greenlight("verify", str(file)) == 0
    head = capsys.readouterr().out.rpartition("head ")[2].strip()
    assert greenlight("verify", str(file), "--head", head) == 0
    entries, end = chain("fraud", Head(), [Event(Kind.DECISION, 1.5, "v1: rejected", 1), *EVENTS])
    file.write_text("\n".join(to_lines("fraud", entries, end)))
    assert greenlight("verify", str(file)) == 0
    assert greenlight("verify", str(file), "--head", head) == 1
    assert "entry 2 of group fraud is not the one that was noted" in capsys.readouterr().out


def test_a_head_that_is_none_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for text in ("", "2", "x:abc", "2:"):
        assert greenlight("verify", str(tmp_path / "x"), "--head", text) == 2
        assert "a number, a colon and a hash" in capsys.readouterr().err


@pytest.mark.usefixtures("deployed")
def test_an_edited_entry_is_found_by_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = exported(capsys, tmp_path)
    file.write_text(file.read_text().replace("forward to v1", "forward to v9"))
    assert greenlight("verify", str(file)) == 1
    assert "entry 2 of group fraud" in capsys.readouterr().out


@pytest.mark.usefixtures("deployed")
def test_an_entry_edited_in_the_table_is_found_by_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    boto3.client("dynamodb").update_item(
        TableName="ledger",
        Key={"group": {"S": "fraud"}, "seq": {"N": "1"}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": "{}"}},
    )
    assert greenlight("verify", str(exported(capsys, tmp_path))) == 1
    assert "entry 1 of group fraud" in capsys.readouterr().out


@pytest.mark.usefixtures("deployed")
def test_a_group_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert greenlight("history", "fruad", "--export") == 2
    assert "group fruad has no record" in capsys.readouterr().err


def test_without_greenlight_there_is_nothing_to_export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says = "Stack with id Greenlight-State does not exist"
    a_stack(monkeypatch).refuses("describe_stacks", "ValidationError", says)
    assert greenlight("history", "fraud", "--export") == 2
    assert "there is no stack Greenlight-State" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "says"), [("", "no line"), ("x", "line 1 is not JSON")])
def test_a_file_that_is_no_export_is_told(
    content: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x").write_text(content)
    assert greenlight("verify", str(tmp_path / "x")) == 2
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("deployed")
def test_an_export_that_was_written_anew_by_an_editor_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = exported(capsys, tmp_path)
    for encoding in ("utf-16", "utf-8-sig"):
        file.with_suffix(".new").write_bytes(file.read_text().encode(encoding))
        assert greenlight("verify", str(file.with_suffix(".new"))) == 2
        assert "line 1 is UTF-16, or begins with a byte order mark" in capsys.readouterr().err


@pytest.mark.usefixtures("deployed")
def test_an_export_whose_lines_say_two_things_is_not_verified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = exported(capsys, tmp_path)
    file.write_text(file.read_text().replace('"body": ', '"body": "by rob", "body": ', 1))
    assert greenlight("verify", str(file)) == 2
    told = capsys.readouterr()
    assert "line 2 has the key 'body' more than once" in told.err
    assert "as they were written" not in told.out


def test_what_turns_the_writing_in_a_reason_is_shown_and_not_obeyed(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "\N{RIGHT-TO-LEFT OVERRIDE}nna yb\x1b[2K\N{LINE SEPARATOR}"
    filled(store, [Event(Kind.DECISION, 1.5, reason, 1)])
    for how in ((), ("--json",), ("--export",)):
        tells_its_tables(monkeypatch)
        assert greenlight("history", "fraud", *how) == 0
        out = capsys.readouterr().out
        assert not set(out) & set("\N{RIGHT-TO-LEFT OVERRIDE}\x1b\N{LINE SEPARATOR}")
        assert "nna yb" in out


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert greenlight("verify", str(tmp_path / "nowhere")) == 2
    assert "nowhere" in capsys.readouterr().err


def test_history_shows_each_decision_as_it_is_known_by_now_and_passes_over_what_cannot_be_read() -> None:
    decision = {"decided_at": 5.5, "before": "Approved", "after": "Rejected", "by": None, "why": None}
    correction = {
        "corrects": 5.5,
        "after": "Rejected",
        "by": "ann",
        "why": "it drifts",
        "registered_by": None,
    }
    events = [
        Event(Kind.DECISION, 6.0, "v3: Approved → Rejected; no reason given", 3, decision),
        Event(Kind.BLOCKED, 7.0, "blocked", None, {"limit": math.nan}),
        Event(Kind.CORRECTED, 8.0, "v3: Rejected by ann: it drifts", 3, correction),
    ]
    entries, head = chain("churn", Head(), events)
    entries = (entries[0], replace(entries[1], body="{}"), *entries[2:])
    first, broken, last = ledger._read(entries)
    assert (first["reason"], first["data"]["by"]) == ("v3: Approved → Rejected: it drifts", "ann")
    assert first["data"]["corrected"] is True
    assert (broken["seq"], broken["kind"]) == (2, "unreadable")
    assert last["kind"] == "decision.corrected"
    assert head.seq == 3


def test_what_is_no_number_of_json_is_told_as_text() -> None:
    entries, head = chain("churn", Head(), [Event(Kind.BLOCKED, 7.0, "blocked", None, {"limit": math.nan})])
    lines = to_lines("churn", entries, head)
    assert from_bytes("".join(f"{line}\n" for line in lines).encode()).first_broken() is None
