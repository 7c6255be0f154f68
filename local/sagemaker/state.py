"""What one account's SageMaker holds in one region."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import invalid, missing

if TYPE_CHECKING:
    from local.sagemaker.deployment import Deployment
    from local.sagemaker.ports import Container, Fleet

Fields = dict[str, Any]  # a structure of the API, by its members' names
Tags = dict[str, str]


@dataclass
class Group:
    """A model package group."""

    name: str
    arn: str
    created: float
    fields: Fields
    tags: Tags
    policy: str | None = None
    last_version: int = 0


@dataclass
class Package:
    """A model package: a version of a group, or one on its own.

    Attributes:
        fields: as DescribeModelPackage shows them.
        due: when its status changes next, clock seconds, set by State.plan; None: it stays as it is.
    """

    arn: str
    fields: Fields
    group: Group | None
    tags: Tags
    due: float | None = None

    @property
    def modified(self) -> float:
        """When it was last written."""
        return float(self.fields["LastModifiedTime"])


@dataclass
class Model:
    """A model, and the containers it had when it was made."""

    name: str
    arn: str
    created: float
    fields: Fields
    tags: Tags
    containers: tuple[Container, ...]


@dataclass
class Config:
    """An endpoint configuration.

    Attributes:
        visible: from when on CreateEndpoint and UpdateEndpoint see it, clock seconds.
    """

    name: str
    arn: str
    created: float
    fields: Fields
    tags: Tags
    visible: float


@dataclass
class Variant:
    """A production variant as it runs: its fleet, and the traffic and capacity it has and should have."""

    fleet: Fleet
    settings: Fields  # the variant as its endpoint configuration has it
    weight: float
    desired_weight: float
    desired_count: int | None  # None: serverless
    running: bool = False  # its containers were started

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.fleet.variant

    @property
    def count(self) -> int | None:
        """Instances it has; None: serverless."""
        return None if self.desired_count is None else self.fleet.instance_count


@dataclass
class Side:
    """The fleets that run one endpoint configuration on an endpoint: the old or the new side of an update."""

    config: str
    config_arn: str
    variants: list[Variant]
    data_capture: Fields | None
    asynchronous: Fields | None = None  # AsyncInferenceConfig

    @property
    def total_weight(self) -> float:
        """The sum of the variants' weights; zero if none is to get traffic by weight."""
        return sum(variant.weight for variant in self.variants)


@dataclass
class Endpoint:
    """An endpoint.

    Attributes:
        serving: what serves when nothing is being deployed; None until the endpoint was first in service.
        mixed: what of a failed rollback serves beside it, and its share of the traffic.
        deployment: what is under way.
    """

    name: str
    arn: str
    status: str
    created: float
    modified: float
    tags: Tags
    config: str
    config_arn: str
    serving: Side | None = None
    mixed: tuple[Side, float] | None = None
    deployment: Deployment | None = None
    last_deployment_config: Fields | None = None
    failure_reason: str | None = None


@dataclass
class Pipeline:
    """A pipeline; `parameters`: those that its definition declares, with their defaults; `token`: that made it."""

    name: str
    arn: str
    fields: Fields
    tags: Tags
    parameters: dict[str, str | None]
    token: str


@dataclass
class PipelineExecution:
    """A pipeline's execution; `token`: that started it; `registered`: ARNs of the versions that it registered."""

    arn: str
    pipeline: str
    token: str
    fields: Fields
    registered: tuple[str, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.fields["PipelineExecutionStatus"] in {"Executing", "Stopping"}


@dataclass
class JobDefinition:
    """A monitoring job's definition; `kind`: MonitoringType."""

    name: str
    arn: str
    kind: str
    fields: Fields
    tags: Tags


@dataclass
class MonitoringExecution:
    """A run of a monitoring schedule, as ListMonitoringExecutions shows it."""

    scheduled: float
    fields: Fields

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return bool(self.fields["MonitoringExecutionStatus"] == "InProgress")


@dataclass
class Schedule:
    """A monitoring schedule; `due`: when its status changes or its next run begins, clock seconds."""

    name: str
    arn: str
    created: float
    modified: float
    kind: str
    definition: str
    expression: str
    tags: Tags
    status: str = "Pending"
    due: float | None = None


@dataclass
class State:
    """Everything, by name in lower case: SageMaker's names are unique whatever their case."""

    groups: dict[str, Group] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)  # by ARN in lower case
    models: dict[str, Model] = field(default_factory=dict)
    configs: dict[str, Config] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    tokens: dict[str, str] = field(
        default_factory=dict
    )  # a CreateModelPackage's client token: the ARN it made
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    executions: dict[str, PipelineExecution] = field(default_factory=dict)  # by ARN in lower case
    pipeline_tokens: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # pipeline and a start's token: the execution's ARN
    definitions: dict[tuple[str, str], JobDefinition] = field(default_factory=dict)  # by kind and name
    schedules: dict[str, Schedule] = field(default_factory=dict)
    busy_schedules: dict[str, Schedule] = field(default_factory=dict)  # those of which something is due
    runs: dict[str, list[MonitoringExecution]] = field(
        default_factory=dict
    )  # by the schedule's name; they outlive it
    sequence: int = 0
    agenda: list[tuple[float, int, Package]] = field(default_factory=list)  # a heap; see plan
    under_way: dict[str, Endpoint] = field(default_factory=dict)  # the endpoints that have a deployment

    def plan(self, package: Package, due: float) -> None:
        """A package's status changes then. With thousands of packages a look at each would take too long."""
        package.due = due
        heapq.heappush(self.agenda, (due, self.number(), package))

    def planned(self) -> Package | None:
        """The package whose status changes next. What was planned for a package that is gone is forgotten."""
        while self.agenda and self.agenda[0][2].due != self.agenda[0][0]:
            heapq.heappop(self.agenda)
        return self.agenda[0][2] if self.agenda else None

    def runs_of(self, schedule: str) -> list[MonitoringExecution]:
        """The runs of a monitoring schedule of this name, the oldest first."""
        return self.runs.setdefault(schedule.lower(), [])

    def number(self) -> int:
        """The next of a rising row of numbers."""
        self.sequence += 1
        return self.sequence


def bare(name_or_arn: str) -> str:
    """The name in an ARN (arn:…:kind/name), or the name itself; in lower case, as State's keys."""
    return (name_or_arn.split("/", 1)[1] if name_or_arn.startswith("arn:") else name_or_arn).lower()


def find_endpoint(state: State, name: str, arn: str) -> Endpoint:
    """An endpoint by name. ValidationException if there is none."""
    if found := state.endpoints.get(name.lower()):
        return found
    raise missing("endpoint", arn)


def find_model(state: State, name: str, arn: str) -> Model:
    """A model by name. ValidationException if there is none."""
    if found := state.models.get(name.lower()):
        return found
    raise missing("model", arn)


def find_config(state: State, name: str, arn: str) -> Config:
    """An endpoint configuration by name. ValidationException if there is none."""
    if found := state.configs.get(name.lower()):
        return found
    raise missing("endpoint configuration", arn)


def find_group(state: State, name_or_arn: str, arn: str) -> Group:
    """A model package group by name or ARN. ValidationException if there is none."""
    if found := state.groups.get(bare(name_or_arn)):
        return found
    raise invalid(f"ModelPackageGroup {arn} does not exist.")
