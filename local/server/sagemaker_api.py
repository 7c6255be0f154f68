"""SageMaker's control plane over HTTP: JSON 1.1 in, IAM, the model, JSON 1.1 out; and its heart, which beats."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.sagemaker.caller import Caller
from local.sagemaker.errors import SageMakerError
from local.server.authorization import json_answer, json_error, refusal

if TYPE_CHECKING:
    from local.server.clock import ScaledTime
    from local.server.model import CurrentModel
    from local.server.requests import Answer, Call
    from local.server.runtime import Runtime

logger = logging.getLogger(__name__)


class ModelClock:
    """The scaled time as the model's clock."""

    def __init__(self, clock: ScaledTime) -> None:
        self._clock = clock

    def now(self) -> float:
        """Epoch seconds, wall time."""
        return time.time()

    def scale(self) -> float:
        """AWS seconds per wall second."""
        return self._clock.scale


class Heart:
    """Moves SageMaker on when something of it is due, in a thread of its own: starting a fleet takes seconds."""

    def __init__(self, model: CurrentModel) -> None:
        self._model = model
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="sagemaker", daemon=True)
        self.failures: list[str] = []

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; waits for what is running."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def look(self) -> None:
        """Something may have become due."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while True:
            due = self._model.next_change_at()
            with self._changed:
                if self._stopped:
                    return
                if due is None or due > time.time():
                    # A second at most: what is due can come nearer by itself, when a fault or a switch changes.
                    self._changed.wait(1.0 if due is None else min(1.0, due - time.time()))
                    continue
            try:
                self._model.tick()
            except Exception as error:
                logger.exception("SageMaker's model failed")
                self.failures.append(f"{type(error).__name__}: {error}")
                time.sleep(1)


class SageMakerApi:
    """Serves SageMaker's two endpoints, which sign with one name: the API's requests name a target, the runtime's
    do not."""

    def __init__(self, model: CurrentModel, runtime: Runtime, heart: Heart) -> None:
        self._model = model
        self._runtime = runtime
        self._heart = heart

    async def serve(self, call: Call) -> Answer:
        """Answer one request."""
        if "x-amz-target" not in call.headers:
            return await self._runtime.serve(call)
        try:
            request: dict[str, Any] = json.loads(call.body or b"{}")
        except ValueError as error:
            return json_error("SerializationException", str(error))
        try:
            denied = refusal(call, self._model.checks(call.operation, request))
            if denied:
                return denied
            answer = self._model.call(call.operation, request, _caller(call))
        except SageMakerError as error:
            return json_error(error.code, error.message, error.status)
        finally:
            self._heart.look()
        return json_answer(on_the_wire(answer))


def _caller(call: Call) -> Caller:
    who = call.principal
    return Caller(who.arn, who.account, who.principal_id, who.source_identity or None)


def on_the_wire(value: Any) -> Any:
    """A model's answer as JSON 1.1 carries it: times as epoch seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: on_the_wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [on_the_wire(item) for item in value]
    return value
