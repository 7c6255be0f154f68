"""CloudTrail's records, read as witnesses of writes to versions and of break-glass."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.hints import read_message
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Witness
from lambdas.core.trail import Breach, breach_of, witness_of

ARN = "arn:aws:sts::123456789012:assumed-role/churn-approver/ann"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/3"
AT = 1_700_000_123.0
USER: dict[str, Any] = {
    "type": "AssumedRole",
    "arn": ARN,
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "churn-approver"}},
}
RECORD: dict[str, Any] = {
    "eventID": "e-1",
    "eventSource": "sagemaker.amazonaws.com",
    "eventName": "UpdateModelPackage",
    "eventTime": "2023-11-14T22:15:23Z",
    "userIdentity": USER,
    "requestParameters": {"modelPackageArn": PACKAGE, "modelApprovalStatus": "Approved"},
    "responseElements": {"modelPackageArn": PACKAGE},
}
CREATED: dict[str, Any] = {
    **RECORD,
    "eventName": "CreateModelPackage",
    "requestParameters": {"modelPackageGroupName": "churn", "inferenceSpecification": {}},
}


def test_an_approval_has_a_witness() -> None:
    assert witness_of(RECORD) == Witness("e-1", "churn", 3, AT, Identity(ARN), Approval.APPROVED)


def test_the_source_identity_of_the_session_is_told() -> None:
    session = {**USER["sessionContext"], "sourceIdentity": "ann"}
    witness = witness_of({**RECORD, "userIdentity": {**USER, "sessionContext": session}})
    assert witness is not None
    assert witness.by == Identity(ARN, "ann")


def test_a_write_without_a_status_is_a_witness_of_no_decision() -> None:
    asked = {"modelPackageArn": PACKAGE, "inferenceSpecification": {"containers": []}}
    witness = witness_of({**RECORD, "requestParameters": asked})
    assert witness is not None
    assert (witness.approval, witness.content) == (None, True)


def test_a_registration_has_a_witness() -> None:
    witness = witness_of(CREATED)
    assert witness is not None
    assert (witness.registered, witness.group, witness.version, witness.approval) == (True, "churn", 3, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"errorCode": "AccessDenied"},
        {"eventName": "DeleteModelPackage"},
        {"eventTime": "yesterday"},
        {"userIdentity": None},
        {"userIdentity": {"type": "AWSService"}},
        {"requestParameters": None},
        {
            "requestParameters": {
                "modelPackageArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/alone"
            }
        },
        {"requestParameters": {"modelPackageArn": f"{PACKAGE}/4"}},
        {"requestParameters": {"modelPackageArn": 7}},
    ],
)
def test_what_wrote_nothing_to_a_version_is_no_witness(changes: dict[str, Any]) -> None:
    assert witness_of({**RECORD, **changes}) is None


def test_a_caller_without_an_arn_is_named_by_what_there_is() -> None:
    witness = witness_of({**RECORD, "userIdentity": {"invokedBy": "sagemaker.amazonaws.com"}})
    assert witness is not None
    assert witness.by == Identity("sagemaker.amazonaws.com")


BREAK_GLASS = {
    "arn": "arn:aws:sts::123456789012:assumed-role/greenlight-break-glass/kim",
    "sessionContext": {"sessionIssuer": {"userName": "greenlight-break-glass"}},
}


def test_stepping_into_break_glass_is_a_breach() -> None:
    role = "arn:aws:iam::123456789012:role/greenlight/greenlight-break-glass"
    record = {**RECORD, "eventName": "AssumeRole", "requestParameters": {"roleArn": role}}
    assert breach_of(record) == Breach("e-1", AT, Identity(ARN), "AssumeRole")


def test_each_call_in_its_session_is_a_breach() -> None:
    record = {
        **RECORD,
        "userIdentity": BREAK_GLASS,
        "eventName": "UpdateEndpoint",
        "errorCode": "AccessDenied",
        "requestParameters": {"endpointName": "churn"},
    }
    breach = breach_of(record)
    assert breach is not None
    assert (breach.call, breach.endpoint) == ("UpdateEndpoint (refused: AccessDenied)", "churn")


def test_anything_else_is_none() -> None:
    assert breach_of(RECORD) is None
    other = {"roleArn": "arn:aws:iam::123456789012:role/greenlight/churn-approver"}
    assert breach_of({**RECORD, "eventName": "AssumeRole", "requestParameters": other}) is None


def message(record: Any) -> Any:
    kind = "AWS API Call via CloudTrail"
    return read_message(json.dumps({"detail-type": kind, "source": "aws.sagemaker", "detail": record}))


def test_a_message_of_cloudtrail_names_the_group_and_carries_the_witness() -> None:
    read = message(RECORD)
    assert read.group == "churn"
    assert read.hint.witness == witness_of(RECORD)


def test_a_message_about_break_glass_concerns_the_account() -> None:
    read = message({**RECORD, "userIdentity": BREAK_GLASS})
    assert read.group == "#account"
    assert read.hint.breach is not None


def test_a_message_of_cloudtrail_that_is_no_witness_is_about_nothing_of_ours() -> None:
    assert message({**RECORD, "errorCode": "AccessDenied"}).group is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted({*RECORD, "errorCode"})), json_values))
def test_a_record_of_any_other_shape_is_read_without_failing(changes: dict[str, Any]) -> None:
    for record in (RECORD, CREATED):
        witness_of({**record, **changes})
        breach_of({**record, **changes})
