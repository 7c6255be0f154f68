"""The circle: drift, runs of the group's pipeline, and schedules that watch the live version; seen from outside."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.core.ledger import Kind
from lambdas.core.names import GROUP_TAG, RUN_KEY, drift_alarm, schedule_name, version_in
from lambdas.core.record import Cause
from lambdas.core.spec import Monitor, MonitoringSpec, MonitorSpec, RetrainingSpec
from local.sagemaker.service import SageMakerError
from tests.simulation.aws.account import ACCOUNT
from tests.simulation.aws.training import ELSEWHERE, FAILS, NOTHING, SLOW
from tests.simulation.invariants import ledger
from tests.simulation.life import EVE, GROUP, NO_CAPACITY
from tests.simulation.violation import must

if TYPE_CHECKING:
    from local.sagemaker.ports import PipelineRun
    from tests.simulation.aws.account import Call
    from tests.simulation.life import Life

DRIFT, SCHEDULE = drift_alarm(GROUP), schedule_name(GROUP, Monitor.DATA_QUALITY)
PIPELINE = "retrain-churn"
COOLDOWN_HOURS, MOST_PER_WEEK = 1, 3
_HOUR, _WEEK = 3600.0, 7 * 86400.0
_MOST_VERSIONS = 6
_MOST_SAID = 8  # times: as often as a history gives a reason
_ENDS = frozenset({Kind.RETRAIN_SUCCEEDED.value, Kind.RETRAIN_FAILED.value})

MONITORING = MonitoringSpec(
    role=f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-monitoring",
    output=f"s3://models/{GROUP}/monitoring",
    schedules={Monitor.DATA_QUALITY: MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")},
)


READER = f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-reader"
_OPS: tuple[tuple[str, Any], ...] = (
    *[("drift", True)] * 4,
    *[("drift", False)] * 2,
    ("flap", 3),
    ("inspect", "CompletedWithViolations"),
    ("inspect", "CompletedWithViolations"),
    ("inspect", "Completed"),
    ("inspect", "Failed"),
    *[("retrain", None)] * 2,
    *[("pipeline", what) for what in (FAILS, ELSEWHERE, NOTHING, SLOW)],
    ("bare", None),
    ("bare", "missing"),
    ("monitor", False),
    ("monitor", True),
    ("most_schedules", 0),
    ("most_schedules", 100),
    ("forge", None),
    ("meddle", None),
)
_GAPS = (0.0, 5.0, 60.0, 400.0, 400.0, 1500.0, 4000.0)  # seconds
_SHARE = 0.35  # of the schedules


@dataclass(frozen=True)
class Circle:
    """What of the circle is in a schedule: `ops` each with its place among the others, and the gap after it."""

    ops: tuple[tuple[int, tuple[str, Any], float], ...]
    roll_back: bool
    on_rejection: bool
    switches: dict[str, bool]

    def spec(self) -> dict[str, Any]:
        """Of the group."""
        wanted = retraining(roll_back=self.roll_back, on_rejection=self.on_rejection)
        return {"monitoring": MONITORING, "retraining": wanted, "reader_role": READER}


def circle_of(seed: int) -> Circle | None:
    """The circle in a seed's schedule; None: it has none. By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"circle {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    return Circle(
        ops=tuple(
            (chance.randrange(12), chance.choice(_OPS), chance.choice(_GAPS))
            for _ in range(chance.randint(2, 8))
        ),
        roll_back=chance.random() < 0.4,
        on_rejection=chance.random() < 0.4,
        switches={
            "pipeline_event_names_run": chance.random() < 0.5,
            "processing_event_names_schedule": chance.random() < 0.5,
            "schedules_hold_endpoint": chance.random() < 0.5,
            "capture_retained": chance.random() < 0.5,
        },
    )


