"""Bus, topics, the queue of what was not announced, and calls of functions: requests, and answers that mean failure."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.adapters.functions import invoke
from lambdas.adapters.outlets import Bus, Topic, Unannounced
from lambdas.core.errors import Denied, GreenlightError, Permanent, Refused, Throttled
from lambdas.core.events import DomainEvent
from lambdas.core.messages import Message
from tests.adapters.conftest import Stubbed

EVENT = DomainEvent("Decision Recorded", '{"id":"churn/1"}', 1_700_000_000.0)
MESSAGE = Message("Greenlight: churn", "plain", '{"version": "1.0"}', {"group": "churn", "urgency": "page"})
TOPIC = "arn:aws:sns:us-east-1:123456789012:messages"
ENTRY = {
    "Time": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    "Source": "greenlight",
    "DetailType": "Decision Recorded",
    "Detail": '{"id":"churn/1"}',
    "EventBusName": "greenlight",
}


def test_an_event_is_put_on_the_bus_with_its_own_time() -> None:
    events = Stubbed("events")
    events.answers("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, Entries=[ENTRY])
    Bus(events.client, "greenlight").put(EVENT)
    events.done()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InternalFailure", Throttled),
        ("ThrottlingException", Throttled),
        ("AccessDeniedException", Denied),
        ("ResourceNotFoundException", Permanent),
        ("MalformedDetail", Refused),
    ],
)
def test_an_entry_that_failed_in_an_answer_of_success_is_an_error(
    code: str, kind: type[GreenlightError]
) -> None:
    events = Stubbed("events")
    failed = {"ErrorCode": code, "ErrorMessage": "why"}
    events.answers("put_events", {"FailedEntryCount": 1, "Entries": [failed]}, Entries=[ENTRY])
    with pytest.raises(kind, match=f"putting an event on bus greenlight: {code}: why") as caught:
        Bus(events.client, "greenlight").put(EVENT)
    assert type(caught.value) is kind  # Refused is set aside, all others are tried again


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, Throttled),
        ("InternalException", 500, Throttled),
        ("AccessDeniedException", 400, Denied),
        ("ResourceNotFoundException", 400, Permanent),
    ],
)
def test_a_call_that_failed_is_an_error(code: str, status: int, kind: type[GreenlightError]) -> None:
    events = Stubbed("events")
    events.refuses("put_events", code, "why", status)
    with pytest.raises(kind, match=code) as caught:
        Bus(events.client, "greenlight").put(EVENT)
    assert type(caught.value) is kind


def test_a_message_is_published_for_each_protocol_with_what_subscriptions_filter_by() -> None:
    sns = Stubbed("sns")
    by_protocol = {"default": MESSAGE.chat, "email": "plain", "sms": "Greenlight: churn"}
    sns.answers(
        "publish",
        {"MessageId": "1"},
        TopicArn=TOPIC,
        Subject="Greenlight: churn",
        Message=json.dumps(by_protocol),
        MessageStructure="json",
        MessageAttributes={
            "group": {"DataType": "String", "StringValue": "churn"},
            "urgency": {"DataType": "String", "StringValue": "page"},
        },
    )
    Topic(sns.client, TOPIC).publish(MESSAGE)
    sns.done()


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("Throttled", 429, Throttled),
        ("ThrottledException", 429, Throttled),
        ("InternalError", 500, Throttled),
        ("KMSThrottling", 400, Throttled),
        ("AuthorizationError", 403, Denied),
        ("KMSAccessDenied", 400, Denied),
        ("NotFound", 404, Permanent),
        ("KMSDisabled", 400, Permanent),
        ("InvalidParameter", 400, Refused),
    ],
)
def test_only_a_message_that_is_refused_for_itself_is_refused(
    code: str, status: int, kind: type[GreenlightError]
) -> None:
    sns = Stubbed("sns")
    sns.refuses("publish", code, "why", status)
    with pytest.raises(kind, match=f"publishing to {TOPIC}") as caught:
        Topic(sns.client, TOPIC).publish(MESSAGE)
    assert type(caught.value) is kind


@mock_aws
def test_an_entry_is_set_aside_by_its_number_and_the_reason() -> None:
    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="unannounced")["QueueUrl"]
    Unannounced(sqs, url).set_aside("churn", 7, "x" * 5_000)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"group": "churn", "seq": 7, "reason": "x" * 1_000}


def test_a_function_is_called_and_answers() -> None:
    stubbed = Stubbed("lambda")
    answer = {"Payload": io.BytesIO(b'{"announced": 2}'), "StatusCode": 200}
    stubbed.answers("invoke", answer, FunctionName="announce", Payload=b'{"group": "churn"}')
    assert invoke(stubbed.client, "announce", {"group": "churn"}) == {"announced": 2}


def test_a_function_that_failed_says_what_it_said() -> None:
    stubbed = Stubbed("lambda")
    said = io.BytesIO(b'{"errorMessage": "event lacks group", "errorType": "Malformed"}')
    answer = {"Payload": said, "StatusCode": 200, "FunctionError": "Unhandled"}
    stubbed.answers("invoke", answer, FunctionName="announce", Payload=b"{}")
    with pytest.raises(Permanent, match="function announce failed: event lacks group"):
        invoke(stubbed.client, "announce", {})
