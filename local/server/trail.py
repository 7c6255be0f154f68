"""CloudTrail: what changes something in SageMaker, or steps into a role, told late, on the bus and when asked.

CloudTrail guide, "Working with CloudTrail event history" (LookupEvents); EventBridge guide, "AWS service events
delivered via AWS CloudTrail".
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.server.authorization import json_answer, json_error, refusal
from local.server.event_faults import EventFaults
from local.server.trail_records import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.server.clock import ScaledTime
    from local.server.events import Events
    from local.server.requests import Answer, Call
    from local.server.timer import Timer

DEFAULT_DELAY = 60.0
_PAGE = 50  # the most, and the default, of LookupEvents [B]
_ATTRIBUTES = {"EventName": "eventName", "EventSource": "eventSource", "EventId": "eventID"}


@dataclass(frozen=True)
class _Check:
    """What LookupEvents needs."""

    action: str = "cloudtrail:LookupEvents"
    resource_arn: str = "*"
    context: Mapping[str, object] = field(default_factory=dict)


class Trail:
    """`events` publishes, with what goes wrong on the way; asking shows everything, once it is due.

    `delay` is AWS seconds between a call and its record; `on`: whether the account's events reach EventBridge, which
    takes a trail. Event history needs none.
    """

    def __init__(self, region: str, clock: ScaledTime, timer: Timer, events: Events) -> None:
        self._region, self._clock, self._timer, self._events = region, clock, timer, events
        self._lock = threading.Lock()
        self._due: list[tuple[float, dict[str, Any]]] = []
        self.delay, self.on = DEFAULT_DELAY, True

    @property
    def faults(self) -> EventFaults:
        """What is done to the events on their way to the bus."""
        return self._events.faults

    def set_faults(self, faults: EventFaults) -> None:
        """Do this to the events from now on."""
        self._events.set_faults(faults)

    def set_delay(self, seconds: float) -> None:
        """AWS seconds between a call and its record. ValueError for a time that has no sense."""
        if not seconds >= 0:
            raise ValueError(f"{seconds!r} is not a number of AWS seconds from 0 on")
        self.delay = float(seconds)

    def set_on(self, wanted: object) -> None:
        """Whether events reach EventBridge. ValueError for what is neither true nor false."""
        if not isinstance(wanted, bool):
            raise ValueError(f"{wanted!r} is neither true nor false")  # noqa: TRY004 - what control expects
        self.on = wanted

    def clear(self) -> None:
        """Forget every record, and set everything back."""
        with self._lock:
            self._due.clear()
        self.delay, self.on = DEFAULT_DELAY, True
        self.set_faults(EventFaults())

    def saw(self, call: Call, answer: Answer) -> None:
        """A call was answered."""
        now = time.time()
        record = record_of(call, answer, now, self._region)
        if record is None:
            return
        due = now + self._clock.wall_seconds(self.delay)
        with self._lock:
            self._due.append((due, record))
        if self.on:
            self._timer.at(due, lambda: self._publish(record))

    def _publish(self, record: dict[str, Any]) -> None:
        source = f"aws.{record['eventSource'].partition('.')[0]}"
        self._events.emit(source, "AWS API Call via CloudTrail", [], record)

    async def serve(self, call: Call) -> Answer:
        """LookupEvents; nothing else of CloudTrail is served."""
        denied = refusal(call, [_Check(f"cloudtrail:{call.operation}")])
        if denied:
            return denied
        if call.operation != "LookupEvents":
            return json_error("UnsupportedOperationException", f"{call.operation} is not served here")
        try:
            return json_answer(self._lookup(json.loads(call.body or b"{}")))
        except (KeyError, TypeError, ValueError) as error:
            return json_error("InvalidLookupAttributesException", f"{type(error).__name__}: {error}")

    def _lookup(self, request: Mapping[str, Any]) -> dict[str, Any]:
        asked = {
            _ATTRIBUTES[one["AttributeKey"]]: one["AttributeValue"]
            for one in request.get("LookupAttributes", [])
        }
        start, end = float(request.get("StartTime", 0)), float(request.get("EndTime", "inf"))
        first = int(request.get("NextToken", 0))
        size = min(int(request.get("MaxResults", _PAGE)), _PAGE)
        now = time.time()
        with self._lock:
            visible = [record for due, record in self._due if due <= now]
        found = [
            record
            for record in reversed(visible)
            if start <= _epoch(record) <= end and all(record[key] == value for key, value in asked.items())
        ]
        page: dict[str, Any] = {"Events": [_shown(record) for record in found[first : first + size]]}
        return page | ({"NextToken": str(first + size)} if first + size < len(found) else {})


def _epoch(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(str(record["eventTime"])).timestamp()


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventTime": _epoch(record),
        "EventSource": record["eventSource"],
        "Username": str(record["userIdentity"]["arn"]).rpartition("/")[2],
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }
