"""SQS FIFO: order and exclusion within a message group, visibility, deduplication, the dead-letter queue."""

import hashlib
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.limits import RETRAIN_TRIES, RETRAIN_VISIBILITY_SECONDS
from tests.simulation.fate import refusal

VISIBILITY = 360.0
RECEIVES = 8
_DEDUPLICATION = 300.0
_GROUP_ID = re.compile(r"[!-~]{1,128}")  # letters, digits, punctuation, no space [B, SendMessage]


@dataclass
class Message:
    """A message; `visible`: from when on it may be received."""

    id: str
    body: str
    group: str
    visible: float
    receives: int = 0
    receipt: str = ""


class Queue:
    """The reconcile queue and its dead-letter queue.

    Args:
        now: the time.
        ask: takes in what is sent to the queue of `retrain`.
    """

    def __init__(self, now: Callable[[], float], ask: Callable[[str], None]) -> None:
        self._now, self._ask = now, ask
        self._number = itertools.count(1)
        self.messages: list[Message] = []
        self.dead: list[Message] = []
        self._known: dict[str, float] = {}

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """SendMessageBatch, SendMessage (to the dead-letter queue) or ChangeMessageVisibility."""
        match operation:
            case "SendMessageBatch":
                for entry in request["Entries"]:
                    self.send(entry["MessageBody"], entry["MessageGroupId"], entry["MessageDeduplicationId"])
                sent = [
                    {"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "-"}
                    for entry in request["Entries"]
                ]
                return {"Successful": sent, "Failed": []}
            case "SendMessage" if request["QueueUrl"] == "retrain":
                self._ask(request["MessageBody"])
                return {"MessageId": "m"}
            case "SendMessage" if request["QueueUrl"] == "queue":
                self.send(
                    request["MessageBody"], request["MessageGroupId"], request["MessageDeduplicationId"]
                )
                return {"MessageId": "m"}
            case "SendMessage":
                self.dead.append(Message("buried", request["MessageBody"], request["MessageGroupId"], 0.0))
                return {"MessageId": "m"}
            case "ChangeMessageVisibility":
                for message in self.messages:
                    if message.receipt == request["ReceiptHandle"]:
                        message.visible = self._now() + request["VisibilityTimeout"]
                return {}
        raise AssertionError(f"the simulation has no sqs:{operation}")

    def send(self, body: str, group: str, deduplication: str | None = None) -> None:
        """Take a message in, unless the same came within five minutes."""
        if not _GROUP_ID.fullmatch(group):
            raise refusal(
                "SendMessage",
                "InvalidParameterValue",
                f"MessageGroupId {group!r} is none: {_GROUP_ID.pattern}",
            )
        known = deduplication or hashlib.sha256(body.encode()).hexdigest()
        if self._known.get(known, -1.0) > self._now():
            return
        self._known[known] = self._now() + _DEDUPLICATION
        self._put(Message(f"m-{next(self._number)}", body, group, self._now()))

    def _put(self, message: Message) -> None:
        self.messages.append(message)

    def receive(self, most: int) -> list[Message]:
        """The next messages that may be worked on now: of each group the oldest, if none of it is in flight."""
        found: list[Message] = []
        barred: set[str] = set()
        for message in list(self.messages):
            if message.group in barred:
                continue
            if message.visible > self._now():
                barred.add(message.group)
                continue
            if message.receives == RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
                continue
            found.append(message)
            if len(found) == most:
                break
        for message in found:
            message.receives += 1
            message.visible = self._now() + VISIBILITY
            message.receipt = f"{message.id}/{message.receives}"
        return found

    def delete(self, message: Message) -> None:
        """It is worked off."""
        if message in self.messages:
            self.messages.remove(message)

    def ready(self) -> bool:
        """Whether a message may be received now."""
        at = self.next_at()
        return at is not None and at <= self._now()

    def next_at(self) -> float | None:
        """When a message may be received next."""
        heads: dict[str, float] = {}
        for message in self.messages:
            heads.setdefault(message.group, message.visible)
        return min(heads.values(), default=None)


class RetrainQueue:
    """The standard queue of the function `retrain`: no order, and now and then a message comes late or twice.

    Args:
        now: the time.
        copies: after how many seconds each copy of a message comes.
    """

    def __init__(self, now: Callable[[], float], copies: Callable[[], list[float]]) -> None:
        self._now, self._copies = now, copies
        self._number = itertools.count(1)
        self.messages: list[Message] = []

    def send(self, body: str) -> None:
        """Take a message in."""
        for delay in self._copies():
            self.messages.append(Message(f"r-{next(self._number)}", body, "", self._now() + delay))

    def receive(self, most: int) -> list[Message]:
        """The messages that may be worked on now."""
        self.messages = [
            one for one in self.messages if one.visible > self._now() or one.receives < RETRAIN_TRIES
        ]
        found = [one for one in self.messages if one.visible <= self._now()][:most]
        for message in found:
            message.receives += 1
            message.visible = self._now() + RETRAIN_VISIBILITY_SECONDS
        return found

    def delete(self, message: Message) -> None:
        """It is worked off."""
        if message in self.messages:
            self.messages.remove(message)

    def next_at(self) -> float | None:
        """When a message may be received next."""
        return min((one.visible for one in self.messages), default=None)
