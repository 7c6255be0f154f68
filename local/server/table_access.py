"""What IAM is asked for a call to DynamoDB where ministack asks too little: PartiQL, policies, leading keys.

Service Authorization Reference, Amazon DynamoDB; developer guide, "IAM security policies with PartiQL for DynamoDB".
"""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.leading_keys import leading_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Checks = list[tuple[str, str]]

_STATEMENT = re.compile(
    r"(?P<verb>SELECT\b.*?\bFROM|EXISTS\b.*?\bFROM|INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s*"
    r'(?:"(?P<quoted>[\w.-]+)"|(?P<plain>[\w-]+))(?:\."(?P<index>[\w.-]+)")?',
    re.IGNORECASE | re.DOTALL,
)
_ACTIONS = {"insert": "PartiQLInsert", "update": "PartiQLUpdate", "delete": "PartiQLDelete"}
_request: ContextVar[Mapping[str, Any] | None] = ContextVar("dynamodb_request", default=None)


def install() -> None:
    """Ask for each PartiQL statement, for the resource of a policy or tag call, and with the leading keys."""
    _ask_for_statements()
    _name_resources()
    _show_leading_keys()


def statement_check(statement: str, region: str, account: str) -> tuple[str, str] | None:
    """The action of a PartiQL statement, and the ARN of its table or index; None for what is no statement."""
    found = _STATEMENT.match(statement.strip())
    if found is None:
        return None
    table = found["quoted"] or found["plain"]
    suffix = f"/index/{found['index']}" if found["index"] else ""
    action = _ACTIONS.get(found["verb"].split()[0].lower(), "PartiQLSelect")
    return f"dynamodb:{action}", f"arn:aws:dynamodb:{region}:{account}:table/{table}{suffix}"


def _ask_for_statements() -> None:
    checks_of: Callable[..., Checks] = hooks.private("core.iam_actions.dynamodb_transaction_checks")

    def with_statements(iam_action: str, body: bytes, region: str, account_id: str) -> Checks:
        request = _read(body)
        one = [request] if "Statement" in request else []
        asked = [*one, *request.get("Statements", []), *request.get("TransactStatements", [])]
        found = [statement_check(str(part.get("Statement", "")), region, account_id) for part in asked]
        return [check for check in found if check] or checks_of(iam_action, body, region, account_id)

    hooks.replace("core.iam_actions.dynamodb_transaction_checks", with_statements)


def _name_resources() -> None:
    """The calls on policies and tags name their resource by ResourceArn, which ministack does not look at."""
    resource_of: Callable[..., str] = hooks.private("core.iam_actions.extract_resource_arn")

    def with_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        arn = resource_of(service, method, path, headers, body, *more)
        return str(_read(body).get("ResourceArn", arn)) if service == "dynamodb" and arn == "*" else arn

    hooks.replace("core.iam_actions.extract_resource_arn", with_resource_arn)


def _show_leading_keys() -> None:
    """A transaction's items are asked for one by one, but with one context; so the keys are added to each question."""
    context_of: Callable[[bytes], dict[str, Any]] = hooks.private("core.iam_actions.dynamodb_service_context")

    def remembering(body: bytes) -> dict[str, Any]:
        _request.set(_read(body))
        return context_of(body)

    hooks.replace("core.iam_actions.dynamodb_service_context", remembering)
    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")

    def with_leading_keys(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(service_context or {})
        request = _request.get() if service == "dynamodb" else None
        if request and (keys := leading_keys(request, iam_action, resource_arn, partition_key)):
            context["dynamodb:LeadingKeys"] = keys
        return enforce(access_key_id, iam_action, service, region, resource_arn, context)

    hooks.replace("core.iam_evaluator.enforce", with_leading_keys)


def partition_key(resource_arn: str) -> str | None:
    """The name of the partition key of the table or index with this ARN; None if it is not there."""
    name, _, index = resource_arn.rpartition(":table/")[2].partition("/index/")
    table = hooks.private("services.dynamodb._tables").get(name)
    if not table or not index:
        return str(table["pk_name"]) if table else None
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for one in table.get(kind) or ():
            if one["IndexName"] == index:
                return next(str(key["AttributeName"]) for key in one["KeySchema"] if key["KeyType"] == "HASH")
    return None


def _read(body: bytes) -> dict[str, Any]:
    """A JSON request; empty for what is none, which DynamoDB itself refuses."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
