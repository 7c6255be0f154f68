"""Releases understand each other: what older ones wrote is read, what newer ones added is kept, ways back pass."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.core.codec import encode
from lambdas.core.errors import Malformed
from lambdas.core.facts import EndpointStatus
from lambdas.core.ledger import Kind
from lambdas.core.record import (
    SCHEMA,
    Approval,
    Direction,
    Head,
    Phase,
    Record,
    record_from_json,
    record_to_json,
)
from lambdas.core.spec import spec_from_json, spec_to_json
from lambdas.core.standing import standing
from tests.builders import (
    NOW,
    START,
    Seen,
    a_spec,
    after,
    changed,
    decided_on,
    having,
    live_on,
    names,
    package,
    placed,
    rolling_to,
)

RECORDS = Path(__file__).parents[1] / "records"
WRITTEN = sorted(RECORDS.glob("*/*.json"))


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_records_of_every_release_are_read_and_nothing_of_them_is_lost(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    record = record_from_json(text)
    assert json.loads(record_to_json(record)) == json.loads(text)
    assert standing(record).phase is record.phase


def test_records_of_the_first_release_are_there() -> None:
    assert len([file for file in WRITTEN if file.parent.name == "1.0"]) >= 9


def test_a_record_says_the_schema_of_the_release_that_wrote_it_last() -> None:
    seen = live_on(package(1), package(2))
    assert seen.record is not None
    assert seen.record.schema == "1.0"
    assert after(decided_on(changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1))).schema == str(
        SCHEMA
    )


def test_a_new_release_alone_is_no_reason_to_write_each_record_anew() -> None:
    assert not decided_on(live_on(package(1), hints=())).changed


# --- keys that are not known ------------------------------------------------------------------------------------


def coloured(value: Any) -> Any:
    """With a key that nobody knows in each object that is one of ours."""
    if isinstance(value, list):
        return [coloured(one) for one in value]
    if not isinstance(value, dict):
        return value
    maps = {
        "versions",
        "pending",
        "acts",
        "monitored",
        "inspected",
        "well",
        "parameters",
        "tags",
        "environment",
        "schedules",
    }
    told = {
        name: {key: coloured(one) for key, one in item.items()}
        if name in maps and isinstance(item, dict)
        else coloured(item)
        for name, item in value.items()
    }
    return {**told, "colour": {"deep": [1, "\N{PILE OF POO}"]}}


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: f"{file.parent.name}-{file.stem}")
@pytest.mark.parametrize("schema", ["1.0", "1.99"])
def test_keys_of_a_newer_release_are_kept_everywhere(file: Path, schema: str) -> None:
    data = {**coloured(json.loads(file.read_text(encoding="utf-8"))), "schema": schema}
    data |= {} if schema != "1.0" else {"schema": "1.0"}
    kept = json.loads(record_to_json(record_from_json(json.dumps(data))))
    assert {**kept, "schema": schema} == data


def newer(record: Record | None, schema: str = "2.0", **changes: Any) -> Record:
    """The record as a newer release would have left it."""
    assert record is not None
    data = {**coloured(encode(record)), **changes, "schema": schema}
    return replace(record_from_json(json.dumps(data)), revision=record.revision)


def test_a_rollback_on_a_newer_minor_record_keeps_its_keys_and_its_schema() -> None:
    seen = having(two(), head=Head(7, "a" * 64))
    before = newer(seen.record, "1.99")
    decision = decided_on(
        changed(replace(seen, record=before), 1, approval=Approval.REJECTED, modified=NOW - 1)
    )
    assert "UpdateEndpoint" in names(decision)
    written = json.loads(record_to_json(after(decision)))
    assert written["schema"] == "1.99"
    ours = [written, written["head"], *written["versions"].values(), *written["kept"]]
    assert [one.get("colour") for one in ours] == [{"deep": [1, "\N{PILE OF POO}"]}] * 6


# --- a newer major release --------------------------------------------------------------------------------------


def two() -> Seen:
    """v1 is live, v2 the last known good."""
    good = package(2, at=START + 50)
    return live_on(package(1), good, kept=(placed(good, live_at=START + 200),))


def test_nothing_moves_forward_on_a_newer_major_record_and_the_reason_is_said() -> None:
    seen = replace(two(), packages=(package(1), package(2, at=START + 50), package(3, at=NOW - 5)))
    assert "UpdateEndpoint" in names(decided_on(seen))
    decision = decided_on(replace(seen, record=newer(seen.record)))
    assert names(decision) == []
    assert after(decision).phase is Phase.BLOCKED
    assert (
        "schema 2.0, of a newer release than this one, which reads up to 1.x; only ways back pass"
        in decision.reason
    )


STRANGE = {"phase": "Shadowing", "pause": {"reason": 7}, "monitored": {"vibes": {"version": 1}}}


@pytest.mark.parametrize("changes", [{}, STRANGE], ids=["keys", "values too"])
def test_a_way_back_passes_on_a_newer_major_record(changes: dict[str, Any]) -> None:
    seen = two()
    record = newer(seen.record, **changes)
    rejected = changed(replace(seen, record=record), 1, approval=Approval.REJECTED, modified=NOW - 1)
    decision = decided_on(rejected)
    assert "UpdateEndpoint" in names(decision)
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.direction is Direction.BACKWARD
    written = json.loads(record_to_json(after(decision)))
    assert (written["schema"], written["colour"]) == ("2.0", {"deep": [1, "\N{PILE OF POO}"]})
    assert {name: written[name] for name in changes if name != "phase"} == {
        name: value for name, value in changes.items() if name != "phase"
    }


def test_an_abort_passes_on_a_newer_major_record() -> None:
    seen = rolling_to(live_on(package(1)), package(2))
    record = newer(seen.record)
    assert seen.endpoint is not None
    busy = replace(seen.endpoint, status=EndpointStatus.UPDATING)
    seen = replace(seen, record=record, endpoint=busy)
    decision = decided_on(changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1))
    assert names(decision) == ["TripAbort"]


def test_a_decision_that_cannot_be_read_is_the_registrys_to_tell() -> None:
    """The live version has a status that this release does not know: it serves on until the registry rejects it."""
    seen = two()
    assert seen.record is not None
    versions = {**encode(seen.record)["versions"]}
    versions["1"] = {**versions["1"], "approval": "Quarantined"}
    record = newer(seen.record, versions=versions)
    assert record.versions[1].approval is Approval.DELETED
    assert json.loads(record_to_json(record))["versions"]["1"]["approval"] == "Quarantined"
    rejected = changed(replace(seen, record=record), 1, approval=Approval.REJECTED, modified=NOW - 1)
    assert "UpdateEndpoint" in names(decided_on(rejected))


def test_what_took_the_place_of_a_value_that_could_not_be_read_is_written() -> None:
    record = newer(two().record, phase="Shadowing")
    assert json.loads(record_to_json(record))["phase"] == "Shadowing"
    settled = after(decided_on(replace(two(), record=record)))
    assert json.loads(record_to_json(settled))["phase"] == "Settled"


@pytest.mark.parametrize("schema", [7, "one", "1", "1.0.0", "-1.0", None])
def test_a_schema_that_is_none_is_refused(schema: object) -> None:
    with pytest.raises(Malformed, match="expected a major and a minor number"):
        record_from_json(json.dumps({"group": "churn", "schema": schema}))


def test_a_broken_value_in_a_record_of_this_release_is_refused_not_forgotten() -> None:
    with pytest.raises(Malformed, match=r"record\.versions\.1\.approval"):
        record_from_json('{"group": "churn", "versions": {"1": {"approval": "Quarantined", "at": 1}}}')


# --- specs ------------------------------------------------------------------------------------------------------


def spec_with(**changes: Any) -> str:
    return json.dumps({**json.loads(spec_to_json(a_spec())), **changes})


def test_a_spec_without_a_schema_is_of_the_first_release() -> None:
    data = json.loads(spec_to_json(a_spec()))
    del data["schema"]
    assert spec_from_json(json.dumps(data)) == a_spec()


def test_keys_of_a_newer_spec_are_told_once_and_have_no_effect() -> None:
    spec = spec_from_json(spec_with(schema="1.99", glow=True))
    seen = replace(live_on(package(1), hints=()), spec=spec, spec_is_read=True)
    decision = decided_on(seen)
    assert names(decision) == []
    (said,) = [one for one in decision.events if one.kind is Kind.SPEC and "ignored" in one.data]
    assert said.data["ignored"] == ["glow"]
    assert decided_on(replace(seen, record=after(decision))).events == ()


def test_an_endpoint_is_not_moved_for_what_this_release_does_not_know_of_it() -> None:
    endpoint = {**encode(a_spec().endpoint), "instance_count": 3, "glow": 7}
    spec = spec_from_json(spec_with(schema="1.99", endpoint=endpoint))
    assert names(decided_on(replace(live_on(package(1), hints=()), spec=spec, spec_is_read=True))) == []


def test_a_spec_of_a_newer_major_schema_is_refused_and_the_one_before_it_holds() -> None:
    with pytest.raises(
        Malformed, match=r"schema 2\.0, and this release reads up to 1\.x; deploy the functions"
    ):
        spec_from_json(spec_with(schema="2.0"))
