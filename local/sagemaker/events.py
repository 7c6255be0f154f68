"""The events that SageMaker sends, in the shapes of its developer guide."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.sagemaker import views
from local.sagemaker.copies import copied

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.state import Endpoint, MonitoringExecution, Package, PipelineExecution, Schedule

MODEL_PACKAGE = "SageMaker Model Package State Change"
ENDPOINT = "SageMaker Endpoint State Change"
ENDPOINT_DEPLOYMENT = "SageMaker Endpoint Deployment State Change"

PIPELINE_EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
PROCESSING_JOB = "SageMaker Processing Job State Change"

_IN_PACKAGE_EVENT = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "LastModifiedTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "ModelMetrics",
    "ModelLifeCycle",
    "CustomerMetadataProperties",
)
_UPDATED_NAMES = {"SourceUri": "sourceUri"}
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def package_event(account: Account, package: Package, updated: tuple[str, ...] = ()) -> None:
    """A version changed. `updated`: the members that an update changed."""
    detail: dict[str, Any] = {
        name: copied(package.fields[name]) for name in _IN_PACKAGE_EVENT if name in package.fields
    }
    for name in ("CreationTime", "LastModifiedTime"):
        detail[name] = _iso(detail[name])
    if package.group is not None:
        detail.pop("ModelPackageName")
    if updated and account.switches.updated_fields_present:
        detail["UpdatedModelPackageFields"] = [_UPDATED_NAMES.get(name, name) for name in updated]
    account.emit(MODEL_PACKAGE, package.arn, detail)


def endpoint_event(account: Account, endpoint: Endpoint) -> None:
    """An endpoint's status changed."""
    account.emit(ENDPOINT, endpoint.arn, _endpoint(endpoint))


def deployment_event(account: Account, endpoint: Endpoint) -> None:
    """A deployment entered its next phase; not sent for serverless variants, which have no guardrails."""
    deployment = endpoint.deployment
    sides = [side for side in (endpoint.serving, deployment and deployment.new) if side]
    if any(variant.desired_count is None for side in sides for variant in side.variants):
        return
    detail = _endpoint(endpoint)
    pending = views.pending(endpoint)
    if pending is not None:
        detail["PendingDeploymentSummary"] = _in_milliseconds(pending)
    account.emit(ENDPOINT_DEPLOYMENT, endpoint.arn, detail)


def pipeline_event(account: Account, execution: PipelineExecution, before: str | None) -> None:
    """An execution's status changed; `before`: what it was."""
    fields = execution.fields
    detail = {
        "pipelineArn": fields["PipelineArn"],
        "pipelineExecutionArn": execution.arn,
        "pipelineExecutionDescription": fields.get("PipelineExecutionDescription", ""),
        "previousPipelineExecutionStatus": before,
        "currentPipelineExecutionStatus": fields["PipelineExecutionStatus"],
        "executionStartTime": _iso(fields["CreationTime"]),
    }
    if account.switches.pipeline_event_names_run:
        detail["pipelineExecutionDisplayName"] = fields.get("PipelineExecutionDisplayName", "")
    if not execution.is_under_way:
        detail["executionEndTime"] = _iso(fields["LastModifiedTime"])
    account.emit(PIPELINE_EXECUTION, execution.arn, detail)


def processing_event(
    account: Account, schedule: Schedule, run: MonitoringExecution, status: str, message: str | None = None
) -> None:
    """The job of a monitoring run began or ended; `message`: its exit message, or why it failed."""
    arn = run.fields["ProcessingJobArn"]
    detail = {
        "ProcessingJobName": arn.rpartition("/")[2],
        "ProcessingJobArn": arn,
        "ProcessingJobStatus": status,
        "CreationTime": _milliseconds(run.fields["CreationTime"]),
        "LastModifiedTime": _milliseconds(run.fields["LastModifiedTime"]),
    }
    if message is not None:
        detail["FailureReason" if status == "Failed" else "ExitMessage"] = message
    if account.switches.processing_event_names_schedule:
        detail["MonitoringScheduleArn"] = schedule.arn
    account.emit(PROCESSING_JOB, arn, detail)


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config,
        "ProductionVariants": [_in_milliseconds(variant) for variant in views.variants(endpoint)],
        "EndpointStatus": _WORD_START.sub("_", endpoint.status).upper(),
        "CreationTime": _milliseconds(endpoint.created),
        "LastModifiedTime": _milliseconds(endpoint.modified),
        "Tags": dict(endpoint.tags),
    }
    if endpoint.failure_reason:
        detail["FailureReason"] = endpoint.failure_reason
    return detail


def _in_milliseconds(value: Any) -> Any:
    """A structure with its times in epoch milliseconds, as these events have them."""
    if isinstance(value, list):
        return [_in_milliseconds(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _milliseconds(item) if name.endswith("Time") else _in_milliseconds(item)
        for name, item in value.items()
    }


def _milliseconds(epoch: float) -> int:
    return round(epoch * 1000)
