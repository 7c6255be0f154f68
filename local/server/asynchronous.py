"""What an asynchronous endpoint does with a request: reads it, asks its model, puts the answer into S3, and says so.

Shapes: botocore, sagemaker-runtime InvokeEndpointAsync and AsyncInferenceConfig. The message: SageMaker developer
guide, "Check prediction results". All of it is done by the endpoint's execution role.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import SageMakerError
from local.server import sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.sagemaker.ports import Fleet
    from local.server.settings import ServerSettings
    from local.serving.fleet import Answer

_AT_ONCE = 4  # requests of all endpoints; each fleet answers one at a time
_CLIENT_ERROR = 400
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """A request as it was taken in; `body` None: it lies in S3, at `location`."""

    endpoint: str
    body: bytes | None
    location: str | None
    content_type: str
    accept: str
    inference_id: str


@dataclass(frozen=True)
class Places:
    """Where the answer goes, or why there is none; `failure` None: that is told nowhere."""

    output: str
    failure: str | None


class Later:
    """Works off what asynchronous endpoints are asked.

    Args:
        settings: of the local AWS that they are in.
        choose: the fleet that takes an endpoint's next request.
        ask: what it answers, which is counted.
    """

    def __init__(
        self,
        settings: ServerSettings,
        choose: Callable[[str], Fleet],
        ask: Callable[[Fleet, bytes, str, str], Answer],
    ) -> None:
        self._settings, self._choose, self._ask = settings, choose, ask
        self._queue = ThreadPoolExecutor(_AT_ONCE, "asynchronous")

    def take(self, request: Request, config: Mapping[str, Any]) -> Places:
        """Take a request in; it is worked off once its turn has come."""
        output = config["OutputConfig"]
        name = uuid.uuid4()
        failures = output.get("S3FailurePath")
        places = Places(
            f"{output['S3OutputPath'].rstrip('/')}/{name}.out",
            None if failures is None else f"{failures.rstrip('/')}/{name}-error.out",
        )
        self._queue.submit(self._work, request, places, output.get("NotificationConfig", {}))
        return places

    def stop(self) -> None:
        """What waits is not worked off any more."""
        self._queue.shutdown(wait=True, cancel_futures=True)

    def _work(self, request: Request, places: Places, topics: Mapping[str, str]) -> None:
        """Answer a request. What the role may not write is lost, as in AWS; the log says so."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only asynchronous endpoints wait

        try:
            self._answer(request, places, topics)
        except (BotoCoreError, ClientError, SageMakerError) as error:
            _log.warning("endpoint %s: %s has no answer: %s", request.endpoint, request.inference_id, error)

    def _answer(self, request: Request, places: Places, topics: Mapping[str, str]) -> None:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

        fleet = self._choose(request.endpoint)
        try:
            body = request.body if request.body is not None else self._read(fleet, request.location or "")
        except ClientError as error:
            reason = f"ClientError: {request.location} cannot be read: {error}"
            self._fail(fleet, request, places, topics, reason)
            return
        answer = self._ask(fleet, body, request.content_type, request.accept)
        if answer.status >= _CLIENT_ERROR:
            said = answer.body.decode(errors="replace")
            reason = f'ModelError: received error ({answer.status}) from the model with message "{said}"'
            self._fail(fleet, request, places, topics, reason)
            return
        self._put(fleet, places.output, answer.body, answer.content_type)
        where = {"contentType": answer.content_type, "outputLocation": places.output}
        told = {"invocationStatus": "Completed", "responseParameters": where}
        self._tell(fleet, topics.get("SuccessTopic"), request, told)

    def _fail(
        self, fleet: Fleet, request: Request, places: Places, topics: Mapping[str, str], reason: str
    ) -> None:
        if places.failure is not None:
            self._put(fleet, places.failure, reason.encode(), "text/plain")
        told = {"invocationStatus": "Failed", "failureReason": reason}
        self._tell(fleet, topics.get("ErrorTopic"), request, told)

    def _read(self, fleet: Fleet, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self._client(fleet, "s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def _put(self, fleet: Fleet, uri: str, content: bytes, content_type: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3 = self._client(fleet, "s3")
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    def _tell(self, fleet: Fleet, topic: str | None, request: Request, told: Mapping[str, Any]) -> None:
        if topic is None:
            return
        message = {
            "awsRegion": self._settings.region,
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "requestParameters": {
                "accept": request.accept,
                "contentType": request.content_type,
                "endpointName": request.endpoint,
                "inputLocation": request.location,
            },
            "inferenceId": request.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
            **told,
        }
        self._client(fleet, "sns").publish(TopicArn=topic, Message=json.dumps(message))

    def _client(self, fleet: Fleet, service: str) -> Any:
        return sessions.client(self._settings, service, fleet.execution_role_arn or "", fleet.endpoint)
