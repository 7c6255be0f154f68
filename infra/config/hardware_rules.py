"""Combinations of an endpoint's keys that AWS does not have for its instance type or its number of instances.

The table in docs/operations.md, "What AWS does not combine", says each with its source.
"""

from collections.abc import Iterator

from infra.config.breach import Breach
from infra.config.group import EndpointConfig, GuardrailConfig, RolloutConfig
from infra.config.hardware import fits_image, has_local_storage, is_burstable
from lambdas.core.spec import LEAST_BAKE, Strategy

_STEPS = {Strategy.CANARY: (1, 50), Strategy.LINEAR: (10, 50), Strategy.ROLLING: (5, 50)}
_WHOLE = 100  # percent
_AS_PLANNED = {
    Strategy.CANARY: "a canary",
    Strategy.LINEAR: "a linear step",
    Strategy.ROLLING: "a rolling batch",
}


def instance_breaches(endpoint: EndpointConfig) -> Iterator[Breach]:
    """What instances of the endpoint's type do not have."""
    kind = endpoint.instance_type
    if kind is None:
        return
    if has_local_storage(kind):
        yield from _local_storage(endpoint, kind)
    if endpoint.autoscaling is not None and endpoint.asynchronous is None and is_burstable(kind):
        yield Breach(
            "endpoint.autoscaling",
            f"given beside {kind}",
            "AWS does not scale burstable instance types; leave it out, or use another type, such as ml.m5.large",
        )
    image = endpoint.inference_ami_version
    if image is not None and not fits_image(kind, image):
        needs = (
            "Inferentia2 or Trainium (ml.inf2, ml.trn1)" if "-neuron-" in image else "a GPU (ml.g5, ml.p4d)"
        )
        yield Breach(
            "endpoint.inference_ami_version",
            image,
            f"is an image for instances with {needs}, which {kind} has not; leave it out, or use such a type",
        )


def start_breaches(endpoint: EndpointConfig, rollout: RolloutConfig, waiting: int) -> Iterator[Breach]:
    """Instances that may start for longer than the rollout may take; `waiting`: seconds that it only waits."""
    starting = (endpoint.model_data_download_timeout or 0) + (
        endpoint.container_startup_health_check_timeout or 0
    )
    if starting and waiting < rollout.timeout_seconds <= waiting + starting:
        yield Breach(
            "rollout.timeout_seconds",
            rollout.timeout_seconds,
            f"must be more than bakes, termination wait and what endpoint lets instances start in together, "
            f"{waiting + starting}: AWS stops at the timeout; or shorten one of them",
        )


def _local_storage(endpoint: EndpointConfig, kind: str) -> Iterator[Breach]:
    if endpoint.kms_key is not None:
        yield Breach(
            "endpoint.kms_key",
            f"given beside {kind}",
            "does not encrypt the local storage of such instances, and AWS may refuse it; leave it out: their own "
            "hardware encrypts it, with a key that ends with the instance; or use a type without local storage, such "
            "as ml.m5.large",
        )
    if endpoint.volume_size_gb is not None:
        yield Breach(
            "endpoint.volume_size_gb",
            endpoint.volume_size_gb,
            f"AWS takes no volume size for {kind}, whose instances have local storage of a fixed size; leave it out, "
            "or use a larger type of the family",
        )


def fleet_breaches(endpoint: EndpointConfig, rollout: RolloutConfig) -> Iterator[Breach]:
    """A step is at most half of the instances, and instances are not split."""
    if rollout.strategy not in _STEPS:
        return
    least = endpoint.instance_count
    if endpoint.autoscaling is not None:
        least = min(least, endpoint.autoscaling.min)
    if least < 2:  # noqa: PLR2004 - the rule itself
        yield from _one_instance(endpoint, rollout.strategy)
        return
    low, high = _STEPS[rollout.strategy]
    if low <= rollout.step_percent <= high and not _fits(endpoint, least, rollout.step_percent):
        yield _unfit(endpoint, rollout, least)


def _one_instance(endpoint: EndpointConfig, strategy: Strategy) -> Iterator[Breach]:
    out = f"must be at least 2 for {strategy.value}; or set rollout.strategy to all_at_once"
    if endpoint.instance_count < 2:  # noqa: PLR2004 - as above
        yield Breach("endpoint.instance_count", endpoint.instance_count, out)
    if endpoint.autoscaling is not None and endpoint.autoscaling.min < 2:  # noqa: PLR2004 - as above
        yield Breach("endpoint.autoscaling.min", endpoint.autoscaling.min, out)


def _fits(endpoint: EndpointConfig, count: int, percent: int) -> bool:
    """Whether a step is a number of instances; with autoscaling, whose count varies, at least one when fewest run."""
    if endpoint.autoscaling is not None:
        return percent >= _WHOLE // count
    return percent in _percents(count)


def _percents(count: int) -> list[int]:
    """The percentages of whole instances of so many, up to half of them; of three, both 33 and 34 mean one."""
    found = set()
    for instances in range(1, count // 2 + 1):
        found |= {_WHOLE * instances // count, -(-_WHOLE * instances // count)}
    return sorted(percent for percent in found if percent >= 1)


def _unfit(endpoint: EndpointConfig, rollout: RolloutConfig, least: int) -> Breach:
    low, high = _STEPS[rollout.strategy]
    what = _AS_PLANNED[rollout.strategy]
    if endpoint.autoscaling is not None:
        return Breach(
            "rollout.step_percent",
            rollout.step_percent,
            f"must be at least {max(low, _WHOLE // least)}: when fewest run, {least} instances, {what} would be less "
            "than one of them; or raise endpoint.autoscaling.min",
        )
    fit = [percent for percent in _percents(least) if low <= percent <= high]
    ways = f"must be {_either(fit)} of {least} instances, so that {what} is whole instances"
    return Breach(
        "rollout.step_percent",
        rollout.step_percent,
        f"{ways}; AWS does not say how it rounds; or change endpoint.instance_count",
    )


def _either(percents: list[int]) -> str:
    *others, last = map(str, percents)
    return f"{', '.join(others)} or {last}" if others else last


def bake_breaches(rollout: RolloutConfig, guardrails: GuardrailConfig) -> Iterator[Breach]:
    """A bake that ends before a guardrail made for `error_rate` or `latency_p99_ms` could trip watches nothing."""
    made = [key for key in ("error_rate", "latency_p99_ms") if getattr(guardrails, key) is not None]
    if made and rollout.bake_seconds < LEAST_BAKE:
        yield Breach(
            "rollout.bake_seconds",
            rollout.bake_seconds,
            f"must be at least {LEAST_BAKE} with guardrails.{' and guardrails.'.join(made)}: their alarms look at "
            "whole minutes, so a shorter bake can end before they trip",
        )
