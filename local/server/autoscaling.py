"""Application Auto Scaling for SageMaker endpoint variants: bounds and policies are kept, the lower bound is held.

Shapes and errors are botocore's application-autoscaling 2016-02-06. Load does not scale here: a policy is kept and
described, its alarms are not made.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from local.sagemaker.hardware import is_burstable
from local.server.authorization import json_answer, json_error, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.server.requests import Answer, Call

    Fields = dict[str, Any]

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
_MOST_PER_PAGE = 50


class Variants(Protocol):
    """The variants of the endpoints that exist, and how many instances each is to have."""

    def desired_count(self, endpoint: str, variant: str) -> int | None:
        """The variant's desired instance count; None if there is no such variant."""

    def instance_type(self, endpoint: str, variant: str) -> str | None:
        """The variant's instance type; None if there is no such variant, or it has no instances."""

    def set_desired_count(self, endpoint: str, variant: str, count: int) -> None:
        """Ask for this many instances."""


@dataclass(frozen=True)
class _Check:
    action: str
    resource_arn: str
    context: dict[str, object]


class ScalingError(Exception):
    """A refusal of Application Auto Scaling: its code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AutoScaling:
    """The targets and policies of one account and region."""

    def __init__(self, account: str, region: str, variants: Variants) -> None:
        self._prefix = f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/"
        self._policy_prefix = f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:"
        self._account = account
        self._variants = variants
        self._operations: dict[str, Callable[[Fields], Fields]] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._describe_targets,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._targets: dict[str, Fields] = {}
        self._policies: dict[tuple[str, str], Fields] = {}
        self._tags: dict[str, dict[str, str]] = {}

    async def serve(self, call: Call) -> Answer:
        """Answer one request, after IAM."""
        operation = self._operations.get(call.operation)
        if operation is None:
            return json_error("UnknownOperationException", f"{call.operation} is not served by the local AWS")
        request: Fields = json.loads(call.body or b"{}")
        denied = refusal(call, [self._check(call.operation, request)])
        if denied:
            return denied
        try:
            return json_answer(operation(request))
        except ScalingError as error:
            return json_error(error.code, str(error))

    def _check(self, operation: str, request: Fields) -> _Check:
        context: dict[str, object] = {
            "application-autoscaling:service-namespace": request.get("ServiceNamespace"),
            "application-autoscaling:scalable-dimension": request.get("ScalableDimension"),
        }
        tags = request.get("Tags") or {}
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        if tags:
            context["aws:TagKeys"] = list(tags)
        target = self._targets.get(str(request.get("ResourceId")))
        arn = str(
            request.get("ResourceARN") or (target or {}).get("ScalableTargetARN") or f"{self._prefix}new"
        )
        context |= {f"aws:ResourceTag/{key}": value for key, value in self._tags.get(arn, {}).items()}
        known = {key: value for key, value in context.items() if value is not None}
        resource = "*" if operation.startswith("Describe") else arn
        return _Check(f"application-autoscaling:{operation}", resource, known)

    def _register(self, request: Fields) -> Fields:
        resource = _resource(request)
        endpoint, variant = _names(resource)
        count = self._variants.desired_count(endpoint, variant)
        if count is None:
            raise ScalingError("ValidationException", f"SageMaker variant doesn't exist: {resource}")
        if (kind := self._variants.instance_type(endpoint, variant)) is not None and is_burstable(kind):
            raise ScalingError(
                "ValidationException", f"Instance type {kind} of {resource} is not supported for scaling."
            )
        before = self._targets.get(resource, {})
        bounds = {name: request.get(name, before.get(name)) for name in ("MinCapacity", "MaxCapacity")}
        least, most = bounds["MinCapacity"], bounds["MaxCapacity"]
        if least is None or most is None:
            raise ScalingError(
                "ValidationException", "MinCapacity and MaxCapacity are needed for a new target"
            )
        if not 0 <= least <= most:
            raise ScalingError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
        arn = before.get("ScalableTargetARN") or f"{self._prefix}{uuid.uuid4().hex}"
        suspended = {
            f"{name}Suspended": False
            for name in ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
        }
        self._targets[resource] = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource,
            "ScalableDimension": DIMENSION,
            **bounds,
            "RoleARN": _service_role(self._account),
            "CreationTime": before.get("CreationTime", time.time()),
            "SuspendedState": {
                **suspended,
                **before.get("SuspendedState", {}),
                **request.get("SuspendedState", {}),
            },
            "ScalableTargetARN": arn,
        }
        if request.get("Tags") and not before:
            self._tags[arn] = dict(request["Tags"])
        held = min(max(count, least), most)
        if held != count:
            self._variants.set_desired_count(endpoint, variant, held)
        return {"ScalableTargetARN": arn}

    def _deregister(self, request: Fields) -> Fields:
        resource = _resource(request)
        target = self._targets.pop(resource, None)
        if target is None:
            raise ScalingError("ObjectNotFoundException", _no_target(resource))
        self._tags.pop(target["ScalableTargetARN"], None)
        for key in [key for key in self._policies if key[0] == resource]:
            del self._policies[key]
        return {}

    def _describe_targets(self, request: Fields) -> Fields:
        _namespace(request)
        wanted = request.get("ResourceIds")
        found = [target for name, target in sorted(self._targets.items()) if not wanted or name in wanted]
        return _page("ScalableTargets", found, request)

    def _put_policy(self, request: Fields) -> Fields:
        resource = _resource(request)
        if resource not in self._targets:
            raise ScalingError("ObjectNotFoundException", _no_target(resource))
        name = request["PolicyName"]
        before = self._policies.get((resource, name), {})
        arn = before.get("PolicyARN") or (
            f"{self._policy_prefix}{uuid.uuid4()}:resource/sagemaker/{resource}:policyName/{name}"
        )
        configuration = {key: value for key, value in request.items() if key.endswith("PolicyConfiguration")}
        self._policies[resource, name] = {
            "PolicyARN": arn,
            "PolicyName": name,
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource,
            "ScalableDimension": DIMENSION,
            "PolicyType": request.get("PolicyType", before.get("PolicyType", "StepScaling")),
            **configuration,
            "Alarms": [],
            "CreationTime": before.get("CreationTime", time.time()),
        }
        return {"PolicyARN": arn, "Alarms": []}

    def _delete_policy(self, request: Fields) -> Fields:
        resource, name = _resource(request), request["PolicyName"]
        if self._policies.pop((resource, name), None) is None:
            raise ScalingError(
                "ObjectNotFoundException", f"No scaling policy found for {resource} named {name}"
            )
        return {}

    def _describe_policies(self, request: Fields) -> Fields:
        _namespace(request)
        names, resource = request.get("PolicyNames"), request.get("ResourceId")
        found = [
            policy
            for (of, name), policy in sorted(self._policies.items())
            if (resource in (None, of)) and (not names or name in names)
        ]
        return _page("ScalingPolicies", found, request)

    def _tag(self, request: Fields) -> Fields:
        self._tags_of(request).update(request.get("Tags") or {})
        return {}

    def _untag(self, request: Fields) -> Fields:
        tags = self._tags_of(request)
        for key in request.get("TagKeys") or ():
            tags.pop(key, None)
        return {}

    def _list_tags(self, request: Fields) -> Fields:
        return {"Tags": dict(self._tags_of(request))}

    def _tags_of(self, request: Fields) -> dict[str, str]:
        arn = request["ResourceARN"]
        if arn not in {target["ScalableTargetARN"] for target in self._targets.values()}:
            raise ScalingError("ResourceNotFoundException", f"No scalable target found with ARN {arn}")
        return self._tags.setdefault(arn, {})


def _resource(request: Fields) -> str:
    _namespace(request)
    if request.get("ScalableDimension") != DIMENSION:
        raise ScalingError(
            "ValidationException", f"Unsupported scalable dimension: {request.get('ScalableDimension')}"
        )
    resource = str(request.get("ResourceId"))
    _names(resource)
    return resource


def _namespace(request: Fields) -> None:
    if request.get("ServiceNamespace") != "sagemaker":
        raise ScalingError(
            "ValidationException",
            f"the local AWS scales the service namespace sagemaker only, not {request.get('ServiceNamespace')}",
        )


def _names(resource: str) -> tuple[str, str]:
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        raise ScalingError(
            "ValidationException", f"Unsupported resource ID: {resource}; endpoint/<name>/variant/<name>"
        )
    return match[1], match[2]


def _no_target(resource: str) -> str:
    return (
        f"No scalable target found for service namespace: sagemaker, resource ID: {resource}, "
        f"scalable dimension: {DIMENSION}"
    )


def _service_role(account: str) -> str:
    name = "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return f"arn:aws:iam::{account}:role/aws-service-role/{name}"


def _page(key: str, found: list[Fields], request: Fields) -> Fields:
    start = int(request.get("NextToken") or 0)
    end = start + min(int(request.get("MaxResults") or _MOST_PER_PAGE), _MOST_PER_PAGE)
    answer: Fields = {key: found[start:end]}
    return answer | ({"NextToken": str(end)} if end < len(found) else {})
