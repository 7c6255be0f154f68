"""Monitoring runs of the local AWS: on what an endpoint really captured, to reports, metrics, and an alarm on them."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
BUCKET = "circle"
ALARM = "greenlight/circle/drift"
NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
MEASURED = {"Endpoint": "circle", "MonitoringSchedule": "circle-mon-data"}
SCRIPT = """
def model_fn(model_dir):
    return None

def predict_fn(data, model):
    return {}

def input_fn(body, content_type):
    return body

def output_fn(prediction, accept):
    return "{}", "application/json"
"""
STATISTICS = {
    "version": 0,
    "features": [
        {
            "name": name,
            "inferred_type": "Fractional",
            "numerical_statistics": {
                "distribution": {
                    "kll": {
                        "buckets": [
                            {"lower_bound": lower, "upper_bound": lower + 25, "count": 50}
                            for lower in (0, 25, 50, 75)
                        ]
                    }
                }
            },
        }
        for name in ("mean area", "texture")
    ],
}
CONSTRAINTS = {
    "version": 0,
    "features": [{"name": name, "completeness": 1.0} for name in ("mean area", "texture")],
    "monitoring_config": {
        "distribution_constraints": {"perform_comparison": "Enabled", "comparison_threshold": 0.2}
    },
}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS in which an hour takes three seconds, with the endpoint "circle", which captures all."""
    with LocalAws(time_scale=1200) as local:
        s3, sagemaker = local.client("s3"), local.client("sagemaker")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=_artifact())
        put(local, "statistics.json", STATISTICS)
        put(local, "constraints.json", CONSTRAINTS)
        serving = role(local, "serving", ["s3:GetObject", "s3:PutObject"])
        role(
            local,
            "monitoring",
            ["s3:GetObject", "s3:ListBucket", "s3:PutObject", "sagemaker:DescribeEndpoint"],
            ["cloudwatch:PutMetricData"],
        )
        image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/sklearn:1"
        container = {"Image": image, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
        sagemaker.create_model(ModelName="circle", ExecutionRoleArn=serving, PrimaryContainer=container)
        variant = {
            "VariantName": "all", "ModelName": "circle", "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }  # fmt: skip
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/captured",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
        sagemaker.create_endpoint_config(
            EndpointConfigName="circle", ProductionVariants=[variant], DataCaptureConfig=capture
        )
        sagemaker.create_endpoint(EndpointName="circle", EndpointConfigName="circle")
        eventually(
            lambda: sagemaker.describe_endpoint(EndpointName="circle")["EndpointStatus"] == "InService"
        )
        yield local


def _artifact() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("code/inference.py")
        info.size = len(SCRIPT)
        archive.addfile(info, io.BytesIO(SCRIPT.encode()))
    return packed.getvalue()


def role(aws: LocalAws, name: str, *actions: list[str]) -> str:
    """A role that SageMaker may take; metrics only into the namespace of data quality."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    only = {"StringLike": {"cloudwatch:namespace": ["aws/sagemaker/Endpoint*/data-metric*"]}}
    allowed = [
        {"Effect": "Allow", "Action": some, "Resource": "*", **({"Condition": only} if number else {})}
        for number, some in enumerate(actions)
    ]
    iam = aws.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return str(arn)


def put(aws: LocalAws, key: str, content: object) -> None:
    """Write JSON, or text as it is."""
    body = content if isinstance(content, str) else json.dumps(content)
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def watch(aws: LocalAws, schedule: str = "circle-mon-data", kind: str = "DataQuality", **more: Any) -> None:
    """An hourly schedule on the endpoint; `more` members of its job definition."""
    truth = {"GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/truth"}} if kind == "ModelQuality" else {}
    definition = {
        "JobDefinitionName": schedule,
        f"{kind}AppSpecification": {
            "ImageUri": "monitor:1",
            "Environment": {"publish_cloudwatch_metrics": "Enabled"},
            **({"ProblemType": "BinaryClassification"} if truth else {}),
        },
        f"{kind}BaselineConfig": {
            "ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/constraints.json"},
            **({} if truth else {"StatisticsResource": {"S3Uri": f"s3://{BUCKET}/statistics.json"}}),
        },
        f"{kind}JobInput": {"EndpointInput": {"EndpointName": "circle", "LocalPath": "/in"}, **truth},
        f"{kind}JobOutputConfig": {
            "MonitoringOutputs": [{"S3Output": {"S3Uri": f"s3://{BUCKET}/reports/", "LocalPath": "/out"}}]
        },
        "JobResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
        },
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/monitoring",
        **more,
    }
    call = {"DataQuality": "data_quality", "ModelQuality": "model_quality"}[kind]
    getattr(aws.client("sagemaker"), f"create_{call}_job_definition")(**definition)
    aws.client("sagemaker").create_monitoring_schedule(
        MonitoringScheduleName=schedule,
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": schedule,
            "MonitoringType": kind,
        },
    )


def runs(aws: LocalAws, schedule: str = "circle-mon-data") -> list[dict[str, Any]]:
    """The runs that ended, newest first."""
    listed = aws.client("sagemaker").list_monitoring_executions(
        MonitoringScheduleName=schedule, SortBy="ScheduledTime", SortOrder="Descending"
    )["MonitoringExecutionSummaries"]
    return [one for one in listed if one["MonitoringExecutionStatus"] != "InProgress"]


def body(shift: float = 0.0, *, missing: bool = False) -> bytes:
    """A request of a hundred rows, spread as the baseline is, unless the first feature is shifted."""
    rows = [
        {"mean area": at + shift, "texture": None if missing and at % 2 else at + 0.5} for at in range(100)
    ]
    return json.dumps({"rows": rows}).encode()


def as_csv() -> bytes:
    """The same without names."""
    written = io.StringIO()
    csv.writer(written).writerows((at, at + 0.5) for at in range(100))
    return written.getvalue().encode()


def ask(aws: LocalAws, content: bytes, content_type: str = "application/json") -> None:
    """A request to the endpoint."""
    aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="circle", ContentType=content_type, Body=content
    )


def until(
    aws: LocalAws, status: str, *contents: tuple[bytes, str], found: frozenset[tuple[str, str]] = frozenset()
) -> dict[str, Any]:
    """Ask the same again and again until a run that began since ends like this; the run.

    `found`: the violations to wait for. The first run that finds any may have seen an hour in which others asked, too.
    """
    before = {one["ProcessingJobArn"] for one in runs(aws)}

    def look() -> dict[str, Any] | None:
        for content, kind in contents:
            ask(aws, content, kind)
        ended = (one for one in runs(aws) if one["ProcessingJobArn"] not in before)
        run = next((one for one in ended if one["MonitoringExecutionStatus"] == status), None)
        return run if run is not None and violations(aws) == found else None

    return eventually(look) or {}


def violations(aws: LocalAws) -> frozenset[tuple[str, str]]:
    """Features and kinds of the newest report's violations."""
    told = report(aws, "constraint_violations.json")["violations"]
    return frozenset((one["feature_name"], one["constraint_check_type"]) for one in told)


def report(aws: LocalAws, name: str) -> dict[str, Any]:
    """The newest report of that name."""
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/circle/circle-mon-data/")["Contents"]
    key = max((one["Key"] for one in listed if one["Key"].endswith(name)), key=str)
    return dict(json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def make_alarm(aws: LocalAws) -> None:
    """As a group's stack makes it (infra/constructs/drift_alarm.py)."""
    dimensions = [{"Name": key, "Value": value} for key, value in MEASURED.items()]
    metrics = [
        {
            "Id": f"feature{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": f"feature_baseline_drift_{name}",
                    "Dimensions": dimensions,
                },
                "Period": 3600,
                "Stat": "Maximum",
            },
        }
        for number, name in enumerate(("mean area", "texture"))
    ]
    worst = {"Id": "worst", "Expression": "MAX([feature0, feature1])", "Label": "drift"}
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM, Metrics=[*metrics, worst], Threshold=0.2, EvaluationPeriods=1, DatapointsToAlarm=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip


def alarm_is(aws: LocalAws, state: str) -> bool:
    (alarm,) = aws.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    return bool(alarm["StateValue"] == state)


def test_drift_is_measured_reported_and_alarmed_and_passes(aws: LocalAws) -> None:
    """One story in time: requests as the baseline, then from another device, then as before."""
    make_alarm(aws)
    watch(aws)
    try:
        drift_comes_and_passes(aws)
    finally:
        stop_watching(aws, "circle-mon-data")


def drift_comes_and_passes(aws: LocalAws) -> None:
    usual = ((body(), "application/json"), (as_csv(), "text/csv"))
    until(aws, "Completed", *usual)
    counted = report(aws, "statistics.json")
    (area, texture) = counted["features"]
    rows = counted["dataset"]["item_count"]
    assert rows >= 200
    assert area["numerical_statistics"]["common"] == {"num_present": rows, "num_missing": 0}
    assert [one["count"] for one in texture["numerical_statistics"]["distribution"]["kll"]["buckets"]] == (
        [rows / 4] * 4
    )
    assert eventually(lambda: alarm_is(aws, "OK"))

    both = frozenset({("mean area", "baseline_drift_check"), ("texture", "completeness_check")})
    shifted = (body(80, missing=True), "application/json")
    run = until(aws, "CompletedWithViolations", shifted, found=both)
    assert run["EndpointName"] == "circle"
    assert eventually(lambda: alarm_is(aws, "ALARM"))

    until(aws, "Completed", *usual)
    assert eventually(lambda: alarm_is(aws, "OK"))


def stop_watching(aws: LocalAws, schedule: str) -> None:
    """Delete a schedule, after the runs of it that are under way.

    Runs come one at a time. If they went on, those of the next test would wait behind them.
    """
    aws.client("sagemaker").stop_monitoring_schedule(MonitoringScheduleName=schedule)
    assert eventually(lambda: deleted(aws, schedule))


def deleted(aws: LocalAws, schedule: str) -> bool:
    """Delete a schedule, if none of its runs is under way."""
    try:
        aws.client("sagemaker").delete_monitoring_schedule(MonitoringScheduleName=schedule)
    except ClientError as error:
        if "in-progress" not in str(error):
            raise
        return False
    return True


def failed(aws: LocalAws, schedule: str) -> str:
    """Why the first run of a schedule failed; there are no more of it."""
    run = eventually(lambda: runs(aws, schedule))[-1]
    stop_watching(aws, schedule)
    assert run["MonitoringExecutionStatus"] == "Failed"
    return str(run["FailureReason"])


def test_a_run_without_data_fails_with_awss_words(aws: LocalAws) -> None:
    definition: dict[str, Any] = {"DataQualityJobInput": {"EndpointInput": {
        "EndpointName": "circle", "LocalPath": "/in", "StartTimeOffset": "-PT9H", "EndTimeOffset": "-PT8H",
    }}}  # fmt: skip
    watch(aws, "circle-idle", **definition)
    assert failed(aws, "circle-idle") == "Job inputs had no data"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone", None, "there is no baseline at s3://circle/gone.json"),
        ("text", "mean area, 3", "the baseline at s3://circle/text.json is not JSON"),
        ("other", {"mean": 3}, "the baseline is malformed: the statistics has no features"),
    ],
)
def test_a_baseline_that_is_not_one_fails_the_run(
    aws: LocalAws, name: str, content: object, says: str
) -> None:
    if content is not None:
        put(aws, f"{name}.json", content)
    baseline = {
        "ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/constraints.json"},
        "StatisticsResource": {"S3Uri": f"s3://{BUCKET}/{name}.json"},
    }
    watch(aws, f"circle-{name}", DataQualityBaselineConfig=baseline)
    assert says in failed(aws, f"circle-{name}")


def test_a_role_that_sagemaker_may_not_take_fails_the_run(aws: LocalAws) -> None:
    watch(aws, "circle-norole", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/gone")
    assert "does not trust sagemaker.amazonaws.com" in failed(aws, "circle-norole")


def test_other_kinds_than_data_quality_fail_and_say_so(aws: LocalAws) -> None:
    watch(aws, "circle-model", kind="ModelQuality")
    assert "computes data quality only" in failed(aws, "circle-model")
