"""Events on the bus have the shape that their schemas promise, whatever an entry says, and fit into PutEvents."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from infra.event_schemas import FOLDER, file_name, schemas
from lambdas.core.announcements import TELLINGS, Announcement
from lambdas.core.events import MOST_BYTES, SCHEMA, to_event
from lambdas.core.ledger import Kind
from tests.unit.test_announcements import announcement

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]
ANY_TEXT = st.text(st.characters(), max_size=50)  # lone surrogates too
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
ANNOUNCEMENTS = st.builds(
    Announcement,
    group=st.just("churn") | st.just("#account"),
    seq=st.integers(1, 10**9),
    hash=st.just("0f" * 32),
    kind=st.sampled_from(Kind),
    at=st.floats(0, 4e9),
    reason=ANY_TEXT,
    version=st.none() | st.integers(1, 10**6),
    data=st.dictionaries(ANY_TEXT, ANY_JSON, max_size=4),
)


def validator(detail_type: str) -> Draft202012Validator:
    """Of the schema that is in the repository."""
    return Draft202012Validator(json.loads((FOLDER / file_name(detail_type)).read_text()))


def told(one: Announcement) -> dict[str, Any]:
    """The detail of its event, as strictly as a reader may read it."""

    def refused(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    detail = to_event(one).detail
    detail.encode()
    return dict(json.loads(detail, parse_constant=refused))


def test_the_schemas_in_the_repository_are_up_to_date() -> None:
    files = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert files == schemas(), (
        "run make schema; a schema whose version is not this one may stay, in another folder"
    )


@pytest.mark.parametrize("name", sorted(schemas()))
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schemas()[name]))


@given(ANNOUNCEMENTS)
def test_every_event_is_as_its_schema_says(one: Announcement) -> None:
    event = to_event(one)
    validator(event.detail_type).validate(told(one))
    assert (event.detail_type, event.at) == (TELLINGS[one.kind].detail_type, one.at)


def test_a_schema_refuses_another_kind_and_a_member_that_it_does_not_know() -> None:
    detail = told(announcement())
    schema = validator("Decision Recorded")
    assert schema.is_valid(detail)
    assert not schema.is_valid({**detail, "kind": "blocked"})
    assert not schema.is_valid({**detail, "more": 1})
    assert not schema.is_valid({key: value for key, value in detail.items() if key != "hash"})


def test_an_event_says_what_the_entry_says_and_where_it_is() -> None:
    detail = told(announcement(Kind.STARTED, "forward to v7", rollout="r-1"))
    assert detail == {
        "schema": SCHEMA,
        "id": "churn/12",
        "group": "churn",
        "seq": 12,
        "hash": announcement(Kind.STARTED, "forward to v7", rollout="r-1").hash,
        "kind": "rollout.started",
        "at": "2023-11-14T22:13:20.250Z",
        "version": 7,
        "reason": "forward to v7",
        "data": {"rollout": "r-1"},
        "cut": [],
    }


def as_of_old(reason: str = "because", **data: Any) -> Announcement:
    """Of an entry larger than any is today: the first release bounded none."""
    return replace(announcement(Kind.BLOCKED), reason=reason, data=data)


def test_what_is_too_large_loses_its_largest_members_by_name_and_keeps_the_others() -> None:
    detail = told(as_of_old(content="ü" * MOST_BYTES, by="ann", more="x" * 100))
    assert detail["data"] == {"by": "ann", "more": "x" * 100}
    assert detail["cut"] == ["data.content"]
    assert detail["reason"] == "because"


def test_a_reason_that_is_too_large_is_cut_last_and_shows_it() -> None:
    detail = told(as_of_old("ü" * MOST_BYTES, by="ann"))
    assert detail["cut"] == ["data", "reason"]
    assert detail["reason"].endswith("ü…")


@settings(deadline=None, max_examples=25)  # megabytes are written again and again
@given(st.lists(st.integers(1, 2 * MOST_BYTES), max_size=3), st.integers(0, 2 * MOST_BYTES))
def test_no_event_is_larger_than_put_events_takes(sizes: list[int], length: int) -> None:
    data = {f"m{number}": "€" * size for number, size in enumerate(sizes)}
    event = to_event(as_of_old("€" * length, **data))
    assert len(event.detail.encode()) <= MOST_BYTES
    validator(event.detail_type).validate(json.loads(event.detail))


def test_the_documents_examples_are_events_one_of_each_detail_type() -> None:
    types = [example["detail-type"] for example in EXAMPLES]
    assert sorted(types) == sorted({telling.detail_type for telling in TELLINGS.values()})
    for example in EXAMPLES:
        assert example["source"] == "greenlight"
        validator(example["detail-type"]).validate(example["detail"])


def test_the_document_tells_of_every_kind_its_detail_type_and_its_urgency() -> None:
    for kind, telling in TELLINGS.items():
        assert re.search(
            rf"^\| `{telling.detail_type}` \|.*`{re.escape(kind.value)}` \({telling.urgency.value}\)",
            DOCUMENT,
            re.MULTILINE,
        ), kind
