"""`make demo-loop`: the second act. What a live model meets drifts; it is retrained, reviewed and approved."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambdas.core.ledger import Kind
from lambdas.core.names import drift_alarm, schedule_name, version_in
from lambdas.core.spec import Monitor
from local.aws import LocalAws
from local.demo.narrator import Narrator, StoryError
from local.demo.people import PIPELINES, SCIENTIST, session
from local.demo.registrations import BUCKET, IMAGE
from local.demo.story import GROUP, Stage, stage
from local.demo.traffic import truth
from local.demo.watch import LedgerLine
from local.deploy import deploy_app, prepare
from local.models import ModelArtifact, build, requests
from local.models.data import labels
from local.models.retrain import ON_NEW_DATA, definition

PIPELINE = "tumor-screening-retrain"
_GROUPS = "local/demo/groups"
_TIME_SCALE = 300.0  # an hour of AWS is 12 seconds
_PATIENCE, _TRAINING = 40.0, 60.0  # seconds
_PAUSE = 0.02  # seconds between two requests, each of which is captured and has a label written
_SCHEDULE, _ALARM = schedule_name(GROUP, Monitor.DATA_QUALITY), drift_alarm(GROUP)


def main() -> int:
    """Run the second act; 0 if every fact held."""
    narrator = Narrator()

    def story() -> None:
        with LocalAws(time_scale=_TIME_SCALE, pipelines={PIPELINE: "local.models.retrain:run"}) as aws:
            tell(_deployed(aws, narrator))
        narrator.holds("The circle closes")

    return narrator.tell_to_the_end(story)


def _deployed(aws: LocalAws, narrator: Narrator) -> Stage:
    narrator.chapter("A platform team deploys; the group has a pipeline and is monitored")
    with ThreadPoolExecutor(1) as training:
        trained = training.submit(build, "v2")
        prepare(aws)
        aws.client("sagemaker").create_pipeline(
            PipelineName=PIPELINE,
            PipelineDefinition=definition(f"s3://{BUCKET}/{GROUP}", f"s3://{BUCKET}/captured", IMAGE),
            RoleArn=f"arn:aws:iam::{aws.account}:role/{PIPELINES}",
            ClientRequestToken=PIPELINE.ljust(32, "-"),
        )
        deploy_app(aws, "--context", f"groups={_GROUPS}")
        models = {"v1": trained.result()}
    described = aws.client("sagemaker").describe_pipeline(PipelineName=PIPELINE)
    narrator.fact(described["PipelineStatus"] == "Active", f"pipeline {PIPELINE} is there")
    return _staged(aws, narrator, models)


def _staged(aws: LocalAws, narrator: Narrator, models: dict[str, ModelArtifact]) -> Stage:
    s = stage(aws, narrator, models)
    s.traffic.pause, s.traffic.labels = _PAUSE, labels()
    s.traffic.tell = truth(session(aws, SCIENTIST, "s3"), BUCKET, GROUP)
    return s


def tell(s: Stage) -> None:
    """Tell the whole story.

    Raises:
        StoryError: something is not as told.
    """
    a_version_is_live(s)
    with s.traffic:
        it_is_watched_by_its_own_baseline(s)
        an_hour_without_drift_starts_nothing(s)
        drift_trips_the_alarm_and_starts_the_pipeline(s)
        the_pipeline_registers_a_version_that_waits(s)
        the_new_version_is_better_on_what_comes_now(s)
        the_approval_deploys_it_and_monitoring_follows(s)
        the_alarm_clears(s)
    the_ledger_closes_the_circle(s)


def a_version_is_live(s: Stage) -> None:
    """As any version."""
    s.narrator.chapter("v1 is registered with the baseline of its training data, and approved")
    s.watch.sweep()  # the group was deployed beside the controller, whose rules may have missed its event
    s.register("v1")
    s.command("approve", GROUP, "1", "--reason", "sound on held-out patients", "--yes")
    s.until_live(1)


def it_is_watched_by_its_own_baseline(s: Stage) -> None:
    """Monitoring begins once the rollout is verified."""
    s.until("the schedule to watch v1", lambda: True if _watched(s) == 1 else None, _PATIENCE)
    s.narrator.fact(_watched(s) == 1, "the monitoring schedule watches v1, by v1's own baseline")


def an_hour_without_drift_starts_nothing(s: Stage) -> None:
    """The monitor finds in what was captured what the version was trained on."""
    s.narrator.chapter("An hour of requests like those it was trained on")
    status = _inspected(s, "Completed")
    s.narrator.fact(status == "Completed", "the hourly run finds no violation in what was captured", status)
    _alarm_is(s, "OK")
    s.narrator.fact(not _said(s, Kind.RETRAIN_STARTED), "nothing is retrained")


def drift_trips_the_alarm_and_starts_the_pipeline(s: Stage) -> None:
    """One feature is scaled, as by a new device."""
    s.narrator.chapter(
        "The clinics' new device reports diameters as radii: requests drift, and answers get worse"
    )
    s.traffic.send(requests(diameters=True), labels())
    status = _inspected(s, "CompletedWithViolations")
    s.narrator.fact(status == "CompletedWithViolations", "an hourly run finds violations", status)
    _alarm_is(s, "ALARM")
    s.until("a run to be recorded", lambda: _said(s, Kind.RETRAIN_STARTED) or None, _PATIENCE)
    (started,) = _said(s, Kind.RETRAIN_STARTED)
    s.narrator.fact(started.data["pipeline"] == PIPELINE, f"the ledger says: {started.reason}")


def the_pipeline_registers_a_version_that_waits(s: Stage) -> None:
    """It trains for real, on the new requests and what is known of them."""
    s.narrator.chapter("The pipeline trains on the new requests, and registers v2")
    s.until("v2 to be registered", lambda: _registered(s), _TRAINING)
    s.until("the run to end", lambda: _said(s, Kind.RETRAIN_SUCCEEDED) or None, _PATIENCE)
    (run,) = _said(s, Kind.RETRAIN_SUCCEEDED)
    s.narrator.fact(run.data["versions"] == [2], f"the ledger says: {run.reason}")
    s.narrator.fact(s.watch.live() == 1, "v2 waits for a decision: v1 serves on")


def the_new_version_is_better_on_what_comes_now(s: Stage) -> None:
    """Both were measured on the same new tumours, which neither was trained on."""
    s.narrator.chapter("The approver compares v2 with v1")
    s.command("status", GROUP)
    s.command("diff", GROUP, "1", "2")
    now = {version: _on_new_data(s, version) for version in (1, 2)}
    s.narrator.fact(
        now[2] > now[1], f"on what comes now v2 is right in {now[2]:.3f}, v1 in {now[1]:.3f}", now
    )


def the_approval_deploys_it_and_monitoring_follows(s: Stage) -> None:
    """As any approval."""
    s.narrator.chapter("v2 is approved: it takes over, and the schedule follows it")
    s.command("approve", GROUP, "2", "--reason", "right again on the new device", "--yes")
    s.until_live(2)
    s.until("the schedule to watch v2", lambda: True if _watched(s) == 2 else None, _PATIENCE)  # noqa: PLR2004 - v2
    s.narrator.fact(_watched(s) == 2, "the monitoring schedule watches v2, by v2's own baseline")  # noqa: PLR2004 - v2


def the_alarm_clears(s: Stage) -> None:
    """What was drift to v1 is what v2 was trained on."""
    s.narrator.chapter("Another hour of the same requests")
    status = _inspected(s, "Completed")
    s.narrator.fact(status == "Completed", "measured against v2's baseline, nothing has drifted", status)
    _alarm_is(s, "OK")


def the_ledger_closes_the_circle(s: Stage) -> None:
    """Drift, run, version, decision, rollout: each names the one before."""
    s.narrator.chapter("The ledger: drift → run → version → decision → rollout")
    lines = s.watch.ledger()
    rows = [[str(line.seq), line.kind, str(line.data.get("run", "")), line.reason] for line in lines]
    s.narrator.table(f"Ledger of {GROUP}", ["#", "what", "run", "why, outcome"], rows)
    run = _said(s, Kind.RETRAIN_STARTED)[0].data["run"]
    linked = [line.kind for line in lines if line.data.get("run") == run]
    circle = [Kind.RETRAIN_STARTED, Kind.PENDING, Kind.RETRAIN_SUCCEEDED, Kind.DECISION, Kind.STARTED]
    s.narrator.fact(
        set(linked) == {kind.value for kind in circle}, f"{run} is named by {', '.join(linked)}", linked
    )
    s.narrator.fact(s.watch.broken_entry() is None, f"the hash chain over all {len(lines)} entries holds")


# --- what is looked at -----------------------------------------------------------------------------------


def _said(s: Stage, kind: Kind, version: int | None = None) -> list[LedgerLine]:
    lines = (line for line in s.watch.ledger() if line.kind == kind.value)
    return [line for line in lines if version is None or line.version == version]


def _registered(s: Stage) -> bool | None:
    if failed := _said(s, Kind.RETRAIN_FAILED):
        raise StoryError(failed[0].reason)
    return True if _said(s, Kind.PENDING, 2) else None


def _watched(s: Stage) -> int | None:
    """The version whose baseline the schedule holds requests against; None: there is no schedule."""
    sagemaker = s.aws.client("sagemaker")
    if not sagemaker.list_monitoring_schedules(NameContains=_SCHEDULE)["MonitoringScheduleSummaries"]:
        return None
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=_SCHEDULE)
    return version_in(found["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"])


def _alarm_is(s: Stage, state: str) -> None:
    """A fact, once the alarm was evaluated."""
    s.until(f"alarm {_ALARM}", lambda: True if s.watch.alarm_state(_ALARM) == state else None, _PATIENCE)
    s.narrator.fact(s.watch.alarm_state(_ALARM) == state, f"alarm {_ALARM} is {state}")


def _inspected(s: Stage, wanted: str) -> str:
    """Wait for a run that is scheduled from now on and ends so; the status of the last one that ended."""
    now, seen = time.time(), ""

    def seek() -> str | None:
        nonlocal seen
        ended = [run for run in _runs(s) if run["ScheduledTime"].timestamp() > now]
        ended = [run for run in ended if run["MonitoringExecutionStatus"] != "InProgress"]
        seen = str(ended[0]["MonitoringExecutionStatus"]) if ended else ""
        return seen if seen == wanted else None

    s.until(f"an hourly run that is {wanted}", seek, _PATIENCE)
    return seen


def _runs(s: Stage) -> list[dict[str, Any]]:
    """The schedule's runs, the youngest first."""
    listed = s.aws.client("sagemaker").list_monitoring_executions(
        MonitoringScheduleName=_SCHEDULE, SortBy="ScheduledTime", SortOrder="Descending", MaxResults=100
    )
    return list(listed["MonitoringExecutionSummaries"])


def _on_new_data(s: Stage, version: int) -> float:
    arn = f"arn:aws:sagemaker:{s.aws.region}:{s.aws.account}:model-package/{GROUP}/{version}"
    package = s.aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    return float(json.loads(package["CustomerMetadataProperties"][ON_NEW_DATA]))


if __name__ == "__main__":
    sys.exit(main())
