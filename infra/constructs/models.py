"""The part of AWS's service models that the functions use: botocore reads models at each start, and all are large.

Taken from the installed botocore, whose version is pinned, so the functions speak to AWS in the words that were tested,
whatever version the runtime brings. docs/decisions/023-a-start-is-prepared-at-build.md says what it saves.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.loaders import Loader

OPERATIONS: dict[str, tuple[str, ...]] = {
    "application-autoscaling": ("DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"),
    "cloudtrail": ("LookupEvents",),
    "cloudwatch": ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm", "PutMetricData"),
    "dynamodb": ("GetItem", "PutItem", "Query", "Scan", "TransactWriteItems"),
    "events": ("PutEvents",),
    "s3": ("GetObject",),
    "sagemaker": (
        "CreateDataQualityJobDefinition",
        "CreateEndpoint",
        "CreateEndpointConfig",
        "CreateModel",
        "CreateModelBiasJobDefinition",
        "CreateModelExplainabilityJobDefinition",
        "CreateModelQualityJobDefinition",
        "CreateMonitoringSchedule",
        "DeleteDataQualityJobDefinition",
        "DeleteEndpoint",
        "DeleteEndpointConfig",
        "DeleteModel",
        "DeleteModelBiasJobDefinition",
        "DeleteModelExplainabilityJobDefinition",
        "DeleteModelQualityJobDefinition",
        "DeleteMonitoringSchedule",
        "DescribeDataQualityJobDefinition",
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeModel",
        "DescribeModelBiasJobDefinition",
        "DescribeModelExplainabilityJobDefinition",
        "DescribeModelPackage",
        "DescribeModelPackageGroup",
        "DescribeModelQualityJobDefinition",
        "DescribeMonitoringSchedule",
        "DescribePipelineExecution",
        "ListModelPackages",
        "ListMonitoringExecutions",
        "ListPipelineExecutionSteps",
        "ListTags",
        "Search",
        "StartPipelineExecution",
        "UpdateEndpoint",
        "UpdateModelPackage",
        "UpdateMonitoringSchedule",
    ),
    "sagemaker-runtime": ("InvokeEndpoint", "InvokeEndpointAsync"),
    "sns": ("Publish",),
    "sqs": (
        "ChangeMessageVisibility",
        "GetQueueAttributes",
        "SendMessage",
        "SendMessageBatch",
        "StartMessageMoveTask",
    ),
    "ssm": ("DescribeParameters", "GetParameters", "GetParametersByPath"),
    "sts": ("AssumeRole",),
}
"""What the adapters of the functions call, by botocore's name of the service. A test holds it to their code."""

_WHOLE = ("_retry", "partitions", "sdk-default-configuration")
_ENDPOINTS = "endpoints"


def models() -> dict[str, str]:
    """Files as botocore's loader reads them: path below its search path, and content."""
    loader = Loader()
    files = {f"{name}.json": _text(loader.load_data(name)) for name in _WHOLE}
    prefixes = set()
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        whole = loader.load_service_model(service, "service-2", version)
        prefixes.add(whole["metadata"]["endpointPrefix"])
        folder = f"{service}/{version}"
        files[f"{folder}/service-2.json"] = _text(_only(whole, operations))
        rules = loader.load_service_model(service, "endpoint-rule-set-1", version)
        files[f"{folder}/endpoint-rule-set-1.json"] = _text(_undocumented(rules))
        paginators = loader.load_service_model(service, "paginators-1", version)["pagination"]
        kept = {name: how for name, how in paginators.items() if name in operations}
        files[f"{folder}/paginators-1.json"] = _text({"pagination": kept})
    endpoints = loader.load_data(_ENDPOINTS)
    for partition in endpoints["partitions"]:
        partition["services"] = {k: v for k, v in partition["services"].items() if k in prefixes}
    return files | {f"{_ENDPOINTS}.json": _text(endpoints)}


def _only(model: dict[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """A service model with these operations and the shapes that they reach, without its documentation."""
    kept = {name: model["operations"][name] for name in operations}
    reached: set[str] = set()
    waiting = list(_named(kept))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _named(model["shapes"][name])
    shapes = {name: shape for name, shape in model["shapes"].items() if name in reached}
    # The rest stays as it is: of clientContextParams botocore reads the documentation, too.
    rest = {name: value for name, value in model.items() if name != "documentation"}
    return rest | {"operations": _undocumented(kept), "shapes": _undocumented(shapes)}


def _named(part: Any) -> Iterator[str]:
    """Names of the shapes that a part of a model refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for value in part.values():
            yield from _named(value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(value)


def _undocumented(part: Any) -> Any:
    """Without the texts of `documentation`; a member of that name is a dict, and stays."""
    if isinstance(part, dict):
        return {
            key: _undocumented(value)
            for key, value in part.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    return [_undocumented(value) for value in part] if isinstance(part, list) else part


def _text(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))
