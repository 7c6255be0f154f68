"""SQS's lists of messages, changed in place: several threads add to them. And SQS's metrics."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from local.server import hooks, metrics
from local.server.scope import account_scope

Queue = dict[str, Any]
DEFAULT_RETENTION = 345_600
_GROUP = re.compile(r"[!-~]{1,128}")  # letters, digits and punctuation of ASCII; no space


def install() -> None:
    """Mend what swapped a queue's list of messages, by which a message sent at the same moment was lost."""
    hooks.replace("services.sqs._expire_retained", expire)
    hooks.replace("services.sqs._dlq_sweep", redrive)
    hooks.replace("services.sqs._delete_messages_for_esm", _delete_for_mapping)
    collect = hooks.private("services.sqs._collect_msgs")

    def collect_from_copy(q: Queue, max_n: int, vis_timeout: int) -> list[dict[str, Any]]:
        # A removal by another thread would make the walk skip a message, and so break a group's order.
        found: list[dict[str, Any]] = collect({**q, "messages": list(q["messages"])}, max_n, vis_timeout)
        return found

    hooks.replace("services.sqs._collect_msgs", collect_from_copy)
    hooks.replace("services.sqs._act_delete_message", delete_message)
    hooks.replace("services.sqs._act_delete_message_batch", delete_batch)
    handlers = hooks.private("services.sqs._HANDLERS")
    handlers["DeleteMessage"] = delete_message
    handlers["DeleteMessageBatch"] = delete_batch
    handlers["StartMessageMoveTask"] = move_messages
    send = hooks.private("services.sqs._act_send_message")

    def send_checked(data: dict[str, Any], qurl: str) -> dict[str, Any]:
        check_group(data.get("MessageGroupId"))
        sent: dict[str, Any] = send(data, qurl)
        return sent

    hooks.replace(
        "services.sqs._act_send_message", send_checked
    )  # SendMessageBatch and services send by it, too
    handlers["SendMessage"] = send_checked


def check_group(group: object) -> None:
    """Refuse a message group that SQS does not take (API reference, SendMessage, MessageGroupId)."""
    if group is None or (isinstance(group, str) and _GROUP.fullmatch(group)):
        return
    raise hooks.private("services.sqs._Err")(
        "InvalidParameterValue",
        f"Value {group} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric "
        "and punctuation characters. 1 to 128 in length.",
    )


def expire(q: Queue) -> None:
    """Drop messages older than the queue keeps them."""
    oldest = time.time() - int(q["attributes"].get("MessageRetentionPeriod", DEFAULT_RETENTION))
    _remove(q, [message for message in list(q["messages"]) if _enqueued(message) <= oldest])


def redrive(q: Queue) -> None:
    """Move what has been received too often to the queue's DLQ, with when and whence it came."""
    policy = json.loads(q["attributes"].get("RedrivePolicy") or "{}")
    dlq = (
        hooks.private("services.sqs._queue_by_arn")(policy.get("deadLetterTargetArn", "")) if policy else None
    )
    if dlq is None:
        return
    now, most = time.time(), int(policy["maxReceiveCount"])
    worn = [
        message
        for message in list(q["messages"])
        if message["receive_count"] >= most and message["visible_at"] <= now
    ]
    for message in _remove(q, worn):
        system = {"DeadLetterQueueSourceArn": q["attributes"].get("QueueArn", ""), **message.get("sys", {})}
        moved = {**message, "receipt_handle": None, "visible_at": now, "sys": system}
        # "For FIFO queues, the enqueue timestamp resets when the message is moved to a dead-letter queue."
        dlq["messages"].append({**moved, "enqueued_at": now} if dlq.get("is_fifo") else moved)


