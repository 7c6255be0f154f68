"""SNS and EventBridge refuse what they refuse in AWS, and take what is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.aws import LocalAws


@pytest.fixture(scope="module")
def topic(aws: LocalAws) -> str:
    return str(aws.client("sns").create_topic(Name="published")["TopicArn"])


@pytest.mark.parametrize(
    "message",
    [
        {"Subject": "two\nlines"},
        {"Subject": "ümlaut"},
        {"Subject": "x" * 100},
        {"Subject": " begins with a space"},
        {"MessageStructure": "json", "Message": "plain"},
        {"MessageStructure": "json", "Message": '{"email": "no default"}'},
        {"MessageStructure": "xml"},
    ],
    ids=str,
)
def test_a_message_that_sns_does_not_take_is_refused(
    aws: LocalAws, topic: str, message: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("sns").publish(**{"TopicArn": topic, "Message": "x", **message})
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"


def test_each_protocol_gets_its_own_text_and_subscriptions_filter_by_attributes(
    aws: LocalAws, topic: str
) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    url = sqs.create_queue(QueueName="published", Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{aws.region}:{aws.account}:published",
        Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"group": ["mine"]}'},
    )
    for group in ("mine", "another"):
        sns.publish(
            TopicArn=topic,
            Subject="x" * 99,
            MessageStructure="json",
            Message=json.dumps({"default": f"for {group}", "email": "for mails"}),
            MessageAttributes={"group": {"DataType": "String", "StringValue": group}},
        )
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["for mine"]


def test_events_that_are_too_large_together_are_refused(aws: LocalAws) -> None:
    events = aws.client("events")
    half = {"Source": "s", "DetailType": "t", "Detail": json.dumps({"x": "x" * 140_000})}
    assert events.put_events(Entries=[half])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="over the limit"):
        events.put_events(Entries=[half, half])
