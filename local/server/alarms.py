"""CloudWatch alarms on the scaled clock: evaluated when AWS would, each change announced as AWS does."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.server import alarm_rules, hooks, metric_math, metrics
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.clock import ScaledTime

    Alarm = dict[str, Any]
    Emit = Callable[[str, str, list[str], Mapping[str, object]], None]

STEP = 10
"""AWS seconds between two looks at which alarms are due: the shortest evaluation step."""


@dataclass
class _Evaluation:
    """Of one alarm: what the data last said, and the AWS time from which it is looked at again."""

    state: str
    again_at: float


class Alarms:
    """Evaluates every metric alarm; `emit(source, detail_type, resources, detail)` publishes an event."""

    def __init__(self, clock: ScaledTime, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._evaluations: dict[str, _Evaluation] = {}

    def install(self) -> None:
        """Take ministack's place in evaluating alarms, and see every change of state."""
        hooks.replace("services.cloudwatch._evaluate_alarm", lambda alarm: None)  # noqa: ARG005 - the hook's shape
        record = hooks.private("services.cloudwatch._record_history")

        def record_and_announce(  # noqa: PLR0917 - the hook's shape
            alarm_name: str,
            old_state: str,
            new_state: str,
            reason: str,
            alarm_type: str = "MetricAlarm",
            reason_data: object = None,
        ) -> None:
            record(alarm_name, old_state, new_state, reason, alarm_type, reason_data)
            if old_state != new_state:
                self._announce(alarm_name, old_state, alarm_type)

        hooks.replace("services.cloudwatch._record_history", record_and_announce)
        hooks.replace("services.cloudwatch._put_metric_alarm", _put_keeping_metrics())
        hooks.replace(
            "services.cloudformation.provisioners._cw_metric_alarm_record", _record_keeping_metrics()
        )

    def evaluate_due(self) -> None:
        """Evaluate the alarms whose step has passed since they were last evaluated."""
        store = hooks.private("services.cloudwatch._alarms").to_dict()
        now = self._clock.aws(time.time())
        for (account, region, _), alarm in store.items():
            known = self._evaluations.get(alarm["AlarmArn"])
            if known is None:
                state = _Evaluation(alarm["StateValue"], _next_step(alarm, now))
                self._evaluations[alarm["AlarmArn"]] = state
            elif known.again_at <= now:
                known.again_at = _next_step(alarm, now)
                with account_scope(account, region):
                    self._evaluate(alarm, known, now)
        arns = {alarm["AlarmArn"] for alarm in store.values()}
        for gone in self._evaluations.keys() - arns:
            del self._evaluations[gone]

    def _evaluate(self, alarm: Alarm, last: _Evaluation, now: float) -> None:
        rule = _rule(alarm)
        values = self._values(alarm, rule, now)
        # SetAlarmState does not hold: what the data says comes back, or what it last said when it says nothing.
        state = alarm_rules.next_state(rule, values) or last.state
        last.state = state
        if state != alarm["StateValue"]:
            self._change(alarm, state, alarm_rules.reason(rule, values, state))

    def _values(self, alarm: Alarm, rule: alarm_rules.Rule, now: float) -> list[float | None]:
        period = _period(alarm)
        wall = self._clock.wall
        return [
            _value(alarm, (wall(start), wall(end)))
            for start, end in alarm_rules.windows(now, period, rule.range)
        ]

    def _change(self, alarm: Alarm, state: str, reason: str) -> None:
        old = alarm["StateValue"]
        alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
        hooks.private("services.cloudwatch._record_history")(alarm["AlarmName"], old, state, reason)
        hooks.private("services.cloudwatch._dispatch_alarm_actions")(alarm, old, state, reason)
        hooks.private("services.cloudwatch._evaluate_parent_alarms")(alarm)

    def _announce(self, name: str, old_state: str, alarm_type: str) -> None:
        composite = alarm_type == "CompositeAlarm"
        store = "services.cloudwatch._composite_alarms" if composite else "services.cloudwatch._alarms"
        alarm = hooks.private(store)[name]
        self._emit(
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            [alarm["AlarmArn"]],
            event_detail(alarm, old_state),
        )


def _next_step(alarm: Alarm, now: float) -> float:
    step = alarm_rules.evaluation_step(_period(alarm))
    return (math.floor(now / step) + 1) * step


def event_detail(alarm: Alarm, old_state: str) -> dict[str, object]:
    """The detail of a CloudWatch Alarm State Change event (user guide, "Alarm events and EventBridge")."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    configuration: dict[str, object] = {"description": alarm.get("AlarmDescription", "")}
    if "AlarmRule" in alarm:
        configuration |= {"alarmRule": alarm["AlarmRule"]}
    else:
        configuration |= {"metrics": [_event_metric(query) for query in _queries(alarm)]}
    return {
        "alarmName": alarm["AlarmName"],
        "state": {"value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": stamp},
        "previousState": {"value": old_state, "timestamp": stamp},
        "configuration": configuration,
    }


def _event_metric(query: Mapping[str, Any]) -> dict[str, object]:
    shown: dict[str, object] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return {**shown, "expression": query["Expression"], "label": query.get("Label", "")}
    stat = query["MetricStat"]
    return {
        **shown,
        "metricStat": {
            "metric": {
                "namespace": stat["Metric"]["Namespace"],
                "name": stat["Metric"]["MetricName"],
                "dimensions": _dimensions(stat["Metric"].get("Dimensions")),
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        },
    }


def _queries(alarm: Alarm) -> list[dict[str, Any]]:
    """What an alarm watches, as metric data queries, also where it names one metric only."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    metric = {key: alarm.get(key) for key in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": stat}}]