def delete_message(data: dict[str, Any], qurl: str) -> dict[str, Any]:
    """DeleteMessage."""
    queue = hooks.private("services.sqs._get_q")(data.get("QueueUrl", qurl), "sqs:DeleteMessage")
    handle = data.get("ReceiptHandle", "")
    error = hooks.private("services.sqs._Err")
    if not handle:
        raise error("MissingParameter", "The request must contain the parameter ReceiptHandle.")
    if not _remove(queue, _held_by(queue, {handle})):
        raise error("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def delete_batch(data: dict[str, Any], qurl: str) -> dict[str, Any]:
    """DeleteMessageBatch."""
    queue = hooks.private("services.sqs._get_q")(data.get("QueueUrl", qurl), "sqs:DeleteMessage")
    entries = data.get("Entries", [])
    hooks.private("services.sqs._validate_batch_entries")(entries, "DeleteMessageBatchRequestEntry")
    done, failed = [], []
    for entry in entries:
        if entry.get("ReceiptHandle") and _remove(queue, _held_by(queue, {entry["ReceiptHandle"]})):
            done.append({"Id": entry["Id"]})
        else:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": "ReceiptHandleIsInvalid",
                    "Message": "The input receipt handle is invalid.",
                    "SenderFault": True,
                }
            )
    return {"Successful": done, "Failed": failed}


def move_messages(data: dict[str, Any], _qurl: str) -> dict[str, Any]:
    """StartMessageMoveTask, done at once: everything that is visible goes to the other queue, as a new message."""
    by_arn, error = hooks.private("services.sqs._queue_by_arn"), hooks.private("services.sqs._Err")
    source, target = by_arn(data.get("SourceArn", "")), by_arn(data.get("DestinationArn", ""))
    if source is None or target is None:
        raise error("ResourceNotFoundException", "One or more specified resources don't exist.")
    now = time.time()
    for message in _remove(source, [one for one in list(source["messages"]) if one["visible_at"] <= now]):
        fresh = {"receipt_handle": None, "receive_count": 0, "visible_at": now, "enqueued_at": now}
        target["messages"].append({**message, **fresh})
    return {"TaskHandle": hooks.private("services.sqs._queue_url")(data["SourceArn"].rsplit(":", 1)[1])}


def publish_metrics() -> None:
    """Publish what SQS publishes each minute of every queue (developer guide, "Available CloudWatch metrics").

    The age of the oldest message is in wall seconds: messages live, hide and expire on wall time here.
    """
    for (account, region, _), queue in hooks.private("services.sqs._queues").to_dict().items():
        with account_scope(account, region):
            redrive(queue)
            hooks.private("services.sqs._refresh_counts")(queue)
            attributes, messages = queue["attributes"], list(queue["messages"])
            age = max((time.time() - _enqueued(message) for message in messages), default=0.0)
            for name, value, unit in (
                ("ApproximateNumberOfMessagesVisible", attributes["ApproximateNumberOfMessages"], "Count"),
                (
                    "ApproximateNumberOfMessagesNotVisible",
                    attributes["ApproximateNumberOfMessagesNotVisible"],
                    "Count",
                ),
                (
                    "ApproximateNumberOfMessagesDelayed",
                    attributes["ApproximateNumberOfMessagesDelayed"],
                    "Count",
                ),
                ("ApproximateAgeOfOldestMessage", age, "Seconds"),
            ):
                name_of = {"QueueName": attributes["QueueArn"].rsplit(":", 1)[1]}
                metrics.record("AWS/SQS", name, float(value), name_of, unit)


def _delete_for_mapping(queue_url: str, receipt_handles: set[str]) -> None:
    queue = hooks.private("services.sqs._get_q")(queue_url)
    _remove(queue, _held_by(queue, receipt_handles))


def _held_by(queue: Queue, handles: set[str]) -> list[dict[str, Any]]:
    return [message for message in list(queue["messages"]) if message.get("receipt_handle") in handles]


def _remove(queue: Queue, doomed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take messages out of a queue, each in one step; those that were still there."""
    removed = []
    for message in doomed:
        try:
            queue["messages"].remove(message)
        except ValueError:
            continue  # another thread was first
        removed.append(message)
    return removed


def _enqueued(message: dict[str, Any]) -> float:
    return float(message.get("enqueued_at", message.get("sent_at", 0.0)))
