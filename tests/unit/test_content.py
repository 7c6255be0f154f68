"""What would run: its fingerprint, how it is pinned, and how two contents differ."""

import json
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.content import Container, container_of, difference, fingerprint, shown, tells_all

DIGEST = "sha256:" + "ab" * 32
MEMBERS: dict[str, Any] = {
    "Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/scorer:1",
    "ImageDigest": DIGEST,
    "ModelDataUrl": "s3://models/churn/1.tar.gz",
    "ModelDataETag": "etag",
    "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    "ModelInput": {"DataInputConfig": "{}"},
    "Framework": "SKLEARN",
}
WHOLE = container_of(MEMBERS)
SOURCE = {"S3DataSource": {"S3Uri": "s3://models/llm/", "S3DataType": "S3Prefix", "CompressionType": "None"}}


def test_a_model_is_made_with_the_image_by_its_digest() -> None:
    assert WHOLE.definition() == {
        "Image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/scorer@{DIGEST}",
        "ModelDataUrl": "s3://models/churn/1.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }


def test_a_model_of_uncompressed_parts_keeps_its_data_source() -> None:
    container = container_of({"Image": "scorer", "ModelDataSource": SOURCE, "ContainerHostname": "first"})
    assert container.artifact == "s3://models/llm/"
    assert container.definition() == {
        "Image": "scorer",
        "ModelDataSource": SOURCE,
        "ContainerHostname": "first",
    }


def test_a_source_that_only_repeats_the_url_is_left_out() -> None:
    url = "s3://models/churn/1.tar.gz"
    again = {"S3DataSource": {"S3Uri": url, "S3DataType": "S3Object", "CompressionType": "Gzip"}}
    both = container_of({"Image": "scorer", "ModelDataUrl": url, "ModelDataSource": again})
    assert both.definition() == {"Image": "scorer", "ModelDataUrl": url}
    other = container_of({"Image": "scorer", "ModelDataUrl": url, "ModelDataSource": SOURCE})
    assert other.definition()["ModelDataSource"] == SOURCE
    assert other.places == (url, "s3://models/llm/")


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("scorer", "scorer"),
        ("scorer:1", "scorer"),
        ("host:5000/team/scorer:1", "host:5000/team/scorer"),
        ("host:5000/scorer", "host:5000/scorer"),
        (f"host/scorer@{DIGEST}", "host/scorer"),
        (f"host/scorer:1@{DIGEST}", "host/scorer"),
    ],
)
def test_a_repository_is_the_image_without_tag_and_digest(image: str, repository: str) -> None:
    assert Container(image).repository == repository


def test_an_image_that_is_only_a_tag_is_not_pinned() -> None:
    assert not Container("scorer:1").is_pinned
    assert Container("scorer:1").pinned_image == "scorer:1"
    assert Container(f"scorer@{DIGEST}").is_pinned
    assert shown([Container("scorer:1"), WHOLE]) == [
        {"image": "scorer:1", "digest": None, "pinned": False, "artifact": None, "etag": None},
        {
            "image": MEMBERS["Image"],
            "digest": DIGEST,
            "pinned": True,
            "artifact": "s3://models/churn/1.tar.gz",
            "etag": "etag",
        },
    ]


def test_what_a_model_cannot_be_made_with_is_named() -> None:
    assert WHOLE.not_reproducible() == []
    assert container_of({**MEMBERS, "ProductId": "p", "SomethingNew": 1}).not_reproducible() == [
        "ProductId",
        "SomethingNew",
    ]


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_every_member_is_part_of_the_fingerprint(name: str) -> None:
    changed = {**MEMBERS, name: {"A": "other"} if isinstance(MEMBERS[name], dict) else "other"}
    without = {key: value for key, value in MEMBERS.items() if key != name}
    prints = {fingerprint([container_of(members)]) for members in (MEMBERS, changed, without)}
    assert len(prints) == 3


def test_the_order_of_containers_is_part_of_the_fingerprint_and_that_of_members_is_not() -> None:
    other = replace(WHOLE, image="other")
    assert fingerprint([WHOLE, other]) != fingerprint([other, WHOLE])
    assert fingerprint([container_of(dict(reversed(MEMBERS.items())))]) == fingerprint([WHOLE])


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_changed_member_is_a_difference_that_is_named(name: str) -> None:
    changed = {**MEMBERS, name: {"A": "other"} if isinstance(MEMBERS[name], dict) else "other"}
    found = difference([WHOLE], [container_of(changed)])
    assert found is not None
    assert found.startswith(f"{name} of container 1 was ")


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_of_what_an_event_does_not_tell_it_is_no_evidence(name: str) -> None:
    """It shows no difference; but that all of what would run was there when it was approved, it does not tell."""
    told = container_of({key: value for key, value in MEMBERS.items() if key != name})
    assert difference([told], [WHOLE]) is None
    runs = name not in {"ModelInput", "Framework", "ModelDataETag"}  # these say something about what runs
    assert tells_all([told], [WHOLE]) is not runs


