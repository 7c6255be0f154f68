"""The calls that make, move and remove monitoring schedules and their job definitions, and that start pipelines.

What they let through does no harm: what is to be made is there already, what is to be deleted is made for it, and the
pipeline is not there.
"""

from tests.e2e.matrix.stage import OURS, TAGGED, arn, role_arn
from tests.e2e.matrix.tried import Call, Part, part
from tests.e2e.matrix.watched import (
    KINDS,
    Kind,
    definition,
    definitions,
    doomed_definitions,
    doomed_schedules,
    schedule,
    schedules,
)

_THERE = "ResourceInUse"
_ABSENT = "does not exist|not found|ResourceNotFound|Could not find"
_EXECUTION = arn("sagemaker", "pipeline/matrix-absent/execution/0123456789ab")
_TAGS: dict[str, list[dict[str, str]]] = {
    "tag of A": TAGGED,
    "another tag": [{"Key": "team", "Value": "other"}],
    "no tag": [],
}


def _new(kind: Kind) -> dict[str, Part]:
    """Of the name of one that is there; with the approver's role, too."""
    asks = (f"sagemaker:Create{kind.name}JobDefinition", "iam:PassRole")
    ways = {words: part(definition(kind, OURS, tags), asks=asks) for words, tags in _TAGS.items()}
    passed = part(definition(kind, OURS, TAGGED, role_arn("approver")), asks=asks)
    return {**ways, "tag of A, approver's role": passed}


def _making(kind: Kind) -> Call:
    """Part `on` makes sure that it is there."""
    (there, _) = definitions(kind).values()
    return Call("sagemaker", on={"new definition": there}, having=_new(kind), bounce=_THERE)


CALLS: dict[str, Call] = {
    **{f"Create{kind.name}JobDefinition": _making(kind) for kind in KINDS},
    **{f"Describe{kind.name}JobDefinition": Call("sagemaker", on=definitions(kind)) for kind in KINDS},
    **{f"Delete{kind.name}JobDefinition": Call("sagemaker", on=doomed_definitions(kind)) for kind in KINDS},
    "CreateMonitoringSchedule": Call(
        "sagemaker",
        on={"new schedule": schedules()["schedule of ours"]},
        having={words: part(schedule(OURS, tags)) for words, tags in _TAGS.items()},
        bounce=_THERE,
    ),
    "UpdateMonitoringSchedule": Call(
        "sagemaker",
        on=schedules(),
        having={
            "": part({"MonitoringScheduleConfig": schedule(OURS, [])["MonitoringScheduleConfig"]}),
        },
        bounce="Pending",
    ),
    "DeleteMonitoringSchedule": Call("sagemaker", on=doomed_schedules()),
    "DescribeMonitoringSchedule": Call("sagemaker", on=schedules()),
    "ListMonitoringExecutions": Call("sagemaker", on={"schedule of ours": schedules()["schedule of ours"]}),
    "ListMonitoringSchedules": Call("sagemaker", on={"all": part({})}),
    "StartPipelineExecution": Call(
        "sagemaker",
        on={"pipeline": part({"PipelineName": "matrix-absent", "ClientRequestToken": "0" * 32})},
        bounce=_ABSENT,
    ),
    "DescribePipelineExecution": Call(
        "sagemaker", on={"execution": part({"PipelineExecutionArn": _EXECUTION})}, bounce=_ABSENT
    ),
    "ListPipelineExecutionSteps": Call(
        "sagemaker", on={"execution": part({"PipelineExecutionArn": _EXECUTION})}, bounce=_ABSENT
    ),
}
