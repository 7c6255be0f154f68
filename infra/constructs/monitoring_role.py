"""The role that a group's monitoring jobs run by: what was captured, baselines and ground truth in; reports and metrics
out."""

from collections.abc import Iterable

import aws_cdk as cdk
from constructs import Construct

from infra.config.convert import endpoint_name
from infra.config.group import GroupConfig
from infra.config.monitoring import BiasConfig, ModelQualityConfig, MonitoringConfig
from infra.constructs.grants import Grant, allow, here
from infra.constructs.group_grants import keys_of_objects, pull_images, read_below, write_signals
from infra.constructs.named_role import NamedRole
from infra.constructs.s3_prefix import objects_arn
from infra.constructs.trust import of_sagemaker
from lambdas.core.names import GROUP_TAG, role_name
from lambdas.core.spec import Monitor

_BELOW = "every hour's requests, every version's baselines and every run's report are objects of their own"
# The namespaces, without the two slashes and the two plurals on which AWS's pages disagree [DG, "CloudWatch metrics",
# "CloudWatch metrics for bring your own containers"].
_NAMESPACES = {
    Monitor.DATA_QUALITY: "data-metric",
    Monitor.MODEL_QUALITY: "model-metric",
    Monitor.BIAS: "bias-metric",
    Monitor.EXPLAINABILITY: "explainability-metric",
}
_CERTAIN = 43  # characters of a group's name that `versioned_name` keeps, up to version 9,999,999
_SHADOW = "sm-clarify-*"  # what Clarify names the endpoint that it asks, unless told otherwise


class MonitoringRole(NamedRole):
    """`/greenlight/<group>-monitoring`.

    Permissions of a processing job: Developer Guide, "CreateProcessingJob API: execution role permissions".
    """

    def __init__(self, scope: Construct, config: GroupConfig, monitoring: MonitoringConfig) -> None:
        super().__init__(
            scope,
            "MonitoringRole",
            name=role_name(config.name, "monitoring"),
            description=f"What monitoring jobs of model package group {config.name} may do",
            trust=of_sagemaker(),
            policy="monitoring",
            grants=[
                *_objects(config, monitoring),
                *_keys(config, monitoring),
                *keys_of_objects(),  # of baselines and of what was right
                *_images(monitoring),
                *_signals(monitoring),
                *_endpoint(config),
                *(_shadow_endpoint() if monitoring.explainability is not None else ()),
            ],
        )


def _objects(config: GroupConfig, monitoring: MonitoringConfig) -> list[Grant]:
    """Read what was captured, baselines and ground truth; write reports, and read them, as the next run does."""
    capture = config.endpoint.data_capture
    captured = [] if capture is None else [capture.destination]
    read = _once([*captured, *config.artifacts, *_ground_truth(monitoring), monitoring.output])
    return [
        *read_below(read, "Read", "List", why=_BELOW),
        allow("Reports", ["s3:PutObject"], [objects_arn(monitoring.output)], why=_BELOW),
    ]


def _ground_truth(monitoring: MonitoringConfig) -> list[str]:
    given = (monitoring.model_quality, monitoring.bias)
    return [one.ground_truth for one in given if isinstance(one, ModelQualityConfig | BiasConfig)]


def _keys(config: GroupConfig, monitoring: MonitoringConfig) -> list[Grant]:
    """The keys that the group names: of what was captured, to read; of reports, to write."""
    capture, grants = config.endpoint.data_capture, []
    if capture is not None and capture.kms_key is not None:
        grants.append(allow("CaptureKey", ["kms:Decrypt"], [capture.kms_key]))
    if monitoring.kms_key is not None:
        actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        grants.append(allow("ReportKey", actions, [monitoring.kms_key]))
    return grants


def _images(monitoring: MonitoringConfig) -> list[Grant]:
    """Pull the images that the group names."""
    images = _once(one.image for one in monitoring.monitors.values())
    return pull_images(_once(_repository_arn(image) for image in images))


def _repository_arn(image: str) -> str:
    """Of `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG@DIGEST`."""
    registry, _, rest = image.partition("/")
    account, _, _, region, *_ = registry.split(".")
    repository = rest.partition("@")[0].partition(":")[0]
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:ecr:{region}:{account}:repository/{repository}")


def _signals(monitoring: MonitoringConfig) -> list[Grant]:
    namespaces = [
        f"{slash}aws/sagemaker/Endpoint*/{_NAMESPACES[monitor]}*"
        for monitor in monitoring.monitors
        for slash in ("", "/")
    ]
    return write_signals(
        "/aws/sagemaker/ProcessingJobs",
        {"StringLike": namespaces},
        why="each instance of a job has a log stream of its own, and all jobs share the group",
    )


def _endpoint(config: GroupConfig) -> list[Grant]:
    """Find out what the endpoint captures, and where."""
    return [
        allow(
            "ReadEndpoint",
            ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"],
            [
                here("sagemaker", f"endpoint/{endpoint_name(config)}"),
                here("sagemaker", f"endpoint-config/{_stem(config.name)}*"),
            ],
            why="every rollout has a config of its own, whose name begins as the group's",
        )
    ]


def _stem(group: str) -> str:
    """What the names of all configs of a group begin with; a long name is cut where its version would not fit."""
    return f"{group}-v" if len(group) <= _CERTAIN else group[:_CERTAIN]


def _shadow_endpoint() -> list[Grant]:
    """Clarify explains a model by asking it, on an endpoint that it makes for the run [DG, "Run SageMaker Clarify
    processing jobs"]; whatever carries our tag is out of its reach."""
    made = [here("sagemaker", f"{kind}/{_SHADOW}") for kind in ("endpoint", "endpoint-config")]
    why = "Clarify names what it makes for a run; the prefix bounds it"
    return [
        allow(
            "ShadowEndpoint",
            [
                "sagemaker:CreateEndpoint",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:InvokeEndpoint",
            ],
            made,
            {"Null": {f"aws:ResourceTag/{GROUP_TAG}": "true"}},
            why=why,
        ),
        allow(
            "ReadModels",
            ["sagemaker:DescribeModel"],
            [here("sagemaker", "model/*")],
            why="a version's analysis names its model, whose name is a digest; it reads",
        ),
    ]


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
