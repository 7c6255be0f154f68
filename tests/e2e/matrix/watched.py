"""What monitoring calls of the matrix are made on: job definitions and schedules of our group, and of nobody.

Made when a call first asks for one, so that whatever the local AWS lacks of it fails that call's row and no other.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from tests.e2e.matrix.stage import OURS, TAGGED, THEIRS, Stage, arn, role_arn
from tests.e2e.matrix.tried import Part
from tests.e2e.scene import BUCKET, IMAGE

Tags = list[dict[str, str]]
_ENDPOINT = {"EndpointName": OURS, "LocalPath": "/opt/ml/processing/input/endpoint"}
_OUTPUT = {"S3Uri": f"s3://{BUCKET}/reports/matrix", "LocalPath": "/opt/ml/processing/output"}
_CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
_OWNERS: dict[str, tuple[str, Tags]] = {"ours": (OURS, TAGGED), "others": (THEIRS, [])}


@dataclass(frozen=True)
class Kind:
    """A kind of monitoring: what AWS calls it in calls, and in ARNs."""

    name: str
    resource: str
    truth: bool = False
    config: bool = False


KINDS = (
    Kind("DataQuality", "data-quality"),
    Kind("ModelQuality", "model-quality", truth=True),
    Kind("ModelBias", "model-bias", truth=True, config=True),
    Kind("ModelExplainability", "model-explainability", config=True),
)


def definition(kind: Kind, name: str, tags: Tags, role: str | None = None) -> dict[str, Any]:
    """Parameters of Create…JobDefinition."""
    truth = {"GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/truth/matrix"}} if kind.truth else {}
    config = {"ConfigUri": f"s3://{BUCKET}/matrix/analysis.json"} if kind.config else {}
    problem = {"ProblemType": "Regression"} if kind.name == "ModelQuality" else {}
    return {
        "JobDefinitionName": name,
        f"{kind.name}AppSpecification": {"ImageUri": IMAGE, **config, **problem},
        f"{kind.name}JobInput": {"EndpointInput": _ENDPOINT, **truth},
        f"{kind.name}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": _OUTPUT}]},
        "JobResources": {"ClusterConfig": _CLUSTER},
        "RoleArn": role or role_arn("monitoring"),
        "Tags": tags,
    }


def schedule(name: str, tags: Tags, points_to: str = OURS) -> dict[str, Any]:
    """Parameters of CreateMonitoringSchedule."""
    return {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": "cron(0 3 ? * * *)"},
            "MonitoringJobDefinitionName": points_to,
            "MonitoringType": "DataQuality",
        },
        "Tags": tags,
    }


def definitions(kind: Kind) -> dict[str, Part]:
    """One that carries our tag, and one that does not."""
    return _owned("definition", "JobDefinitionName", lambda stage, *owner: _definition(stage, kind, *owner))


def doomed_definitions(kind: Kind) -> dict[str, Part]:
    """As above, made to be deleted."""
    return _doomed("definition", "JobDefinitionName", lambda stage, *owner: _definition(stage, kind, *owner))


def schedules() -> dict[str, Part]:
    """One that carries our tag, and one that does not."""
    return _owned("schedule", "MonitoringScheduleName", _schedule)


def doomed_schedules() -> dict[str, Part]:
    """As above, made to be deleted; SageMaker may still be at work on it."""
    return _doomed("schedule", "MonitoringScheduleName", _schedule, bounce="Pending")


def watched_tags() -> dict[str, Part]:
    """A schedule of ours, as calls about tags name it."""

    def request(stage: Stage) -> dict[str, Any]:
        _schedule(stage, OURS, TAGGED)
        return {"ResourceArn": arn("sagemaker", f"monitoring-schedule/{OURS}")}

    return {"schedule of ours": Part(request)}


def _definition(stage: Stage, kind: Kind, name: str, tags: Tags) -> None:
    _make(stage, f"Create{kind.name}JobDefinition", definition(kind, name, tags))


def _schedule(stage: Stage, name: str, tags: Tags) -> None:
    _definition(stage, KINDS[0], name, tags)
    _make(stage, "CreateMonitoringSchedule", schedule(name, tags, points_to=name))


def _make(stage: Stage, operation: str, request: dict[str, Any]) -> None:
    with suppress(ClientError):  # there already, or the row's own call tells what is wrong
        getattr(stage.aws.client("sagemaker"), xform_name(operation))(**request)


def _owned(what: str, member: str, make: Callable[[Stage, str, Tags], None]) -> dict[str, Part]:
    def one(name: str, tags: Tags) -> Part:
        def request(stage: Stage) -> dict[str, Any]:
            make(stage, name, tags)
            return {member: name}

        return Part(request)

    return {f"{what} of {whose}": one(*owner) for whose, owner in _OWNERS.items()}


def _doomed(
    what: str, member: str, make: Callable[[Stage, str, Tags], None], bounce: str = ""
) -> dict[str, Part]:
    def one(tags: Tags) -> Part:
        def request(stage: Stage) -> dict[str, Any]:
            name = stage.fresh()
            make(stage, name, tags)
            return {member: name}

        return Part(request, bounce=bounce)

    return {f"{what} of {whose}": one(tags) for whose, (_, tags) in _OWNERS.items()}
