"""CloudWatch alarms: guardrails by what their fleet answers, abort alarms by the metric that we put."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.core.names import GROUP_DIMENSION, abort_alarm
from tests.simulation.fate import refusal

Emit = Callable[[str, str, dict[str, Any]], None]
_PERIOD = 60.0
_ABORT_PERIOD = 10.0


@dataclass
class _Alarm:
    config: str | None  # None: the abort alarm, or one that nothing but `set` moves
    state: str = "INSUFFICIENT_DATA"
    due: float | None = None
    next: str = ""


class Alarms:
    """Alarms by name.

    Args:
        now: the time.
        emit: sends an event.
        errs: whether an endpoint config's fleet takes traffic now and answers with errors.
    """

    def __init__(self, now: Callable[[], float], emit: Emit, errs: Callable[[str], bool]) -> None:
        self._now, self._emit, self._errs = now, emit, errs
        self._alarms: dict[str, _Alarm] = {}
        self._due: set[str] = set()
        self._guardrails: set[str] = set()

    def make(self, name: str, state: str = "OK") -> None:
        """An alarm of the group's stack, or of its owners."""
        self._alarms[name] = _Alarm(None, state)

    def turn(self, name: str, state: str) -> None:
        """Somebody's alarm changes its state, now."""
        self._set(name, self._alarms[name], state, 0.0)

    def state(self, name: str) -> str | None:
        """As DescribeAlarms has it; None: there is none."""
        found = self._alarms.get(name)
        return found.state if found else None

    def names(self) -> set[str]:
        """Of all alarms."""
        return set(self._alarms)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """PutMetricAlarm, DescribeAlarms, DeleteAlarms or PutMetricData."""
        match operation:
            case "PutMetricAlarm":
                dimensions = {one["Name"]: one["Value"] for one in request["Dimensions"]}
                known = self._alarms.setdefault(
                    request["AlarmName"], _Alarm(dimensions["EndpointConfigName"])
                )
                self._guardrails.add(request["AlarmName"])
                self._set(request["AlarmName"], known, "OK", _PERIOD)
                return {}
            case "DescribeAlarms":
                found = [
                    {"AlarmName": name, "StateValue": self._alarms[name].state}
                    for name in request["AlarmNames"]
                    if name in self._alarms
                ]
                return {"MetricAlarms": found, "CompositeAlarms": []}
            case "DeleteAlarms":
                missing = [name for name in request["AlarmNames"] if name not in self._alarms]
                for name in request["AlarmNames"]:
                    self._alarms.pop(name, None)
                    self._due.discard(name)
                    self._guardrails.discard(name)
                if missing:
                    raise refusal(operation, "ResourceNotFound", f"alarms not found: {missing}", 404)
                return {}
            case "PutMetricData":
                for datum in request["MetricData"]:
                    group = next(d["Value"] for d in datum["Dimensions"] if d["Name"] == GROUP_DIMENSION)
                    self._plan(abort_alarm(group), "ALARM" if datum["Value"] >= 1 else "OK", _ABORT_PERIOD)
                return {}
        raise AssertionError(f"the simulation has no cloudwatch:{operation}")

    def _plan(self, name: str, state: str, after: float) -> None:
        if name in self._alarms:
            self._set(name, self._alarms[name], state, after)

    def _set(self, name: str, alarm: _Alarm, state: str, after: float) -> None:
        alarm.due, alarm.next = self._now() + after, state
        self._due.add(name)

    def look_at_traffic(self) -> None:
        """Guardrails begin to see what their fleets answer now: a minute later they say so."""
        if not self._guardrails:
            return
        for name, alarm in self._alarms.items():
            if alarm.config is None:
                continue
            wanted = "ALARM" if self._errs(alarm.config) else "OK"
            told = alarm.next if alarm.due is not None else alarm.state
            if told not in {wanted, "INSUFFICIENT_DATA"}:
                self._set(name, alarm, wanted, _PERIOD)

    def next_at(self) -> float | None:
        """When a state may change next."""
        return min((due for name in self._due if (due := self._alarms[name].due) is not None), default=None)

    def tick(self) -> None:
        """Change the states that are due."""
        nearest = self.next_at()
        if nearest is None or nearest > self._now():
            return
        for name, alarm in list(self._alarms.items()):
            if alarm.due is None or alarm.due > self._now():
                continue
            before, alarm.state, alarm.due = alarm.state, alarm.next, None
            self._due.discard(name)
            if before != alarm.state:
                self._emit(
                    "aws.cloudwatch",
                    "CloudWatch Alarm State Change",
                    {"alarmName": name, "state": {"value": alarm.state}, "previousState": {"value": before}},
                )
