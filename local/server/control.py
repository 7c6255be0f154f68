"""The control endpoint: settings that can be changed at run time, the request log, reset, health, the page."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.page import Page
    from local.server.request_log import RequestLog
    from local.server.requests import Answer

    Setting = tuple[Callable[[], object], Callable[[Any], None]]


class BadRequestError(ValueError):
    """A request that is not served as it is; the message says what is wrong with it."""


class BadSettingError(BadRequestError):
    """A setting that does not exist, or a value that it does not take; the message says what is allowed."""


class Control:
    """What /_local/ serves.

    `settings` are pairs of a reader and a writer by name; a writer raises ValueError for a value it does not
    take. `reset` empties every service. `health` says what is wrong with the server itself. `page` is for browsers.
    """

    def __init__(
        self,
        *,
        log: RequestLog,
        settings: Mapping[str, Setting],
        reset: Callable[[], None],
        health: Callable[[], Mapping[str, object]],
        page: Page,
    ) -> None:
        self._log = log
        self._settings = settings
        self._reset = reset
        self._health = health
        self._page = page

    async def serve(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Answer:
        """Answer one request. Raises BadRequestError for a bad one."""
        if (method, path) == ("GET", "health"):
            return as_json(dict(self._health()))
        if (method, path) == ("GET", "requests"):
            return as_json(self._log.as_json(_number(query.get("since", ["0"])[0])))
        if (method, path) == ("GET", "settings"):
            return as_json(self.settings())
        if (method, path) == ("POST", "settings"):
            self.change(_content(body))
            return as_json(self.settings())
        if (method, path) == ("POST", "reset"):
            await asyncio.to_thread(self._reset)
            return as_json(self.settings())
        if (method, path) == ("GET", "page"):
            return await asyncio.to_thread(self._page.document, query)
        if (method, path) == ("POST", "page/widget"):
            return await asyncio.to_thread(self._page.widget, body)
        known = (
            "GET health, GET requests?since=, GET or POST settings, POST reset, GET page, POST page/widget"
        )
        return as_json({"error": f"{method} /_local/{path} is not served; these are: {known}"}, 404)

    def settings(self) -> dict[str, object]:
        """Every setting as it is now."""
        return {name: read() for name, (read, _) in self._settings.items()}

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Change settings. Raises BadSettingError, before any change, for a name that does not exist."""
        for name in wanted:
            if name not in self._settings:
                raise BadSettingError(f"no setting {name!r}; there are: {', '.join(sorted(self._settings))}")
        for name, value in wanted.items():
            try:
                self._settings[name][1](value)
            except (TypeError, ValueError) as error:
                raise BadSettingError(f"setting {name}: {error}") from error


def as_json(content: object, status: int = 200) -> Answer:
    """An answer of JSON."""
    return status, {"content-type": "application/json"}, json.dumps(content, default=str).encode()


def _number(text: str) -> int:
    if not text.isdigit():
        raise BadSettingError(f"since={text!r} is not the number of a request")
    return int(text)


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise BadSettingError(f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadSettingError("the body is not a JSON object of settings")
    return content
