"""The events of AWS services on the default bus, with what can go wrong on their way there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from local.server import hooks, metrics
from local.server.event_faults import EventFaults, FaultPlan
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.clock import ScaledTime
    from local.server.timer import Timer


class Events:
    """Publishes `aws.*` events, which the public PutEvents refuses; `faults` says what is done to them."""

    def __init__(self, account: str, region: str, clock: ScaledTime, timer: Timer) -> None:
        self._account = account
        self._region = region
        self._clock = clock
        self._timer = timer
        self._plan = FaultPlan(EventFaults())

    @property
    def faults(self) -> EventFaults:
        """What is done to events now."""
        return self._plan.faults

    def set_faults(self, faults: EventFaults) -> None:
        """Do this to events from now on, from the beginning of its seed."""
        self._plan = FaultPlan(faults)

    def emit(self, source: str, detail_type: str, resources: list[str], detail: Mapping[str, object]) -> None:
        """Publish one event of an AWS service; how often and when it arrives is the fault plan's."""
        entry: dict[str, object] = {
            "Source": source,
            "DetailType": detail_type,
            "Resources": resources,
            "Detail": json.dumps(detail, default=str),
        }
        for delay in self._plan.delays():
            # In the timer's thread, so that a caller is not held up by what its event sets off, and events keep
            # their order: the timer runs what is due at one time in the order it was asked to.
            self._timer.at(time.time() + self._clock.wall_seconds(delay), self._publish(entry))

    def _publish(self, entry: dict[str, object]) -> Callable[[], None]:
        def publish() -> None:
            with account_scope(self._account, self._region):
                hooks.private("services.eventbridge._put_events")({"Entries": [entry]}, allow_aws_source=True)

        return publish


def count_delivery(rule: str, **counts: int) -> None:
    """Publish EventBridge's own metrics of one delivery (AWS/Events, by RuleName), such as FailedInvocations=1."""
    for name, value in counts.items():
        metrics.record("AWS/Events", name, value, {"RuleName": rule})
