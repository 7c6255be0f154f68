"""SageMaker in the local AWS: the model with its world, its API and runtime, its fleets, what scales it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.sagemaker.faults import Faults
from local.sagemaker.service import SageMaker
from local.sagemaker.switches import Switches
from local.server import adjustments
from local.server.autoscaling import AutoScaling
from local.server.captures import Captures
from local.server.fleets import Fleets
from local.server.inspections import Inspections
from local.server.model import CurrentModel
from local.server.pipelines import Pipelines
from local.server.runtime import Runtime
from local.server.sagemaker_api import Heart, ModelClock, SageMakerApi
from local.server.sagemaker_templates import ModelPackageGroups
from local.server.variants import ModelVariants
from local.server.world import LocalWorld
from local.serving import processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.ports import Fleet
    from local.server.clock import ScaledTime
    from local.server.cloudformation import ResourceType
    from local.server.control import Setting
    from local.server.events import Events
    from local.server.requests import Handler
    from local.server.settings import ServerSettings
    from local.serving.fleet import Answer


class SageMakerParts:
    """One SageMaker; `services` are the handlers of requests by ministack's service name."""

    def __init__(self, settings: ServerSettings, clock: ScaledTime, events: Events) -> None:
        account, region = settings.account, settings.region
        self.switches, self.faults = Switches(), Faults()
        self.fleets = Fleets(settings)
        self.pipelines = Pipelines(settings, lambda *told: self.model.pipeline_ended(*told))  # noqa: PLW0108 - made below
        self.inspections = Inspections(settings, lambda *told: self.model.inspection_ended(*told))  # noqa: PLW0108 - as above
        world = LocalWorld(
            settings,
            events=events,
            fleets=self.fleets,
            inspections=self.inspections,
            pipelines=self.pipelines,
        )
        self.model = CurrentModel(
            lambda: SageMaker(
                account=account,
                region=region,
                clock=ModelClock(clock),
                world=world,
                switches=self.switches,
                faults=self.faults,
                real_time=True,
            )
        )
        self.heart = Heart(self.model)
        self._captures = Captures(settings)
        self._runtime = Runtime(
            settings=settings,
            route=self.model.route,
            asynchronous_of=self.model.asynchronous_of,
            invoke=self.fleets.invoke,
            checks=self.model.checks,
            capture=self._capture,
        )
        self.scaling = AutoScaling(account, region, ModelVariants(self.model, account))
        self.services: Mapping[str, Handler] = {
            "sagemaker": SageMakerApi(self.model, self._runtime, self.heart).serve,
            "application-autoscaling": self.scaling.serve,
        }
        self.types: list[ResourceType] = [ModelPackageGroups(self.model, account, region).type()]
        self.settings: Mapping[str, Setting] = {
            "switches": (
                lambda: adjustments.show_switches(self.switches),
                lambda wanted: adjustments.set_switches(self.switches, wanted),
            ),
            "faults": (
                lambda: adjustments.show_faults(self.faults),
                lambda wanted: adjustments.set_faults(self.faults, wanted),
            ),
            "pipelines": (lambda: dict(self.pipelines.callables), self.pipelines.set_callables),
        }

    def start(self) -> None:
        """Begin to move on what is due, and to get ready for the first model."""
        processes.prewarm()
        self.heart.start()

    def stop(self) -> None:
        """End the heart, every pipeline and every fleet; what is looked at now comes to its end."""
        self.heart.stop()
        self.inspections.stop()
        self.pipelines.stop_all()
        self._runtime.later.stop()
        self.fleets.stop_all()

    def clear(self) -> None:
        """Forget everything, and set switches and faults back."""
        self.model.renew()
        self.pipelines.clear()
        self.fleets.stop_all()
        self.scaling.clear()
        adjustments.set_switches(self.switches, adjustments.show_switches(Switches()))
        adjustments.set_faults(self.faults, {})

    def _capture(
        self, fleet: Fleet, body: bytes, content_type: str, served: Answer, inference_id: str | None
    ) -> None:
        if (config := self.model.capture_of(fleet)) is not None:
            self._captures.take(fleet, config, body, content_type, served, inference_id)
