"""CloudTrail: who wrote what, told late; lost on the way at times, never when asked."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from local.server.rule_states import WITH_READS
from tests.local.server.iam_parts import (
    ACCOUNT,
    ROOT,
    assume,
    client_of,
    document,
    make_role,
    refused,
    statement,
    trust,
)
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

UPDATE = "sagemaker:UpdateModelPackage"
KIND = "AWS API Call via CloudTrail"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own, with a queue that hears all that CloudTrail tells."""
    with LocalAws() as local:
        sqs, events = local.client("sqs"), local.client("events")
        sqs.create_queue(QueueName="heard")
        queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:heard"
        pattern = {"detail-type": [KIND], "source": ["aws.sagemaker", "aws.sts"]}
        rule = events.put_rule(Name="heard", EventPattern=json.dumps(pattern), State=WITH_READS)["RuleArn"]
        may = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(may)})
        events.put_targets(Rule="heard", Targets=[{"Id": "heard", "Arn": queue}])
        yield local


@pytest.fixture(autouse=True)
def _as_it_was(aws: LocalAws) -> Iterator[None]:
    yield
    aws.control(trail=True, trail_delay=0, trail_faults={})
    heard(aws)


def heard(aws: LocalAws, call: str = "") -> list[dict[str, Any]]:
    """The records that came over the bus since the last time, of one call or all."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"])["detail"])
    return [record for record in found if record["eventName"] == call or not call]


def history(aws: LocalAws, call: str, client: Any = None) -> list[dict[str, Any]]:
    """What LookupEvents gives of one call, newest first."""
    trail = client or aws.client("cloudtrail")
    asked = [{"AttributeKey": "EventName", "AttributeValue": call}]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=asked)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def a_version(aws: LocalAws, group: str) -> str:
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    return str(
        sagemaker.create_model_package(
            ModelPackageGroupName=group, ModelApprovalStatus="PendingManualApproval"
        )["ModelPackageArn"]
    )


def test_an_approval_is_told_with_who_made_it(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    version = a_version(aws, "told")
    role = make_role(aws, statement(UPDATE), trusts=(trust(["sts:AssumeRole", "sts:SetSourceIdentity"]),))
    session = assume(aws.client("sts"), role, SourceIdentity="ann@example.com")
    before = int(time.time())
    client_of(aws, session, "sagemaker").update_model_package(
        ModelPackageArn=version, ModelApprovalStatus="Approved", CustomerMetadataProperties={"Key": "Value"}
    )
    (record,) = eventually(lambda: heard(aws, "UpdateModelPackage"))
    assert record["requestParameters"] == {
        "modelPackageArn": version,
        "modelApprovalStatus": "Approved",
        "customerMetadataProperties": {"Key": "Value"},
    }
    assert record["responseElements"] == {"modelPackageArn": version}
    user = record["userIdentity"]
    assert user["type"] == "AssumedRole"
    assert user["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/ann"
    assert user["sessionContext"]["sessionIssuer"]["arn"] == role
    assert user["sessionContext"]["sourceIdentity"] == "ann@example.com"
    assert "errorCode" not in record
    at = time.mktime(time.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert before <= at <= time.time()


def test_a_refused_call_is_told_with_its_error(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    version = a_version(aws, "refused")
    nobody = client_of(aws, assume(aws.client("sts"), make_role(aws)), "sagemaker")
    with refused():
        nobody.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    (record,) = eventually(lambda: heard(aws, "UpdateModelPackage"))
    assert record["errorCode"] == "AccessDenied"
    assert "is not authorized" in record["errorMessage"]
    assert record["responseElements"] is None


def test_a_version_registered_as_approved_is_told_with_its_arn(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName="registered")
    arn = aws.client("sagemaker").create_model_package(
        ModelPackageGroupName="registered", ModelApprovalStatus="Approved"
    )["ModelPackageArn"]
    (record,) = eventually(lambda: heard(aws, "CreateModelPackage"))
    assert record["requestParameters"]["modelApprovalStatus"] == "Approved"
    assert record["responseElements"] == {"modelPackageArn": arn}
    assert record["userIdentity"] == {
        "type": "Root",
        "arn": ROOT,
        "accountId": ACCOUNT,
        "principalId": record["userIdentity"]["principalId"],
    }


def test_stepping_into_a_role_is_told(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    role = make_role(aws)
    session = assume(aws.client("sts"), role)
    (record,) = (
        r for r in eventually(lambda: heard(aws, "AssumeRole")) if r["requestParameters"]["roleArn"] == role
    )
    assert record["responseElements"]["credentials"] == {"accessKeyId": session["AccessKeyId"]}


def test_stepping_into_a_role_is_not_told_to_a_rule_that_is_only_enabled(aws: LocalAws) -> None:
    """To CloudTrail it is reading; EventBridge guide, "Receiving read-only management events"."""
    events = aws.client("events")
    pattern = events.describe_rule(Name="heard")["EventPattern"]
    events.put_rule(Name="heard", EventPattern=pattern, State="ENABLED")
    try:
        aws.control(trail_delay=0)
        assume(aws.client("sts"), make_role(aws))
        a_version(aws, "told-afterwards")
        assert {record["eventName"] for record in eventually(lambda: heard(aws))} <= {
            "CreateModelPackage",
            "CreateModelPackageGroup",
        }
    finally:
        events.put_rule(Name="heard", EventPattern=pattern, State=WITH_READS)


def test_reading_is_not_told(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    aws.client("sagemaker").list_model_package_groups()
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName="read")
    records = eventually(lambda: heard(aws))
    assert [record["eventName"] for record in records] == ["CreateModelPackageGroup"]


def test_what_was_done_is_in_the_history_only_after_the_delay(aws: LocalAws) -> None:
    aws.control(trail_delay=3600)
    a_version(aws, "late")
    made = [r["requestParameters"]["modelPackageGroupName"] for r in history(aws, "CreateModelPackageGroup")]
    assert "late" not in made
    aws.control(trail_delay=0)
    a_version(aws, "at-once")
    made = [r["requestParameters"]["modelPackageGroupName"] for r in history(aws, "CreateModelPackageGroup")]
    assert made[0] == "at-once"
    assert "late" not in made


def test_an_event_lost_on_the_way_is_in_the_history_all_the_same(aws: LocalAws) -> None:
    aws.control(trail_delay=0, trail_faults={"lost": 1.0})
    a_version(aws, "lost")
    made = [r["requestParameters"]["modelPackageGroupName"] for r in history(aws, "CreateModelPackageGroup")]
    assert "lost" in made
    aws.control(trail_faults={})
    a_version(aws, "not-lost")
    records = eventually(lambda: heard(aws, "CreateModelPackageGroup"))
    assert [r["requestParameters"]["modelPackageGroupName"] for r in records] == ["not-lost"]


def test_without_a_trail_nothing_is_sent_and_the_history_is_there(aws: LocalAws) -> None:
    aws.control(trail_delay=0, trail=False)
    a_version(aws, "untrailed")
    made = [r["requestParameters"]["modelPackageGroupName"] for r in history(aws, "CreateModelPackageGroup")]
    assert "untrailed" in made
    aws.control(trail=True)
    a_version(aws, "trailed")
    records = eventually(lambda: heard(aws, "CreateModelPackageGroup"))
    assert [r["requestParameters"]["modelPackageGroupName"] for r in records] == ["trailed"]


def test_a_long_history_comes_in_pages(aws: LocalAws) -> None:
    aws.control(trail_delay=0)
    for number in range(60):
        aws.client("sagemaker").create_model_package_group(ModelPackageGroupName=f"many-{number}")
    made = [r["requestParameters"]["modelPackageGroupName"] for r in history(aws, "CreateModelPackageGroup")]
    assert [f"many-{number}" for number in reversed(range(60))] == made[:60]


def test_looking_up_takes_its_own_permission(aws: LocalAws) -> None:
    sts = aws.client("sts")
    nobody = client_of(aws, assume(sts, make_role(aws)), "cloudtrail")
    with refused("cloudtrail:LookupEvents"):
        nobody.lookup_events()
    reader = make_role(aws, statement("cloudtrail:LookupEvents"))
    assert history(aws, "AssumeRole", client_of(aws, assume(sts, reader), "cloudtrail"))


@pytest.mark.parametrize("wanted", [{"trail": "yes"}, {"trail_delay": -1}, {"trail_faults": {"lost": 2}}])
def test_a_setting_without_sense_is_refused(aws: LocalAws, wanted: dict[str, object]) -> None:
    with pytest.raises(Exception, match=next(iter(wanted))):
        aws.control(**wanted)
