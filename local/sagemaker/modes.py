"""Serverless and asynchronous endpoints: what a configuration of each may have, and what an update may not change.

Sources: SageMaker developer guide, "Deploy models with Amazon SageMaker Serverless Inference" (feature exclusions),
"Update a serverless endpoint", "Asynchronous inference"; botocore, ProductionVariantServerlessConfig;
aws/sagemaker-python-sdk#3124 (AsyncInferenceConfig cannot be removed). The sentences that no source has are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.hardware import check_no_hardware
from local.sagemaker.models import the_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.state import Endpoint, Fields, Side

_GIGABYTE = 1024
_MISFITS = ("DataCaptureConfig", "KmsKeyId", "AsyncInferenceConfig")


def check_serverless(account: Account, request: Fields, variant: Fields) -> None:
    """Refuse a serverless variant that AWS does not run."""
    name, size = variant["VariantName"], variant["ServerlessConfig"]
    if "InstanceType" in variant or "InitialInstanceCount" in variant:
        raise invalid(f"Serverless production variant {name} takes no InstanceType or InitialInstanceCount.")
    check_no_hardware(variant)
    if misfits := [member for member in _MISFITS if member in request]:
        raise invalid(f"Serverless production variant {name} takes no {' and no '.join(misfits)}.")
    if len(request["ProductionVariants"]) > 1:
        raise invalid("A serverless endpoint has one production variant.")
    if size["MemorySizeInMB"] % _GIGABYTE:
        raise invalid(f"MemorySizeInMB of variant {name} must be a multiple of {_GIGABYTE}.")
    if size.get("ProvisionedConcurrency", 0) > size["MaxConcurrency"]:
        raise invalid(f"ProvisionedConcurrency of variant {name} must not be above its MaxConcurrency.")
    model = the_model(account, variant["ModelName"]).fields
    if model["EnableNetworkIsolation"] or "VpcConfig" in model:
        raise invalid(f"Serverless production variant {name} takes no network isolation and no VPC.")
    if len(model.get("Containers", ())) > 1:
        raise invalid(f"Serverless production variant {name} takes no inference pipeline.")


def check_update(endpoint: Endpoint, policy: Fields, old: Side, new: Side) -> None:
    """Refuse an update from one mode to another, and deployment guardrails without instances."""
    if is_serverless(new) and not is_serverless(old):
        raise invalid(f"Endpoint {endpoint.name} cannot be updated from instance-based to serverless.")
    for one, other, verb in ((old, new, "removed from"), (new, old, "added to")):
        if one.asynchronous is not None and other.asynchronous is None:
            raise invalid(
                f"The AsyncInferenceConfig parameter cannot be {verb} this endpoint {endpoint.name}."
            )
    if policy and is_serverless(new):
        raise invalid(f"Endpoint {endpoint.name} is serverless, and takes no DeploymentConfig.")


def is_serverless(side: Side) -> bool:
    """Whether a side has no instances."""
    return any(variant.desired_count is None for variant in side.variants)


def asynchronous_of(account: Account, name: str) -> Mapping[str, Any] | None:
    """The AsyncInferenceConfig of what an endpoint serves; None: it is asked at once, or is not there."""
    endpoint = account.state.endpoints.get(name.lower())
    return None if endpoint is None or endpoint.serving is None else endpoint.serving.asynchronous


def check_invocation(account: Account, name: str, *, later: bool) -> None:
    """Refuse InvokeEndpoint of an asynchronous endpoint, and InvokeEndpointAsync of any other (`later`)."""
    if (asynchronous_of(account, name) is not None) is later:
        return
    asked, kind = ("InvokeEndpointAsync", "not") if later else ("InvokeEndpoint", "only")
    raise SageMakerError(
        "ValidationError", f"Endpoint {name} cannot be asked by {asked}: it is {kind} an asynchronous one."
    )
