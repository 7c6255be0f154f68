"""The model of one `groups/*.yaml`: its keys, their types, and the limits that one key has by itself."""

import json
from dataclasses import fields
from typing import Annotated, Literal

from pydantic import Field

from infra.config import words
from infra.config.monitoring import MonitoringConfig, RetrainingConfig
from infra.config.section import Section
from lambdas.core.spec import (
    AllowedSpec,
    ApprovalSpec,
    Asynchronous,
    Better,
    EndpointMode,
    EndpointSpec,
    Freeze,
    GatesSpec,
    GroupSpec,
    GuardrailSpec,
    Hosting,
    MetricGate,
    Mode,
    Onboarding,
    Recurring,
    ReviewSpec,
    RolloutSpec,
    Serverless,
    SmokeTest,
    Strategy,
    Withdrawal,
    mode_of,
)


class Grouping(Section):
    """What the group belongs to; each becomes a tag on everything of the group."""

    project: words.Line | None = None
    business_problem: words.Line | None = None
    model_type: words.Line | None = None


class AutoscalingConfig(Section):
    """Bounds of the instance count and the load that scaling aims at."""

    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]
    invocations_per_instance: Annotated[int, Field(ge=1)]
    """Requests a minute for each instance."""


class VpcConfig(Section):
    """Where the model's containers run (CreateModel's VpcConfig)."""

    subnets: Annotated[tuple[words.Subnet, ...], Field(min_length=1, max_length=16)]
    security_groups: Annotated[tuple[words.SecurityGroup, ...], Field(min_length=1, max_length=5)]


class DataCaptureConfig(Section):
    """Requests and answers kept in S3 (CreateEndpointConfig's DataCaptureConfig)."""

    percentage: Annotated[int, Field(ge=1, le=100)]
    destination: words.S3Prefix
    kms_key: words.KmsKey | None = None


class ServerlessConfig(Section):
    """An endpoint without instances: AWS starts what is needed. It has no deployment guardrails and no data capture."""

    memory_mb: Annotated[int, Field(ge=1024, le=6144, multiple_of=1024)]
    """1024, 2048, and so on, to 6144."""
    max_concurrency: Annotated[int, Field(ge=1, le=200)]
    """How many requests are answered at a time; more are throttled."""
    provisioned_concurrency: Annotated[int, Field(ge=1, le=200)] | None = Serverless.provisioned_concurrency
    """How many of them are kept warm."""


class AsynchronousConfig(Section):
    """An endpoint that queues requests and puts its answers into S3 (CreateEndpointConfig's AsyncInferenceConfig)."""

    output: words.ShortS3Prefix
    """Where answers go."""
    failures: words.S3Prefix | None = None
    """Where it is said what failed; left out: `failures` below output."""
    input: words.S3Prefix | None = None
    """Where requests lie; left out: they come with the call, of at most 128,000 bytes each."""
    max_concurrent_invocations: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Of one instance; left out: SageMaker chooses."""
    success_topic: words.Topic | None = Asynchronous.success_topic
    error_topic: words.Topic | None = Asynchronous.error_topic
    kms_key: words.KmsKey | None = Asynchronous.kms_key
    """Encrypts the answers."""

    def as_spec(self) -> Asynchronous:
        """As reconcile reads it."""
        failures = self.failures or f"{self.output.rstrip('/')}/failures"
        said = {key: value for key, value in dict(self).items() if key != "input"}
        return Asynchronous(**{**said, "failures": failures})

    @property
    def places(self) -> tuple[str, ...]:
        """Prefixes below which the endpoint writes."""
        spec = self.as_spec()
        return tuple(dict.fromkeys((spec.output, spec.failures)))


AmiVersion = Literal[
    "al2-ami-sagemaker-inference-gpu-2",
    "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1",
    "al2-ami-sagemaker-inference-neuron-2",
    "al2023-ami-sagemaker-inference-gpu-4-1",
]
"""ProductionVariantInferenceAmiVersion [B]."""
HOSTING = tuple(field.name for field in fields(Hosting))
"""Keys of an endpoint that say how its instances start."""


class EndpointConfig(Section):
    """The endpoint and its hardware; a change here rolls out by the same guarded path as a new version.

    Real-time, unless it has one of `serverless` and `asynchronous`. It cannot become one of another mode.
    """

    name: words.EndpointName | None = None
    """The group's name unless given; it cannot be changed later."""
    instance_type: words.InstanceType | None = EndpointSpec.instance_type
    """Required, unless the endpoint is serverless."""
    instance_count: Annotated[int, Field(ge=1)] = EndpointSpec.instance_count
    serverless: ServerlessConfig | None = None
    asynchronous: AsynchronousConfig | None = None
    autoscaling: AutoscalingConfig | None = None
    kms_key: words.KmsKey | None = None
    """Encrypts the instances' storage volumes."""
    vpc: VpcConfig | None = None
    network_isolation: bool = EndpointSpec.network_isolation
    """Whether the container is kept from making network calls."""
    data_capture: DataCaptureConfig | None = None
    container_startup_health_check_timeout: Annotated[int, Field(ge=60, le=3600)] | None = None
    """Seconds within which the container must answer its first health check (/ping); large models need minutes."""
    model_data_download_timeout: Annotated[int, Field(ge=60, le=3600)] | None = None
    """Seconds within which the model must be downloaded and extracted."""
    volume_size_gb: Annotated[int, Field(ge=1, le=512)] | None = None
    """Gigabytes of an instance's storage volume."""
    inference_ami_version: AmiVersion | None = None
    """The machine image of the instances, for a driver's version that the container needs; left out: AWS chooses."""

    @property
    def mode(self) -> EndpointMode:
        """As of `EndpointSpec`."""
        return mode_of(self.serverless, self.asynchronous)


