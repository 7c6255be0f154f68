"""The reconcile queue and its dead-letter queue, and the queue of runs to be started."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Literal

from lambdas.adapters.aws import aws_errors
from lambdas.core.errors import Throttled
from lambdas.core.names import RETRAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_sqs import SQSClient

_BATCH = 10  # the most that SendMessageBatch takes [B]
_LONGEST_INVISIBLE = 43_200  # seconds: the most that ChangeMessageVisibility takes [B]
_REASON_LENGTH = 1_000


class Queue:
    """The FIFO queue that `reconcile` reads."""

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs, self._url = sqs, queue_url

    def send(self, groups: Iterable[str], source: str, at: float) -> None:
        """Ask for a look at each group.

        Args:
            groups: names of groups.
            source: who asks, for the logs.
            at: epoch seconds; part of the message, so that each sweep's are new to the queue.

        Raises:
            Throttled: some could not be sent; send all again.
        """
        for batch in _batches(groups):
            entries = [_entry(number, group, source, at) for number, group in enumerate(batch)]
            with aws_errors(f"sending {len(entries)} messages to {self._url}"):
                answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type] # a dict of just these keys
            if failed := answer.get("Failed"):
                first = failed[0]
                raise Throttled(
                    f"{len(failed)} of {len(entries)} messages were not sent to {self._url}, first that of"
                    f" group {batch[int(first['Id'])]}: {first['Code']}: {first.get('Message', '')}"
                )

    def tell(
        self, group: str, run: str, at: float, *, execution: str | None = None, problem: str | None = None
    ) -> None:
        """Say what came of a run: the ARN of its execution, or why there is none (SendMessage)."""
        told = {"execution": execution, "problem": problem}
        outcome = {name: value for name, value in told.items() if value is not None}
        ours = {"source": RETRAIN, "group": group, "run": run, "at": at, **outcome}
        body = json.dumps({"greenlight": ours})
        with aws_errors(f"telling what came of {run}"):
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                MessageGroupId=group,
                MessageDeduplicationId=hashlib.sha256(body.encode()).hexdigest(),
            )

    def retry_later(self, receipt_handle: str, seconds: int) -> None:
        """Deliver a message again after this time, at most 12 hours (ChangeMessageVisibility)."""
        with aws_errors("putting off a message"):
            self._sqs.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=max(0, min(seconds, _LONGEST_INVISIBLE)),
            )


class RetrainQueue:
    """The standard queue that `retrain` reads."""

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs, self._url = sqs, queue_url

    def ask(self, group: str, run: str) -> None:
        """Ask for a run of the group's pipeline to be started (SendMessage)."""
        body = json.dumps({"greenlight": {"source": RETRAIN, "group": group, "run": run}})
        with aws_errors(f"asking for {run}"):
            self._sqs.send_message(QueueUrl=self._url, MessageBody=body)


class DeadLetters:
    """The FIFO dead-letter queue of the reconcile queue."""

    def __init__(self, sqs: SQSClient, dead_letter_url: str) -> None:
        self._sqs, self._url = sqs, dead_letter_url

    def bury(self, body: str, group_id: str, reason: str, message_id: str) -> None:
        """Keep a message that nobody can read, with the reason why, for people."""
        with aws_errors(f"burying message {message_id}"):
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                MessageGroupId=group_id,
                MessageDeduplicationId=message_id,
                MessageAttributes={
                    "Reason": {"DataType": "String", "StringValue": reason[:_REASON_LENGTH]},
                    "OriginalMessageId": {"DataType": "String", "StringValue": message_id},
                },
            )


def _entry(number: int, group: str, source: str, at: float) -> dict[str, str]:
    body = json.dumps({"greenlight": {"group": group, "source": source, "at": at}})
    return {
        "Id": str(number),
        "MessageGroupId": group,
        "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
        "MessageBody": body,
    }


def _batches(groups: Iterable[str]) -> Iterable[tuple[str, ...]]:
    iterator = iter(groups)
    while batch := tuple(itertools.islice(iterator, _BATCH)):
        yield batch


def redrive(sqs: SQSClient, dead_letters: str, queue: str) -> int:
    """Let SQS move everything from one queue to another (StartMessageMoveTask); it does so in the background.

    Returns:
        About how many messages lie there; 0: none, and nothing was started.
    """
    with aws_errors(f"moving the messages of {dead_letters}"):
        names: list[Literal["QueueArn", "ApproximateNumberOfMessages"]]
        names = ["QueueArn", "ApproximateNumberOfMessages"]
        source = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=names)["Attributes"]
        count = int(source["ApproximateNumberOfMessages"])
        if count:
            target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
            sqs.start_message_move_task(SourceArn=source["QueueArn"], DestinationArn=target["QueueArn"])
    return count
