"""Queue messages to what they hint at: which group to look at, and evidence of who decided what."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdas.core.content import Container, container_of
from lambdas.core.errors import Malformed, Unreadable
from lambdas.core.facts import Hint, Started, Told
from lambdas.core.foreign import boundary, read_json
from lambdas.core.names import (
    ACCOUNT_WIDE,
    RETRAIN,
    group_of_alarm,
    group_of_parameter,
    group_of_run,
    group_of_schedule,
)
from lambdas.core.record import approval_of
from lambdas.core.text import cut, quoted
from lambdas.core.trail import MOST_REASON, breach_of, witness_of

SPEC, ALARM, RUN, MONITORING = "spec", "alarm", "run", "monitoring"

_MILLISECONDS_FROM = 1e11  # an epoch number larger than this counts milliseconds (seconds: the year 5138)


@dataclass(frozen=True)
class Message:
    """A read message. It names a group, or an endpoint whose group must be looked up, or neither: not ours."""

    hint: Hint
    group: str | None = None
    endpoint: str | None = None


def read_message(body: str) -> Message:
    """Read an EventBridge event, or a message of the sweep.

    Raises:
        Malformed: it is neither; says what is missing. Nothing else, whatever it holds: a batch has other messages.
    """
    try:
        with boundary("the message"):
            return _read(body)
    except Unreadable as error:
        cause = error.__cause__
        raise cause if isinstance(cause, Malformed) else Malformed(str(error)) from error


def _read(body: str) -> Message:
    event = read_json(body.encode("utf-8", "replace"))
    if not isinstance(event, dict):
        raise Malformed(f"the message is {type(event).__name__}, not an object")
    if "greenlight" in event:
        ours = _object(event, "greenlight")
        hint = Hint(source=_text(ours, "source"), started=_started(ours))
        return Message(hint, group=_text(ours, "group"))
    return _from_event(_text(event, "detail-type"), _object(event, "detail"))


def _from_event(kind: str, detail: dict[str, Any]) -> Message:
    match kind:
        case "SageMaker Model Package State Change":
            # Unversioned packages have no group: they are nobody's version.
            if "ModelPackageGroupName" not in detail:
                return Message(Hint(source="registry"))
            return Message(_registry_hint(detail), group=_text(detail, "ModelPackageGroupName"))
        case "SageMaker Endpoint State Change" | "SageMaker Endpoint Deployment State Change":
            return Message(Hint(source="endpoint"), endpoint=_text(detail, "EndpointName"))
        case "CloudWatch Alarm State Change":
            return Message(Hint(source=ALARM), group=group_of_alarm(_text(detail, "alarmName")))
        case "Parameter Store Change":
            return Message(Hint(source=SPEC), group=group_of_parameter(_text(detail, "name")))
        case "AWS API Call via CloudTrail":
            return _from_trail(detail)
        case "SageMaker Model Building Pipeline Execution Status Change":
            # Without a display name, which AWS does not promise, the sweep finds the end of a run.
            run = group_of_run(str(detail.get("pipelineExecutionDisplayName", "")))
            return Message(Hint(source=RUN), group=run)
        case "SageMaker Processing Job State Change":
            schedule = str(detail.get("MonitoringScheduleArn", "")).rpartition("/")[2]
            return Message(Hint(source=MONITORING), group=group_of_schedule(schedule))
    raise Malformed(f"no rule of ours sends events of detail-type {quoted(kind)}")


def _started(ours: dict[str, Any]) -> Started | None:
    """What the function `retrain` says of a run."""
    if ours.get("source") != RETRAIN:
        return None
    execution, problem = (ours.get(key) for key in ("execution", "problem"))
    return Started(
        _text(ours, "run"),
        None if execution is None else _text(ours, "execution"),
        None if problem is None else _text(ours, "problem"),
    )


def _from_trail(event: dict[str, Any]) -> Message:
    """CloudTrail: a use of break-glass concerns the whole account; anything else is a write to a version."""
    if (breach := breach_of(event)) is not None:
        return Message(Hint(source="break-glass", breach=breach), group=ACCOUNT_WIDE)
    witness = witness_of(event)
    return Message(Hint(source="trail", witness=witness), group=witness.group if witness else None)


def _registry_hint(detail: dict[str, Any]) -> Hint:
    """What is unreadable in it is no evidence, and no reason to look away from the group."""
    version, at = detail.get("ModelPackageVersion"), _epoch(detail.get("LastModifiedTime"))
    approval = approval_of(detail.get("ModelApprovalStatus"))
    if not isinstance(version, int) or isinstance(version, bool) or at is None or approval is None:
        return Hint(source="registry")
    fields = detail.get("UpdatedModelPackageFields")
    wrote = _wrote(fields) if isinstance(fields, list) else None
    description = detail.get("ApprovalDescription")
    told = Told(
        version,
        approval,
        at,
        wrote,
        _containers(detail.get("InferenceSpecification")),
        cut(description, MOST_REASON) if isinstance(description, str) else None,
    )
    return Hint(source="registry", told=told)


def _wrote(fields: list[Any]) -> frozenset[str]:
    """The members that were written: whatever a path leads by or to, as how deep AWS tells them is not documented."""
    parts = (str(name).split(".") for name in fields)
    return frozenset(part for path in parts for part in (path[0], path[-1]))


def _containers(specification: object) -> tuple[Container, ...] | None:
    listed = specification.get("Containers") if isinstance(specification, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return None
    return tuple(container_of(one) for one in listed)


def _epoch(value: object) -> float | None:
    """Epoch seconds of an event's time: ISO text, or a number of seconds or milliseconds; None if unreadable."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            epoch = value / 1000 if value > _MILLISECONDS_FROM else float(value)
        else:
            read = datetime.fromisoformat(str(value))
            epoch = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return epoch if math.isfinite(epoch) else None


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise Malformed(f"the message's {key!r} is {quoted(value)}; expected an object")
    return value


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"the message's {key!r} is {quoted(value)}; expected a name")
    return value
