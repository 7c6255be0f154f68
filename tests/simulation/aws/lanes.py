"""The reconcile queue as AWS runs it for thousands of message groups: each group a lane of its own."""

import heapq
from collections.abc import Callable
from typing import Any

from infra.limits import TRIES, VISIBILITY_SECONDS
from tests.simulation.aws.queue import Message, Queue


class Lanes(Queue):
    """A FIFO queue that gives as many messages of one group at once as it can, before it turns to the next group
    [SQS guide: FIFO queue delivery logic]; the deployed visibility timeout and number of tries."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now, _nobody_asks)
        self._lanes: dict[str, list[Message]] = {}
        self._hidden: list[
            tuple[float, int, str]
        ] = []  # when the first of a lane may be seen; perhaps outdated
        self._ready: list[tuple[int, str]] = []
        self._received: dict[str, Message] = {}

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """As the queue has it."""
        if operation != "ChangeMessageVisibility":
            return super().call(operation, request)
        message = self._received.get(request["ReceiptHandle"])
        if message is not None:
            message.visible = self._now() + request["VisibilityTimeout"]
            self._file(self._lanes[message.group])
        return {}

    def _put(self, message: Message) -> None:
        lane = self._lanes.setdefault(message.group, [])
        lane.append(message)
        if len(lane) == 1:
            self._file(lane)

    def _file(self, lane: list[Message]) -> None:
        heapq.heappush(self._hidden, (lane[0].visible, _number(lane[0]), lane[0].group))

    def receive(self, most: int) -> list[Message]:
        """The next messages that may be worked on now, lane by lane, the longest waiting first."""
        found: list[Message] = []
        while len(found) < most and (lane := self._next_lane()) is not None:
            found += self._take(lane, most - len(found))
        return found

    def _next_lane(self) -> list[Message] | None:
        now = self._now()
        while self._hidden and self._hidden[0][0] <= now:
            _, number, group = heapq.heappop(self._hidden)
            heapq.heappush(self._ready, (number, group))
        while self._ready:
            number, group = heapq.heappop(self._ready)
            lane = self._lanes.get(group)
            if lane and _number(lane[0]) == number and lane[0].visible <= now:
                return lane
        return None

    def _take(self, lane: list[Message], most: int) -> list[Message]:
        taken: list[Message] = []
        for message in tuple(lane):
            if message.visible > self._now() or len(taken) == most:
                break
            if message.receives == TRIES:
                self.dead.append(message)
                self.delete(message)
                continue
            self._received.pop(message.receipt, None)
            message.receives += 1
            message.visible = self._now() + VISIBILITY_SECONDS
            message.receipt = f"{message.id}/{message.receives}"
            self._received[message.receipt] = message
            taken.append(message)
        if lane:
            self._file(lane)
        return taken

    def delete(self, message: Message) -> None:
        """It is worked off, or dead."""
        lane = self._lanes.get(message.group, [])
        self._received.pop(message.receipt, None)
        if message in lane:
            lane.remove(message)
            if lane:
                self._file(lane)
            else:
                del self._lanes[message.group]

    def is_empty(self) -> bool:
        """Whether nothing waits, and nothing is being worked on."""
        return not self._lanes

    def next_at(self) -> float | None:
        """When a message may be received next, or earlier."""
        if self._ready:
            return self._now()
        return self._hidden[0][0] if self._hidden else None


def _number(message: Message) -> int:
    return int(message.id.removeprefix("m-"))


def _nobody_asks(body: str) -> None:
    raise AssertionError(f"no group of a storm retrains: {body}")
