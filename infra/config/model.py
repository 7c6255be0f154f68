"""The shape of a group's YAML, with AWS's own limits; JSON Schema and error messages come from it.

Limits: botocore's SageMaker, IAM and CloudWatch models; SageMaker Developer Guide, "Deployment guardrails".
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from lambdas.core.spec import Onboarding, Strategy, Withdrawal

# The role `<group>-registrant` must fit into IAM's 64 characters.
GROUP_NAME = r"^[a-z0-9](-*[a-z0-9]){0,52}$"
ENDPOINT_NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
S3_URI = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^*?]*)?$"
KMS_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"
PRINCIPAL = r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$"
INSTANCE_TYPE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
IN_WORDS = {
    GROUP_NAME: "lower-case letters, digits and single hyphens between them, at most 53 characters",
    ENDPOINT_NAME: "letters, digits and hyphens between them, at most 63 characters",
    S3_URI: "an S3 URI without wildcards: s3://bucket/prefix",
    KMS_ARN: "the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID",
    PRINCIPAL: "the ARN of one IAM role or user, no wildcard, not the account: arn:aws:iam::ACCOUNT:role/NAME",
    INSTANCE_TYPE: "a SageMaker instance type: ml.m5.large",
}
_MOST_ALARMS = 10  # AutoRollbackConfiguration
_AT_LEAST_TWO = 2
_NO_GUARDRAILS = ("ml.inf1.",)


class Part(BaseModel):
    """Anything in the YAML: unknown keys are errors, and nothing is changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Grouping(Part):
    """How the group is found among others; becomes tags."""

    project: str | None = Field(default=None, max_length=256)
    business_problem: str | None = Field(default=None, max_length=256)
    model_type: str | None = Field(default=None, max_length=256)


class AutoscalingPart(Part):
    """Bounds of the instance count."""

    min: int = Field(ge=1)
    max: int = Field(ge=1)
    invocations_per_instance: int = Field(ge=1)
    """Requests a minute that one instance should take."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


class VpcPart(Part):
    """Where the model's containers run."""

    subnets: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-z]+$")]] = Field(min_length=1, max_length=16)
    security_groups: list[Annotated[str, Field(pattern=r"^sg-[0-9a-z]+$")]] = Field(
        min_length=1, max_length=5
    )


class DataCapturePart(Part):
    """Requests and answers kept in S3."""

    percentage: int = Field(ge=1, le=100)
    destination: str = Field(pattern=S3_URI)
    kms_key: str | None = Field(default=None, pattern=KMS_ARN)


class EndpointPart(Part):
    """The endpoint's name and hardware."""

    name: str | None = Field(default=None, pattern=ENDPOINT_NAME, max_length=63)
    """As the group, unless given. It can never be changed: clients call the endpoint by it."""
    instance_type: str = Field(pattern=INSTANCE_TYPE)
    instance_count: int = Field(default=1, ge=1, le=1000)
    autoscaling: AutoscalingPart | None = None
    kms_key: str | None = Field(default=None, pattern=KMS_ARN)
    vpc: VpcPart | None = None
    network_isolation: bool = True
    data_capture: DataCapturePart | None = None


_STEPS = {Strategy.CANARY: (1, 50), Strategy.LINEAR: (10, 50), Strategy.ROLLING: (5, 50)}


class RolloutPart(Part):
    """How a version takes over."""

    strategy: Strategy = Strategy.ALL_AT_ONCE
    step_percent: int = Field(default=50, ge=1, le=50)
    """Percent of capacity: the canary (1-50), each linear step (10-50), each rolling batch (5-50)."""
    bake_seconds: int = Field(default=300, ge=0, le=3600)
    termination_wait_seconds: int = Field(default=300, ge=0, le=3600)
    timeout_seconds: int = Field(default=3600, ge=600, le=28800)

    @model_validator(mode="after")
    def _step_fits(self) -> Self:
        low, high = _STEPS.get(self.strategy, (1, 50))
        if not low <= self.step_percent <= high:
            raise ValueError(
                f"step_percent is {self.step_percent}; {self.strategy.value} takes {low} to {high}"
            )
        return self


