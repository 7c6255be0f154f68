"""The composition root of the local AWS: makes its parts, puts them into ministack, starts and stops them."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from local.server import (
    cloudformation,
    cloudformation_types,
    conditions,
    function_process,
    functions,
    hooks,
    identity,
    metrics,
    object_keys,
    parameter_events,
    parameter_limits,
    permissions,
    publishing,
    queues,
    refusals,
    requests,
    resource_policies,
    role_templates,
    rule_states,
    table_access,
    topic_access,
    trust,
)
from local.server.alarms import STEP, Alarms
from local.server.asgi import application
from local.server.clock import ScaledTime
from local.server.control import Control
from local.server.delivery import Deliveries
from local.server.event_faults import EventFaults
from local.server.events import Events
from local.server.page import Page
from local.server.request_log import RequestLog
from local.server.sagemaker_parts import SageMakerParts
from local.server.schedules import Schedules
from local.server.streams import Streams
from local.server.timer import Timer
from local.server.trail import Trail

if TYPE_CHECKING:
    from local.server.asgi import App
    from local.server.control import Setting
    from local.server.settings import ServerSettings

MINUTE = 60

logger = logging.getLogger(__name__)


class LocalServer:
    """The parts of one running local AWS, of which a process can hold one: ministack's state is its modules'."""

    def __init__(self, settings: ServerSettings) -> None:
        if moved := hooks.problems():
            raise hooks.HookMovedError(
                f"ministack {hooks.MINISTACK_VERSION} is needed; in the one installed: " + "; ".join(moved)
            )
        self.settings = settings
        self.time = ScaledTime(settings.time_scale)
        self.timer = Timer()
        self.log = RequestLog()
        self.network = requests.Network()
        self.events = Events(settings.account, settings.region, self.time, self.timer)
        self.deliveries = Deliveries(self.time, self.timer)
        self.alarms = Alarms(self.time, self.events.emit)
        self.schedules = Schedules(self.time)
        self.streams = Streams(self.time)
        self.sagemaker = SageMakerParts(settings, self.time, self.events)
        late = Events(settings.account, settings.region, self.time, self.timer)
        self.trail = Trail(settings.region, self.time, self.timer, late)
        self._install()
        self.control = Control(
            log=self.log,
            settings=self._settings(),
            reset=self._reset,
            health=lambda: {
                "process": os.getpid(),
                "failures": [*self.timer.failures, *self.sagemaker.heart.failures],
            },
            page=Page(settings),
        )
        self.app: App = application(self.control)

    def _install(self) -> None:
        identity.install()
        conditions.install()
        permissions.install()
        trust.install()
        resource_policies.install(self.sagemaker.model.policy_of)
        table_access.install()
        refusals.install()
        functions.install()
        rule_states.install()
        cloudformation.install([*cloudformation_types.types(), *self.sagemaker.types])
        cloudformation_types.mend_tables()
        cloudformation_types.mend_log_groups()
        role_templates.install()
        services = {**self.sagemaker.services, "cloudtrail": self.trail.serve}
        requests.install(self.log, services, self.network, self.trail.saw)
        metrics.install()
        queues.install()
        publishing.install()
        topic_access.install()
        object_keys.install()
        parameter_limits.install()
        parameter_events.install(self.events.emit)
        self.alarms.install()
        self.deliveries.install()
        self.schedules.install()
        self.streams.install()

    def _settings(self) -> dict[str, Setting]:
        return {
            "time_scale": (lambda: self.time.scale, lambda value: self.time.set_scale(float(value))),
            "round_trip": (lambda: self.network.round_trip, self.network.set_round_trip),
            "event_faults": (
                lambda: asdict(self.events.faults),
                lambda value: self.events.set_faults(EventFaults(**value)),
            ),
            "trail": (lambda: self.trail.on, self.trail.set_on),
            "trail_delay": (lambda: self.trail.delay, lambda value: self.trail.set_delay(float(value))),
            "trail_faults": (
                lambda: asdict(self.trail.faults),
                lambda value: self.trail.set_faults(EventFaults(**value)),
            ),
            "function_clock_ahead": (
                lambda: function_process.clock.ahead,
                lambda value: function_process.clock.set_ahead(float(value)),
            ),
            "message_group_id": (
                lambda: "resolved" if self.deliveries.resolve_paths else "literal",
                self._set_message_group_id,
            ),
            "failing_targets": (lambda: self.deliveries.failing, self._set_failing_targets),
            **self.sagemaker.settings,
        }

    def _set_message_group_id(self, value: str) -> None:
        if value not in ("resolved", "literal"):
            raise ValueError(f"{value!r} is not one of: resolved, literal")
        self.deliveries.resolve_paths = value == "resolved"

    def _set_failing_targets(self, value: dict[str, int]) -> None:
        self.deliveries.failing = {str(arn): int(times) for arn, times in value.items()}

    def start(self) -> None:
        """Begin what the local AWS does by itself."""
        self.timer.every(lambda: self.time.wall_seconds(STEP), self.alarms.evaluate_due)
        self.timer.every(lambda: self.time.wall_seconds(STEP), self.schedules.fire_due)
        self.timer.every(lambda: self.time.wall_seconds(MINUTE / 2), queues.publish_metrics)
        self.timer.start()
        self.sagemaker.start()

    def stop(self) -> None:
        """End what the local AWS does by itself, and every process it has started."""
        from ministack.core import lambda_runtime  # noqa: PLC0415 - reads settings at import

        self.timer.stop()
        self.sagemaker.stop()
        lambda_runtime.reset()

    def _reset(self) -> None:
        hooks.private("app._reset_all_state")()
        self.sagemaker.clear()
        self.events.set_faults(EventFaults())
        self.trail.clear()
        self.deliveries.resolve_paths, self.deliveries.failing = True, {}
        function_process.clock.set_ahead(0)
        self.time.set_scale(self.settings.time_scale)
        self.log.clear()
