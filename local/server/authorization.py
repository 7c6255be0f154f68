"""IAM for the services that ministack lacks: every check of a call, in AWS's order and wording."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.server.requests import Answer, Call


class Check(Protocol):
    """One permission that a call needs: the IAM action, the resource's ARN, the condition keys of the request."""

    @property
    def action(self) -> str: ...
    @property
    def resource_arn(self) -> str: ...
    @property
    def context(self) -> Mapping[str, object]: ...


def refusal(call: Call, checks: Iterable[Check]) -> Answer | None:
    """AWS's refusal of the first check that the caller's policies do not allow; None when all pass.

    The wording is IAM's (troubleshooting guide, "Access denied error message"): "User: … is not authorized to
    perform: … on resource: … because no identity-based policy allows the … action", or "… with an explicit deny
    in an identity-based policy", or "… in a resource-based policy".
    """
    from ministack.core.iam_actions import identity_denial_message  # noqa: PLC0415 - reads settings at import
    from ministack.core.iam_evaluator import (  # noqa: PLC0415 - as above
        AuthError,
        enforce,
        pin_request_caller,
    )
    from ministack.core.router import extract_access_key_id, extract_region  # noqa: PLC0415 - as above

    pin_request_caller(call.headers, call.query)
    key = extract_access_key_id(call.headers, call.query)
    region = extract_region(call.headers, call.query)
    for check in checks:
        denied = enforce(
            key,
            check.action,
            check.action.split(":")[0],
            region,
            resource_arn=check.resource_arn,
            service_context=dict(check.context),
        )
        if isinstance(denied, AuthError):
            return json_error(denied.code, denied.message, 403)
        if denied:
            message = identity_denial_message(
                check.action, denied.principal_arn, check.resource_arn, denied.decision == "Deny"
            )
            if denied.resource_policy_arn:
                message = message.replace("an identity-based policy", "a resource-based policy")
            return json_error("AccessDeniedException", message, 400)
    return None


def json_error(code: str, message: str, status: int = 400) -> Answer:
    """An error of the JSON 1.1 protocol, readable for REST-JSON clients too (x-amzn-errortype)."""
    body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body


def json_answer(content: Mapping[str, object]) -> Answer:
    """A success of the JSON 1.1 protocol."""
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content, default=str).encode()
