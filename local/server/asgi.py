"""The ASGI application: /_local/ is ours, everything else is AWS's, over HTTP that stands for TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.server.control import BadRequestError, as_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from local.server.control import Control

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PREFIX = "/_local/"


def application(control: Control) -> App:
    """The whole local AWS as one ASGI application."""
    from ministack import app as ministack  # noqa: PLC0415 - reads its settings at import

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(CONTROL_PREFIX):
            await _serve_control(control, scope, receive, send)
            return
        if scope["type"] == "http":
            # Loopback HTTP stands for TLS, so that policies that deny aws:SecureTransport=false hold as on AWS.
            scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
        await ministack.app(scope, receive, send)

    return serve


async def _serve_control(control: Control, scope: Scope, receive: Receive, send: Send) -> None:
    query = parse_qs(scope.get("query_string", b"").decode())
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        status, headers, payload = await control.serve(
            scope["method"], scope["path"][len(CONTROL_PREFIX) :], query, body
        )
    except BadRequestError as error:
        status, headers, payload = as_json({"error": str(error)}, 400)
    sent = {**headers, "content-length": str(len(payload))}
    lines = [(name.encode(), value.encode()) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": payload})
