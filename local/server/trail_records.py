"""API calls as CloudTrail records them.

CloudTrail guide, "CloudTrail record contents" and "CloudTrail userIdentity element"; SageMaker and STS write the names
of request parameters in lowerCamelCase.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from botocore.model import ListShape, StructureShape

from local.sagemaker.shapes import operation_model
from local.server import identity

if TYPE_CHECKING:
    from botocore.model import Shape

    from local.server.requests import Answer, Call

_READING = ("Describe", "List", "Get", "Search", "BatchDescribe", "BatchGet", "Query", "Render", "Invoke")
_TAG = re.compile(r"<(Arn|AssumedRoleId|AccessKeyId|Code|Message)>([^<]*)<")
_REFUSED = 400


def record_of(call: Call, answer: Answer, at: float, region: str) -> dict[str, Any] | None:
    """The record of a call that changes something in SageMaker, or steps into a role; None: of any other.

    Args:
        call: as it came.
        answer: status, headers and body that it got.
        at: when it was made, epoch seconds.
        region: of the account.
    """
    if call.service == "sagemaker" and "x-amz-target" in call.headers:
        if call.operation.startswith(_READING):
            return None
        asked, answered = _of_sagemaker(call, answer)
    elif call.service == "sts" and call.operation == "AssumeRole":
        asked, answered = _of_sts(call, answer)
    else:
        return None
    account = call.principal.account
    record = {
        "eventVersion": "1.11",
        "userIdentity": _user(call, at),
        "eventTime": _time(at),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": call.headers.get("user-agent", ""),
        "requestParameters": asked or None,
        "responseElements": answered or None,
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": call.service == "sts",  # AssumeRole changes nothing, to CloudTrail
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    return record | _error(answer)


def _of_sagemaker(call: Call, answer: Answer) -> tuple[Any, Any]:
    model = operation_model(call.operation)
    asked = lower_camel(model.input_shape, _json(call.body))
    answered = {} if answer[0] >= _REFUSED else lower_camel(model.output_shape, _json(answer[2]))
    return asked, answered


def _of_sts(call: Call, answer: Answer) -> tuple[Any, Any]:
    parameters = {key: values[0] for key, values in parse_qs(call.body.decode(errors="replace")).items()}
    named = ("RoleArn", "RoleSessionName", "SourceIdentity")
    asked = {name[0].lower() + name[1:]: parameters[name] for name in named if name in parameters}
    if answer[0] >= _REFUSED:
        return asked, {}
    told = dict(_TAG.findall(_text(answer[2])))
    user = {"arn": told.get("Arn", ""), "assumedRoleId": told.get("AssumedRoleId", "")}
    return asked, {"assumedRoleUser": user, "credentials": {"accessKeyId": told.get("AccessKeyId", "")}}


def lower_camel(shape: Shape | None, value: Any) -> Any:
    """A value with the members of its structures in lowerCamelCase; the keys of maps are data, and stay."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name[:1].lower() + name[1:]: lower_camel(shape.members.get(name), item)
            for name, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [lower_camel(shape.member, item) for item in value]
    return value


def _user(call: Call, at: float) -> dict[str, Any]:
    who = call.principal
    user: dict[str, Any] = {"principalId": who.principal_id, "arn": who.arn, "accountId": who.account}
    if ":assumed-role/" not in who.arn:
        return user | {"type": "Root" if who.arn.endswith(":root") else "IAMUser"}
    role = identity.role_arn_of(who.arn)
    session: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": who.principal_id.partition(":")[0],
            "arn": role,
            "accountId": who.account,
            "userName": role.rpartition("/")[2],
        },
        "attributes": {"creationDate": _time(at), "mfaAuthenticated": "false"},
    }
    if who.source_identity:
        session["sourceIdentity"] = who.source_identity
    return user | {"type": "AssumedRole", "sessionContext": session}


def _error(answer: Answer) -> dict[str, str]:
    if answer[0] < _REFUSED:
        return {}
    text = _text(answer[2])
    told = dict(_TAG.findall(text)) if text.startswith("<") else _json(answer[2])
    code = str(told.get("__type") or told.get("Code") or "InternalFailure").rpartition("#")[2]
    message = str(told.get("message") or told.get("Message"))
    return {"errorCode": code.removesuffix("Exception"), "errorMessage": message}


def _json(body: Any) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _text(body: Any) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
