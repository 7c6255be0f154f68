"""Where announcements go: an event bus and topics; and the queue for what could not be announced."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, classify, code_of, message
from lambdas.core.errors import Permanent, Refused
from lambdas.core.names import EVENT_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

    from lambdas.core.events import DomainEvent
    from lambdas.core.messages import Message

_REASON_LENGTH = 1_000
_OF_WHAT_IS_TOLD = frozenset(
    {"InvalidArgument", "InvalidParameter", "MalformedDetail", "ParameterValueInvalid", "ValidationException"}
)
"""The codes by which SNS [B] and EventBridge's entries [EB, "PutEvents failures"] refuse one thing for its content."""


@contextmanager
def _errors(what: str) -> Iterator[None]:
    """As `aws_errors`; but Refused is only what is wrong with what is told, not with whom it is told to."""
    with aws_errors(what):
        try:
            yield
        except ClientError as error:
            if classify(error) is Refused and code_of(error) not in _OF_WHAT_IS_TOLD:
                raise Permanent(
                    f"{what}: {message(error)}; once that is mended it goes on by itself"
                ) from error
            raise


class Bus:
    """An EventBridge event bus."""

    def __init__(self, events: Any, bus: str) -> None:
        self._events, self._bus = events, bus

    def put(self, event: DomainEvent) -> None:
        """Put one event on the bus.

        PutEvents answers 200 although an entry failed, and says so by `FailedEntryCount` and an `ErrorCode` [B].

        Raises:
            Refused: EventBridge takes no such event, however often it is tried.
            GreenlightError: it cannot be put now, or not by us.
        """
        entry = {
            "Time": datetime.fromtimestamp(event.at, UTC),
            "Source": EVENT_SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail,
            "EventBusName": self._bus,
        }
        with _errors(f"putting an event on bus {self._bus}"):
            _raise_failed(self._events.put_events(Entries=[entry]))


def _raise_failed(answer: dict[str, Any]) -> None:
    """Raise what an entry failed by as if the call had."""
    if answer["FailedEntryCount"]:
        failed = answer["Entries"][0]
        code, text = str(failed["ErrorCode"]), str(failed.get("ErrorMessage", ""))
        raise ClientError({"Error": {"Code": code, "Message": text}}, "PutEvents")


class Topic:
    """An SNS topic for people."""

    def __init__(self, sns: SNSClient, arn: str) -> None:
        self._sns, self._arn = sns, arn

    def publish(self, one: Message) -> None:
        """Publish a message: plain text for mail, the subject for text messages, the chat's JSON for all others.

        Raises:
            Refused: SNS takes no such message, however often it is tried.
            GreenlightError: it cannot be published now, or not by us.
        """
        by_protocol = {"default": one.chat, "email": one.text, "sms": one.subject}
        with _errors(f"publishing to {self._arn}"):
            self._sns.publish(
                TopicArn=self._arn,
                Subject=one.subject,
                Message=json.dumps(by_protocol),
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in one.attributes.items()
                },
            )


class Unannounced:
    """The queue of entries that could not be announced, for people."""

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs, self._url = sqs, queue_url

    def set_aside(self, group: str, seq: int, reason: str) -> None:
        """Keep which entry it is, and why; the entry itself is in the ledger."""
        body = {"group": group, "seq": seq, "reason": reason[:_REASON_LENGTH]}
        with aws_errors(f"setting entry {group}/{seq} aside"):
            self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(body))
