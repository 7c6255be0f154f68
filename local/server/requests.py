"""Every request on its way in: logged, and served here where ministack has no such service."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from local.server import hooks, identity
from local.server.cloudformation import at_rest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from local.server.request_log import RequestLog

    Answer = tuple[int, dict[str, str], Any]
    Handler = Callable[["Call"], Awaitable[Answer]]

CONTROL_PREFIX = "/_local"
_FARTHEST = 10.0


class Call:
    """One API request: `operation` is the API's name where the protocol tells it, else the IAM action's."""

    def __init__(
        self,
        *,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        request_id: str,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.query = query
        self.request_id = request_id
        self.service = _service(method, path, headers, query, body)
        self.operation = _operation(self.service, method, path, headers, query, body)
        self.principal = identity.principal_of(headers, query)


class Network:
    """How far AWS is away: each call to these services takes at least so many wall seconds."""

    def __init__(self) -> None:
        self.round_trip = 0.0

    def set_round_trip(self, seconds: float) -> None:
        """Seconds of each call's way there and back. ValueError for a time that has no sense."""
        if not 0 <= seconds <= _FARTHEST:
            raise ValueError(f"{seconds!r} is not a number of wall seconds from 0 to {_FARTHEST:.0f}")
        self.round_trip = float(seconds)


def install(
    log: RequestLog,
    services: Mapping[str, Handler],
    network: Network,
    saw: Callable[[Call, Answer], None],
) -> None:
    """Log every request, and give those for `services` (by ministack's service name) to our handlers.

    `saw` hears of each with its answer.
    """
    original = hooks.private("app._dispatch_service_request")

    async def dispatch(  # noqa: PLR0917 - the hook's shape
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, list[str]],
        request_id: str,
    ) -> Answer:
        start = time.time()
        call = Call(
            method=method, path=path, headers=headers, body=body, query=query_params, request_id=request_id
        )
        status = 500
        try:
            await asyncio.sleep(network.round_trip)
            handler = services.get(call.service)
            if handler is None:
                answer = await original(method, path, headers, body, query_params, request_id)
                if call.operation == "DescribeStacks":
                    answer = await at_rest(
                        answer,
                        lambda: original(method, path, headers, body, query_params, request_id),
                    )
            else:
                answer = await handler(call)
            status = answer[0]
            saw(call, answer)
            return answer  # type: ignore[no-any-return] # ministack has no types
        finally:
            log.add(
                start=start,
                end=time.time(),
                service=call.service,
                operation=call.operation,
                principal=call.principal.arn,
                status=status,
            )

    hooks.replace("app._dispatch_service_request", dispatch)
    # For a name that it does not serve, ministack reads the models of all services: seconds, at the first call.
    known = hooks.private("core.router._is_aws_service_name")
    hooks.replace("core.router._is_aws_service_name", lambda name: name in services or known(name))


def _service(
    method: str, path: str, headers: dict[str, str], query: dict[str, list[str]], body: bytes
) -> str:
    from ministack.core.router import detect_service  # noqa: PLC0415 - reads settings at import

    parameters = hooks.private("app._routing_params")(method, path, headers, body, query)
    return str(detect_service(method, path, headers, parameters))


def _operation(  # noqa: PLR0917 - what a request is
    service: str, method: str, path: str, headers: dict[str, str], query: dict[str, list[str]], body: bytes
) -> str:
    target = headers.get("x-amz-target", "")
    if "." in target:
        return target.rsplit(".", 1)[1]
    if "/operation/" in path:  # smithy rpc-v2-cbor: /service/<name>/operation/<operation>
        return path.rsplit("/", 1)[1]
    from ministack.core.iam_actions import extract_iam_action  # noqa: PLC0415 - reads settings at import

    action = extract_iam_action(service, method, path, headers, body, query)
    return str(action).split(":", 1)[1] if action else f"{method} {path}"
