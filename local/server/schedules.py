"""EventBridge Scheduler and scheduled rules on the scaled clock: rate(5 minutes) fires every five AWS minutes."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.clock import ScaledTime

    Record = Mapping[str, Any]
    Key = tuple[str, str, str, str]


class Schedules:
    """Fires what is due. AWS time starts, for schedules, at the wall time at which they were first seen."""

    def __init__(self, clock: ScaledTime) -> None:
        self._clock = clock
        self._seen: dict[Key, tuple[float, float]] = {}  # AWS time and wall time when first seen
        self._next: dict[Key, float | None] = {}

    def install(self) -> None:
        """Take the place of ministack's two tickers."""
        hooks.replace("services.scheduler._tick_schedules", lambda: None)
        hooks.replace("services.eventbridge._tick_scheduled_rules", lambda: None)

    def fire_due(self) -> None:
        """Fire every schedule and scheduled rule whose time has come."""
        alive: set[Key] = set()
        for kind, store, fire in (
            ("schedule", "services.scheduler._schedules", _fire_schedule),
            ("rule", "services.eventbridge._rules", _fire_rule),
        ):
            for (account, region, name), record in hooks.private(store).to_dict().items():
                expression = record.get("ScheduleExpression") or ""
                if not expression or record.get("State") == "DISABLED":
                    continue
                key = (kind, account, region, f"{name} {expression}")
                alive.add(key)
                if self._due(key, expression):
                    with account_scope(account, region):
                        fire(name, record)
        for gone in self._seen.keys() - alive:
            del self._seen[gone]
            del self._next[gone]

    def _due(self, key: Key, expression: str) -> bool:
        now = self._clock.aws(time.time())
        if key not in self._seen:
            self._seen[key] = (now, time.time())
            self._next[key] = self._after(key, expression, now)
        due = self._next[key]
        if due is None or now < due:
            return False
        self._next[key] = self._after(key, expression, now)
        return True

    def _after(self, key: Key, expression: str, now: float) -> float | None:
        """The AWS time of the next firing after `now`; None for never again."""
        seen_aws, seen_wall = self._seen[key]
        seconds = hooks.private("services.eventbridge._parse_rate_seconds")(expression)
        if seconds is not None:
            interval = float(seconds)
            return seen_aws + ((now - seen_aws) // interval + 1) * interval
        calendar = datetime.fromtimestamp(seen_wall + (now - seen_aws), UTC)
        at = hooks.private("services.scheduler._at_time_epoch")(expression)
        if at is not None:
            left = float(at) - calendar.timestamp()
            return now + left if left >= 0 else None
        fields = hooks.private("services.eventbridge._parse_cron_fields")(expression)
        following = (
            hooks.private("services.eventbridge._cron_next_fire")(fields, calendar) if fields else None
        )
        if following is None:
            return None
        left_for: timedelta = following - calendar
        return now + left_for.total_seconds()


def _fire_schedule(_name: str, schedule: Record) -> None:
    target = schedule["Target"]
    # A schedule's target gets its Input as it is, or else a small event (Scheduler guide, "Adding context attributes").
    _invoke(
        {**target, "Input": target.get("Input") or json.dumps(_event("aws.scheduler", schedule))}, schedule
    )


def _fire_rule(key: str, rule: Record) -> None:
    for target in hooks.private("services.eventbridge._targets").get(key) or []:
        _invoke(target, rule)


def _invoke(target: Record, source: Record) -> None:
    invoke: Callable[..., None] = hooks.private("services.eventbridge._invoke_target")
    invoke(target, _event("aws.events", source), source)


def _event(source: str, of: Record) -> dict[str, Any]:
    account, region = str(of["Arn"]).split(":")[4], str(of["Arn"]).split(":")[3]
    return {
        "EventId": str(uuid.uuid4()),
        "Source": source,
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "EventBusName": "default",
        "Time": int(time.time()),
        "Resources": [of["Arn"]],
        "Account": account,
        "Region": region,
    }