class RolloutConfig(Section):
    """How a version takes over (UpdateEndpoint's DeploymentConfig)."""

    strategy: Strategy = RolloutSpec.strategy
    step_percent: Annotated[int, Field(ge=1, le=50)] = RolloutSpec.step_percent
    """Size of the canary (1-50), of each linear step (10-50) or of each rolling batch (5-50)."""
    bake_seconds: Annotated[int, Field(ge=0, le=3600)] = RolloutSpec.bake_seconds
    """How long alarms are watched after each shift of traffic."""
    termination_wait_seconds: Annotated[int, Field(ge=0, le=3600)] = RolloutSpec.termination_wait_seconds
    """How long the old fleet is kept after the last bake."""
    timeout_seconds: Annotated[int, Field(ge=600, le=28800)] = RolloutSpec.timeout_seconds


class GuardrailConfig(Section):
    """What rolls a rollout back: alarms made on the new fleet, and further alarms by name."""

    error_rate: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] | None = GuardrailSpec.error_rate
    """Share of requests that may answer 5xx."""
    latency_p99_ms: Annotated[int, Field(ge=1)] | None = GuardrailSpec.latency_p99_ms
    """The model's own time, in milliseconds, that 99 of 100 requests must stay within."""
    alarms: tuple[words.AlarmName, ...] = GuardrailSpec.alarms
    """Further alarms by name. One that the live version's own traffic can trip would also stop its repair."""


class ApprovalConfig(Section):
    """What an approval must be to count."""

    mode: Mode = ApprovalSpec.mode
    """enforce: what is not proven to be an approver's does not go live; audit: it does, and the ledger says so."""
    four_eyes: bool = ApprovalSpec.four_eyes
    """Whether who registered a version must not be who approves it."""
    resource_policy: bool = False
    """Whether the model package group itself denies decisions to everyone but its approvers, as one layer more."""


class SessionsConfig(Section):
    """What stepping into the group's roles takes, beside being named."""

    mfa: bool = False
    """Approvers who are IAM users: a second factor. A role's session has none that AWS knows of: ask where people sign
    in to it. Pipelines, which register, have none."""
    source_identity: bool = False
    """A source identity: for roles one that their session has already, as set where people sign in; for IAM users their
    own name. It cannot be chosen here, and stays through all sessions that follow."""
    tags: dict[words.TagKey, words.TagValue] = Field(default_factory=dict)
    """Session tags that must be passed with exactly these values."""


class AllowedConfig(Section):
    """Where images and artifacts may come from; what is left out may come from anywhere."""

    image_repositories: tuple[words.Repository, ...] = AllowedSpec.image_repositories
    artifact_buckets: tuple[words.Bucket, ...] = AllowedSpec.artifact_buckets


class MetricGateConfig(Section):
    """A metric of a version's evaluation report, or of its metadata, and what it must be."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """As the report names it; where more than one is named so, with as much of its path as it takes."""
    at_least: Annotated[float, Field(allow_inf_nan=False)] | None = None
    at_most: Annotated[float, Field(allow_inf_nan=False)] | None = None
    worse_than_live_by: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """By how much it may be worse than the live version's."""
    better: Better = MetricGate.better

    def as_spec(self) -> MetricGate:
        """As reconcile reads it."""
        return MetricGate(**dict(self))


class StageConfig(Section):
    """A stage of the model's life cycle and its status (ModelLifeCycle)."""

    name: words.Line
    status: words.Line


class GatesConfig(Section):
    """What an approved version must show before it goes live; a way back passes no gates."""

    metrics: tuple[MetricGateConfig, ...] = ()
    metadata: tuple[Annotated[str, Field(min_length=1, max_length=128)], ...] = ()
    """Keys that its customer metadata must have."""
    lineage: bool = GatesSpec.lineage
    """Whether its MetadataProperties must say where it comes from."""
    evaluation: bool = GatesSpec.evaluation
    """Whether it must name its model quality statistics."""
    model_card: bool = GatesSpec.model_card
    stage: StageConfig | None = None


