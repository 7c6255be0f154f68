"""Effects as data: what a decision wants done. One adapter performs them; a dry run prints them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.core.content import Container
from lambdas.core.facts import Baseline
from lambdas.core.spec import (
    AS_AWS_CHOOSES,
    Asynchronous,
    Autoscaling,
    DataCapture,
    Hosting,
    Monitor,
    MonitorSpec,
    RolloutSpec,
    Serverless,
    Vpc,
)


@dataclass(frozen=True)
class CreateModel:
    """Make a model of exactly these containers (CreateModel); the same existing already is success.

    Not of the model package itself: what a package says may change after its approval, and whether SageMaker reads it
    when the model is made or whenever instances start is not documented.
    """

    name: str
    containers: tuple[Container, ...]
    execution_role: str
    vpc: Vpc | None
    network_isolation: bool
    tags: Mapping[str, str]


@dataclass(frozen=True)
class PutGuardrail:
    """An alarm on the fleet of one endpoint config (PutMetricAlarm).

    `metric` is one of AWS/SageMaker's; `statistic` a name or a percentile such as `p99`; `threshold` in the
    metric's own unit (ModelLatency: microseconds).
    """

    alarm: str
    endpoint: str
    config: str
    metric: str
    statistic: str
    threshold: float
    tags: Mapping[str, str]


@dataclass(frozen=True)
class CreateConfig:
    """Make an endpoint config (CreateEndpointConfig); existing already is success.

    `instance_type`, `instance_count`, `hosting`: mean nothing where `serverless` is given.
    """

    name: str
    model: str
    instance_type: str | None
    instance_count: int
    kms_key: str | None
    data_capture: DataCapture | None
    tags: Mapping[str, str]
    serverless: Serverless | None = None
    asynchronous: Asynchronous | None = None
    hosting: Hosting = AS_AWS_CHOOSES


@dataclass(frozen=True)
class CreateEndpoint:
    """Make the endpoint (CreateEndpoint)."""

    name: str
    config: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class UpdateEndpoint:
    """Move the endpoint to another config (UpdateEndpoint), traffic by `rollout`, watched by `alarms`.

    `rollout` None: the endpoint is serverless, and SageMaker takes no deployment config for it.
    `retain_capacity`: keep the instance count that autoscaling chose. `config_is_new`: the config was made
    in this very step, so that "could not find" means "not yet visible".
    """

    name: str
    config: str
    rollout: RolloutSpec | None
    alarms: tuple[str, ...]
    retain_capacity: bool
    config_is_new: bool


@dataclass(frozen=True)
class DeleteEndpoint:
    """Delete the endpoint (DeleteEndpoint); gone already is success."""

    name: str


@dataclass(frozen=True)
class TripAbort:
    """Put 1 on the group's abort metric: the abort alarm trips and SageMaker takes traffic back."""

    group: str


@dataclass(frozen=True)
class ClearAbort:
    """Put 0 on the group's abort metric: the abort alarm becomes OK again."""

    group: str


@dataclass(frozen=True)
class DeletePlacement:
    """Delete a config, its model (None: still used by another config) and its alarms; gone is success."""

    config: str
    model: str | None
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class RegisterScaling:
    """Register the variant's bounds and target-tracking policy with Application Auto Scaling."""

    endpoint: str
    autoscaling: Autoscaling


@dataclass(frozen=True)
class RemoveScaling:
    """Deregister the variant from Application Auto Scaling; gone already is success."""

    endpoint: str


@dataclass(frozen=True)
class PutMonitoring:
    """Point a monitoring schedule at a version's own baseline: its job definition is made, then the schedule is made
    or moved to it, then `old` job definitions are deleted (CreateDataQualityJobDefinition and its like,
    CreateMonitoringSchedule, UpdateMonitoringSchedule).

    `definition`: the job definition's name; the same content gives the same name.
    """

    schedule: str
    monitor: Monitor
    definition: str
    endpoint: str
    wanted: MonitorSpec
    role: str
    output: str
    kms_key: str | None
    baseline: Baseline
    tags: Mapping[str, str]
    old: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoveMonitoring:
    """Delete a monitoring schedule, then its job definitions; gone already is success (DeleteMonitoringSchedule)."""

    schedule: str
    monitor: Monitor
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class AskToRetrain:
    """Tell the function `retrain` that a run of the group is to be started."""

    group: str
    run: str


Action = (
    CreateModel
    | PutGuardrail
    | CreateConfig
    | CreateEndpoint
    | UpdateEndpoint
    | DeleteEndpoint
    | TripAbort
    | ClearAbort
    | DeletePlacement
    | RegisterScaling
    | RemoveScaling
    | PutMonitoring
    | RemoveMonitoring
    | AskToRetrain
)
