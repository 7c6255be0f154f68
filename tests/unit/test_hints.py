"""Queue messages to hints: every event that a rule of ours sends, and everything that is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.content import Container
from lambdas.core.errors import Malformed
from lambdas.core.facts import Hint, Told
from lambdas.core.hints import Message, read_message
from lambdas.core.record import Approval

AT = 1_700_000_123.0
PACKAGE = {
    "ModelPackageGroupName": "churn",
    "ModelPackageVersion": 3,
    "ModelApprovalStatus": "Approved",
    "LastModifiedTime": "2023-11-14T22:15:23Z",
    "UpdatedModelPackageFields": ["ModelApprovalStatus", "ApprovalDescription"],
}


def read(kind: str, **detail: Any) -> Message:
    return read_message(json.dumps({"detail-type": kind, "source": "aws.x", "detail": detail}))


def registry(**changes: Any) -> Message:
    return read("SageMaker Model Package State Change", **{**PACKAGE, **changes})


def told(*, is_approval: bool = True, **changes: Any) -> Told:
    message = registry(**changes)
    assert message.group == "churn"
    assert message.hint.told is not None
    assert message.hint.told.is_approval is is_approval
    return message.hint.told


def test_an_event_that_says_the_status_was_written_is_evidence_of_an_approval() -> None:
    wrote = frozenset({"ModelApprovalStatus", "ApprovalDescription"})
    assert told() == Told(3, Approval.APPROVED, AT, wrote)


@pytest.mark.parametrize("path", ["InferenceSpecification.Containers", "ModelPackage.InferenceSpecification"])
def test_a_member_counts_as_written_if_a_part_of_it_was(path: str) -> None:
    written = told(UpdatedModelPackageFields=["ModelApprovalStatus", path])
    assert written.decides_on_own_content


def test_an_event_tells_the_content_that_the_version_had() -> None:
    container = {"Image": "scorer:1", "ImageDigest": "sha256:1", "ModelDataUrl": "s3://models/churn/3.tar.gz"}
    asked = {"Containers": [container], "SupportedContentTypes": ["text/csv"]}
    expected = (Container("scorer:1", "sha256:1", "s3://models/churn/3.tar.gz"),)
    assert told(InferenceSpecification=asked).containers == expected


@pytest.mark.parametrize("asked", [None, [], "x", {}, {"Containers": None}, {"Containers": ["scorer:1"]}])
def test_an_unreadable_content_is_no_evidence(asked: object) -> None:
    assert told(InferenceSpecification=asked).containers is None


@pytest.mark.parametrize(
    "time",
    [
        AT,
        int(AT),
        AT * 1000,
        int(AT * 1000),
        "2023-11-14T22:15:23Z",
        "2023-11-14T22:15:23+00:00",
        "2023-11-14T22:15:23.000Z",
        "2023-11-14T22:15:23.000+0000",
        "2023-11-15T00:15:23+02:00",
        "2023-11-14T22:15:23",
    ],
)
def test_a_time_is_read_as_seconds_milliseconds_or_iso(time: object) -> None:
    assert told(LastModifiedTime=time).at == AT


@pytest.mark.parametrize("time", [None, "", "yesterday", True, [], {}, 10**400])
def test_an_unreadable_time_is_no_evidence_and_no_reason_to_fail(time: object) -> None:
    assert registry(LastModifiedTime=time) == Message(Hint("registry"), group="churn")


@pytest.mark.parametrize("time", ["NaN", "Infinity", "-Infinity"])
def test_a_time_that_is_no_number_is_no_evidence(time: str) -> None:
    body = json.dumps({"detail-type": "SageMaker Model Package State Change", "detail": PACKAGE})
    body = body.replace('"2023-11-14T22:15:23Z"', time)
    assert read_message(body).hint.told is None


@pytest.mark.parametrize(
    "changes",
    [
        {"UpdatedModelPackageFields": ["CustomerMetadataProperties"]},
        {"UpdatedModelPackageFields": []},
        {"UpdatedModelPackageFields": None},
        {"ModelApprovalStatus": "Rejected"},
        {"ModelApprovalStatus": "PendingManualApproval"},
    ],
)
def test_any_other_registry_event_is_no_approval(changes: dict[str, Any]) -> None:
    told(is_approval=False, **changes)


@pytest.mark.parametrize("status", [None, "", "Deleted", 7, ["Approved"]])
def test_an_event_without_a_readable_status_only_names_the_group(status: object) -> None:
    assert registry(ModelApprovalStatus=status) == Message(Hint("registry"), group="churn")


@pytest.mark.parametrize("version", [None, "3", 3.5, True, [3]])
def test_an_event_without_a_readable_version_only_names_the_group(version: object) -> None:
    assert registry(ModelPackageVersion=version) == Message(Hint("registry"), group="churn")


@pytest.mark.parametrize("fields", [7, "ModelApprovalStatus", {"a": 1}])
def test_updated_fields_of_another_shape_are_no_evidence(fields: object) -> None:
    told(is_approval=False, UpdatedModelPackageFields=fields)


def test_a_package_without_a_group_is_nobodys_version() -> None:
    message = read("SageMaker Model Package State Change", ModelPackageName="alone")
    assert message == Message(Hint("registry"))


@pytest.mark.parametrize(
    "kind", ["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"]
)
def test_an_endpoint_event_names_the_endpoint(kind: str) -> None:
    message = read(kind, EndpointName="churn-live", EndpointStatus="IN_SERVICE", CreationTime=1583831889050)
    assert message == Message(Hint("endpoint"), endpoint="churn-live")


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("greenlight/churn/abort", "churn"),
        ("greenlight/churn/churn-v3-0123456789/errors", "churn"),
        ("business-kpi", None),
        ("greenlight/churn", None),
        ("greenlight//abort", None),
    ],
)
def test_an_alarm_event_names_the_group_of_our_alarms_only(name: str, group: str | None) -> None:
    message = read("CloudWatch Alarm State Change", alarmName=name, state={"value": "ALARM"})
    assert message == Message(Hint("alarm"), group=group)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("/greenlight/groups/churn", "churn"),
        ("/greenlight/groups/", None),
        ("/greenlight/groups/a/b", None),
        ("/greenlight/groups/..", None),
        ("/greenlight/acts/churn/pause", "churn"),
        ("/greenlight/acts/churn/../fraud/pause", None),
        ("/greenlight/acts/../pause", None),
        ("/other/churn", None),
    ],
)
@pytest.mark.parametrize("operation", ["Create", "Update", "Delete"])
def test_a_parameter_event_names_the_group_of_our_specs_only(
    name: str, group: str | None, operation: str
) -> None:
    message = read("Parameter Store Change", name=name, operation=operation)
    assert message == Message(Hint("spec"), group=group)


def test_the_sweep_names_the_group() -> None:
    body = json.dumps({"greenlight": {"group": "churn", "source": "sweep", "at": 5}})
    assert read_message(body) == Message(Hint("sweep"), group="churn")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "64 levels deep"),
        ("9" * 5000, "not JSON"),
        ("[]", "is list, not an object"),
        ("null", "is NoneType, not an object"),
        ('"text"', "is str, not an object"),
        ("{}", "'detail-type'"),
        ('{"detail-type": 7, "detail": {}}', "'detail-type'"),
        ('{"detail-type": "Parameter Store Change"}', "'detail'"),
        ('{"detail-type": "Parameter Store Change", "detail": []}', "'detail'"),
        ('{"detail-type": "Parameter Store Change", "detail": {}}', "'name'"),
        ('{"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": ""}}', "'alarmName'"),
        ('{"detail-type": "SageMaker Endpoint State Change", "detail": {}}', "'EndpointName'"),
        ('{"detail-type": "EC2 Instance Launch", "detail": {}}', "'EC2 Instance Launch'"),
        ('{"greenlight": 1}', "'greenlight'"),
        ('{"greenlight": {}}', "'source'"),
        ('{"greenlight": {"source": "sweep"}}', "'group'"),
        (
            '{"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageGroupName": 7}}',
            "'ModelPackageGroupName'",
        ),
    ],
)
def test_a_malformed_message_says_what_is_wrong(body: str, complaint: str) -> None:
    with pytest.raises(Malformed) as error:
        read_message(body)
    assert complaint in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        "SageMaker Model Package State Change",
        "SageMaker Endpoint State Change",
        "CloudWatch Alarm State Change",
        "Parameter Store Change",
    ]
)
DETAIL = st.fixed_dictionaries(
    {}, optional=dict.fromkeys((*PACKAGE, "EndpointName", "alarmName", "name"), JSON)
)


@given(st.builds(lambda kind, detail: {"detail-type": kind, "detail": detail}, KINDS, DETAIL) | JSON)
def test_whatever_the_message_it_is_read_or_malformed(event: object) -> None:
    try:
        message = read_message(json.dumps(event))
    except Malformed:
        return
    assert isinstance(message.hint, Hint)


@given(st.text())
def test_whatever_the_text_it_is_read_or_malformed(body: str) -> None:
    try:
        read_message(body)
    except Malformed:
        return
