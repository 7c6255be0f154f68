"""The circle: drift, runs of the group's pipeline, and schedules that watch the live version; seen from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.core.ledger import Kind
from lambdas.core.names import drift_alarm, schedule_name, version_in
from lambdas.core.record import Cause
from lambdas.core.spec import Monitor, MonitoringSpec, MonitorSpec, RetrainingSpec
from tests.simulation.aws.account import ACCOUNT
from tests.simulation.invariants import ledger, must
from tests.simulation.life import EVE, GROUP

if TYPE_CHECKING:
    from tests.simulation.aws.account import Call
    from tests.simulation.life import Life

DRIFT, SCHEDULE = drift_alarm(GROUP), schedule_name(GROUP, Monitor.DATA_QUALITY)
PIPELINE = "retrain-churn"
COOLDOWN_HOURS, MOST_PER_WEEK = 1, 3
_HOUR, _WEEK = 3600.0, 7 * 86400.0
_ENDS = frozenset({Kind.RETRAIN_SUCCEEDED.value, Kind.RETRAIN_FAILED.value})

MONITORING = MonitoringSpec(
    role=f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-monitoring",
    output=f"s3://models/{GROUP}/monitoring",
    schedules={Monitor.DATA_QUALITY: MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")},
)


def retraining(*, roll_back: bool, on_rejection: bool) -> RetrainingSpec:
    """A pipeline with a short cooldown, started by one alarm and by violations."""
    return RetrainingSpec(
        PIPELINE,
        alarms=(DRIFT,),
        on_rejection=on_rejection,
        cooldown_hours=COOLDOWN_HOURS,
        most_per_week=MOST_PER_WEEK,
        roll_back=roll_back,
    )


@dataclass
class CircleWatch:
    """Watches each call that starts a run or moves a schedule."""

    life: Life
    started: int = 0
    moved: int = 0

    def before(self, call: Call) -> None:
        """A call is about to take effect."""

    def after(self, call: Call) -> None:
        """A call took effect."""
        if call.function == "person":
            return
        if call.operation == "StartPipelineExecution":
            self._may_start(call)
        if call.operation in {"CreateMonitoringSchedule", "UpdateMonitoringSchedule"}:
            self._may_point(call)

    def _may_start(self, call: Call) -> None:
        """15: one at a time, and only what is on record."""
        self.started += 1
        run = self.life.record().retraining.run
        name = call.request["PipelineExecutionDisplayName"]
        must(run is not None and run.id == name, f"15: {name} starts, which is not on record")
        going = [one for one in executions(self.life) if one["PipelineExecutionStatus"] == "Executing"]
        must(len(going) <= 1, f"15: {len(going)} runs at once")

    def _may_point(self, call: Call) -> None:
        """16: only at the version that is live and verified."""
        self.moved += 1
        definition = call.request["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"]
        live = self.life.record().live_placement()
        must(
            live is not None and live.live_at is not None,
            f"16: {definition} is watched before anything is verified",
        )
        must(
            live is None or version_in(definition) == live.version,
            f"16: {definition} is watched, not v{live}",
        )


def executions(life: Life) -> list[dict[str, Any]]:
    """All executions of the group's pipeline, as ListPipelineExecutions has them."""
    found = life._call(EVE, "sagemaker", "list_pipeline_executions", PipelineName=PIPELINE, MaxResults=100)
    return list(found["PipelineExecutionSummaries"])


def check_circle(life: Life) -> None:
    """At the end: each run ended once, none began too early, and the schedule watches the live version."""
    if not life.has_record():
        return
    _check_runs(life)
    if life.spec.monitoring is not None:
        _check_schedule(life)


def _check_runs(life: Life) -> None:
    known, told = life.record().retraining, ledger(life)
    must(known.run is None, f"15: {known.run} never ends")
    begun = [one for one in told if one["kind"] == Kind.RETRAIN_STARTED.value]
    ended = [one["data"]["run"] for one in told if one["kind"] in _ENDS]
    must(
        [one["data"]["run"] for one in begun] == ended,
        f"15: begun {[one['data']['run'] for one in begun]}, ended {ended}",
    )
    for before, one in zip(begun, begun[1:], strict=False):
        if one["data"]["cause"] == Cause.PERSON.value:
            continue
        must(
            one["at"] - before["at"] >= COOLDOWN_HOURS * _HOUR,
            f"15: {one['data']['run']} begins in the cooldown",
        )
        week = [other for other in begun if one["at"] - _WEEK < other["at"] <= one["at"]]
        must(len(week) <= MOST_PER_WEEK, f"15: {len(week)} runs in a week")
    names = {one["PipelineExecutionDisplayName"] for one in executions(life)}
    must(names <= set(ended), f"15: {names - set(ended)} ran and is not in the ledger")


def _check_schedule(life: Life) -> None:
    """16: within one sweep. A version without a baseline is watched by no other's."""
    record, endpoint = life.record(), life.endpoint()
    live = record.live_placement()
    watched = watched_version(life)
    if (
        live is None
        or endpoint is None
        or endpoint["EndpointConfigName"] != live.config
        or live.live_at is None
    ):
        return
    if record.rollout is not None or endpoint["EndpointStatus"] != "InService":
        return
    package = life.package(live.version)
    has_baseline = package is not None and "DriftCheckBaselines" in package
    must(
        watched == (live.version if has_baseline else None),
        f"16: v{watched} is watched, v{live.version} is live"
        + ("" if has_baseline else ", without a baseline"),
    )


def watched_version(life: Life) -> int | None:
    """The version whose baseline the schedule holds traffic against; None: there is no schedule."""
    listed = life._call(EVE, "sagemaker", "list_monitoring_schedules", NameContains=SCHEDULE)
    if not listed["MonitoringScheduleSummaries"]:
        return None
    found = life._call(EVE, "sagemaker", "describe_monitoring_schedule", MonitoringScheduleName=SCHEDULE)
    return version_in(found["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"])
