"""Puts captured requests into S3 as the endpoint's execution role, beside the traffic and never in its way."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from local.sagemaker.capture import Exchange, line, place
from local.server import sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.ports import Fleet
    from local.server.settings import ServerSettings
    from local.serving.fleet import Answer

WITHIN = 0.25
"""Wall seconds in which exchanges are gathered before they are written: an object each would keep the server busy."""
_ALL = 100  # per cent
_log = logging.getLogger(__name__)


class Captures:
    """Captures what endpoints are asked and answer.

    Args:
        settings: of the local AWS that they are in.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._writer = ThreadPoolExecutor(1, "capture")
        self._clients: dict[str, Any] = {}  # by fleet; only the writer has them
        self._gathered: dict[str, list[Exchange]] = {}  # by fleet
        self._lock = threading.Lock()  # on what is gathered

    def take(  # noqa: PLR0917 - a request and its answer
        self,
        fleet: Fleet,
        capture: Mapping[str, Any],
        body: bytes,
        content_type: str,
        served: Answer,
        inference_id: str | None,
    ) -> None:
        """Capture an exchange, if it is among those to be sampled."""
        if random.random() * _ALL >= capture["InitialSamplingPercentage"]:  # noqa: S311 - no secret
            return
        exchange = Exchange(
            str(uuid.uuid4()), time.time(), body, content_type, served.body, served.content_type, inference_id
        )
        with self._lock:
            gathered = self._gathered.setdefault(fleet.id, [])
            gathered.append(exchange)
            first = len(gathered) == 1
        if first:
            self._writer.submit(self._put, fleet, capture)

    def _put(self, fleet: Fleet, capture: Mapping[str, Any]) -> None:
        """Write what is gathered of a fleet. What its role may not write is lost, as in AWS; the log says so."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only endpoints that capture wait

        time.sleep(WITHIN)
        with self._lock:
            exchanges = self._gathered.pop(fleet.id)
        bucket, key = place(capture["DestinationS3Uri"], fleet, exchanges[0])
        content = "".join(line(capture, exchange) for exchange in exchanges)
        try:
            self._client(fleet).put_object(Bucket=bucket, Key=key, Body=content.encode())
        except (BotoCoreError, ClientError) as error:
            _log.warning("endpoint %s: s3://%s/%s is not captured: %s", fleet.endpoint, bucket, key, error)

    def _client(self, fleet: Fleet) -> Any:
        if fleet.id not in self._clients:
            role = fleet.execution_role_arn or ""
            self._clients[fleet.id] = sessions.client(self._settings, "s3", role, fleet.endpoint)
        return self._clients[fleet.id]
