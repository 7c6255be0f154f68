"""What SageMaker asks of the rest of AWS, answered by ministack and by our own parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks, sessions
from local.server.scope import account_scope

if TYPE_CHECKING:
    from local.sagemaker.ports import Fleet, MonitoringRun, PipelineRun
    from local.server.events import Events
    from local.server.fleets import Fleets
    from local.server.inspections import Inspections
    from local.server.pipelines import Pipelines
    from local.server.settings import ServerSettings


class LocalWorld:
    """The port `local.sagemaker.ports.World` of the model."""

    def __init__(
        self,
        settings: ServerSettings,
        *,
        events: Events,
        fleets: Fleets,
        inspections: Inspections,
        pipelines: Pipelines,
    ) -> None:
        self._settings = settings
        self._account, self._region = settings.account, settings.region
        self._events = events
        self._fleets = fleets
        self._inspections = inspections
        self._pipelines = pipelines

    def run_pipeline(self, run: PipelineRun) -> None:
        """Begin what a pipeline does: its callable, in a process of its own."""
        self._pipelines.begin(run)

    def stop_pipeline(self, arn: str) -> None:
        """End an execution's process."""
        self._pipelines.stop(arn)

    def inspect(self, run: MonitoringRun) -> None:
        """Begin to look at what was captured, in a thread of its own."""
        self._inspections.begin(run)

    def emit(self, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """Put an event with source aws.sagemaker on the default bus."""
        self._events.emit("aws.sagemaker", detail_type, resources, detail)

    def alarm_state(self, name: str) -> str | None:
        """The state of a metric or composite alarm; None if there is none of that name."""
        with account_scope(self._account, self._region):
            for store in ("_alarms", "_composite_alarms"):
                alarm = hooks.private(f"services.cloudwatch.{store}").get(name)
                if alarm is not None:
                    return str(alarm["StateValue"])
        return None

    def object_exists(self, s3_uri: str) -> bool:
        """Whether there is an object of this name, or one below it if it ends in a slash."""
        if not s3_uri.endswith("/"):
            return self._fleets.object(s3_uri) is not None
        bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
        with account_scope(self._account, self._region):
            found = hooks.private("services.s3._buckets").get(bucket) or {}
        return any(str(key).startswith(prefix) for key in found.get("objects", {}))

    def role_assumable(self, role_arn: str) -> bool:
        """Whether the role exists and trusts sagemaker.amazonaws.com."""
        return sessions.assumable(self._settings, role_arn)

    def start_fleet(self, fleet: Fleet) -> str | None:
        """Start a fleet's containers; None when they answer, otherwise why they do not."""
        return self._fleets.start(fleet)

    def stop_fleet(self, fleet: Fleet) -> None:
        """End what start_fleet started."""
        self._fleets.stop(fleet)
