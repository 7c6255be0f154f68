"""The calls that make, move and remove endpoints, their configs and models, and that scale them.

What they let through does no harm: what is to be made is there already, what is to be changed has failed, what is to be
deleted is made for it.
"""

from lambdas.core.names import GROUP_TAG
from tests.e2e.matrix.stage import (
    OURS,
    TAGGED,
    THEIRS,
    A,
    B,
    config,
    model,
    role_arn,
)  # fmt: skip
from tests.e2e.matrix.tried import Call, Part, part
from tests.e2e.scene import ACCOUNT

_THERE = "already existing"
_FAILED = "Cannot update"  # a failed endpoint, or one that is about to fail
_TAGS: dict[str, list[dict[str, str]]] = {
    "tag of A": TAGGED,
    "tag of B": [{"Key": GROUP_TAG, "Value": B}],
    "another tag": [{"Key": "team", "Value": "other"}],
    "no tag": [],
}
_ROLES = {
    "tag of A, approver's role": role_arn("approver"),
    "tag of A, reconcile's role": f"arn:aws:iam::{ACCOUNT}:role/greenlight/greenlight-reconcile",
    "tag of A, a role of others": f"arn:aws:iam::{ACCOUNT}:role/data-scientists",
    "no tag, approver's role": role_arn("approver"),
    "no tag, endpoint's role": role_arn("endpoint"),
}
_CAPACITY = {"DesiredWeightsAndCapacities": [{"VariantName": "main", "DesiredInstanceCount": 1}]}
_TARGET = {
    "ResourceId": f"endpoint/{OURS}/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
_NAMESPACES = {
    "sagemaker": part({"ServiceNamespace": "sagemaker", **_TARGET}),
    "dynamodb": part(
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/tried",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        },
        bounce="sagemaker only",
    ),
}
_SCALING_POLICY = {
    "PolicyName": "tried",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 1.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    },
}


def _owned(member: str, what: str) -> dict[str, Part]:
    return {f"{what} of ours": part({member: OURS}), f"{what} of others": part({member: THEIRS})}


def _doomed(member: str, what: str, bounce: str = "") -> dict[str, Part]:
    return {
        f"{what} of ours": Part(lambda stage: {member: stage.doomed(*TAGGED)}, bounce=bounce),
        f"{what} of others": Part(lambda stage: {member: stage.doomed()}, bounce=bounce),
    }


def _configs() -> dict[str, Part]:
    return {
        "to a config of ours": part({"EndpointConfigName": OURS}),
        "to a config of others": part({"EndpointConfigName": THEIRS}),
    }


def _made_with() -> dict[str, Part]:
    """A new endpoint's tags and config."""
    ways = [
        *((words, "ours", OURS) for words in _TAGS),
        *((words, "others", THEIRS) for words in ("tag of A", "no tag")),
    ]
    return {
        f"{words}, config of {whose}": part({"Tags": _TAGS[words], "EndpointConfigName": name})
        for words, whose, name in ways
    }


CALLS: dict[str, Call] = {
    "CreateModel": Call(
        "sagemaker",
        on={"new model": part({})},
        having={
            **{words: part(model(OURS, tags)) for words, tags in _TAGS.items()},
            **{
                words: part(
                    model(OURS, [] if words.startswith("no tag") else TAGGED, role),
                    asks=("sagemaker:CreateModel", "iam:PassRole"),
                )
                for words, role in _ROLES.items()
            },
        },
        bounce=_THERE,
    ),
    "CreateEndpointConfig": Call(
        "sagemaker",
        on={"new config": part({})},
        having={words: part(config(OURS, tags)) for words, tags in _TAGS.items()},
        bounce=_THERE,
    ),
    "CreateEndpoint": Call(
        "sagemaker",
        on={"new endpoint": part({"EndpointName": OURS})},
        having=_made_with(),
        bounce=_THERE,
    ),
    "UpdateEndpoint": Call(
        "sagemaker", on=_owned("EndpointName", "endpoint"), having=_configs(), bounce=_FAILED
    ),
    "UpdateEndpointWeightsAndCapacities": Call(
        "sagemaker", on=_owned("EndpointName", "endpoint"), having={"": part(_CAPACITY)}, bounce=_FAILED
    ),
    "DeleteEndpoint": Call("sagemaker", on=_doomed("EndpointName", "endpoint", bounce=_FAILED)),
    "DeleteEndpointConfig": Call("sagemaker", on=_doomed("EndpointConfigName", "config")),
    "DeleteModel": Call("sagemaker", on=_doomed("ModelName", "model")),
    "DescribeEndpoint": Call(
        "sagemaker",
        on={
            **_owned("EndpointName", "endpoint"),
            **{
                f"endpoint of {letter}": part({"EndpointName": group})
                for letter, group in (("A", A), ("B", B))
            },
        },
        bounce="Could not find endpoint",
    ),
    "DescribeEndpointConfig": Call("sagemaker", on=_owned("EndpointConfigName", "config")),
    "DescribeModel": Call("sagemaker", on=_owned("ModelName", "model")),
    "InvokeEndpoint": Call(
        "sagemaker-runtime",
        on=_owned("EndpointName", "endpoint"),
        having={"": part({"Body": b"tried"})},
        bounce=f"Endpoint ({OURS}|{THEIRS}) of account",
    ),
    "InvokeEndpointAsync": Call(
        "sagemaker-runtime",
        on=_owned("EndpointName", "endpoint"),
        having={"": part({"Body": b"tried"})},
        bounce=f"Endpoint ({OURS}|{THEIRS}) of account",
    ),
    "RegisterScalableTarget": Call(
        "application-autoscaling",
        on={"variant of ours": part({})},
        having=_NAMESPACES,
        bounce="variant doesn't exist",
    ),
    "PutScalingPolicy": Call(
        "application-autoscaling",
        on={"variant of ours": part(_SCALING_POLICY)},
        having=_NAMESPACES,
        bounce="No scalable target",
    ),
    "DeregisterScalableTarget": Call(
        "application-autoscaling",
        on={"variant of ours": part({})},
        having=_NAMESPACES,
        bounce="No scalable target",
    ),
}
