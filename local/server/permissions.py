"""What IAM is asked for calls of Lambda, EventBridge, CloudWatch, DynamoDB Streams and IAM itself.

Service Authorization Reference, the pages of the services.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LAMBDA_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
_RULE_CALLS = frozenset(
    {"PutRule", "DescribeRule", "EnableRule", "DisableRule", "DeleteRule"}
    | {"PutTargets", "RemoveTargets", "ListTargetsByRule"}
)
_STREAM_CALLS = frozenset(
    {"CreateLogStream", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents", "PutLogEvents"}
)
_LINKED_ROLES = {
    "sagemaker.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
}
_BOUNDED_BY_REQUEST = frozenset(
    {"CreateRole", "CreateUser", "PutRolePermissionsBoundary", "PutUserPermissionsBoundary"}
)


def install() -> None:
    """Ask for what AWS asks for."""
    _mend_actions()
    _mend_resources()
    _mend_context()
    _know_functions_of_mappings()


def _mend_actions() -> None:
    """ministack guesses Lambda's actions from paths and asks nothing where it cannot; botocore knows them all."""
    hooks.private("core.iam_actions._BOTOCORE_SERVICE_MAP")["lambda"] = ["lambda"]
    action_of: Callable[..., str | None] = hooks.private("core.iam_actions.extract_iam_action")
    route: Callable[..., str | None] = hooks.private("core.iam_actions._match_rest_action")

    def by_route(  # noqa: PLR0917 - the hook's shape
        service: str, method: str, path: str, headers: Any, body: bytes, query_params: Mapping[str, Any]
    ) -> str | None:
        operation = route(service, method, path, query_params) if service == "lambda" else None
        if operation is None:
            return action_of(service, method, path, headers, body, query_params)
        return f"lambda:{_LAMBDA_ACTIONS.get(operation, operation)}"

    hooks.replace("core.iam_actions.extract_iam_action", by_route)


