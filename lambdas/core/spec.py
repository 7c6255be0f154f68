"""What a group's owners want, as the controller reads it from the group's SSM parameter."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lambdas.core.codec import Open, decode, decode_kept, encode, spelled_out
from lambdas.core.errors import Malformed
from lambdas.core.schema import OLDEST, Schema, schema_of

SCHEMA = Schema(1, 1)
"""Of the specs that this release writes; see `lambdas.core.schema`."""

VARIANT = "AllTraffic"
"""The one production variant: guardrails need the same variant name before and after a rollout [DG]."""


class Strategy(StrEnum):
    """How traffic moves to the new fleet (UpdateEndpoint's DeploymentConfig)."""

    ALL_AT_ONCE = "all_at_once"
    CANARY = "canary"
    LINEAR = "linear"
    ROLLING = "rolling"


class Withdrawal(StrEnum):
    """What happens when the live version is rejected and nothing good is left."""

    KEEP = "keep"
    DELETE = "delete"


class Onboarding(StrEnum):
    """What becomes of approvals that are older than the group's spec."""

    RECORD = "record"
    DEPLOY = "deploy"


class Mode(StrEnum):
    """What becomes of an approval that is not proven to be an approver's, on exactly this content."""

    ENFORCE = "enforce"
    AUDIT = "audit"


@dataclass(frozen=True)
class Autoscaling(Open):
    """Bounds of the instance count, and the load per instance that scaling aims at.

    `invocations_per_instance`: invocations a minute (SageMakerVariantInvocationsPerInstance).
    """

    min: int
    max: int
    invocations_per_instance: int


@dataclass(frozen=True)
class DataCapture(Open):
    """Requests and answers kept in S3 (CreateEndpointConfig's DataCaptureConfig); percentage 1-100."""

    percentage: int
    destination: str
    kms_key: str | None = None


@dataclass(frozen=True)
class Vpc(Open):
    """Where the model's containers run (CreateModel's VpcConfig)."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


class EndpointMode(StrEnum):
    """How an endpoint runs and is asked; AWS cannot change it and change it back (docs/decisions/022)."""

    REAL_TIME = "real-time"
    SERVERLESS = "serverless"
    ASYNCHRONOUS = "asynchronous"


def mode_of(serverless: object | None, asynchronous: object | None) -> EndpointMode:
    """The mode of an endpoint that has these settings; serverless for both, which is refused before synth."""
    if serverless is not None:
        return EndpointMode.SERVERLESS
    return EndpointMode.REAL_TIME if asynchronous is None else EndpointMode.ASYNCHRONOUS


@dataclass(frozen=True)
class Serverless(Open):
    """An endpoint without instances (ProductionVariant's ServerlessConfig); memory in megabytes."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int | None = None


@dataclass(frozen=True)
class Asynchronous(Open):
    """An endpoint that puts its answers into S3 (CreateEndpointConfig's AsyncInferenceConfig).

    `output`, `failures`: prefixes in S3 for answers and for what failed. `max_concurrent_invocations`: of one instance,
    None: SageMaker chooses. `success_topic`, `error_topic`: ARNs of SNS topics. `kms_key`: encrypts the answers.
    """

    output: str
    failures: str
    max_concurrent_invocations: int | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True)
class Hosting:
    """How an instance starts, and its disk (members of ProductionVariant [B]); None: as AWS chooses.

    `container_startup_health_check_timeout`, `model_data_download_timeout`: seconds. `inference_ami_version`: one of
    ProductionVariantInferenceAmiVersion.
    """

    container_startup_health_check_timeout: int | None = None
    model_data_download_timeout: int | None = None
    volume_size_gb: int | None = None
    inference_ami_version: str | None = None


AS_AWS_CHOOSES = Hosting()


@dataclass(frozen=True)
class EndpointSpec(Open):
    """The endpoint of a group: name, and hardware; `instance_type` None: it is serverless.

    The four members that `hosting` has together are as of `Hosting`.
    """

    name: str
    instance_type: str | None = None
    instance_count: int = 1
    autoscaling: Autoscaling | None = None
    kms_key: str | None = None
    vpc: Vpc | None = None
    network_isolation: bool = True
    data_capture: DataCapture | None = None
    serverless: Serverless | None = None
    asynchronous: Asynchronous | None = None
    container_startup_health_check_timeout: int | None = None
    model_data_download_timeout: int | None = None
    volume_size_gb: int | None = None
    inference_ami_version: str | None = None

    @property
    def mode(self) -> EndpointMode:
        """Serverless or asynchronous where the spec says so."""
        return mode_of(self.serverless, self.asynchronous)

    @property
    def hosting(self) -> Hosting:
        """How an instance of it starts, and its disk."""
        return Hosting(
            self.container_startup_health_check_timeout,
            self.model_data_download_timeout,
            self.volume_size_gb,
            self.inference_ami_version,
        )


@dataclass(frozen=True)
class RolloutSpec(Open):
    """How a version takes over: `step_percent` is the canary, each linear step, or each rolling batch.

    A serverless endpoint takes over all at once, without a bake; nothing of this holds for it.

    Times are seconds with AWS's limits: bake and termination wait 0-3600, timeout 600-28800.
    """

    strategy: Strategy = Strategy.ALL_AT_ONCE
    step_percent: int = 50
    bake_seconds: int = 300
    termination_wait_seconds: int = 300
    timeout_seconds: int = 3600


GUARDRAIL_PERIOD, GUARDRAIL_PERIODS = 60, 1
"""A guardrail looks at so many periods of so many seconds: SageMaker publishes an endpoint's metrics each minute."""
LEAST_BAKE = GUARDRAIL_PERIOD * (GUARDRAIL_PERIODS + 1)
"""Seconds that a bake needs for a guardrail to trip: the period in which traffic comes is the new fleet's only in part,
and an alarm looks at a period when it is over."""


@dataclass(frozen=True)
class GuardrailSpec(Open):
    """Thresholds for alarms on the new fleet, and further alarms by name; of a serverless endpoint for probation only.

    `error_rate`: share of requests that answer 5xx, 0-1. `latency_p99_ms`: milliseconds.
    """

    error_rate: float | None = None
    latency_p99_ms: int | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApprovalSpec(Open):
    """What an approval must be to count; `four_eyes`: not given by who registered the version."""

    mode: Mode = Mode.ENFORCE
    four_eyes: bool = True


@dataclass(frozen=True)
class AllowedSpec(Open):
    """Where images and artifacts may come from; nothing listed: from anywhere.

    `image_repositories`: `registry/repository`, or `registry/prefix/*`. `artifact_buckets`: names of S3 buckets.
    """

    image_repositories: tuple[str, ...] = ()
    artifact_buckets: tuple[str, ...] = ()


class Better(StrEnum):
    """Which way a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class MetricGate(Open):
    """A metric of a version's evaluation report, or of its metadata, and what it must be.

    `worse_than_live_by`: by how much it may be worse than the live version's, which way being worse is says `better`.
    """

    name: str
    at_least: float | None = None
    at_most: float | None = None
    worse_than_live_by: float | None = None
    better: Better = Better.HIGHER


@dataclass(frozen=True)
class Stage(Open):
    """A stage of the model's life cycle and its status (ModelLifeCycle [B])."""

    name: str
    status: str


@dataclass(frozen=True)
class GatesSpec(Open):
    """What an approved version must show before it goes live.

    `metadata`: keys that its customer metadata must have. `lineage`: MetadataProperties. `evaluation`:
    ModelMetrics.ModelQuality.Statistics.
    """

    metrics: tuple[MetricGate, ...] = ()
    metadata: tuple[str, ...] = ()
    lineage: bool = False
    evaluation: bool = False
    model_card: bool = False
    stage: Stage | None = None


@dataclass(frozen=True)
class SmokeTest(Open):
    """One request to a version that has taken over, and what a sound answer is (InvokeEndpoint [B]).

    `payload`: its body; None: the sample payload that the version was registered with (SamplePayloadUrl), and no test
    where there is none. `content_type`: None: the first that the version supports. `status`: the model's HTTP status.
    `answer`: a JSON Schema of the answer, as text. `seconds`: how long the model may take.
    """

    payload: str | None = None
    content_type: str | None = None
    accept: str | None = None
    status: int = 200
    answer: str | None = None
    seconds: int = 10


@dataclass(frozen=True)
class ReviewSpec(Open):
    """What becomes of a version that nobody decides on.

    `reminder_hours`: every so often somebody is reminded; 0: never. `expiry_days`: how long, since it was registered;
    then it is said, and reminders end, while its status stays as it is; 0: without end.
    """

    reminder_hours: int = 72
    expiry_days: int = 30


class Monitor(StrEnum):
    """What a monitoring schedule watches (MonitoringType [B])."""

    DATA_QUALITY = "data_quality"
    MODEL_QUALITY = "model_quality"
    BIAS = "bias"
    EXPLAINABILITY = "explainability"


@dataclass(frozen=True)
class MonitorSpec(Open):
    """One monitoring schedule of the group (CreateMonitoringSchedule and Create…JobDefinition [B]).

    `image`: of the monitoring container in ECR. `schedule`: a cron expression of SageMaker's, which knows whole hours.
    `ground_truth`: the S3 prefix of what was right, for model quality and bias. `problem_type`: for model quality.
    `inference`, `probability`: the attributes of an answer that hold them. `start_offset`, `end_offset`: which of the
    captured requests a run looks at, from its own time (`-PT2H`; ISO 8601 durations). `environment`: of the container.
    """

    image: str
    schedule: str
    instance_type: str
    instance_count: int = 1
    volume_gb: int = 20
    most_minutes: int = 30
    ground_truth: str | None = None
    problem_type: str | None = None
    inference: str | None = None
    probability: str | None = None
    start_offset: str | None = None
    end_offset: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MonitoringSpec(Open):
    """The monitoring schedules that follow the live version; reports go to `output`, a prefix in S3.

    `role`: by which the monitoring jobs run.
    """

    role: str
    output: str
    schedules: Mapping[Monitor, MonitorSpec]
    kms_key: str | None = None


@dataclass(frozen=True)
class RetrainingSpec(Open):
    """When the group's SageMaker pipeline is started anew, and how often at most.

    `alarms`: CloudWatch alarms that say that the live version has drifted. `on_violations`: a run of a monitoring
    schedule that found violations is a reason, too. `on_rejection`: so is the rejection of the live version.
    `cooldown_hours`: from one start to the next. `roll_back`: drift sends the live version back to the last known good.
    `parameters`: further ones of the pipeline.
    """

    pipeline: str
    alarms: tuple[str, ...] = ()
    on_violations: bool = True
    on_rejection: bool = False
    cooldown_hours: int = 24
    most_per_week: int = 2
    roll_back: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Freeze(Open):
    """A window in which nothing moves forward; `start` and `end` are epoch seconds."""

    start: float
    end: float
    reason: str


@dataclass(frozen=True)
class Recurring(Open):
    """Freeze windows that recur: each begins when `cron` says (five fields) in `timezone`, and lasts `minutes`."""

    cron: str
    minutes: int
    timezone: str
    reason: str


@dataclass(frozen=True)
class Calendar:
    """Freeze windows of the whole account, as its SSM parameter has them."""

    freeze: tuple[Freeze, ...] = ()
    recurring_freeze: tuple[Recurring, ...] = ()


@dataclass(frozen=True)
class GroupSpec(Open):
    """All of a group's wishes that the controller acts on; the same words as in `groups/*.yaml`.

    `artifacts`: prefixes in S3 below which they lie, with reports and payloads; nothing else can be read there.
    `reader_role`: by which the controller reads the group's reports and payloads in S3, None: it reads none.
    """

    name: str
    endpoint: EndpointSpec
    execution_role: str
    artifacts: tuple[str, ...] = ()
    rollout: RolloutSpec = RolloutSpec()
    guardrails: GuardrailSpec = GuardrailSpec()
    approval: ApprovalSpec = ApprovalSpec()
    allowed: AllowedSpec = AllowedSpec()
    gates: GatesSpec = GatesSpec()
    smoke_test: SmokeTest | None = SmokeTest()
    reader_role: str | None = None
    review: ReviewSpec = ReviewSpec()
    monitoring: MonitoringSpec | None = None
    retraining: RetrainingSpec | None = None
    probation_minutes: int = 60
    retain_versions: int = 3
    withdrawal: Withdrawal = Withdrawal.KEEP
    onboarding: Onboarding = Onboarding.RECORD
    freeze: tuple[Freeze, ...] = ()
    recurring_freeze: tuple[Recurring, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


_KEY = "schema"


def spec_to_json(spec: GroupSpec) -> str:
    """The text of the group's SSM parameter: its schema, compact, keys sorted, defaults left out."""
    return json.dumps({**encode(spec), _KEY: str(SCHEMA)}, sort_keys=True, separators=(",", ":"))


def changes(before: GroupSpec, now: GroupSpec) -> dict[str, Any]:
    """What differs between two specs, by path such as `approval.mode`, each with what it was and is."""
    was, is_ = (dict(_leaves(spelled_out(spec))) for spec in (before, now))
    paths = sorted(path for path in was.keys() | is_.keys() if was.get(path) != is_.get(path))
    return {path: {"from": was.get(path), "to": is_.get(path)} for path in paths}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    else:
        yield path, value


def calendar_from_json(text: str) -> Calendar:
    """Read the account's freeze windows.

    Raises:
        Malformed: it is not JSON, or no calendar; names the key, its value and what is allowed.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the account's calendar is not JSON: {error}") from error
    return decode(Calendar, data, "calendar")


def spec_from_json(text: str) -> GroupSpec:
    """Read the group's SSM parameter, which a newer release may have written.

    Keys that this release does not know are kept, and have no effect (`codec.unknown_keys` names them).

    Raises:
        Malformed: it is not JSON, or not a spec; names the key, its value and what is allowed. Or it is of a newer
            major schema, which this release must not guess at.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the group's spec is not JSON: {error}") from error
    if not isinstance(data, dict):
        return decode(GroupSpec, data, "spec")
    schema = schema_of(data.pop(_KEY, str(OLDEST)), "spec")
    if schema.major > SCHEMA.major:
        raise Malformed(
            f"the group's spec is of schema {schema}, and this release reads up to {SCHEMA.major}.x; deploy the"
            " functions of the release that wrote it"
        )
    return decode_kept(GroupSpec, data, "spec")
