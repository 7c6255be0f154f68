"""CloudTrail's events as the second witness: who wrote what to a version, and what was done by break-glass."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.core.bounds import MOST_ID
from lambdas.core.identity import Identity
from lambdas.core.names import BREAK_GLASS
from lambdas.core.record import Witness, approval_of
from lambdas.core.text import cut

MOST_REASON = 4_096  # bytes, as JSON, of an ApprovalDescription, which has up to 1,024 characters [B]
UPDATED, CREATED = "UpdateModelPackage", "CreateModelPackage"


@dataclass(frozen=True)
class Breach:
    """One call by somebody in the break-glass role; `at` in epoch seconds, `endpoint` where the call names one."""

    id: str
    at: float
    by: Identity
    call: str
    endpoint: str | None = None


def witness_of(event: Mapping[str, Any]) -> Witness | None:
    """Read a CloudTrail record (`userIdentity`, `requestParameters` …).

    Returns:
        None for what wrote nothing to a version: refused calls, other calls, packages without a group.
    """
    name = event.get("eventName")
    if event.get("errorCode") or name not in (UPDATED, CREATED):
        return None
    asked, answered = _members(event, "requestParameters"), _members(event, "responseElements")
    answers = name == CREATED or asked.get("omitted")
    place = _place((answered if answers else asked).get("modelPackageArn"))
    at, by = _time(event.get("eventTime")), identity_of(event)
    if place is None or at is None or by is None:
        return None
    return Witness(
        id=cut(str(event.get("eventID", "")), MOST_ID),
        group=place[0],
        version=place[1],
        at=at,
        by=by,
        approval=approval_of(asked.get("modelApprovalStatus")),
        reason=cut(str(asked.get("approvalDescription") or ""), MOST_REASON),
        # What is too long for CloudTrail is left out, and may have been anything.
        content="inferenceSpecification" in asked or bool(asked.get("omitted")),
        registered=name == CREATED,
    )


def breach_of(event: Mapping[str, Any]) -> Breach | None:
    """Read a CloudTrail record of the break-glass role's use: stepping into it, or a call in its session."""
    asked = _members(event, "requestParameters")
    session = _members(_members(event, "userIdentity"), "sessionContext")
    issuer = str(_members(session, "sessionIssuer").get("userName", ""))
    stepped_in = event.get("eventName") == "AssumeRole" and str(asked.get("roleArn", "")).endswith(
        f"/{BREAK_GLASS}"
    )
    at, by = _time(event.get("eventTime")), identity_of(event)
    if at is None or by is None or not (stepped_in or issuer == BREAK_GLASS):
        return None
    refused = event.get("errorCode")
    endpoint = asked.get("endpointName")
    return Breach(
        id=cut(str(event.get("eventID", "")), MOST_ID),
        at=at,
        by=by,
        call=f"{event.get('eventName')}" + (f" (refused: {refused})" if refused else ""),
        endpoint=str(endpoint) if endpoint else None,
    )


def identity_of(event: Mapping[str, Any]) -> Identity | None:
    """The caller of a CloudTrail record; None: it names nobody."""
    user = _members(event, "userIdentity")
    arn = user.get("arn") or user.get("invokedBy") or user.get("principalId")
    source = _members(user, "sessionContext").get("sourceIdentity")
    return Identity(str(arn), str(source) if source else None) if arn else None


def _members(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _place(arn: object) -> tuple[str, int] | None:
    """Group and number in `…:model-package/<group>/<number>`."""
    parts = str(arn or "").partition(":model-package/")[2].split("/")
    if len(parts) != 2 or not parts[1].isdecimal():  # noqa: PLR2004 - as in the line above
        return None
    return parts[0], int(parts[1])


def _time(value: object) -> float | None:
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError):
        return None