def _mend_resources() -> None:
    resource_of: Callable[..., str] = hooks.private("core.iam_actions.extract_resource_arn")

    def with_rules_and_paths(  # noqa: PLR0917 - the hook's shape
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        found = ""
        if service == "events" and headers.get("x-amz-target", "").rpartition(".")[2] in _RULE_CALLS:
            found = f"arn:aws:events:{region}:{account_id}:{_rule(json.loads(body or b'{}'))}"
        if service == "dynamodbstreams":
            found = _stream(json.loads(body or b"{}"))
        if service == "iam":
            found = _entity_arn(query_params, account_id)
        operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        if service == "monitoring" and operation in {"TagResource", "UntagResource"}:
            found = str(json.loads(body or b"{}").get("ResourceARN", ""))
        if service == "logs" and operation in _STREAM_CALLS:
            asked = json.loads(body or b"{}")
            # Without a stream of its own the call is about all: "…:log-group:NAME:log-stream:" in IAM's messages.
            parts = (asked.get("logGroupName", ""), "log-stream", asked.get("logStreamName", ""))
            found = f"arn:aws:logs:{region}:{account_id}:log-group:{':'.join(map(str, parts))}"
        return found or resource_of(service, method, path, headers, body, query_params, region, account_id)

    hooks.replace("core.iam_actions.extract_resource_arn", with_rules_and_paths)


def _rule(request: Mapping[str, Any]) -> str:
    """A rule as its ARN names it: below its bus, unless that is the default one."""
    name = request.get("Name") or request.get("Rule") or "*"
    bus = str(request.get("EventBusName") or "default").rpartition("/")[2]
    return f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"


def _stream(request: Mapping[str, Any]) -> str:
    """The stream that a call names, or that its iterator is of; "" if it is about all of a table's or account's."""
    decode: Callable[[str], dict[str, Any] | None] = hooks.private(
        "services.dynamodb_streams._decode_iterator"
    )
    read = decode(str(request.get("ShardIterator", ""))) or {}
    return str(request.get("StreamArn") or read.get("arn") or "")


def _entity_arn(parameters: Mapping[str, Any], account: str) -> str:
    """The ARN of the role, user or policy that a call to IAM names, with its path; "" if it names none by name."""
    creates = _one(parameters, "Action").startswith("Create")
    if _one(parameters, "Action") == "CreateServiceLinkedRole":
        service = _one(parameters, "AWSServiceName")
        name = _LINKED_ROLES.get(service, "AWSServiceRole")  # the others' names are their services' choice
        return f"arn:aws:iam::{account}:role/aws-service-role/{service}/{name}"
    for kind, store in (("Role", "_roles"), ("User", "_users")):
        name = _one(parameters, f"{kind}Name")
        entity = hooks.private(f"services.iam.{store}").get(name)
        if name and entity and not creates:
            return str(entity["Arn"])
        if name:
            return f"arn:aws:iam::{account}:{kind.lower()}{_one(parameters, 'Path') or '/'}{name}"
    if _one(parameters, "Action") == "CreatePolicy":
        return (
            f"arn:aws:iam::{account}:policy{_one(parameters, 'Path') or '/'}{_one(parameters, 'PolicyName')}"
        )
    return ""


def _mend_context() -> None:
    context_of: Callable[..., dict[str, Any]] = hooks.private("core.iam_actions.request_tag_context")

    def with_iam_keys(
        service: str, iam_action: str, body: bytes, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        context = context_of(service, iam_action, body, params)
        if iam_action == "lambda:CreateEventSourceMapping":
            return {**context, "lambda:FunctionArn": _function_arn(json.loads(body or b"{}"))}
        return {**context, **_iam_keys(params)} if service == "iam" else context

    hooks.replace("core.iam_actions.request_tag_context", with_iam_keys)


def _function_arn(request: Mapping[str, Any]) -> str:
    """The ARN of the function that a new event source mapping names."""
    from ministack.core.responses import get_account_id, get_region  # noqa: PLC0415 - reads settings at import

    name = str(request.get("FunctionName", ""))
    return (
        name
        if name.startswith("arn:")
        else f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"
    )


def _know_functions_of_mappings() -> None:
    """lambda:FunctionArn, of the event source mapping that a call is on."""
    resolve: Callable[[str, Any], object] = hooks.private("core.iam_evaluator._resolve_condition_key")

    def with_function(key: str, ctx: Any) -> object:
        value = resolve(key, ctx)
        if value is not None or key.lower() != "lambda:functionarn":
            return value
        _, found, identifier = str(ctx.resource_arn).partition(":event-source-mapping:")
        mappings = hooks.private("services.lambda_svc._iter_all_esms")() if found else ()
        return next((esm["FunctionArn"] for _, _, esm in mappings if esm.get("UUID") == identifier), None)

    hooks.replace("core.iam_evaluator._resolve_condition_key", with_function)


def _iam_keys(parameters: Mapping[str, Any]) -> dict[str, str]:
    """iam:PermissionsBoundary, of the request that sets it or of the role or user, and iam:PolicyARN."""
    operation = _one(parameters, "Action")
    boundary = _one(parameters, "PermissionsBoundary")
    if operation not in _BOUNDED_BY_REQUEST:
        role = hooks.private("services.iam._roles").get(_one(parameters, "RoleName"))
        user = hooks.private("services.iam._users").get(_one(parameters, "UserName"))
        boundary = str((role or user or {}).get("PermissionsBoundary") or "")
    keys = {"iam:PermissionsBoundary": boundary} if boundary else {}
    if operation == "CreateServiceLinkedRole":
        keys["iam:AWSServiceName"] = _one(parameters, "AWSServiceName")
    if operation.startswith(("Attach", "Detach")):
        keys["iam:PolicyARN"] = _one(parameters, "PolicyArn")
    return keys


def _one(parameters: Mapping[str, Any], name: str) -> str:
    found = parameters.get(name) or ""
    return str(found[0] if isinstance(found, list) else found)
