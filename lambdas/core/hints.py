"""Queue messages to what they hint at: which group to look at, and evidence of an approval."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdas.core.errors import Malformed
from lambdas.core.facts import Hint
from lambdas.core.names import group_of_alarm, group_of_parameter
from lambdas.core.record import Approval

SPEC = "spec"
SWEEP = "sweep"

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
        Malformed: it is neither; says what is missing.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:  # the latter: nested deeper than any event
        raise Malformed(f"the message is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise Malformed(f"the message is {type(event).__name__}, not an object")
    if "greenlight" in event:
        ours = _object(event, "greenlight")
        return Message(Hint(source=_text(ours, "source")), group=_text(ours, "group"))
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
            return Message(Hint(source="alarm"), group=group_of_alarm(_text(detail, "alarmName")))
        case "Parameter Store Change":
            return Message(Hint(source=SPEC), group=group_of_parameter(_text(detail, "name")))
    raise Malformed(f"no rule of ours sends events of detail-type {kind!r}")


def _registry_hint(detail: dict[str, Any]) -> Hint:
    """An approval counts as seen only if the event says that the status itself was written.

    Writing metadata to an approved version sends an event that says Approved too; taking it for an approval
    would deploy an old version because somebody annotated it.
    """
    version = detail.get("ModelPackageVersion")
    if not isinstance(version, int) or isinstance(version, bool):
        return Hint(source="registry")
    fields = detail.get("UpdatedModelPackageFields")
    wrote_status = isinstance(fields, list) and any(
        str(name).endswith("ModelApprovalStatus") for name in fields
    )
    if not wrote_status or detail.get("ModelApprovalStatus") != Approval.APPROVED.value:
        return Hint(source="registry", version=version)
    return Hint(source="registry", version=version, approved_at=_epoch(detail.get("LastModifiedTime")))


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
        raise Malformed(f"the message's {key!r} is {value!r}; expected an object")
    return value


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"the message's {key!r} is {value!r}; expected a name")
    return value
