"""Model Monitor: job definitions, schedules, and their runs; what a run finds, the world finds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import SageMakerError, absent, invalid, missing
from local.sagemaker.events import processing_event
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.ports import MonitoringRun
from local.sagemaker.state import JobDefinition, MonitoringExecution, Schedule, find_endpoint
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields

KINDS = {
    "DataQuality": "data-quality-job-definition",
    "ModelQuality": "model-quality-job-definition",
    "ModelBias": "model-bias-job-definition",
    "ModelExplainability": "model-explainability-job-definition",
}
"""MonitoringType, and the kind in the ARN of its job definitions."""
_HOUR = 3600
_CRON = re.compile(r"cron\(0 (?P<from>\*|[01]?\d|2[0-3])(?:/(?P<every>[01]?\d|2[0-4]))? \? \* \* \*\)")
_OFFSET = re.compile(r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
_SORTED_BY = {
    "Name": "MonitoringScheduleName",
    "CreationTime": "CreationTime",
    "Status": "MonitoringScheduleStatus",
}
_WANTED = {
    "EndpointName": "EndpointName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}
_RUNS_BY = {
    "CreationTime": "CreationTime",
    "ScheduledTime": "ScheduledTime",
    "Status": "MonitoringExecutionStatus",
}


# --- job definitions -------------------------------------------------------------------------------------


def create_definition(kind: str) -> Callable[[Account, Fields, Caller], Fields]:
    """CreateDataQualityJobDefinition and its like; `kind`: MonitoringType."""

    def create(account: Account, request: Fields, _caller: Caller) -> Fields:
        name = request["JobDefinitionName"]
        arn = account.arn(KINDS[kind], name.lower())
        if (kind, name.lower()) in account.state.definitions:
            raise SageMakerError("ResourceInUse", f"Job definition {arn} exists already.")
        endpoint = request[f"{kind}JobInput"].get("EndpointInput", {}).get("EndpointName")
        if endpoint is not None:
            find_endpoint(account.state, endpoint, account.arn("endpoint", endpoint))
        fields = {member: copied(value) for member, value in request.items() if member != "Tags"}
        fields |= {"JobDefinitionArn": arn, "CreationTime": account.now}
        account.state.definitions[kind, name.lower()] = JobDefinition(name, arn, kind, fields, given(request))
        return {"JobDefinitionArn": arn}

    return create


def describe_definition(kind: str) -> Callable[[Account, Fields, Caller], Fields]:
    """DescribeDataQualityJobDefinition and its like."""

    def describe(account: Account, request: Fields, _caller: Caller) -> Fields:
        return copied(_the_definition(account, kind, request["JobDefinitionName"]).fields)

    return describe


def delete_definition(kind: str) -> Callable[[Account, Fields, Caller], Fields]:
    """DeleteDataQualityJobDefinition and its like: not one that a schedule uses."""

    def delete(account: Account, request: Fields, _caller: Caller) -> Fields:
        definition = _the_definition(account, kind, request["JobDefinitionName"])
        for schedule in account.state.schedules.values():
            if (schedule.kind, schedule.definition.lower()) == (kind, definition.name.lower()):
                raise SageMakerError("ResourceInUse", f"{definition.arn} is in use by {schedule.arn}.")
        del account.state.definitions[kind, definition.name.lower()]
        return {}

    return delete


def _the_definition(account: Account, kind: str, name: str) -> JobDefinition:
    found = account.state.definitions.get((kind, name.lower()))
    if found is None:
        raise absent("Job definition", account.arn(KINDS[kind], name.lower()))
    return found


# --- schedules -------------------------------------------------------------------------------------------


def create_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """CreateMonitoringSchedule."""
    name, limit = request["MonitoringScheduleName"], account.faults.most_schedules
    arn = account.arn("monitoring-schedule", name.lower())
    if name.lower() in account.state.schedules:
        raise SageMakerError("ResourceInUse", f"Monitoring schedule {arn} exists already.")
    if limit is not None and len(account.state.schedules) >= limit:
        raise SageMakerError(
            "ResourceLimitExceeded",
            f"The account-level service limit 'Number of monitoring schedules' is {limit}, with current utilization of "
            f"{len(account.state.schedules)} and a request delta of 1.",
        )
    schedule = Schedule(name, arn, account.now, account.now, "", "", "", given(request))
    _point(account, schedule, request["MonitoringScheduleConfig"])
    account.state.schedules[name.lower()] = schedule
    return {"MonitoringScheduleArn": arn}


def update_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """UpdateMonitoringSchedule: not while it is Pending."""
    schedule = _the_schedule(account, request["MonitoringScheduleName"])
    if schedule.status == "Pending":
        raise invalid(f"Cannot update {schedule.arn}: it is in status Pending.")
    _point(account, schedule, request["MonitoringScheduleConfig"])
    return {"MonitoringScheduleArn": schedule.arn}


def _point(account: Account, schedule: Schedule, config: Fields) -> None:
    if "MonitoringJobDefinitionName" not in config:
        raise invalid("This model takes a MonitoringJobDefinitionName, and no MonitoringJobDefinition.")
    kind = config.get("MonitoringType", "DataQuality")
    definition = _the_definition(account, kind, config["MonitoringJobDefinitionName"])
    expression = config.get("ScheduleConfig", {}).get("ScheduleExpression", "cron(0 * ? * * *)")
    _hours(expression)
    schedule.kind, schedule.definition, schedule.expression = kind, definition.name, expression
    _becomes_pending(account, schedule)


def _becomes_pending(account: Account, schedule: Schedule) -> None:
    schedule.modified, schedule.status = account.now, "Pending"
    schedule.due = account.after(account.timings.schedule_pending)
    account.state.busy_schedules[schedule.name.lower()] = schedule


def describe_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeMonitoringSchedule."""
    schedule = _the_schedule(account, request["MonitoringScheduleName"])
    last = next(reversed(account.state.runs_of(schedule.name)), None)
    return {
        "MonitoringScheduleName": schedule.name,
        "MonitoringScheduleArn": schedule.arn,
        "MonitoringScheduleStatus": schedule.status,
        "MonitoringType": schedule.kind,
        "CreationTime": schedule.created,
        "LastModifiedTime": schedule.modified,
        "EndpointName": _endpoint_of(account, schedule),
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": schedule.expression},
            "MonitoringJobDefinitionName": schedule.definition,
            "MonitoringType": schedule.kind,
        },
        **({"LastMonitoringExecutionSummary": copied(last.fields)} if last is not None else {}),
    }


