"""Whether a model or endpoint config that is there already is the one that was to be made, and nothing more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdas.core.content import says_no_more

# Members of DescribeModel and DescribeEndpointConfig [B] that change what runs, who reaches it, or who gets what it is
# asked. Where they were not asked for they must be off. Others say how fast or how large it is, or are AWS's own, as
# InferenceAmiVersion is: every one is an image of AWS's, and whether AWS shows the one that it chose is not documented.
_OF_MODEL = ("PrimaryContainer", "VpcConfig")
_OF_CONTAINER = (
    "AdditionalModelDataSources",
    "InferenceSpecificationName",
    "ModelDataUrl",
    "ModelPackageName",
)
_OF_CONFIG = (
    "AsyncInferenceConfig",
    "ExecutionRoleArn",
    "ExplainerConfig",
    "KmsKeyId",
    "ShadowProductionVariants",
)
_OF_VARIANT = ("AcceleratorType", "CoreDumpConfig", "EnableSSMAccess", "InstancePools", "ServerlessConfig")


def unlike_model(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """The first member in which a model differs.

    Args:
        wanted: CreateModel's request.
        found: DescribeModel's answer.

    Returns:
        The member's name, None: it is the same model.
    """
    return next(_of_model(wanted, found), None)


def unlike_config(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """As `unlike_model`, of CreateEndpointConfig's request and DescribeEndpointConfig's answer."""
    return next(_of_config(wanted, found), None)


def _of_model(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    yield from _other(wanted, found, "Containers")
    yield from _more(wanted, found, _OF_MODEL)
    if found.get("InferenceExecutionConfig", {}).get("Mode", "Serial") != "Serial":
        yield "InferenceExecutionConfig"
    for ours, theirs in _pairs(wanted, found, "Containers"):
        if ours is None or theirs is None:
            yield "Containers"
        else:
            yield from _of_container(ours, theirs)


def _of_container(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    yield from _other(wanted, found, "Environment")
    yield from _more(wanted, found, _OF_CONTAINER)
    if (found.get("Environment") or {}) != wanted.get("Environment", {}):
        yield "Environment"
    if found.get("Mode", "SingleModel") != "SingleModel":
        yield "Mode"
    if found.get("ImageConfig", {}).get("RepositoryAccessMode", "Platform") != "Platform":
        yield "ImageConfig"
    source = found.get("ModelDataSource")
    if source and "ModelDataSource" not in wanted and not says_no_more(source, wanted.get("ModelDataUrl")):
        yield "ModelDataSource"


def _of_config(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    yield from _other(wanted, found, "ProductionVariants")
    yield from _more(wanted, found, _OF_CONFIG)
    # A topic of somebody's would be told what is asked and answered.
    if _notified(wanted) != _notified(found):
        yield "AsyncInferenceConfig"
    if "DataCaptureConfig" not in wanted and found.get("DataCaptureConfig", {}).get("EnableCapture"):
        yield "DataCaptureConfig"
    for ours, theirs in _pairs(wanted, found, "ProductionVariants"):
        if ours is None or theirs is None:
            yield "ProductionVariants"
        else:
            yield from _other(ours, theirs)
            yield from _more(ours, theirs, _OF_VARIANT)


def _notified(config: Mapping[str, Any]) -> Any:
    """Who is told of an asynchronous endpoint's answers."""
    told = config.get("AsyncInferenceConfig", {}).get("OutputConfig", {}).get("NotificationConfig", {})
    return {name: value for name, value in told.items() if value}


def _pairs(
    wanted: Mapping[str, Any], found: Mapping[str, Any], name: str
) -> list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    ours, theirs = wanted[name], found.get(name) or []
    return list(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else [(None, None)]


def _other(wanted: Mapping[str, Any], found: Mapping[str, Any], but: str = "") -> Iterator[str]:
    """Members that were asked for and are not there so; tags are told elsewhere."""
    return (n for n, value in wanted.items() if n not in {"Tags", but} and not _holds(value, found.get(n)))


def _more(wanted: Mapping[str, Any], found: Mapping[str, Any], never: Sequence[str]) -> Iterator[str]:
    """Members of these that were not asked for and are on."""
    return (name for name in never if name not in wanted and found.get(name))


def _holds(wanted: Any, found: Any) -> bool:
    """Whether what was asked for is there; AWS adds members of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            _holds(value, found.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(_holds, wanted, found))
    return bool(wanted == found)