@pytest.mark.parametrize(
    "added",
    [
        {"Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://elsewhere/code.tar.gz"}},
        {"ModelDataUrl": "s3://elsewhere/model.tar.gz"},
        {"ModelDataSource": SOURCE},
        {"AdditionalModelDataSources": [{"ChannelName": "x", **SOURCE}]},
    ],
)
def test_nor_is_it_of_what_was_added_since(added: dict[str, Any]) -> None:
    told = container_of({"Image": "scorer:1"})
    assert tells_all([told], [told])
    assert not tells_all([told], [container_of({"Image": "scorer:1", **added})])


def test_a_container_more_or_less_is_a_difference() -> None:
    assert difference([WHOLE], []) == "1 containers were approved, there are 0"


texts = st.text(max_size=8)
contents = st.lists(
    st.builds(
        Container,
        texts,
        st.none() | texts,
        st.none() | texts,
        st.none() | texts,
        st.dictionaries(texts, texts, max_size=2),
        st.dictionaries(texts, texts, max_size=2),
    ),
    max_size=3,
)


@given(contents, contents)
def test_a_fingerprint_is_the_contents_own(one: list[Container], other: list[Container]) -> None:
    def plain(content: list[Container]) -> str:
        rows = [
            [c.image, c.image_digest, c.model_data, c.model_etag, dict(c.environment), dict(c.more)]
            for c in content
        ]
        return json.dumps(rows, sort_keys=True)

    assert (fingerprint(one) == fingerprint(other)) == (plain(one) == plain(other))
    assert len(fingerprint(one)) == 64


@given(contents)
def test_nothing_differs_from_itself(content: list[Container]) -> None:
    assert difference(content, content) is None
    assert tells_all(content, content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
AWS_NAMES = [*MEMBERS, "ModelDataSource", "AdditionalModelDataSources", "S3DataSource", "S3Uri"]


@given(st.dictionaries(st.sampled_from(AWS_NAMES) | st.text(), json_values, max_size=8), json_values)
def test_a_container_is_read_from_whatever_json_stands_there(members: dict[str, Any], source: Any) -> None:
    """An event's content is foreign: no shape of it may stop a look at the group."""
    container = container_of({**members, "ModelDataSource": {"S3DataSource": source}})
    assert container.artifact is None or isinstance(container.artifact, str)
    assert all(isinstance(place, str) for place in container.places)
    assert isinstance(container.definition(), dict)
    assert container.pinned_image.startswith(container.repository)
    assert container.not_reproducible() == sorted(container.not_reproducible())
    assert len(fingerprint([container])) == 64
    assert shown([container])
    assert isinstance(difference([container], [WHOLE]), str | None)
    assert isinstance(tells_all([container], [WHOLE]), bool)


def test_a_member_nested_deeper_than_anything_of_awss_is_kept_as_text() -> None:
    deep: Any = "s3://elsewhere/x"
    for _ in range(50_000):
        deep = {"S3Uri": deep}
    container = container_of({"Image": "scorer", "ModelDataSource": deep, "Surprise": [deep]})
    assert container.places == ()
    assert container.not_reproducible() == ["Surprise"]
    assert len(fingerprint([container])) == 64
    assert difference([container], [WHOLE]) is not None


def test_every_place_in_s3_that_a_container_can_name_is_among_its_places() -> None:
    """By AWS's own model: a member that holds a place and is not found here would escape the group's `artifacts`."""
    shape = botocore.session.get_session().get_service_model("sagemaker")
    members, places = _filled(shape.shape_for("ModelPackageContainerDefinition"), "C")
    container = container_of(members)
    unplaced = {place for place in places if place not in container.places}
    # A model cannot be made with this member, so a version that has it does not start.
    assert unplaced == {"s3://bucket/C.AdditionalS3DataSource.S3Uri"}
    assert "AdditionalS3DataSource" in container.not_reproducible()


def _filled(shape: Any, path: str) -> tuple[Any, list[str]]:
    """A value of a shape with every member there, and the places in S3 that it names."""
    if shape.type_name == "structure":
        made = {name: _filled(member, f"{path}.{name}") for name, member in shape.members.items()}
        return {name: value for name, (value, _) in made.items()}, [
            p for _, found in made.values() for p in found
        ]
    if shape.type_name == "list":
        value, found = _filled(shape.member, path)
        return [value], found
    if "s3://" in str(shape.metadata.get("pattern")).replace("(https|s3)", "s3"):
        return f"s3://bucket/{path}", [f"s3://bucket/{path}"]
    return {} if shape.type_name == "map" else "text", []


def test_what_differs_is_quoted_in_bounds() -> None:
    large = replace(WHOLE, environment={"A": "\N{PILE OF POO}" * 10_000})
    assert len(difference([large], [WHOLE]) or "") < 600