def list_schedules(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListMonitoringSchedules."""
    items: list[Any] = [
        {
            "MonitoringScheduleName": one.name,
            "MonitoringScheduleArn": one.arn,
            "CreationTime": one.created,
            "LastModifiedTime": one.modified,
            "MonitoringScheduleStatus": one.status,
            "EndpointName": _endpoint_of(account, one),
            "MonitoringJobDefinitionName": one.definition,
            "MonitoringType": one.kind,
        }
        for one in account.state.schedules.values()
    ]
    wanted = _WANTED | {"StatusEquals": "MonitoringScheduleStatus"}
    found = chosen(_matching(items, request, wanted), request, name="MonitoringScheduleName")
    in_order = ordered(found, request, _SORTED_BY, ascending=False)
    return page(in_order, request, "ListMonitoringSchedules", "MonitoringScheduleSummaries")


def stop_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """StopMonitoringSchedule: no further run begins; one that is under way comes to its end."""
    schedule = _the_schedule(account, request["MonitoringScheduleName"])
    schedule.modified, schedule.status, schedule.due = account.now, "Stopped", None
    account.state.busy_schedules.pop(schedule.name.lower(), None)
    return {}


def start_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """StartMonitoringSchedule: one that was stopped goes on by its expression."""
    schedule = _the_schedule(account, request["MonitoringScheduleName"])
    if schedule.status == "Stopped":
        _becomes_pending(account, schedule)
    return {}


def delete_schedule(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteMonitoringSchedule: not while a run of it is under way; those that ended stay listed [B]."""
    schedule = _the_schedule(account, request["MonitoringScheduleName"])
    if any(one.is_under_way for one in account.state.runs_of(schedule.name)):
        raise invalid(f"Cannot delete {schedule.arn}: it has an in-progress execution.")
    del account.state.schedules[schedule.name.lower()]
    account.state.busy_schedules.pop(schedule.name.lower(), None)
    return {}


def list_runs(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListMonitoringExecutions; of a schedule that is not there, none: it declares no error [B]."""
    wanted = _WANTED | {
        "MonitoringScheduleName": "MonitoringScheduleName",
        "StatusEquals": "MonitoringExecutionStatus",
    }
    items: list[Any] = [copied(run.fields) for runs in account.state.runs.values() for run in runs]
    found = chosen(_matching(items, request, wanted), request, name="MonitoringScheduleName")
    after, before = request.get("ScheduledTimeAfter", -math.inf), request.get("ScheduledTimeBefore", math.inf)
    found = [one for one in found if after < one["ScheduledTime"] < before]
    in_order = ordered(found, request, _RUNS_BY, ascending=False)
    return page(in_order, request, "ListMonitoringExecutions", "MonitoringExecutionSummaries")


def _matching(items: list[Any], request: Fields, wanted: Mapping[str, str]) -> list[Any]:
    """The items that are as a request's filters want them, names whatever their case; `wanted`: member by filter."""
    asked = {member: request[name].lower() for name, member in wanted.items() if name in request}
    return [one for one in items if all(str(one[member]).lower() == value for member, value in asked.items())]


def _the_schedule(account: Account, name: str) -> Schedule:
    found = account.state.schedules.get(name.lower())
    if found is None:
        raise absent("Monitoring schedule", account.arn("monitoring-schedule", name.lower()))
    return found


def schedules_of(account: Account, endpoint: str) -> list[str]:
    """The names of the schedules that watch an endpoint."""
    watching = account.state.schedules.values()
    return [one.name for one in watching if _endpoint_of(account, one).lower() == endpoint.lower()]


def _endpoint_of(account: Account, schedule: Schedule) -> str:
    definition = account.state.definitions[schedule.kind, schedule.definition.lower()]
    return str(definition.fields[f"{schedule.kind}JobInput"]["EndpointInput"]["EndpointName"])


# --- runs ------------------------------------------------------------------------------------------------


def step_schedule(account: Account, schedule: Schedule) -> None:
    """What is due of a schedule: it is Scheduled, or its next run begins."""
    if schedule.status == "Pending":
        schedule.status = "Scheduled"
    else:
        begin(account, schedule, schedule.due or account.now)
    by_cron = account.timings.monitoring_by_cron
    schedule.due = _next(account, schedule.expression) if by_cron else None
    if schedule.due is None:
        account.state.busy_schedules.pop(schedule.name.lower(), None)


def run_now(account: Account, name: str) -> None:
    """A schedule's run begins now."""
    begin(account, _the_schedule(account, name), account.now)


def begin(account: Account, schedule: Schedule, scheduled: float) -> None:
    """A run begins, on what was captured since the one before; of an endpoint that is not there it fails at once."""
    definition = account.state.definitions[schedule.kind, schedule.definition.lower()]
    endpoint, number = _endpoint_of(account, schedule), account.state.number()
    job = f"model-monitoring-{datetime.fromtimestamp(scheduled, UTC):%Y%m%d%H%M}-{number:012d}"
    arn = account.arn("processing-job", job)
    fields = {
        "MonitoringScheduleName": schedule.name,
        "ScheduledTime": scheduled,
        "CreationTime": account.now,
        "LastModifiedTime": account.now,
        "MonitoringExecutionStatus": "InProgress",
        "ProcessingJobArn": arn,
        "EndpointName": endpoint,
        "MonitoringJobDefinitionName": schedule.definition,
        "MonitoringType": schedule.kind,
    }
    execution = MonitoringExecution(scheduled, fields)
    account.state.runs_of(schedule.name).append(execution)
    processing_event(account, schedule, execution, "InProgress")
    if endpoint.lower() not in account.state.endpoints:
        gone = missing("endpoint", account.arn("endpoint", endpoint)).message
        inspected(account, schedule.name, scheduled, "Failed", gone)
        return
    run = MonitoringRun(
        schedule=schedule.name,
        endpoint=endpoint,
        kind=schedule.kind,
        definition=copied(definition.fields),
        scheduled=scheduled,
        window=_window(account, definition, schedule, scheduled),
        processing_job=arn,
    )
    account.outbox.append(lambda: account.world.inspect(run))


def inspected(account: Account, name: str, scheduled: float, status: str, reason: str | None) -> None:
    """A run came to its end; of a schedule that is gone nobody asks."""
    schedule = account.state.schedules.get(name.lower())
    runs = (one for one in account.state.runs_of(name) if one.scheduled == scheduled)
    run = next((one for one in runs if one.is_under_way), None)
    if schedule is None or run is None:
        return
    run.fields |= {"MonitoringExecutionStatus": status, "LastModifiedTime": account.now}
    if reason is not None and status == "Failed":
        run.fields["FailureReason"] = reason[:1024]
    message = reason if status == "Failed" else f"{status}: {reason or 'Job completed successfully.'}"
    processing_event(account, schedule, run, "Failed" if status == "Failed" else "Completed", message)


def _window(
    account: Account, definition: JobDefinition, schedule: Schedule, scheduled: float
) -> tuple[float, float]:
    """Which captured requests a run looks at: by its offsets, else since the run before (EndpointInput [B])."""
    given_ = definition.fields[f"{definition.kind}JobInput"]["EndpointInput"]
    start, end = given_.get("StartTimeOffset"), given_.get("EndTimeOffset")
    first = -_HOUR * _every(schedule.expression) if start is None else _seconds(start)
    last = 0.0 if end is None else _seconds(end)
    scale = account.clock.scale()
    return scheduled + first / scale, scheduled + last / scale


def _seconds(offset: str) -> float:
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise invalid(f"Invalid offset {offset}: it must be an ISO 8601 duration.")
    found = {name: int(match[name] or 0) for name in ("days", "hours", "minutes")}
    total = found["days"] * 86_400 + found["hours"] * _HOUR + found["minutes"] * 60
    return float(-total if match["sign"] else total)


def _hours(expression: str) -> frozenset[int]:
    """The hours of a day at which a schedule runs (SageMaker developer guide, "Cron expression for monitoring
    schedule": hourly, daily, or every so many hours from one on)."""
    match = _CRON.fullmatch(expression)
    if match is None:
        raise invalid(
            f"Invalid ScheduleExpression {expression}: it must run hourly, daily or every few hours."
        )
    first = 0 if match["from"] == "*" else int(match["from"])
    if match["every"]:
        return frozenset((first + step) % 24 for step in range(0, 24, int(match["every"])))
    return frozenset(range(24)) if match["from"] == "*" else frozenset({first})


def _every(expression: str) -> int:
    return 24 // len(_hours(expression))


def _next(account: Account, expression: str) -> float:
    """Of the hours that the clock makes shorter, the next at which a schedule runs, clock seconds."""
    hour, hours = _HOUR / account.clock.scale(), _hours(expression)
    number = math.floor(account.now / hour) + 1
    while number % 24 not in hours:
        number += 1
    return number * hour
