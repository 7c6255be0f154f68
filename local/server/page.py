"""The page: a CloudWatch dashboard's custom widgets in a browser, called and shown as the CloudWatch console does it.

Sources: CloudWatch user guide, "Details about custom widgets" (the call, what may come back),
"Interactivity in the custom widget" (cwdb-action), "Security and JavaScript for custom CloudWatch widgets";
CloudWatch API reference, "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from local.server.control import BadRequestError, as_json
from local.server.page_document import THEMES, Custom, Drawn, dashboard, dashboards
from local.server.settings import SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.server.requests import Answer
    from local.server.settings import ServerSettings

PERIOD = 300
"""Seconds of a point in the console, unless somebody chooses otherwise."""
SHOWN = 3 * 60 * 60
"""Wall seconds up to now that the console shows, unless somebody chooses otherwise."""


@dataclass(frozen=True)
class Asked:
    """What the browser asks for: call `endpoint` with `params`, for the widget that the rest describes.

    `endpoint` is a function's ARN; `params` are the event's; `own` are those in the dashboard's body, which differ
    after an action; `width` and `height` are the widget's, in pixels.
    """

    endpoint: str
    params: dict[str, Any]
    theme: str
    dashboard: str
    widget: str
    title: str
    own: dict[str, Any]
    width: int
    height: int


class Page:
    """Serves /_local/page: documents from the account's dashboards, and answers of the widgets' functions."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def document(self, query: Mapping[str, list[str]]) -> Answer:
        """The HTML of one dashboard, or of links to all of them.

        Args:
            query: `dashboard`, a name (default: the only one there is), and `theme`, light or dark (default: the
                browser's).

        Raises:
            BadRequestError: there is no such theme, or the dashboard's body is not what AWS takes.
        """
        theme = query.get("theme", [""])[0]
        if theme not in ("", *THEMES):
            raise BadRequestError(f"theme={theme!r} is not one of: {', '.join(THEMES)}")
        names = self._names()
        wanted = query.get("dashboard", names if len(names) == 1 else [""])[0]
        nonce = secrets.token_urlsafe(16)
        if wanted in names:
            widgets = self._widgets(wanted)
            return 200, _headers(nonce), dashboard(wanted, widgets, theme, nonce).encode()
        missing = f"There is no dashboard {wanted}." if wanted else ""
        return 404 if missing else 200, _headers(nonce), dashboards(names, theme, missing).encode()

    def widget(self, body: bytes) -> Answer:
        """Call a widget's function as root, as the console calls it as whoever looks; what is to be shown, as JSON.

        The answer's `kind` is html, markdown, json or error; `content` is a string of that.

        Raises:
            BadRequestError: the body is not what `Asked` says.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only who looks waits for it

        asked = _asked(body)
        event = {**asked.params, "widgetContext": self._context(asked)}
        try:
            said = self._lambda.invoke(FunctionName=asked.endpoint, Payload=json.dumps(event))
        except (BotoCoreError, ClientError) as error:
            return _shown("error", f"{asked.endpoint} could not be called: {error}")
        returned = json.load(said["Payload"])
        if "FunctionError" in said:
            kind, why = returned.get("errorType", said["FunctionError"]), returned.get("errorMessage", "")
            return _shown("error", f"{asked.endpoint} failed: {kind}: {why}")
        if isinstance(returned, str):
            return _shown("html", returned)
        if isinstance(returned, dict) and isinstance(returned.get("markdown"), str):
            return _shown("markdown", returned["markdown"])
        return _shown("json", json.dumps(returned, indent=2, ensure_ascii=False))

    def _names(self) -> list[str]:
        pages = self._cloudwatch.get_paginator("list_dashboards").paginate()
        return [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]

    def _widgets(self, name: str) -> list[Custom | Drawn]:
        """The widgets of a dashboard, in the order of its body."""
        body = self._cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        try:
            return [_widget(number, widget) for number, widget in enumerate(json.loads(body)["widgets"], 1)]
        except (KeyError, ValueError) as error:
            raise BadRequestError(f"the body of dashboard {name} is not one of AWS's: {error!r}") from error

    def _context(self, asked: Asked) -> dict[str, Any]:
        now = int(time.time() * 1000)
        return {
            "dashboardName": asked.dashboard,
            "widgetId": asked.widget,
            "accountId": self._settings.account,
            "locale": "en",
            "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
            "period": PERIOD,
            "isAutoPeriod": True,
            "timeRange": {
                "mode": "relative",
                "start": now - SHOWN * 1000,
                "end": now,
                "relativeStart": SHOWN * 1000,
            },
            "theme": asked.theme,
            "linkCharts": True,
            "title": asked.title,
            "forms": {"all": {}},
            "params": asked.own,
            "width": asked.width,
            "height": asked.height,
        }

    @cached_property
    def _cloudwatch(self) -> Any:
        return self._client("cloudwatch")

    @cached_property
    def _lambda(self) -> Any:
        return self._client("lambda")

    def _client(self, service: str) -> Any:
        import boto3  # noqa: PLC0415 - as above
        from botocore.config import Config  # noqa: PLC0415 - as above

        # A call that takes long is not made twice; the longest that Lambda lets a function take is 15 minutes.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=15 * 60)
        session = boto3.session.Session(self._settings.account, SECRET_KEY, region_name=self._settings.region)
        return session.client(cast("Any", service), endpoint_url=self._settings.endpoint, config=config)


def _asked(body: bytes) -> Asked:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error
    names = [one.name for one in fields(Asked)]
    if not isinstance(content, dict) or sorted(content) != sorted(names):
        raise BadRequestError(f"the body is not a JSON object of: {', '.join(names)}")
    if not isinstance(content["endpoint"], str) or not isinstance(content["params"], dict):
        raise BadRequestError("endpoint is not a string, or params is not a JSON object")
    return Asked(**content)


def _widget(number: int, widget: Mapping[str, Any]) -> Custom | Drawn:
    properties = widget["properties"]
    title = str(properties.get("title", ""))
    if widget["type"] != "custom":
        return Drawn(widget["type"], title)
    return Custom(
        f"widget-{number}", title or f"Widget {number}", properties["endpoint"], properties.get("params", {})
    )


def _headers(nonce: str) -> dict[str, str]:
    """Nothing runs but the page's own script, nothing is loaded from anywhere; widgets bring styles of their own."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


def _shown(kind: str, content: str) -> Answer:
    return as_json({"kind": kind, "content": content})
