"""What people ask for beside decisions, each an SSM parameter of the group: a pause, another try, a retraining."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.core.errors import Malformed
from lambdas.core.record import Pause
from lambdas.core.text import cut, quoted

PAUSE, RETRY, RETRAIN = "pause", "retry", "retrain"
KINDS = (PAUSE, RETRY, RETRAIN)
UNREADABLE = "its parameter cannot be read"


@dataclass(frozen=True)
class Act:
    """A parameter `/greenlight/acts/<group>/<kind>` as read; `stamp` is another for each time it is written."""

    kind: str
    text: str
    stamp: str


@dataclass(frozen=True)
class Retry:
    """Try a version again that failed."""

    version: int
    reason: str


def pause_of(text: str) -> Pause | None:
    """Read `{"reason": …, "until": …, "rollbacks": …}`; None: `{"resume": true, "reason": …}` ends the pause.

    `until` is ISO 8601 with an offset, and may be left out: until it is resumed. `rollbacks`: whether ways back pass
    (they do unless it says false).

    Raises:
        Malformed: it is neither; says what is wrong.
    """
    data = _object(text, {"reason", "until", "rollbacks", "resume"})
    reason = _reason(data)
    if data.get("resume") is True:
        return None
    if "resume" in data:
        raise Malformed(f"resume is {quoted(data['resume'])}; only true can be said, or leave it out")
    rollbacks = data.get("rollbacks", True)
    if not isinstance(rollbacks, bool):
        raise Malformed(f"rollbacks is {quoted(rollbacks)}; expected true or false")
    return Pause(reason, _moment(data["until"]) if "until" in data else None, rollbacks)


def retry_of(text: str) -> Retry:
    """Read `{"version": 7, "reason": …}`.

    Raises:
        Malformed: it is not that; says what is wrong.
    """
    data = _object(text, {"version", "reason"})
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Malformed(f"version is {quoted(version)}; expected the number of a version")
    return Retry(version, _reason(data))


def retrain_of(text: str) -> str:
    """Read `{"reason": …}`: why the group's pipeline is to run now.

    Raises:
        Malformed: it is not that; says what is wrong.
    """
    return _reason(_object(text, {"reason"}))


def _object(text: str, known: set[str]) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Malformed(f"it is {type(data).__name__}, not an object")
    if unknown := data.keys() - known:
        raise Malformed(
            f"it has {cut(', '.join(sorted(unknown)), 200)}; known are {', '.join(sorted(known))}"
        )
    return data


def _reason(data: Mapping[str, Any]) -> str:
    reason = data.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise Malformed(f"reason is {quoted(reason)}; expected why, in words")
    return reason.strip()


def _moment(value: object) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Malformed(
            f"until is {quoted(value)}; expected ISO 8601, such as 2026-12-24T18:00:00+01:00"
        ) from error
    if moment.tzinfo is None:
        raise Malformed(f"until is {quoted(value)}; it lacks the offset, such as +01:00 or Z")
    return moment.timestamp()
