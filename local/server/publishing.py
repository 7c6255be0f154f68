"""What SNS and EventBridge refuse of what is published: subjects, structures, sizes.

SNS API reference, "Publish": a subject is ASCII without line breaks or control characters, shorter than 100 characters,
and begins with a letter, number or punctuation mark; a message by protocol is a JSON object with a text `default`.
EventBridge guide, "Calculating PutEvents event entry size": all entries of a call together are smaller than 256 KB.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[int, dict[str, str], bytes]

_SUBJECT = re.compile(r"[!-~][ -~]{0,98}")
_MOST_BYTES = 256 * 1024
_TIME_BYTES = 14


def install() -> None:
    """Refuse what AWS refuses."""
    _mend_publish()
    _mend_put_events()


def _mend_publish() -> None:
    publish: Callable[[Mapping[str, Any]], Answer] = hooks.private("services.sns._publish")

    def checked(params: Mapping[str, Any]) -> Answer:
        parameter: Callable[[Mapping[str, Any], str], str] = hooks.private("services.sns._p")
        subject, structure = parameter(params, "Subject"), parameter(params, "MessageStructure")
        wrong = ""
        if subject and not _SUBJECT.fullmatch(subject):
            wrong = "Subject"
        elif structure and not (structure == "json" and _by_protocol(parameter(params, "Message"))):
            wrong = "Message Structure - No default entry in JSON message body"
        if wrong:
            refuse: Callable[[str, str, int], Answer] = hooks.private("services.sns._error")
            return refuse("InvalidParameter", f"Invalid parameter: {wrong}", 400)
        return publish(params)

    hooks.replace("services.sns._publish", checked)


def _by_protocol(message: str) -> bool:
    try:
        parsed = json.loads(message)
    except ValueError:
        return False
    return isinstance(parsed, dict) and isinstance(parsed.get("default"), str)


def _mend_put_events() -> None:
    put_events: Callable[..., Answer] = hooks.private("services.eventbridge._put_events")

    def checked(data: dict[str, Any], allow_aws_source: bool = False) -> Answer:
        if sum(map(_size, data.get("Entries", []))) >= _MOST_BYTES:
            from ministack.core.responses import error_response_json  # noqa: PLC0415 - reads settings at import

            text = "Total size of the entries in the request is over the limit."
            refused: Answer = error_response_json("ValidationException", text, 400)
            return refused
        return put_events(data, allow_aws_source=allow_aws_source)

    hooks.replace("services.eventbridge._put_events", checked)


def _size(entry: Mapping[str, Any]) -> int:
    texts = [str(entry.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    texts += [str(resource) for resource in entry.get("Resources") or []]
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if entry.get("Time") else 0)
