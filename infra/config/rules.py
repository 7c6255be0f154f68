"""Limits that rest on more than one key of a group."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from infra.config.breach import Breach
from infra.config.group import (
    AllowedConfig,
    ApprovalConfig,
    EndpointConfig,
    FreezeConfig,
    GatesConfig,
    GuardrailConfig,
    RolloutConfig,
    SessionsConfig,
    SmokeTestConfig,
)
from infra.config.hardware_rules import bake_breaches, fleet_breaches, instance_breaches, start_breaches
from infra.config.mode_rules import (
    endpoint_breaches,
    guardrail_breaches,
    rollout_breaches,
    smoke_test_breaches,
)
from infra.config.monitoring import MonitoringConfig, RetrainingConfig
from infra.config.monitoring_rules import monitoring_breaches, retraining_breaches
from infra.config.trust_policy import too_long
from infra.config.words import is_role
from lambdas.core.spec import EndpointMode, Strategy

_MOST_ALARMS = 10  # AutoRollbackConfiguration's AlarmList [B]
_ABORT_ALARM = 1  # each rollout watches the group's own
_STEPS = {Strategy.CANARY: (1, 50), Strategy.LINEAR: (10, 50), Strategy.ROLLING: (5, 50)}


@dataclass(frozen=True)
class Sections:
    """The parts of a group that are right by themselves; None: absent, or wrong (its key is in `wrong`) and told."""

    endpoint: EndpointConfig | None
    rollout: RolloutConfig | None
    guardrails: GuardrailConfig | None
    freeze: tuple[FreezeConfig, ...] | None
    approval: ApprovalConfig | None
    allowed: AllowedConfig | None
    approvers: tuple[str, ...] | None
    registrants: tuple[str, ...] | None
    artifacts: tuple[str, ...] | None
    gates: GatesConfig | None
    sessions: SessionsConfig | None
    monitoring: MonitoringConfig | None
    retraining: RetrainingConfig | None
    smoke_test: SmokeTestConfig | None
    probation: int | None
    wrong: frozenset[str] = frozenset()


def breaches(sections: Sections) -> Iterator[Breach]:
    """Every rule that the sections break, as far as they can be judged."""
    endpoint, rollout, guardrails = sections.endpoint, sections.rollout, sections.guardrails
    serverless = endpoint is not None and endpoint.mode is EndpointMode.SERVERLESS
    yield from _mode(sections)
    if endpoint is not None and not serverless:
        yield from _autoscaling(endpoint)
        yield from instance_breaches(endpoint)
    if rollout is not None:
        yield from _rollout(rollout)
    if guardrails is not None:
        yield from _guardrails(guardrails)
    if endpoint is not None and rollout is not None and not serverless:
        yield from fleet_breaches(endpoint, rollout)
        yield from start_breaches(endpoint, rollout, waiting_seconds(rollout))
    if rollout is not None and guardrails is not None and not serverless:
        yield from bake_breaches(rollout, guardrails)
    if endpoint is not None and rollout is not None and guardrails is not None:
        yield from _inferentia(endpoint, rollout, guardrails)
    yield from _people(sections)
    yield from _second_factor(sections)
    yield from _artifacts(sections)
    if sections.gates is not None:
        yield from _gates(sections.gates)
    yield from _loop(sections)
    for index, window in enumerate(sections.freeze or ()):
        if window.end <= window.start:
            yield Breach(f"freeze.{index}.end", window.end, f"must be after its start, {window.start}")


def _mode(sections: Sections) -> Iterator[Breach]:
    """What a serverless or an asynchronous endpoint cannot have."""
    endpoint = sections.endpoint
    if endpoint is None:
        return
    mode = endpoint.mode
    yield from endpoint_breaches(endpoint, sections.artifacts or ())
    if mode is EndpointMode.SERVERLESS and sections.rollout is not None:
        yield from rollout_breaches(sections.rollout)
    if mode is EndpointMode.SERVERLESS and sections.guardrails is not None and sections.probation is not None:
        yield from guardrail_breaches(sections.guardrails, sections.probation)
    if mode is EndpointMode.ASYNCHRONOUS and sections.smoke_test is not None:
        yield from smoke_test_breaches(sections.smoke_test)


def _loop(sections: Sections) -> Iterator[Breach]:
    """What watches the live version, and what follows."""
    monitoring, retraining = sections.monitoring, sections.retraining
    if monitoring is not None:
        yield from monitoring_breaches(monitoring, sections.endpoint, sections.artifacts or ())
    if retraining is not None:
        drift = monitoring is not None and monitoring.drift is not None
        yield from retraining_breaches(retraining, drift=drift or "monitoring" in sections.wrong)


def _people(sections: Sections) -> Iterator[Breach]:
    """Four eyes are two people: who is let into both roles could be both."""
    for key, principals in (("approvers", sections.approvers), ("registrants", sections.registrants)):
        for index, principal in enumerate(principals or ()):
            if principal in (principals or ())[:index]:
                yield Breach(f"{key}.{index}", principal, "is named twice")
    yield from _trust(sections)
    if sections.approval is None or not sections.approval.four_eyes:
        return
    for index, principal in enumerate(sections.approvers or ()):
        if principal in (sections.registrants or ()):
            yield Breach(
                f"approvers.{index}",
                principal,
                "is among the registrants too, and could approve what it registered itself; "
                "name somebody else, or set approval.four_eyes to false",
            )


def _trust(sections: Sections) -> Iterator[Breach]:
    """Everybody who is let into a role is part of its trust policy, more than once."""
    sessions = sections.sessions
    if sessions is None:
        return
    for key, principals, mfa in (
        ("approvers", sections.approvers or (), sessions.mfa),
        ("registrants", sections.registrants or (), False),
    ):
        said = too_long(principals, mfa=mfa, source_identity=sessions.source_identity, tags=sessions.tags)
        if said is not None:
            yield Breach(key, f"{len(principals)} principals", said)


def _second_factor(sections: Sections) -> Iterator[Breach]:
    """A session of a role has no MFA device, and AWS does not know whether an identity provider asked for a second
    factor [IAM guide, "Secure API access with MFA"]."""
    if sections.sessions is None or not sections.sessions.mfa:
        return
    for index, principal in enumerate(sections.approvers or ()):
        if is_role(principal):
            yield Breach(
                "sessions.mfa",
                True,
                f"would let nobody in by approvers.{index}, {principal}: to AWS a role's session has no second factor; "
                "name IAM users, or leave it out, ask for the second factor where these people sign in, and set "
                "sessions.source_identity",
            )


def _gates(gates: GatesConfig) -> Iterator[Breach]:
    names = [gate.name for gate in gates.metrics]
    for index, gate in enumerate(gates.metrics):
        key = f"gates.metrics.{index}"
        if gate.name in names[:index]:
            yield Breach(f"{key}.name", gate.name, "has a gate already; say all its limits there")
        if gate.at_least is None and gate.at_most is None and gate.worse_than_live_by is None:
            yield Breach(key, gate.name, "needs at_least, at_most or worse_than_live_by")
        if gate.at_least is not None and gate.at_most is not None and gate.at_least > gate.at_most:
            yield Breach(f"{key}.at_least", gate.at_least, f"must not be above at_most, {gate.at_most:g}")


def _artifacts(sections: Sections) -> Iterator[Breach]:
    """An artifact where nothing is allowed from could never go live."""
    allowed = sections.allowed.artifact_buckets if sections.allowed else ()
    for index, uri in enumerate(sections.artifacts or ()):
        bucket = uri.removeprefix("s3://").partition("/")[0]
        if allowed and bucket not in allowed:
            yield Breach(
                f"artifacts.{index}", uri, f"must be in one of allowed.artifact_buckets: {', '.join(allowed)}"
            )


def _autoscaling(endpoint: EndpointConfig) -> Iterator[Breach]:
    bounds = endpoint.autoscaling
    if bounds is None:
        return
    if bounds.min > bounds.max:
        yield Breach("endpoint.autoscaling.min", bounds.min, f"must not be above max, {bounds.max}")
    elif not bounds.min <= endpoint.instance_count <= bounds.max:
        yield Breach(
            "endpoint.instance_count",
            endpoint.instance_count,
            f"must be within autoscaling's bounds, {bounds.min} to {bounds.max}",
        )


def _rollout(rollout: RolloutConfig) -> Iterator[Breach]:
    if rollout.strategy in _STEPS:
        least, most = _STEPS[rollout.strategy]
        if not least <= rollout.step_percent <= most:
            yield Breach(
                "rollout.step_percent",
                rollout.step_percent,
                f"must be {least} to {most} for {rollout.strategy.value}",
            )
    waiting = waiting_seconds(rollout)
    if waiting >= rollout.timeout_seconds:
        yield Breach(
            "rollout.timeout_seconds",
            rollout.timeout_seconds,
            f"must be more than all bakes and the termination wait together, {waiting}: AWS stops at the timeout",
        )


def waiting_seconds(rollout: RolloutConfig) -> int:
    """How long a rollout only waits: each bake, the final one included, and the termination wait (0 if rolling)."""
    steps = math.ceil(100 / rollout.step_percent)
    bakes = {Strategy.ALL_AT_ONCE: 1, Strategy.CANARY: 2, Strategy.LINEAR: steps, Strategy.ROLLING: steps}
    wait = 0 if rollout.strategy is Strategy.ROLLING else rollout.termination_wait_seconds
    return bakes[rollout.strategy] * rollout.bake_seconds + wait


def _guardrails(guardrails: GuardrailConfig) -> Iterator[Breach]:
    made = (guardrails.error_rate, guardrails.latency_p99_ms)
    room = _MOST_ALARMS - _ABORT_ALARM - sum(limit is not None for limit in made)
    if len(guardrails.alarms) > room:
        yield Breach(
            "guardrails.alarms",
            f"{len(guardrails.alarms)} names",
            f"must be at most {room}: a rollout watches {_MOST_ALARMS} alarms, among them the abort alarm and those "
            "made for error_rate and latency_p99_ms",
        )
    if len(set(guardrails.alarms)) < len(guardrails.alarms):
        yield Breach("guardrails.alarms", guardrails.alarms, "must name each alarm once")


def _inferentia(
    endpoint: EndpointConfig, rollout: RolloutConfig, guardrails: GuardrailConfig
) -> Iterator[Breach]:
    """On Inf1, AWS falls back to all at once without guardrails, and does not say so [DG]."""
    watched = guardrails != GuardrailConfig() or rollout.strategy is not Strategy.ALL_AT_ONCE
    if (endpoint.instance_type or "").startswith("ml.inf1.") and watched:
        yield Breach(
            "endpoint.instance_type",
            endpoint.instance_type,
            "takes no guardrails (AWS leaves them out silently); use ml.inf2, or all_at_once and no guardrails",
        )
