"""Who answers an invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.sagemaker.errors import SageMakerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.sagemaker.account import Account
    from local.sagemaker.ports import Fleet
    from local.sagemaker.state import Endpoint, Side, Variant


def route(account: Account, name: str, variant: str | None = None) -> list[tuple[Fleet, float]]:
    """The fleets that serve now, each with its share of the traffic; the shares add up to 1.

    Args:
        account: whose endpoint it is.
        name: the endpoint's name, in the case it was made with.
        variant: TargetVariant; None: by the variants' weights.

    Raises:
        SageMakerError: ValidationError, as InvokeEndpoint gives it, for an endpoint that is not there, does not
            serve or has no such variant.
    """
    endpoint = account.state.endpoints.get(name.lower())
    if endpoint is None or endpoint.name != name or endpoint.serving is None or endpoint.status == "Deleting":
        raise SageMakerError("ValidationError", f"Endpoint {name} of account {account.id} not found.")
    shares = [
        (one.fleet, part * share)
        for side, part in _sides(endpoint)
        for one, share in _shares(side, variant)
        if part * share > 0
    ]
    total = sum(share for _, share in shares)
    if not shares or not total:
        raise SageMakerError("ValidationError", f"Variant {variant} not found for Request")
    return [(fleet, share / total) for fleet, share in shares]


def _sides(endpoint: Endpoint) -> Iterator[tuple[Side, float]]:
    """What serves, and its part of the traffic: old, left over from a failed rollback, new."""
    deployment = endpoint.deployment
    new = deployment.traffic if deployment and deployment.new else 0.0
    mixed = endpoint.mixed[1] if endpoint.mixed else 0.0
    if endpoint.serving:
        yield endpoint.serving, (1 - new) * (1 - mixed)
    if endpoint.mixed:
        yield endpoint.mixed[0], (1 - new) * mixed
    if deployment and deployment.new:
        yield deployment.new, new


def _shares(side: Side, variant: str | None) -> list[tuple[Variant, float]]:
    if variant is not None:
        return [(one, 1.0) for one in side.variants if one.name == variant]
    total = side.total_weight
    return [(one, one.weight / total if total else 1 / len(side.variants)) for one in side.variants]
