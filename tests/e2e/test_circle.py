"""The circle on the deployed functions: a run that a person asks for, what it registers, and what is watched."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lambdas.core.ledger import Kind
from lambdas.core.names import role_name, schedule_name, version_in
from lambdas.core.spec import Monitor
from local.aws import LocalAws
from local.demo.people import APPROVER, PIPELINES, stepped_in
from local.demo.watch import LedgerLine
from tests.e2e.scene import BUCKET, Scene
from tests.e2e.test_commands import run

Make = Callable[..., Scene]
GROUP, OTHER = "circled", "circled-other"
OWN = ("Group", "Run", "LiveVersion", "Reason", "WindowStart", "WindowEnd")
SCHEDULE = schedule_name(GROUP, Monitor.DATA_QUALITY)


@pytest.fixture(scope="module", autouse=True)
def pipelines(aws: LocalAws) -> Iterator[None]:
    """The group's pipeline, and one of another group's that declares nothing."""
    for name, declared in ((f"{GROUP}-retrain", OWN), (f"{OTHER}-retrain", ())):
        parameters = [
            {"Name": f"Greenlight{one}", "Type": "String", "DefaultValue": "none"} for one in declared
        ]
        aws.client("sagemaker").create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps({"Parameters": parameters}),
            RoleArn=f"arn:aws:iam::{aws.account}:role/{PIPELINES}",
            ClientRequestToken=name.ljust(32, "-"),
        )
    yield
    aws.control(pipelines={})


def retrain(s: Scene, what: str | None, reason: str) -> LedgerLine:
    """The approver asks for a run of a pipeline that does this; what the ledger says of its end."""
    s.aws.control(pipelines={} if what is None else {f"{s.group}-retrain": f"tests.e2e.pipelines:{what}"})
    before = len(ends(s))
    me = stepped_in(s.aws, APPROVER, role_name(s.group, "approver"))
    done = run(s.aws, "retrain", s.group, "--reason", reason, environment=me)
    assert done.returncode == 0, done.stderr
    return s.until_swept("the run to end", lambda: ends(s)[before] if len(ends(s)) > before else None)


def ends(s: Scene) -> list[LedgerLine]:
    kinds = {Kind.RETRAIN_SUCCEEDED.value, Kind.RETRAIN_FAILED.value}
    return [line for line in s.watch.ledger() if line.kind in kinds]


def last(s: Scene, kind: Kind) -> LedgerLine:
    return [line for line in s.watch.ledger() if line.kind == kind.value][-1]


def test_a_persons_run_registers_a_version_that_is_linked_from_its_cause_to_its_rollout(scene: Make) -> None:
    s = scene(GROUP)
    s.go_live()
    end = retrain(s, "registers", "the new season")
    assert end.kind == Kind.RETRAIN_SUCCEEDED.value
    (version,) = end.data["versions"]
    s.arns[version] = f"arn:aws:sagemaker:{s.aws.region}:{s.aws.account}:model-package/{GROUP}/{version}"
    s.until_said(Kind.PENDING, version)
    s.approve(version)
    s.until_live(version)
    started, pending = last(s, Kind.RETRAIN_STARTED), last(s, Kind.PENDING)
    assert started.reason.endswith("starts, for person: the new season")
    assert (pending.data["cause"], pending.data["because"]) == ("person", "the new season")
    linked = [started, pending, end, last(s, Kind.DECISION), last(s, Kind.STARTED)]
    assert {line.data["run"] for line in linked} == {started.data["run"]}
    assert s.watch.broken_entry() is None


@pytest.mark.parametrize(
    ("group", "what", "says"),
    [
        (GROUP, "fails", "failed: the feature store is empty"),
        (GROUP, "elsewhere", f"model-package/{OTHER}/"),
        (OTHER, "registers", "does not declare GreenlightGroup"),
        ("piped-nowhere", None, "there is no pipeline of that name"),
    ],
)
def test_a_run_that_fails_is_said_and_none_follows_by_itself(
    scene: Make, group: str, what: str | None, says: str
) -> None:
    s = scene(group)
    s.watch.sweep()
    end = retrain(s, what, "once more")
    assert end.kind == Kind.RETRAIN_FAILED.value
    assert says in end.reason
    assert f"`greenlight retrain {group}` starts one" in end.reason
    s.watch.sweep()
    assert len([line for line in s.watch.ledger() if line.kind == Kind.RETRAIN_STARTED.value]) == len(ends(s))


def watched(s: Scene) -> int | None:
    """The version that the group's schedule watches; None: there is no schedule."""
    sagemaker = s.aws.client("sagemaker")
    try:
        found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    except sagemaker.exceptions.ResourceNotFound:
        return None
    return version_in(found["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"])


def baseline(s: Scene, *files: str) -> dict[str, Any]:
    """DriftCheckBaselines of these files below the group's artifacts, which are put there."""
    for file in files:
        key = f"{GROUP}/baseline/{file}"
        s.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b'{"features": []}')
    named = {
        member: {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{GROUP}/baseline/{file}"}
        for member, file in (("Statistics", "statistics.json"), ("Constraints", "constraints.json"))
    }
    return {"DriftCheckBaselines": {"ModelDataQuality": named}}


def test_the_schedule_follows_the_live_version_and_its_baseline_and_says_what_it_lacks(scene: Make) -> None:
    s = scene(GROUP)
    bare = s.go_live()
    s.until("what is not monitored to be said", lambda: s.kinds()[Kind.UNMONITORED.value] or None)
    assert "was registered without a baseline for it" in last(s, Kind.UNMONITORED).reason
    assert watched(s) is None
    good = s.register(**baseline(s, "statistics.json", "constraints.json"))
    s.approve(good)
    s.until_live(good)
    s.until_swept("the schedule to watch it", lambda: True if watched(s) == good else None)
    arn = s.aws.client("sagemaker").describe_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    tags = s.aws.client("sagemaker").list_tags(ResourceArn=arn["MonitoringScheduleArn"])["Tags"]
    assert {"Key": "greenlight:group", "Value": GROUP} in tags
    s.reject(good)
    s.until_live(bare)
    s.until_swept("the schedule to go", lambda: True if watched(s) is None else None)
    assert s.watch.broken_entry() is None


def test_requests_are_captured_after_every_rollout_and_every_way_back(scene: Make) -> None:
    s = scene(GROUP)
    capture = s.watch.record().spec.endpoint.data_capture  # type: ignore[union-attr] # the group was looked at
    assert capture is not None
    first = s.go_live()
    second = s.go_live()
    s.reject(second)
    s.until_live(first)
    config = s.aws.client("sagemaker").describe_endpoint(EndpointName=s.endpoint)["DataCaptureConfig"]
    assert (config["CaptureStatus"], config["CurrentSamplingPercentage"]) == ("Started", capture.percentage)
    asked = b"after the way back"
    s.invoke(asked)

    def captured() -> bool | None:
        found = (
            s.aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"captured/{GROUP}/").get("Contents", [])
        )
        lines = (s.aws.client("s3").get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found)
        return True if any(base64.b64encode(asked) in line for line in lines) else None

    assert s.until("the request to be captured", captured)