@dataclass
class Turns:
    """Does the things of a circle to a life."""

    life: Life
    circle: Circle
    registered: int = 0
    drifted: bool = False

    def begin(self) -> None:
        """The group's pipeline and drift alarm, before its spec."""
        life = self.life
        life.aws.alarms.make(DRIFT)
        life.aws.training.register = self.register_for
        names = ("Group", "Run", "LiveVersion", "Reason", "WindowStart", "WindowEnd")
        declared = [{"Name": f"Greenlight{name}", "Type": "String"} for name in names]
        life._call(
            EVE,
            "sagemaker",
            "create_pipeline",
            PipelineName=PIPELINE,
            PipelineDefinition=json.dumps({"Parameters": declared}),
            RoleArn=READER,
            ClientRequestToken="t" * 32,
        )

    def end(self) -> None:
        """Nothing is in anybody's way any more; the alarm is quiet."""
        if self.drifted and self.circle.roll_back:
            self._doubt()
        self.life.aws.alarms.turn(DRIFT, "OK")
        self.life.aws.training.finds = "Completed"
        self.life.aws.faults.most_schedules = None

    def register_for(self, run: PipelineRun) -> str:
        """A run registers a version, and names itself in it in one of the ways there are."""
        self.registered += 1
        says: tuple[dict[str, Any], ...] = (
            {"CustomerMetadataProperties": {RUN_KEY: run.display_name}},
            {"MetadataProperties": {"GeneratedBy": run.arn}},
            {},
        )
        number = self.life.put_in(**says[self.registered % 3])
        self.life.versions[number].doubtful = self._no_room()
        return self.life.arn(number)

    def _no_room(self) -> bool:
        return self.life.spec.endpoint.instance_type == NO_CAPACITY

    def _drift(self, on: bool) -> None:
        self.life.aws.alarms.turn(DRIFT, "ALARM" if on else "OK")
        self.drifted = self.drifted or on

    def _flap(self, times: int) -> None:
        for _ in range(times):
            for on in (True, False):
                self._drift(on)
                self.life.world.pass_time(20)

    def _doubt(self) -> None:
        """Whatever is live may be sent back."""
        self.life.unordered = True
        for known in self.life.versions.values():
            known.doubtful = True

    def _inspect(self, finds: str) -> None:
        self.life.aws.training.finds = finds
        with suppress(SageMakerError):  # there may be no schedule
            self.life.aws.sagemaker.run_schedule(SCHEDULE)

    def _retrain(self, _: object) -> None:
        self.life.ask_to_retrain()

    def _pipeline(self, what: str) -> None:
        self.life.aws.training.next.append(what)

    def _bare(self, baseline: str | None) -> None:
        if len(self.life.versions) < _MOST_VERSIONS:
            number = self.life.register(baseline=baseline)
            self.life.versions[number].doubtful = self._no_room()
            self.life.decide(number, "Approved")

    def _monitor(self, on: bool) -> None:
        self.life.spec = replace(self.life.spec, monitoring=MONITORING if on else None)
        self.life.respec()

    def _most_schedules(self, most: int) -> None:
        self.life.aws.faults.most_schedules = most

    def _meddle(self, _: object) -> None:
        """Somebody deletes the schedule."""
        with suppress(ClientError):
            self.life._call(EVE, "sagemaker", "delete_monitoring_schedule", MonitoringScheduleName=SCHEDULE)

    def _forge(self, _: object) -> None:
        """Somebody takes the tag from the schedule: it is not ours any more."""
        arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:monitoring-schedule/{SCHEDULE}"
        with suppress(ClientError):
            self.life._call(EVE, "sagemaker", "delete_tags", ResourceArn=arn, TagKeys=[GROUP_TAG])


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
    _check_words(life)
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
    for before, one in pairwise(begun):
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


def _check_words(life: Life) -> None:
    """Nothing is said over and over, as what every look finds anew would be."""
    kinds = {Kind.UNMONITORED.value, Kind.MONITORING.value, Kind.DRIFT.value, Kind.RETRAIN_HELD.value}
    said = Counter((one["version"], one["reason"]) for one in ledger(life) if one["kind"] in kinds)
    often = [one for one, times in said.items() if times > _MOST_SAID]
    must(not often, f"16: said over and over: {often}")


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
    known = record.monitored.get(Monitor.DATA_QUALITY)
    package = life.package(live.version)
    if package is None:
        return  # it left the registry, and serves on; how it is watched stays
    has_baseline = "missing" not in str(package.get("DriftCheckBaselines", "missing"))
    if known is not None and (known.stuck or (known.problem and has_baseline)):
        return  # AWS said no, which is in the ledger: a sweep tries again
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
