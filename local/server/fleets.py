"""The processes behind endpoints: one per fleet, started with the model's artifact from S3, asked, stopped."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.server import hooks, sessions
from local.server.scope import account_scope
from local.serving.fleet import Answer, FleetProcess, ServingError

if TYPE_CHECKING:
    from local.sagemaker.ports import Fleet
    from local.server.settings import ServerSettings

START_TIMEOUT = 180.0
"""Wall seconds for a container to start: two busy cores import scikit-learn slowly."""


class Fleets:
    """The running fleets."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._clients: dict[str, Any] = {}
        self._running: dict[str, FleetProcess] = {}
        self._lock = threading.Lock()

    def start(self, fleet: Fleet) -> str | None:
        """Start a fleet's first container; None once it serves, else why it does not."""
        container = fleet.containers[0]
        if container.model_data_url is None:
            return "the local AWS runs a container for its model data, and this one has no ModelDataUrl"
        content = self._model_data(container.model_data_url, fleet.execution_role_arn or "")
        if isinstance(content, str):
            return content
        process = FleetProcess(content, dict(container.environment), Path(tempfile.mkdtemp(prefix="fleet-")))
        with self._lock:
            self._running[fleet.id] = process
        try:
            process.start(START_TIMEOUT)
        except ServingError as error:
            self.stop(fleet)
            return str(error)
        return None

    def _model_data(self, uri: str, role: str) -> bytes | str:
        """The artifact as the execution role reads it, or why it does not."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - only what serves waits

        if self.object(uri) is None:
            return f"Could not find model data at {uri}."
        with self._lock:
            if role not in self._clients:
                self._clients[role] = sessions.client(self._settings, "s3", role, "hosting")
            s3 = self._clients[role]
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError:
            return (
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the '
                f"object is located in {self._settings.region}."
            )

    def object(self, uri: str) -> bytes | None:
        """What is in S3 at `uri` (s3://bucket/key); None if there is nothing."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        with account_scope(self._settings.account, self._settings.region):
            content: bytes | None = hooks.private("services.lambda_svc._fetch_code_from_s3")(bucket, key)
        return content

    def invoke(self, fleet: Fleet, body: bytes, content_type: str, accept: str) -> Answer:
        """Ask a fleet; one that has gone answers 503, as the load balancer in front of it."""
        with self._lock:
            process = self._running.get(fleet.id)
        if process is None:
            return Answer(503, f"fleet {fleet.id} is not running".encode(), "text/plain", 0)
        return process.invoke(body, content_type, accept)

    def stop(self, fleet: Fleet) -> None:
        """End a fleet; nothing if it has ended."""
        with self._lock:
            process = self._running.pop(fleet.id, None)
        if process is not None:
            process.stop()

    def stop_all(self) -> None:
        """End every fleet."""
        with self._lock:
            running, self._running = self._running, {}
        for process in running.values():
            process.stop()
