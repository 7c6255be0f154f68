"""What SageMaker asks of the rest of AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Container:
    """One container of a model: what a fleet runs."""

    image: str
    model_data_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None


@dataclass(frozen=True)
class Fleet:
    """One variant of an endpoint configuration, running on an endpoint.

    Attributes:
        id: unlike that of any other fleet: the same configuration can run twice during an update.
        instance_type, instance_count: None and 0 for a serverless variant.
    """

    id: str
    endpoint: str
    config: str
    variant: str
    model: str
    containers: tuple[Container, ...]
    instance_type: str | None
    instance_count: int
    execution_role_arn: str | None = None


@dataclass(frozen=True)
class PipelineRun:
    """An execution of a pipeline that begins; `name`: the pipeline's, `started`: clock seconds."""

    arn: str
    name: str
    display_name: str
    role_arn: str
    parameters: Mapping[str, str]
    started: float


@dataclass(frozen=True)
class MonitoringRun:
    """A run of a monitoring schedule that begins.

    Attributes:
        kind: MonitoringType [B].
        definition: its job definition, as it was made.
        scheduled: clock seconds; with the schedule's name it is the run's own.
        window: from when to when, in clock seconds, what was captured is looked at.
        processing_job: the ARN of its job.
    """

    schedule: str
    endpoint: str
    kind: str
    definition: Mapping[str, Any]
    scheduled: float
    window: tuple[float, float]
    processing_job: str


class World(Protocol):
    """The rest of AWS.

    The questions (alarm_state, object_exists, role_assumable) are asked while SageMaker's lock is held: answer
    them without waiting for a thread that may itself be calling SageMaker. The others are called without it.
    """

    def run_pipeline(self, run: PipelineRun) -> None:
        """Begin what a pipeline does, without waiting for its end: that is told by SageMaker.pipeline_ended."""
        ...

    def stop_pipeline(self, arn: str) -> None:
        """Leave off what an execution does."""
        ...

    def inspect(self, run: MonitoringRun) -> None:
        """Begin what a monitoring run does, without waiting for its end: SageMaker.inspection_ended is told."""
        ...

    def emit(self, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """Put an event with source aws.sagemaker on the default bus."""
        ...

    def alarm_state(self, name: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None: there is no such alarm."""
        ...

    def object_exists(self, s3_uri: str) -> bool:
        """Whether there is an object of this name, or one below it if it ends in a slash."""
        ...

    def role_assumable(self, role_arn: str) -> bool:
        """Whether the role exists and trusts sagemaker.amazonaws.com."""
        ...

    def start_fleet(self, fleet: Fleet) -> str | None:
        """Start a fleet's containers; None when they answer, otherwise why they do not."""
        ...

    def stop_fleet(self, fleet: Fleet) -> None:
        """End what start_fleet started."""
        ...
