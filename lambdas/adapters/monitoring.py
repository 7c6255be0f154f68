"""SageMaker Model Monitor: schedules and their job definitions, made, moved and deleted; their last runs, read."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, code_of, message, not_found
from lambdas.adapters.deleting import unless_gone
from lambdas.core.errors import Busy, NotOurs, Refused
from lambdas.core.facts import Inspection
from lambdas.core.names import GROUP_TAG, group_of_schedule
from lambdas.core.spec import Monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from types_boto3_sagemaker import SageMakerClient

    from lambdas.core import actions as do
    from lambdas.core.facts import Baseline
    from lambdas.core.spec import MonitorSpec

_INPUT, _OUTPUT = "/opt/ml/processing/input/endpoint", "/opt/ml/processing/output"
_METRICS = {"publish_cloudwatch_metrics": "Enabled"}
_ENDED = frozenset({"Completed", "CompletedWithViolations", "Failed", "Stopped"})
_PAGE = 10  # executions: of the last few, one has ended
_MINUTE = 60
# What AWS says of a schedule that it is still at work on, or that runs, and of a definition that a schedule holds.
# Words that stand alone: in a name they say nothing.
_HELD = re.compile(
    r"(?<![\w./:-])(status pending|already exists|exists already|in[- ]?progress|in use|(being|is) used|locked"
    r"|associated)(?![\w/-])"
)


@dataclass(frozen=True)
class _Kind:
    """What AWS calls a monitor's things (MonitoringType, and the calls and members of its job definitions [B])."""

    type: str
    call: str
    constrains_only: bool = True  # its baseline has no statistics
    has_truth: bool = False
    has_config: bool = False


_KINDS = {
    Monitor.DATA_QUALITY: _Kind("DataQuality", "data_quality", constrains_only=False),
    Monitor.MODEL_QUALITY: _Kind("ModelQuality", "model_quality", has_truth=True),
    Monitor.BIAS: _Kind("ModelBias", "model_bias", has_truth=True, has_config=True),
    Monitor.EXPLAINABILITY: _Kind("ModelExplainability", "model_explainability", has_config=True),
}