class SmokeTestConfig(Section):
    """One request to a version that has taken over, and what a sound answer is; otherwise it goes back."""

    enabled: bool = True
    payload: words.Payload | None = SmokeTest.payload
    """The request's body; left out: the sample payload that the version was registered with, if it was."""
    content_type: words.MediaType | None = SmokeTest.content_type
    """Left out: the first content type that the version supports."""
    accept: words.MediaType | None = SmokeTest.accept
    status: Annotated[int, Field(ge=200, le=599)] = SmokeTest.status
    """The HTTP status that the model answers with."""
    answer: words.AnswerSchema | None = None
    """A JSON Schema (up to draft 2019-09) of the answer."""
    seconds: Annotated[int, Field(ge=1, le=15)] = SmokeTest.seconds
    """How long the model may take to answer."""

    def as_spec(self) -> SmokeTest | None:
        """As reconcile reads it."""
        if not self.enabled:
            return None
        answer = (
            None if self.answer is None else json.dumps(self.answer, sort_keys=True, separators=(",", ":"))
        )
        said = dict(self) | {"answer": answer}
        del said["enabled"]
        return SmokeTest(**said)


class ReviewConfig(Section):
    """What becomes of a version that nobody decides on; its status stays as it is in any case."""

    reminder_hours: Annotated[int, Field(ge=0, le=8760)] = ReviewSpec.reminder_hours
    """Every so often somebody is reminded of what waits; 0: never."""
    expiry_days: Annotated[int, Field(ge=0, le=3650)] = ReviewSpec.expiry_days
    """How long after its registration a version is waited for; then that is said and nobody is reminded; 0: no end."""


class FreezeConfig(Section):
    """A window in which nothing moves forward; rejecting the live version still leads off it."""

    start: words.Moment
    end: words.Moment
    reason: words.Reason

    def as_spec(self) -> Freeze:
        """As reconcile reads it."""
        return Freeze(self.start.timestamp(), self.end.timestamp(), self.reason)


class RecurringFreezeConfig(Section):
    """Freeze windows that recur: each begins when `cron` says, in `timezone`, and lasts `minutes`."""

    cron: words.Cron
    minutes: Annotated[int, Field(ge=1, le=527040)]
    timezone: words.TimeZone
    reason: words.Reason

    def as_spec(self) -> Recurring:
        """As reconcile reads it."""
        return Recurring(self.cron, self.minutes, self.timezone, self.reason)


class GroupConfig(Section):
    """One model package group, its endpoint, and who may decide."""

    name: words.GroupName
    """Name of the model package group; it cannot be changed later."""
    owner: words.Line
    """Who to ask: a mail address, a team."""
    artifacts: Annotated[tuple[words.S3Place, ...], Field(min_length=1)]
    """Where this group's model artifacts lie; the endpoint can read nothing else."""
    endpoint: EndpointConfig
    description: words.Description | None = None
    grouping: Grouping = Grouping()
    tags: dict[words.TagKey, words.TagValue] = Field(default_factory=dict)
    approvers: tuple[words.Principal, ...] = ()
    """Who may step into the role that approves and rejects."""
    registrants: tuple[words.Principal, ...] = ()
    """Who may step into the role that registers versions."""
    approval: ApprovalConfig = ApprovalConfig()
    sessions: SessionsConfig = SessionsConfig()
    allowed: AllowedConfig = AllowedConfig()
    gates: GatesConfig = GatesConfig()
    smoke_test: SmokeTestConfig = SmokeTestConfig()
    review: ReviewConfig = ReviewConfig()
    rollout: RolloutConfig = RolloutConfig()
    guardrails: GuardrailConfig = GuardrailConfig()
    monitoring: MonitoringConfig | None = None
    retraining: RetrainingConfig | None = None
    probation_minutes: Annotated[int, Field(ge=0)] = GroupSpec.probation_minutes
    """How long after a rollout its alarms still send the version back."""
    retain_versions: Annotated[int, Field(ge=1, le=10)] = GroupSpec.retain_versions
    """How many versions that were live keep their config, ready to go back to."""
    withdrawal: Withdrawal = GroupSpec.withdrawal
    """When the live version is rejected and nothing good is left: keep serving it, or delete the endpoint."""
    onboarding: Onboarding = GroupSpec.onboarding
    """Approvals older than this file: only record them, or deploy them."""
    freeze: tuple[FreezeConfig, ...] = ()
    recurring_freeze: tuple[RecurringFreezeConfig, ...] = ()