def _value(alarm: Alarm, window: tuple[float, float]) -> float | None:
    queries = _queries(alarm)
    values: dict[str, float | None] = {}
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            values[query["Id"]] = metrics.statistic(
                metric["Namespace"],
                metric["MetricName"],
                _dimensions(metric.get("Dimensions")),
                stat["Stat"],
                window,
            )
    for query in _in_order([query for query in queries if "Expression" in query]):
        values[query["Id"]] = metric_math.evaluate(query["Expression"], values, _period(alarm))
    returned = [query["Id"] for query in queries if query.get("ReturnData", True)]
    return values[returned[0]]


def _in_order(expressions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expressions so that each comes after those it names; the one that is returned is usually the last."""
    names = {query["Id"] for query in expressions}
    ordered: list[dict[str, Any]] = []
    while len(ordered) < len(expressions):
        done = {query["Id"] for query in ordered}
        ready = [
            query
            for query in expressions
            if query["Id"] not in done and not (metric_math.names_in(query["Expression"]) & (names - done))
        ]
        if not ready:
            raise ValueError(f"the expressions {sorted(names)} of an alarm depend on one another in a circle")
        ordered += ready
    return ordered


def _period(alarm: Alarm) -> int:
    for query in alarm.get("Metrics") or ():
        if "MetricStat" in query:
            return int(query["MetricStat"]["Period"])
    return int(alarm["Period"])


def _rule(alarm: Alarm) -> alarm_rules.Rule:
    periods = int(alarm.get("EvaluationPeriods", 1))
    return alarm_rules.Rule(
        comparison=str(alarm["ComparisonOperator"]),
        threshold=float(alarm["Threshold"]),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
        treat_missing=str(alarm.get("TreatMissingData") or alarm_rules.MISSING),
    )


def _dimensions(listed: list[Mapping[str, str]] | None) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in listed or ()}


def _check(alarm: Alarm) -> None:
    """Raise ValueError unless the alarm can be evaluated here."""
    _rule(alarm)
    queries = alarm.get("Metrics") or []
    if not queries:
        return
    names = {query["Id"] for query in queries}
    for query in queries:
        if "Expression" in query:
            metric_math.check(query["Expression"], names)
    _in_order([query for query in queries if "Expression" in query])
    if len([query for query in queries if query.get("ReturnData", True)]) != 1:
        raise ValueError("exactly one of an alarm's Metrics has ReturnData true")


def _put_keeping_metrics() -> Callable[..., tuple[int, dict[str, str], bytes]]:
    original = hooks.private("services.cloudwatch._put_metric_alarm")

    def put(
        params: dict[str, Any], cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> tuple[int, dict[str, str], bytes]:
        queries = cbor_data.get("Metrics") or []
        if not (is_cbor or is_json) and any(key.startswith("Metrics.") for key in params):
            return _refuse("Metrics in the query protocol are not served by the local AWS", is_cbor, is_json)
        name = cbor_data.get("AlarmName") or (params.get("AlarmName") or [""])[0]
        alarms = hooks.private("services.cloudwatch._alarms")
        before = alarms.get(name)
        answer: tuple[int, dict[str, str], bytes] = original(params, cbor_data, is_cbor, is_json)
        if answer[0] == 200:  # noqa: PLR2004 - HTTP's success
            alarm = alarms[name]
            if queries:
                alarm["Metrics"] = queries
                _forget_single_metric(alarm)
            try:
                _check(alarm)
            except ValueError as error:
                alarms.pop(name)
                if before is not None:
                    alarms[name] = before
                return _refuse(str(error), is_cbor, is_json)
        return answer

    return put


def _refuse(message: str, is_cbor: bool, is_json: bool) -> tuple[int, dict[str, str], bytes]:
    error = hooks.private("services.cloudwatch._error")
    return error("ValidationError", message, 400, use_json=is_json, use_cbor=is_cbor)  # type: ignore[no-any-return] # ministack has no types


def _record_keeping_metrics() -> Callable[[str, Mapping[str, Any]], Alarm]:
    original = hooks.private("services.cloudformation.provisioners._cw_metric_alarm_record")

    def record(name: str, props: Mapping[str, Any]) -> Alarm:
        queries = [_typed(query) for query in props.get("Metrics") or ()]
        if not queries:
            alarm: Alarm = original(name, props)
        else:
            plain = {key: value for key, value in props.items() if key != "Metrics"}
            alarm = original(name, {**plain, "MetricName": "-", "Namespace": "-"})
            alarm["Metrics"] = queries
            _forget_single_metric(alarm)
        _check(alarm)
        return alarm

    return record


def _typed(query: Mapping[str, Any]) -> dict[str, Any]:
    """A template's query with numbers and booleans that a template may have written as text."""
    typed = dict(query)
    if "ReturnData" in typed:
        typed["ReturnData"] = str(typed["ReturnData"]).lower() == "true"
    if "MetricStat" in typed:
        typed["MetricStat"] = {**typed["MetricStat"], "Period": int(typed["MetricStat"]["Period"])}
    return typed


def _forget_single_metric(alarm: Alarm) -> None:
    """An alarm over Metrics has no metric, statistic or period of its own; DescribeAlarms does not show any."""
    for key in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit"):
        alarm[key] = None
