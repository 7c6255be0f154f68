"""Who calls: principals as IAM's conditions and the registry see them."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_sees_composites: ContextVar[bool] = ContextVar("composite alarms", default=True)
_asked: ContextVar[list[str] | None] = ContextVar("parameters", default=None)


_COMPOSITE, _NONE = "CompositeAlarm", "NoAlarm"


@dataclass(frozen=True)
class Principal:
    """A caller: `arn` (root, user or role session), account, unique ID, SourceIdentity ("" when none)."""

    arn: str
    account: str
    principal_id: str
    source_identity: str


def install() -> None:
    """Mend `aws:PrincipalArn`, and add `aws:SourceIdentity` and `aws:MultiFactorAuthPresent` (see trust)."""
    original: Callable[[str, Any], object] = hooks.private("core.iam_evaluator._resolve_condition_key")

    def resolve(key: str, ctx: Any) -> object:
        value = original(key, ctx)
        return role_arn_of(str(value)) if key.lower() == "aws:principalarn" and value else value

    hooks.replace("core.iam_evaluator._resolve_condition_key", resolve)
    keys: Callable[[Any], dict[str, Any]] = hooks.private("core.iam_evaluator._principal_keys")

    def with_session(credential: Any) -> dict[str, Any]:
        session = hooks.private("services.sts._sessions").get(credential.access_key_id) or {}
        found = keys(credential)
        if session.get("SourceIdentity"):
            found["aws:sourceidentity"] = session["SourceIdentity"]
        if session.get("MfaPresent"):
            found["aws:multifactorauthpresent"] = "true"
        return found

    hooks.replace("core.iam_evaluator._principal_keys", with_session)
    _mend_actions()
    _mend_resources()
    _ask_for_each_parameter()
    _hide_composite_alarms()
    _mend_context()


def _mend_actions() -> None:
    """SQS API reference: the permission for a batch is that of the single call."""
    action_of: Callable[..., str | None] = hooks.private("core.iam_actions.extract_iam_action")

    def without_batch(service: str, *request: object) -> str | None:
        action = action_of(service, *request)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    hooks.replace("core.iam_actions.extract_iam_action", without_batch)


def _mend_context() -> None:
    """Service Authorization Reference: PutMetricData has the condition key cloudwatch:namespace."""
    context_of: Callable[..., dict[str, Any]] = hooks.private("core.iam_actions.request_tag_context")

    def with_namespace(
        service: str, iam_action: str, body: bytes, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        context = context_of(service, iam_action, body, params)
        if iam_action != "cloudwatch:PutMetricData":
            return context
        return {**context, "cloudwatch:namespace": _namespace(body, params)}

    hooks.replace("core.iam_actions.request_tag_context", with_namespace)


def _namespace(body: bytes, params: Mapping[str, Any]) -> str:
    """The namespace of a PutMetricData request, in whichever of CloudWatch's protocols it came."""
    if body.startswith(b"{"):
        return str(json.loads(body).get("Namespace", ""))
    given = params.get("Namespace") or parse_qs(body.decode(errors="replace")).get("Namespace") or ""
    return str(given[0] if isinstance(given, list) and given else given)


