"""Runs of monitoring schedules: what the endpoint really captured, against the baseline, as the job's own role.

Sources: SageMaker Developer Guide, "Schema for Violations", "CloudWatch metrics" of Model Monitor; the reason of a run
without data is AWS's own (aws/sagemaker-python-sdk#2634).
"""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.server import captured, data_quality, sessions
from local.server.captures import WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local.sagemaker.ports import MonitoringRun
    from local.server.data_quality import Baseline, Measured, Row
    from local.server.settings import ServerSettings

    Ended = Callable[[str, float, str, str | None], None]

NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
_NO_DATA = "Job inputs had no data"
_MOST = 1000  # metrics of one PutMetricData
logger = logging.getLogger(__name__)


class _CannotInspectError(Exception):
    """A run fails; the message is its FailureReason."""


class Inspections:
    """Looks at what was captured, one run after another, in a thread of its own.

    Args:
        settings: of the local AWS.
        ended: is told a run's schedule and time, its status, and why it failed or what it found.
    """

    def __init__(self, settings: ServerSettings, ended: Ended) -> None:
        self._settings, self._ended = settings, ended
        self._worker = ThreadPoolExecutor(1, "monitoring")

    def begin(self, run: MonitoringRun) -> None:
        """Begin a run; its end is told from the other thread."""
        self._worker.submit(self._run, run)

    def stop(self) -> None:
        """Begin none of the runs that wait."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _run(self, run: MonitoringRun) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only what is monitored waits

        try:
            status, reason = self._inspect(run)
        except (_CannotInspectError, BotoCoreError, ClientError) as error:
            status, reason = "Failed", str(error)
        except Exception as error:
            logger.exception("a run of monitoring schedule %s failed inside", run.schedule)
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        self._ended(run.schedule, run.scheduled, status, reason)

    def _inspect(self, run: MonitoringRun) -> tuple[str, str | None]:
        if run.kind != "DataQuality":
            raise _CannotInspectError(
                f"the local AWS computes data quality only: a run of {run.kind} finds nothing out here"
            )
        role = str(run.definition["RoleArn"])
        if not sessions.assumable(self._settings, role):
            raise _CannotInspectError(f"role {role} is not there, or does not trust sagemaker.amazonaws.com")
        time.sleep(2 * WITHIN)  # what was captured last is on its way
        job = _Job(self._settings, run, role)
        against = job.baseline()
        rows = list(job.rows(against))
        if not rows:
            raise _CannotInspectError(_NO_DATA)
        measured = data_quality.measure(against, rows)
        found = data_quality.violations(against, measured)
        job.write("statistics.json", data_quality.report(measured, len(rows)))
        job.write("constraint_violations.json", {"violations": found})
        environment = run.definition["DataQualityAppSpecification"].get("Environment", {})
        if against.emits and environment.get("publish_cloudwatch_metrics") == "Enabled":
            job.publish(measured)
        if found:
            return "CompletedWithViolations", f"Job completed successfully with {len(found)} violations."
        return "Completed", None


class _Job:
    """One run: what it reads and writes, by its role."""

    def __init__(self, settings: ServerSettings, run: MonitoringRun, role: str) -> None:
        self._run = run
        name = run.processing_job.rpartition("/")[2]
        self._s3, self._cloudwatch, self._sagemaker = (
            sessions.client(settings, service, role, name) for service in ("s3", "cloudwatch", "sagemaker")
        )

    def baseline(self) -> Baseline:
        """What the job definition names as baseline."""
        given = self._run.definition.get("DataQualityBaselineConfig", {})
        resources = [given.get(f"{kind}Resource", {}).get("S3Uri") for kind in ("Statistics", "Constraints")]
        if None in resources:
            raise _CannotInspectError("the job definition names no baseline statistics and constraints")
        statistics, constraints = (self._json(str(uri)) for uri in resources)
        try:
            return data_quality.baseline(statistics, constraints)
        except data_quality.BadBaselineError as error:
            raise _CannotInspectError(f"the baseline is malformed: {error}") from error

    def rows(self, against: Baseline) -> Iterator[Row]:
        """What was captured in the run's window."""
        for bucket, key in self._captured():
            for line in self._object(bucket, key).decode().splitlines():
                try:
                    yield from captured.rows(line, against.names)
                except (ValueError, KeyError, TypeError) as error:
                    raise _CannotInspectError(
                        f"s3://{bucket}/{key}: a request cannot be read: {error}"
                    ) from error

    def write(self, name: str, content: object) -> None:
        """A report, below the output's prefix by endpoint, schedule and hour."""
        output = self._run.definition["DataQualityJobOutputConfig"]["MonitoringOutputs"][0]["S3Output"]
        bucket, prefix = _place(output["S3Uri"])
        hour = datetime.fromtimestamp(self._run.scheduled, UTC).strftime("%Y/%m/%d/%H")
        key = "/".join((prefix.rstrip("/"), self._run.endpoint, self._run.schedule, hour, name))
        self._s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(content, indent=1).encode())

    def publish(self, measured: Sequence[Measured]) -> None:
        """The metrics of each feature. Without a time: they are of now, on the scaled clock too."""
        dimensions = [
            {"Name": "Endpoint", "Value": self._run.endpoint},
            {"Name": "MonitoringSchedule", "Value": self._run.schedule},
        ]
        values = {f"feature_non_null_{one.feature.name}": float(one.present) for one in measured}
        values |= {
            f"feature_baseline_drift_{one.feature.name}": one.drift
            for one in measured
            if one.drift is not None
        }
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value} for name, value in values.items()
        ]
        for first in range(0, len(data), _MOST):
            self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data[first : first + _MOST])

    def _captured(self) -> Iterator[tuple[str, str]]:
        endpoint = self._sagemaker.describe_endpoint(EndpointName=self._run.endpoint)
        capture = endpoint.get("DataCaptureConfig")
        if capture is None:
            raise _CannotInspectError(f"{_NO_DATA}: endpoint {self._run.endpoint} captures nothing")
        bucket, prefix = _place(capture["DestinationS3Uri"])
        below = f"{prefix.rstrip('/')}/{self._run.endpoint}/".lstrip("/")
        start, end = self._run.window
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=below):
            for one in page.get("Contents", []):
                at = captured.taken_at(one["Key"])
                if at is not None and start <= at < end:
                    yield bucket, one["Key"]

    def _json(self, uri: str) -> object:
        try:
            content = self._object(*_place(uri))
        except self._s3.exceptions.NoSuchKey as error:
            raise _CannotInspectError(f"there is no baseline at {uri}") from error
        try:
            return json.loads(content)
        except ValueError as error:
            raise _CannotInspectError(f"the baseline at {uri} is not JSON: {error}") from error

    def _object(self, bucket: str, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _place(uri: Any) -> tuple[str, str]:
    bucket, _, key = str(uri).removeprefix("s3://").partition("/")
    return bucket, key
