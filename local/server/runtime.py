"""SageMaker Runtime: InvokeEndpoint and InvokeEndpointAsync, answered by the fleets that have the traffic, and counted.

Shapes: botocore sagemaker-runtime 2017-05-13. Metrics: SageMaker developer guide, "Monitor SageMaker AI with
Amazon CloudWatch", endpoint invocation metrics, and "Alarms and logs for tracking metrics from asynchronous endpoints",
which have fewer; each for the variant, and for one fleet of it (EndpointConfigName).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local.sagemaker.errors import SageMakerError
from local.server import metrics
from local.server.asynchronous import Later, Request
from local.server.authorization import json_error, refusal
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.sagemaker.ports import Fleet
    from local.server.authorization import Check
    from local.server.requests import Answer, Call
    from local.server.settings import ServerSettings
    from local.serving.fleet import Answer as Served

PATH = re.compile(r"/endpoints/([^/]+)/(async-)?invocations")
LARGEST_BODY = 25 * 1024 * 1024
LARGEST_INLINE = 128_000  # bytes that InvokeEndpointAsync takes with the call
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_MORE = ("Invocations", "OverheadLatency")  # which asynchronous endpoints do not publish


class Runtime:
    """Serves InvokeEndpoint and InvokeEndpointAsync.

    `route(endpoint, variant, later=…)` gives the fleets with traffic and their weights, or raises SageMakerError;
    `asynchronous_of(endpoint)` the AsyncInferenceConfig of one that has it;
    `invoke(fleet, body, content_type, accept)` asks one; `checks(operation, request)` are IAM's; `capture(fleet, body,
    content_type, answer, inference_id)` keeps what was asked and answered where the endpoint captures it.
    """

    def __init__(
        self,
        *,
        settings: ServerSettings,
        route: Callable[..., Sequence[tuple[Fleet, float]]],
        asynchronous_of: Callable[[str], Mapping[str, Any] | None],
        invoke: Callable[[Fleet, bytes, str, str], Served],
        checks: Callable[[str, dict[str, Any]], Sequence[Check]],
        capture: Callable[[Fleet, bytes, str, Served, str | None], None],
    ) -> None:
        self._account = settings.account
        self._region = settings.region
        self._route = route
        self._asynchronous_of = asynchronous_of
        self.later = Later(settings, self._choose, self._ask_later)
        self._invoke = invoke
        self._checks = checks
        self._capture = capture

    async def serve(self, call: Call) -> Answer:
        """Answer one InvokeEndpoint or InvokeEndpointAsync."""
        match = PATH.fullmatch(call.path)
        if match is None or call.method != "POST":
            return json_error(
                "UnknownOperationException", f"{call.method} {call.path} is not served by the local AWS"
            )
        endpoint = unquote(match[1])
        return self._serve_later(call, endpoint) if match[2] else await self._serve_now(call, endpoint)

    async def _serve_now(self, call: Call, endpoint: str) -> Answer:
        call.operation = "InvokeEndpoint"
        started = time.monotonic()
        variant = call.headers.get("x-amzn-sagemaker-target-variant")
        request = {"EndpointName": endpoint, **({"TargetVariant": variant} if variant else {})}
        denied = refusal(call, self._checks("InvokeEndpoint", request))
        if denied:
            return denied
        if len(call.body) > LARGEST_BODY:
            return json_error("ValidationError", f"the body has more than {LARGEST_BODY} bytes")
        try:
            fleets = self._route(endpoint, variant)
        except SageMakerError as error:
            return json_error(error.code, error.message, error.status)
        if not fleets:
            return json_error("ServiceUnavailable", f"no instance of endpoint {endpoint} is in service", 503)
        fleet = _one_of(fleets)
        accept = call.headers.get("accept", "*/*")
        content_type = call.headers.get("content-type", "application/octet-stream")
        served = await asyncio.to_thread(self._invoke, fleet, call.body, content_type, accept)
        with account_scope(self._account, self._region):
            self._count(fleet, served, int((time.monotonic() - started) * 1_000_000))
        if served.status < _CLIENT_ERROR:
            inference_id = call.headers.get("x-amzn-sagemaker-inference-id")
            self._capture(fleet, call.body, content_type, served, inference_id)
        return self._answer(fleet, served)

    def _serve_later(self, call: Call, endpoint: str) -> Answer:
        call.operation = "InvokeEndpointAsync"
        if denied := refusal(call, self._checks("InvokeEndpointAsync", {"EndpointName": endpoint})):
            return denied
        said = call.headers.get
        location, body = said("x-amzn-sagemaker-inputlocation"), call.body or None
        if (location is None) is (body is None):
            return json_error("ValidationError", "exactly one of InputLocation and Body must be given")
        if body is not None and len(body) > LARGEST_INLINE:
            return json_error("ValidationError", f"Body has more than {LARGEST_INLINE} bytes")
        try:
            self._route(endpoint, None, later=True)
        except SageMakerError as error:
            return json_error(error.code, error.message, error.status)
        config = self._asynchronous_of(endpoint)
        if config is None:
            return json_error("ServiceUnavailable", f"endpoint {endpoint} has just gone", 503)
        request = Request(
            endpoint,
            body,
            location,
            said("x-amzn-sagemaker-content-type", "application/octet-stream"),
            said("x-amzn-sagemaker-accept", "*/*"),
            said("x-amzn-sagemaker-inference-id") or str(uuid.uuid4()),
        )
        places = self.later.take(request, config)
        headers = {"Content-Type": "application/json", "X-Amzn-SageMaker-OutputLocation": places.output}
        if places.failure is not None:
            headers["X-Amzn-SageMaker-FailureLocation"] = places.failure
        return 202, headers, json.dumps({"InferenceId": request.inference_id}).encode()

    def _choose(self, endpoint: str) -> Fleet:
        return _one_of(self._route(endpoint, None, later=True))

    def _ask_later(self, fleet: Fleet, body: bytes, content_type: str, accept: str) -> Served:
        served = self._invoke(fleet, body, content_type, accept)
        with account_scope(self._account, self._region):
            self._count(fleet, served, None)
        return served

    def _count(self, fleet: Fleet, served: Served, total_us: int | None) -> None:
        """`total_us`: microseconds from the request to its answer; None: it was not waited for."""
        variant = {"EndpointName": fleet.endpoint, "VariantName": fleet.variant}
        ours = _CLIENT_ERROR <= served.status < _SERVER_ERROR
        theirs = served.status >= _SERVER_ERROR
        for dimensions in (variant, variant | {"EndpointConfigName": fleet.config}):
            for name, value, unit in (
                ("Invocations", 1, "Count"),
                ("Invocation4XXErrors", int(ours), "Count"),
                ("Invocation5XXErrors", int(theirs), "Count"),
                ("InvocationModelErrors", int(ours or theirs), "Count"),
                ("ModelLatency", served.latency_us, "Microseconds"),
                ("OverheadLatency", max(0, (total_us or 0) - served.latency_us), "Microseconds"),
            ):
                if total_us is not None or name not in _MORE:
                    metrics.record("AWS/SageMaker", name, value, dimensions, unit)

    def _answer(self, fleet: Fleet, served: Served) -> Answer:
        if served.status >= _CLIENT_ERROR:
            return self._model_error(fleet, served)
        headers = {
            "Content-Type": served.content_type,
            "x-Amzn-Invoked-Production-Variant": fleet.variant,
        }
        return 200, headers, served.body

    def _model_error(self, fleet: Fleet, served: Served) -> Answer:
        kind = "server" if served.status >= _SERVER_ERROR else "client"
        said = served.body.decode(errors="replace")
        group = f"/aws/sagemaker/Endpoints/{fleet.endpoint}"
        message = (
            f'Received {kind} error ({served.status}) from primary with message "{said}". '
            f"See the log group {group} in account {self._account} for more information."
        )
        content = {
            "Message": message,
            "OriginalStatusCode": served.status,
            "OriginalMessage": said,
            "LogStreamArn": f"arn:aws:logs:{self._region}:{self._account}:log-group:{group}",
        }
        headers = {"Content-Type": "application/json", "x-amzn-errortype": "ModelError"}
        return 424, headers, json.dumps(content).encode()


def _one_of(fleets: Sequence[tuple[Fleet, float]]) -> Fleet:
    """Weighted, as the load balancer in front of two fleets spreads requests."""
    return random.choices([one for one, _ in fleets], [weight for _, weight in fleets])[0]  # noqa: S311 - no secret
