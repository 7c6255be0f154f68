"""Puts captured requests into S3 as the endpoint's execution role, beside the traffic and never in its way."""

from __future__ import annotations

import logging
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from local.sagemaker.capture import Exchange, line, place
from local.server import hooks
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.ports import Fleet
    from local.serving.fleet import Answer

_ALL = 100  # per cent
_log = logging.getLogger(__name__)


class Captures:
    """Captures what endpoints are asked and answer.

    Args:
        account: whose endpoints they are.
        region: where they are.
        endpoint: the URL of S3.
    """

    def __init__(self, account: str, region: str, endpoint: str) -> None:
        self._account, self._region, self._endpoint = account, region, endpoint
        self._writer = ThreadPoolExecutor(1, "capture")
        self._clients: dict[str, Any] = {}  # by fleet; only the writer has them

    def take(  # noqa: PLR0917 - a request and its answer
        self,
        fleet: Fleet,
        capture: Mapping[str, Any],
        body: bytes,
        content_type: str,
        served: Answer,
        inference_id: str | None,
    ) -> None:
        """Capture an exchange, if it is among those to be sampled; an object each, as AWS may do."""
        if random.random() * _ALL >= capture["InitialSamplingPercentage"]:  # noqa: S311 - no secret
            return
        exchange = Exchange(
            str(uuid.uuid4()), time.time(), body, content_type, served.body, served.content_type, inference_id
        )
        self._writer.submit(self._put, fleet, capture, exchange)

    def _put(self, fleet: Fleet, capture: Mapping[str, Any], exchange: Exchange) -> None:
        """What the role may not write is lost, as in AWS; the log says so."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only endpoints that capture wait

        bucket, key = place(capture["DestinationS3Uri"], fleet, exchange)
        try:
            self._client(fleet).put_object(Bucket=bucket, Key=key, Body=line(capture, exchange).encode())
        except (BotoCoreError, ClientError) as error:
            _log.warning("endpoint %s: s3://%s/%s is not captured: %s", fleet.endpoint, bucket, key, error)

    def _client(self, fleet: Fleet) -> Any:
        if fleet.id not in self._clients:
            self._clients[fleet.id] = self._s3(fleet)
        return self._clients[fleet.id]

    def _s3(self, fleet: Fleet) -> Any:
        import boto3  # noqa: PLC0415 - as above

        function = f"arn:aws:lambda:{self._region}:{self._account}:function:{fleet.endpoint}"
        with account_scope(self._account, self._region):
            session = hooks.private("core.lambda_runtime.execution_credentials")(
                {
                    "Role": fleet.execution_role_arn or "",
                    "FunctionArn": function,
                    "FunctionName": fleet.endpoint,
                }
            )
        return boto3.session.Session(
            session["AWS_ACCESS_KEY_ID"],
            session["AWS_SECRET_ACCESS_KEY"],
            session["AWS_SESSION_TOKEN"],
            region_name=self._region,
        ).client("s3", endpoint_url=self._endpoint)
