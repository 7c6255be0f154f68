"""Performs actions: one method for each kind, each safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lambdas.core import actions as do

if TYPE_CHECKING:
    from lambdas.adapters.alarms import Alarms
    from lambdas.adapters.endpoints import Endpoints
    from lambdas.adapters.monitoring import Monitoring
    from lambdas.adapters.queue import RetrainQueue
    from lambdas.adapters.scaling import Scaling

# What is done beside an endpoint, once it serves.
_Beside = do.RegisterScaling | do.RemoveScaling | do.PutMonitoring | do.RemoveMonitoring | do.AskToRetrain


class Executor:
    """Turns actions into calls."""

    def __init__(
        self,
        endpoints: Endpoints,
        alarms: Alarms,
        scaling: Scaling,
        monitoring: Monitoring,
        retraining: RetrainQueue,
    ) -> None:
        self._endpoints, self._alarms, self._scaling = endpoints, alarms, scaling
        self._monitoring, self._retraining = monitoring, retraining

    def perform(self, action: do.Action) -> None:
        """Perform one action.

        Raises:
            GreenlightError: AWS could not, or would not.
        """
        match action:
            case do.CreateModel():
                self._endpoints.create_model(action)
            case do.PutGuardrail():
                self._alarms.put_guardrail(action)
            case do.CreateConfig():
                self._endpoints.create_config(action)
            case do.CreateEndpoint():
                self._endpoints.create_endpoint(action)
            case do.UpdateEndpoint():
                self._endpoints.update_endpoint(action)
            case do.DeleteEndpoint():
                self._endpoints.delete_endpoint(action.name)
            case do.TripAbort():
                self._alarms.trip(action.group)
            case do.ClearAbort():
                self._alarms.clear(action.group)
            case do.DeletePlacement():
                self._delete_placement(action)
            case _:
                self._perform_beside(action)

    def _perform_beside(self, action: _Beside) -> None:
        match action:
            case do.RegisterScaling():
                self._scaling.register(action)
            case do.RemoveScaling():
                self._scaling.remove(action)
            case do.PutMonitoring():
                self._monitoring.put(action)
            case do.RemoveMonitoring():
                self._monitoring.remove(action)
            case do.AskToRetrain():
                self._retraining.ask(action.group, action.run)
            case _:
                assert_never(action)

    def _delete_placement(self, action: do.DeletePlacement) -> None:
        self._endpoints.delete_config(action.config)
        if action.model is not None:
            self._endpoints.delete_model(action.model)
        self._alarms.delete(action.alarms)