class GuardrailsPart(Part):
    """What sends a rollout back."""

    error_rate: float | None = Field(default=None, gt=0, lt=1)
    """The largest share of requests that may answer 5xx."""
    latency_p99_ms: int | None = Field(default=None, ge=1)
    alarms: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(default_factory=list)
    """Further CloudWatch alarms by name. They must not watch the old fleet: see docs/operations.md."""


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("has no offset; write 2026-12-24T00:00:00+01:00")
    return value


class FreezePart(Part):
    """A window in which nothing moves forward."""

    start: Annotated[datetime, AfterValidator(_with_offset)]
    end: Annotated[datetime, AfterValidator(_with_offset)]
    reason: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"start {self.start.isoformat()} is not before end {self.end.isoformat()}")
        return self


def _not_reserved(key: str) -> str:
    if key.lower().startswith(("aws:", "greenlight:")):
        raise ValueError("is a reserved tag; keys must not begin with aws: or greenlight:")
    return key


Principals = list[Annotated[str, Field(pattern=PRINCIPAL)]]


class GroupConfig(Part):
    """One model package group, its endpoint, and who may do what."""

    name: str = Field(pattern=GROUP_NAME, max_length=53)
    """The model package group's name: lower case, digits and hyphens, at most 53 characters."""
    owner: str = Field(min_length=1, max_length=256)
    description: str = Field(min_length=1, max_length=1024)
    grouping: Grouping = Grouping()
    tags: dict[
        Annotated[
            str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]+$", max_length=128), AfterValidator(_not_reserved)
        ],
        Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]*$", max_length=256)],
    ] = Field(default_factory=dict, max_length=40)
    approvers: Principals = Field(default_factory=list)
    """Roles or users that may step into the group's approver role."""
    registrants: Principals = Field(default_factory=list)
    """Roles or users that may step into the group's registrant role."""
    artifacts: list[Annotated[str, Field(pattern=S3_URI)]] = Field(min_length=1)
    """Where the versions' artifacts lie; the endpoint may read nothing else."""
    endpoint: EndpointPart
    rollout: RolloutPart = RolloutPart()
    guardrails: GuardrailsPart = GuardrailsPart()
    probation_minutes: int = Field(default=60, ge=0, le=10080)
    retain_versions: int = Field(default=3, ge=1, le=50)
    withdrawal: Withdrawal = Withdrawal.KEEP
    onboarding: Onboarding = Onboarding.RECORD
    freeze: list[FreezePart] = Field(default_factory=list)

    @model_validator(mode="after")
    def _rollout_is_possible(self) -> Self:
        gradual = self.rollout.strategy in {Strategy.CANARY, Strategy.LINEAR}
        scaling = self.endpoint.autoscaling
        fewest = scaling.min if scaling else self.endpoint.instance_count
        if gradual and fewest < _AT_LEAST_TWO:
            raise ValueError(
                f"rollout.strategy is {self.rollout.strategy.value}, which takes at most half of the instances at once,"
                f" but the endpoint may have {fewest}; give it at least 2, or use all_at_once"
            )
        return self

    @model_validator(mode="after")
    def _guardrails_fit(self) -> Self:
        made = [self.guardrails.error_rate, self.guardrails.latency_p99_ms]
        count = 1 + sum(limit is not None for limit in made) + len(self.guardrails.alarms)
        if count > _MOST_ALARMS:
            raise ValueError(
                f"guardrails come to {count} alarms with the abort alarm; SageMaker takes {_MOST_ALARMS}"
            )
        watched = self.rollout.strategy is not Strategy.ALL_AT_ONCE or count > 1
        if self.endpoint.instance_type.startswith(_NO_GUARDRAILS) and watched:
            raise ValueError(
                f"endpoint.instance_type {self.endpoint.instance_type} has no deployment guardrails: SageMaker would"
                " silently move all traffic at once; use all_at_once without guardrails, or another type"
            )
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a group's YAML, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Greenlight group",
        **GroupConfig.model_json_schema(),
    }