def _mend_resources() -> None:
    """Service Authorization Reference: the resources of calls that name theirs in a way of their own."""
    resource_of: Callable[..., str] = hooks.private("core.iam_actions.extract_resource_arn")

    def with_paths(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        arn = resource_of(service, method, path, headers, body, *more)
        _, region, account = more
        operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        if arn == "*" and operation == "GetParametersByPath":
            prefix = str(json.loads(body or b"{}").get("Path", "/")).strip("/")
            return f"arn:aws:ssm:{region}:{account}:parameter/{prefix}"
        if arn == "*" and operation in {"GetParameters", "DeleteParameters"}:
            names = json.loads(body or b"{}").get("Names", [])
            _asked.set([f"arn:aws:ssm:{region}:{account}:parameter/{str(name).strip('/')}" for name in names])
        if arn == "*" and operation == "DescribeAlarms":
            return f"arn:aws:cloudwatch:{region}:{account}:alarm:*"
        if arn == "*" and operation == "GetDashboard":
            name = json.loads(body or b"{}").get("DashboardName", "")
            return f"arn:aws:cloudwatch::{account}:dashboard/{name}"
        if arn == "*" and operation in {"DeleteAlarms", "DisableAlarmActions", "EnableAlarmActions"}:
            # AWS checks each; one check is what there is room for here, and ours share their prefix.
            name = next(iter(json.loads(body or b"{}").get("AlarmNames", [])), "")
            return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"
        return arn

    hooks.replace("core.iam_actions.extract_resource_arn", with_paths)


def _ask_for_each_parameter() -> None:
    """GetParameters and DeleteParameters are checked against every parameter that they name."""
    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")

    def for_each(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        asked = _asked.get() if iam_action in {"ssm:GetParameters", "ssm:DeleteParameters"} else None
        for arn in asked or [resource_arn]:
            if denied := enforce(access_key_id, iam_action, service, region, arn, service_context):
                return denied
        return None

    hooks.replace("core.iam_evaluator.enforce", for_each)


def _hide_composite_alarms() -> None:
    """CloudWatch API reference, DescribeAlarms: composite alarms are told to a caller who may call it on `*` alone."""
    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")
    describe: Callable[..., Any] = hooks.private("services.cloudwatch._describe_alarms")

    def noting(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if iam_action == "cloudwatch:DescribeAlarms" and not denied:
            on_all = enforce(access_key_id, iam_action, service, region, "*", service_context)
            _sees_composites.set(not on_all)
        return denied

    def seen(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        if _sees_composites.get():
            return describe(params, cbor_data, is_cbor, is_json)
        if is_cbor or is_json:
            types = [one for one in cbor_data.get("AlarmTypes") or ["MetricAlarm"] if one != _COMPOSITE]
            return describe(params, {**cbor_data, "AlarmTypes": types or [_NONE]}, is_cbor, is_json)
        asked = {
            name: ([_NONE] if _COMPOSITE in value else value) if name.startswith("AlarmTypes.") else value
            for name, value in params.items()
        }
        return describe(asked, cbor_data, is_cbor, is_json)

    hooks.replace("core.iam_evaluator.enforce", noting)
    hooks.replace("services.cloudwatch._describe_alarms", seen)


def role_arn_of(principal_arn: str) -> str:
    """What `aws:PrincipalArn` is for a principal: of a role session the role's ARN, with its path.

    IAM guide, "AWS global condition context keys", aws:PrincipalArn: "for IAM roles, the request context returns
    the ARN of the role, not the ARN of the user that assumed the role".
    """
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    account = principal_arn.split(":")[4]
    name = hooks.private("core.iam_evaluator._role_name_from_assumed_arn")(principal_arn)
    role = hooks.private("services.iam._roles").get_scoped(account, None, name)
    return str(role["Arn"]) if role else f"arn:aws:iam::{account}:role/{name}"


def principal_of(headers: Mapping[str, str], query: Mapping[str, Any] | None = None) -> Principal:
    """The caller of a request, by its access key; its account's root when the key is unknown."""
    from ministack.core.iam_evaluator import resolve_caller_identity  # noqa: PLC0415 - reads settings at import
    from ministack.core.responses import get_account_id  # noqa: PLC0415 - as above
    from ministack.core.router import extract_access_key_id  # noqa: PLC0415 - as above

    key = extract_access_key_id(headers, query or {}) or ""
    found = cast("dict[str, Any] | None", resolve_caller_identity(key)) or {
        "userArn": "anonymous",
        "accountId": get_account_id(),
        "userId": "",
        "session": None,
    }
    session = found.get("session") or {}
    return Principal(
        arn=str(found["userArn"]),
        account=str(found["accountId"]),
        principal_id=str(found["userId"]),
        source_identity=str(session.get("SourceIdentity", "")),
    )
