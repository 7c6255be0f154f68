"""Records and specs survive their JSON, and every bad form is named."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.codec import decode, encode
from lambdas.core.errors import Malformed
from lambdas.core.record import (
    Decided,
    Head,
    Pause,
    Placement,
    Record,
    Rollout,
    record_from_json,
    record_to_json,
)
from lambdas.core.spec import (
    Autoscaling,
    DataCapture,
    EndpointSpec,
    Freeze,
    GroupSpec,
    GuardrailSpec,
    RolloutSpec,
    Vpc,
    spec_from_json,
    spec_to_json,
)
from tests.builders import a_record, a_spec, package, placed

for kind in (Autoscaling, DataCapture, Decided, Freeze, GuardrailSpec, Head, Pause, Placement, Rollout, Vpc):
    st.register_type_strategy(kind, st.builds(kind))
TIMES = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, TIMES)
SPECS = st.builds(GroupSpec, endpoint=st.builds(EndpointSpec), rollout=st.builds(RolloutSpec))
RECORDS = st.builds(
    Record,
    spec=st.none() | SPECS,
    versions=st.dictionaries(st.integers(1, 99), st.builds(Decided), max_size=3),
    kept=st.lists(st.builds(Placement), max_size=3).map(tuple),
)


@settings(max_examples=60)
@given(SPECS)
def test_a_spec_survives_its_json(spec: GroupSpec) -> None:
    assert spec_from_json(spec_to_json(spec)) == spec


@settings(max_examples=60)
@given(RECORDS)
def test_a_record_survives_its_json(record: Record) -> None:
    assert record_from_json(record_to_json(record)) == record


def test_defaults_are_left_out() -> None:
    assert json.loads(spec_to_json(a_spec())) == {
        "name": "churn",
        "endpoint": {"name": "churn", "instance_type": "ml.m5.large"},
        "execution_role": a_spec().execution_role,
        "artifacts": ["s3://models", "s3://elsewhere", "s3://evil"],
        "schema": "1.1",
    }


SPEC = encode(a_spec())


def but(**changes: Any) -> dict[str, Any]:
    return {**SPEC, **changes}


def endpoint(**changes: Any) -> dict[str, Any]:
    return but(endpoint={**SPEC["endpoint"], **changes})


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "spec is []; expected dict"),
        (None, "spec is None; expected dict"),
        ({}, "spec lacks endpoint, execution_role, name"),
        (but(name=7), "spec.name is 7; expected str"),
        (but(name=None), "spec.name is None; expected str"),
        (but(endpoint="x"), "spec.endpoint is 'x'; expected dict"),
        (endpoint(instance_count="two"), "spec.endpoint.instance_count is 'two'; expected int"),
        (endpoint(instance_count=1.5), "spec.endpoint.instance_count is 1.5; expected int"),
        (endpoint(instance_count=True), "spec.endpoint.instance_count is True; expected int"),
        (endpoint(network_isolation=1), "spec.endpoint.network_isolation is 1; expected bool"),
        (endpoint(vpc={"subnets": "s"}), "spec.endpoint.vpc lacks security_groups"),
        (
            endpoint(vpc={"subnets": "s", "security_groups": []}),
            "spec.endpoint.vpc.subnets is 's'; expected list",
        ),
        (
            endpoint(vpc={"subnets": ["s", 7], "security_groups": []}),
            "spec.endpoint.vpc.subnets[1] is 7; expected str",
        ),
        (but(withdrawal="destroy"), "spec.withdrawal is 'destroy'; allowed: keep, delete"),
        (but(withdrawal=[]), "spec.withdrawal is []; allowed: keep, delete"),
        (but(withdrawal={}), "spec.withdrawal is {}; allowed: keep, delete"),
        (but(tags=[]), "spec.tags is []; expected dict"),
        (but(tags={"team": 7}), "spec.tags.team is 7; expected str"),
        (but(guardrails={"error_rate": "2%"}), "spec.guardrails.error_rate is '2%'; expected a number"),
        (but(guardrails={"error_rate": True}), "spec.guardrails.error_rate is True; expected a number"),
        (but(guardrails={"error_rate": 10**400}), "spec.guardrails.error_rate is 1"),
        (but(freeze=[{"start": 0, "end": 1}]), "spec.freeze[0] lacks reason"),
    ],
)
def test_a_bad_spec_is_named_by_place_value_and_what_is_allowed(data: object, complaint: str) -> None:
    with pytest.raises(Malformed) as error:
        spec_from_json(json.dumps(data))
    assert str(error.value).startswith(complaint)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_not_json_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="is not JSON"):
        spec_from_json(text)
    with pytest.raises(Malformed, match="is not JSON"):
        record_from_json(text)


def test_a_record_whose_version_is_no_number_is_malformed() -> None:
    record = json.loads(record_to_json(a_record(package(1))))
    record["versions"]["first"] = record["versions"].pop("1")
    with pytest.raises(Malformed, match=r"record\.versions has the key 'first'; expected int"):
        record_from_json(json.dumps(record))


def test_a_whole_number_is_a_number_of_seconds() -> None:
    assert decode(Freeze, {"start": 1, "end": 2, "reason": "x"}) == Freeze(1.0, 2.0, "x")


def test_a_records_json_tells_its_parts_by_name() -> None:
    record = a_record(package(1), kept=(placed(package(1), live_at=None),))
    assert set(json.loads(record_to_json(record))) == {"group", "kept", "revision", "spec", "versions"}
