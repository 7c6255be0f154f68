"""Limits of serverless and asynchronous endpoints: what AWS has for neither, and what would be lost silently."""

from collections.abc import Iterator

from infra.config.breach import Breach
from infra.config.group import HOSTING, EndpointConfig, GuardrailConfig, RolloutConfig, SmokeTestConfig
from infra.config.prefixes import overlap
from lambdas.core.spec import Strategy

_OK = 200
_OUT = "leave it out, or give instance_type instead of serverless"
# [DG, "Serverless Inference", feature exclusions; B, CreateEndpointConfig]
_NOT_SERVERLESS = {
    "instance_type": "a serverless endpoint has no instances; leave out one of them",
    "instance_count": "a serverless endpoint has no instances; max_concurrency is what bounds it",
    "autoscaling": "a serverless endpoint scales by itself, up to max_concurrency; scaling of provisioned concurrency "
    "is not Greenlight's",
    "kms_key": f"a serverless endpoint has no volumes to encrypt; {_OUT}",
    "vpc": f"AWS runs no serverless endpoint in a VPC; {_OUT}",
    **dict.fromkeys(
        HOSTING, f"a serverless endpoint has no instances, and so no disk, image or start of them; {_OUT}"
    ),
    "data_capture": f"AWS captures nothing of a serverless endpoint; {_OUT}",
}


def endpoint_breaches(endpoint: EndpointConfig, artifacts: tuple[str, ...]) -> Iterator[Breach]:
    """What an endpoint of its mode cannot have; `artifacts`: of the group."""
    if endpoint.serverless is not None and endpoint.asynchronous is not None:
        yield Breach(
            "endpoint.asynchronous", "given", "must not stand beside serverless: AWS has no such endpoint"
        )
    if endpoint.serverless is not None:
        yield from _serverless(endpoint)
    elif endpoint.instance_type is None:
        yield Breach("endpoint", sorted(endpoint.model_fields_set), "needs instance_type, or serverless")
    if endpoint.asynchronous is not None:
        yield from _asynchronous(endpoint, artifacts)


def _serverless(endpoint: EndpointConfig) -> Iterator[Breach]:
    for key, why in _NOT_SERVERLESS.items():
        if key in endpoint.model_fields_set:
            yield Breach(f"endpoint.{key}", "given beside serverless", why)
    if endpoint.network_isolation:
        yield Breach(
            "endpoint.network_isolation",
            endpoint.network_isolation,
            "must be false: AWS isolates no serverless endpoint, so its container can make network calls, and that is "
            "said here",
        )
    size = endpoint.serverless
    if size is not None and (size.provisioned_concurrency or 0) > size.max_concurrency:
        yield Breach(
            "endpoint.serverless.provisioned_concurrency",
            size.provisioned_concurrency,
            f"must be at most max_concurrency, {size.max_concurrency}",
        )


def _asynchronous(endpoint: EndpointConfig, artifacts: tuple[str, ...]) -> Iterator[Breach]:
    if endpoint.autoscaling is not None:
        yield Breach(
            "endpoint.autoscaling",
            "given beside asynchronous",
            "aims at InvocationsPerInstance, which AWS does not publish for an asynchronous endpoint; leave it out: "
            "instance_count stands",
        )
    if endpoint.data_capture is not None:
        yield Breach(
            "endpoint.data_capture",
            "given beside asynchronous",
            "AWS tells of data capture for real-time endpoints only; leave it out: requests and answers of an "
            "asynchronous endpoint lie in S3 already",
        )
    if endpoint.asynchronous is None:
        return
    for key in ("output", "failures"):
        prefix = getattr(endpoint.asynchronous, key)
        for uri in artifacts:
            if prefix is not None and overlap(uri, prefix):
                yield Breach(
                    f"endpoint.asynchronous.{key}",
                    prefix,
                    f"must not lie below or above artifacts, {uri}: who writes answers could write artifacts",
                )


def rollout_breaches(rollout: RolloutConfig) -> Iterator[Breach]:
    """What of `rollout` SageMaker does not do for a serverless endpoint [DG, "Deployment guardrails"]."""
    if rollout.strategy is not Strategy.ALL_AT_ONCE:
        yield Breach(
            "rollout.strategy",
            rollout.strategy.value,
            "must be all_at_once for a serverless endpoint: SageMaker's deployment guardrails are for real-time and "
            "asynchronous ones; what is wrong with a version, its smoke test and probation show",
        )
    for key in sorted(rollout.model_fields_set - {"strategy"}):
        yield Breach(
            f"rollout.{key}",
            getattr(rollout, key),
            "must be left out for a serverless endpoint: SageMaker updates it in one step, without a bake",
        )


def guardrail_breaches(guardrails: GuardrailConfig, probation: int) -> Iterator[Breach]:
    """Guardrails of a serverless endpoint that nobody would look at; `probation`: minutes."""
    if guardrails != GuardrailConfig() and probation == 0:
        yield Breach(
            "probation_minutes",
            probation,
            "must be more than 0 for a serverless endpoint with guardrails: SageMaker watches none while it updates "
            "one, so they count on probation only",
        )


def smoke_test_breaches(smoke_test: SmokeTestConfig) -> Iterator[Breach]:
    """What of a smoke test an asynchronous endpoint does not tell."""
    if smoke_test.status != _OK:
        yield Breach(
            "smoke_test.status",
            smoke_test.status,
            f"must be {_OK} for an asynchronous endpoint, which does not tell a model's status",
        )
