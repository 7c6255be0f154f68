"""SageMaker Runtime: InvokeEndpoint, answered by the fleets that have the traffic, and counted as AWS counts.

Shapes: botocore sagemaker-runtime 2017-05-13. Metrics: SageMaker developer guide, "Monitor SageMaker AI with
Amazon CloudWatch", endpoint invocation metrics; each for the variant, and for one fleet of it (EndpointConfigName).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local.sagemaker.errors import SageMakerError
from local.server import metrics
from local.server.authorization import json_error, refusal
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.sagemaker.ports import Fleet
    from local.server.authorization import Check
    from local.server.requests import Answer, Call
    from local.serving.fleet import Answer as Served

PATH = re.compile(r"/endpoints/([^/]+)/invocations")
LARGEST_BODY = 25 * 1024 * 1024
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class Runtime:
    """Serves InvokeEndpoint.

    `route(endpoint, variant)` gives the fleets with traffic and their weights, or raises SageMakerError;
    `invoke(fleet, body, content_type, accept)` asks one; `checks(operation, request)` are IAM's; `capture(fleet, body,
    content_type, answer, inference_id)` keeps what was asked and answered where the endpoint captures it.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        route: Callable[[str, str | None], Sequence[tuple[Fleet, float]]],
        invoke: Callable[[Fleet, bytes, str, str], Served],
        checks: Callable[[str, dict[str, Any]], Sequence[Check]],
        capture: Callable[[Fleet, bytes, str, Served, str | None], None],
    ) -> None:
        self._account = account
        self._region = region
        self._route = route
        self._invoke = invoke
        self._checks = checks
        self._capture = capture

    async def serve(self, call: Call) -> Answer:
        """Answer one InvokeEndpoint."""
        match = PATH.fullmatch(call.path)
        if match is None or call.method != "POST":
            return json_error(
                "UnknownOperationException", f"{call.method} {call.path} is not served by the local AWS"
            )
        call.operation = "InvokeEndpoint"
        started = time.monotonic()
        endpoint = unquote(match[1])
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
        # Weighted, as the load balancer in front of two fleets spreads requests.
        fleet = random.choices([one for one, _ in fleets], [weight for _, weight in fleets])[0]  # noqa: S311 - no secret
        accept = call.headers.get("accept", "*/*")
        content_type = call.headers.get("content-type", "application/octet-stream")
        served = await asyncio.to_thread(self._invoke, fleet, call.body, content_type, accept)
        with account_scope(self._account, self._region):
            self._count(fleet, served, int((time.monotonic() - started) * 1_000_000))
        if served.status < _CLIENT_ERROR:
            inference_id = call.headers.get("x-amzn-sagemaker-inference-id")
            self._capture(fleet, call.body, content_type, served, inference_id)
        return self._answer(fleet, served)

    def _count(self, fleet: Fleet, served: Served, total_us: int) -> None:
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
                ("OverheadLatency", max(0, total_us - served.latency_us), "Microseconds"),
            ):
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