class Monitoring:
    """Reads runs of monitoring schedules and performs the actions on schedules."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def last(self, schedule: str) -> Inspection:
        """A schedule as it stands, and its youngest run that ended (DescribeMonitoringSchedule,
        ListMonitoringExecutions)."""
        found = self._schedule(schedule)
        if found is None:
            return Inspection(schedule)
        pages = self._sagemaker.get_paginator("list_monitoring_executions").paginate(
            MonitoringScheduleName=schedule,
            SortBy="ScheduledTime",
            SortOrder="Descending",
            PaginationConfig={"PageSize": _PAGE},
        )
        with aws_errors(f"listing the runs of monitoring schedule {schedule}"):
            runs = (run for page in pages for run in page["MonitoringExecutionSummaries"])
            run = next((run for run in runs if run["MonitoringExecutionStatus"] in _ENDED), None)
        config = found["MonitoringScheduleConfig"]
        stands = Inspection(
            schedule,
            definition=config.get("MonitoringJobDefinitionName", ""),
            state=found["MonitoringScheduleStatus"],
        )
        if run is None:
            return stands
        return replace(
            stands,
            status=run["MonitoringExecutionStatus"],
            at=run["ScheduledTime"].timestamp(),
            failure=run.get("FailureReason"),
        )

    def put(self, action: do.PutMonitoring) -> None:
        """Make the job definition, make the schedule or move it there, and delete the definitions that it left.

        Raises:
            NotOurs: a schedule or definition of that name is there without our group's tag.
            Busy: the schedule still changes, or is still held by what it was moved off; try again.
        """
        group = action.tags[GROUP_TAG]
        self._put_definition(action, group)
        self._put_schedule(action, group)
        for definition in action.old:
            self._delete_definition(action.monitor, definition)

    def remove(self, action: do.RemoveMonitoring) -> None:
        """DeleteMonitoringSchedule, then its job definitions; gone already is success.

        Raises:
            NotOurs: the schedule is another's; nothing was deleted.
            Busy: the schedule still changes or runs, or still holds a definition; try again.
        """
        found = self._schedule(action.schedule)
        if found is not None:
            what = f"deleting monitoring schedule {action.schedule}"
            self._must_be_ours(
                what, "monitoring schedule", action.schedule, found, group_of_schedule(action.schedule)
            )
            _must_be_still(what, found)
            api, key = self._sagemaker, {"MonitoringScheduleName": action.schedule}
            with _held(what):
                unless_gone(what, api.delete_monitoring_schedule, api.describe_monitoring_schedule, key)
        for definition in action.definitions:
            self._delete_definition(action.monitor, definition)

    def _put_definition(self, action: do.PutMonitoring, group: str) -> None:
        """Create…JobDefinition. One of that name that has our tag is the same: its name is a digest of all it says."""
        kind, name = _KINDS[action.monitor], action.definition
        what = f"creating job definition {name}"
        request = _definition(kind, action, what)
        create: Callable[..., object] = getattr(self._sagemaker, f"create_{kind.call}_job_definition")
        with aws_errors(what):
            try:
                create(**request)
            except ClientError as error:
                if code_of(error) != "ResourceInUse" and "already exist" not in message(error).lower():
                    raise
            else:
                return
        describe = getattr(self._sagemaker, f"describe_{kind.call}_job_definition")
        with aws_errors(what):
            found = describe(JobDefinitionName=name)
        self._must_be_ours(what, "job definition", name, found, group)

    def _put_schedule(self, action: do.PutMonitoring, group: str) -> None:
        name, what = action.schedule, f"pointing monitoring schedule {action.schedule} at {action.definition}"
        request: dict[str, Any] = {
            "MonitoringScheduleName": name,
            "MonitoringScheduleConfig": {
                "ScheduleConfig": {"ScheduleExpression": action.wanted.schedule},
                "MonitoringJobDefinitionName": action.definition,
                "MonitoringType": _KINDS[action.monitor].type,
            },
        }
        found = self._schedule(name)
        if found is None:
            with _held(what):
                self._sagemaker.create_monitoring_schedule(**request, Tags=_tags(action.tags))
            return
        self._must_be_ours(what, "monitoring schedule", name, found, group)
        if _points_to(found, action):
            return
        _must_be_still(what, found)
        with _held(what):
            self._sagemaker.update_monitoring_schedule(**request)

    def _delete_definition(self, monitor: Monitor, name: str) -> None:
        kind, what = _KINDS[monitor], f"deleting job definition {name}"
        delete = getattr(self._sagemaker, f"delete_{kind.call}_job_definition")
        describe = getattr(self._sagemaker, f"describe_{kind.call}_job_definition")
        with _held(what):
            unless_gone(what, delete, describe, {"JobDefinitionName": name})

    def _schedule(self, name: str) -> Mapping[str, Any] | None:
        with aws_errors(f"describing monitoring schedule {name}"):
            try:
                return self._sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
            except ClientError as error:
                if not_found(error):
                    return None
                raise

    def _must_be_ours(
        self, what: str, noun: str, name: str, found: Mapping[str, Any], group: str | None
    ) -> None:
        arn = found.get("MonitoringScheduleArn") or found["JobDefinitionArn"]
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        with aws_errors(f"listing the tags of {arn}"):
            tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        if group is None or tags.get(GROUP_TAG) != group:
            raise NotOurs(
                f"{what}: {noun} {name} has the name of ours and not our tag {GROUP_TAG}={group}: "
                "somebody else made it; see who, and delete it"
            )


def _definition(kind: _Kind, action: do.PutMonitoring, what: str) -> dict[str, Any]:
    """The request of Create…JobDefinition.

    `publish_cloudwatch_metrics` lets the containers publish what they measure, Model Monitor's and Clarify's alike.
    Source: SageMaker developer guide, "Container Contract Inputs": "For a job launched by CreateMonitoringSchedule,
    this parameter is set to Enabled", and its example says Disabled, so we say it. Of the paths it says that the
    container is told them: any would do.
    """
    wanted = action.wanted
    cluster = {
        "InstanceCount": wanted.instance_count,
        "InstanceType": wanted.instance_type,
        "VolumeSizeInGB": wanted.volume_gb,
    }
    output = {
        "S3Uri": f"{action.output.rstrip('/')}/{action.schedule}",
        "LocalPath": _OUTPUT,
        "S3UploadMode": "EndOfJob",
    }
    return {
        "JobDefinitionName": action.definition,
        f"{kind.type}BaselineConfig": _baseline(kind, action.baseline),
        f"{kind.type}AppSpecification": _container(kind, wanted, action.baseline, what),
        f"{kind.type}JobInput": _input(kind, wanted, action.endpoint),
        f"{kind.type}JobOutputConfig": {
            "MonitoringOutputs": [{"S3Output": output}],
            **_given(KmsKeyId=action.kms_key),
        },
        "JobResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": wanted.most_minutes * _MINUTE},
        "RoleArn": action.role,
        "Tags": _tags(action.tags),
    }


def _baseline(kind: _Kind, baseline: Baseline) -> dict[str, Any]:
    statistics = None if kind.constrains_only else baseline.statistics
    found = {"ConstraintsResource": baseline.constraints, "StatisticsResource": statistics}
    return {name: {"S3Uri": uri} for name, uri in found.items() if uri is not None}


def _container(kind: _Kind, wanted: MonitorSpec, baseline: Baseline, what: str) -> dict[str, Any]:
    if kind.has_config and baseline.config is None:
        raise Refused(
            f"{what}: the version's baseline names no ConfigFile, without which Clarify's container knows not what "
            "to look at: register it with DriftCheckBaselines"
        )
    return {
        "ImageUri": wanted.image,
        "Environment": {**_METRICS, **wanted.environment},
        **_given(ProblemType=wanted.problem_type if kind.type == "ModelQuality" else None),
        **_given(ConfigUri=baseline.config if kind.has_config else None),
    }


def _input(kind: _Kind, wanted: MonitorSpec, endpoint: str) -> dict[str, Any]:
    captured = {
        "EndpointName": endpoint,
        "LocalPath": _INPUT,
        **_given(
            InferenceAttribute=wanted.inference,
            ProbabilityAttribute=wanted.probability,
            StartTimeOffset=wanted.start_offset,
            EndTimeOffset=wanted.end_offset,
        ),
    }
    truth = {"GroundTruthS3Input": _given(S3Uri=wanted.ground_truth)} if kind.has_truth else {}
    return {"EndpointInput": captured, **truth}


def _given(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def _points_to(found: Mapping[str, Any], action: do.PutMonitoring) -> bool:
    config = found["MonitoringScheduleConfig"]
    expression = config.get("ScheduleConfig", {}).get("ScheduleExpression")
    points = (config.get("MonitoringJobDefinitionName"), expression)
    return (
        points == (action.definition, action.wanted.schedule)
        and found["MonitoringScheduleStatus"] != "Failed"
    )


def _must_be_still(what: str, found: Mapping[str, Any]) -> None:
    """AWS refuses any change of a schedule "in status Pending" (aws/amazon-sagemaker-examples#2342)."""
    if found["MonitoringScheduleStatus"] == "Pending":
        raise Busy(f"{what}: SageMaker is still at work on it (status Pending); it passes by itself")


@contextmanager
def _held(what: str) -> Iterator[None]:
    """As `aws_errors`, but what something still holds is busy, not refused: it is let go by itself."""
    try:
        with aws_errors(what):
            yield
    except Refused as error:
        if _HELD.search(str(error).removeprefix(what).lower()):
            raise Busy(str(error)) from error
        raise


def _tags(tags: Mapping[str, str]) -> Sequence[Any]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
