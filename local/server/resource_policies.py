"""Policies that resources carry: of DynamoDB tables, of model package groups, and of roles, whose trust policy is one.

ministack evaluates the policies of queues, topics, buckets, functions and keys; these join them. IAM guide, "Policy
evaluation logic": a Deny refuses whatever identity policies say, and within the account an Allow adds to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.trust import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Policy = tuple[str, str]  # the document, and the account that owns the resource

_BIND_ROOT = frozenset({"dynamodb", "sagemaker"})


def install(policy_of_group: Callable[[str], str | None]) -> None:
    """Evaluate these policies with the identity policies of the caller; `policy_of_group(arn)` is SageMaker's."""
    known: Callable[[str, str], Any] = hooks.private("core.iam_evaluator._resource_policy")

    def policy_of(service: str, resource_arn: str) -> Any:
        if service == "sagemaker":
            return _owned(policy_of_group(resource_arn), resource_arn)
        if service == "dynamodb":
            return _owned(policy_of_table(resource_arn), resource_arn)
        if service == "sts":
            role = role_of(resource_arn)
            return _owned(role["AssumeRolePolicyDocument"] if role else None, resource_arn)
        return known(service, resource_arn)

    hooks.replace("core.iam_evaluator._resource_policy", policy_of)
    _bind_root(policy_of)


def policy_of_table(resource_arn: str) -> str | None:
    """The policy of the table that an ARN names, or whose index it names; a stream has one of its own."""
    table_arn = resource_arn if "/stream/" in resource_arn else resource_arn.partition("/index/")[0]
    entry = hooks.private("services.dynamodb._resource_policies").get(table_arn)
    return None if entry is None else str(entry["Policy"])


def _owned(policy: str | None, resource_arn: str) -> Policy | None:
    return None if policy is None else (policy, resource_arn.split(":")[4])


def _bind_root(policy_of: Callable[[str, str], Policy | None]) -> None:
    """ministack asks nothing when the account's root user calls; on AWS a resource's Deny binds it as well."""
    from ministack.core.iam_evaluator import (  # noqa: PLC0415 - reads settings at import
        AuthError,
        EvalContext,
        evaluate_resource_policy,
        resolve_principal,
    )
    from ministack.core.responses import get_account_id  # noqa: PLC0415 - as above

    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")

    def with_root_bound(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if denied or service not in _BIND_ROOT:
            return denied
        who = resolve_principal(access_key_id or "", get_account_id())
        found = None if isinstance(who, AuthError) or who.type != "Root" else policy_of(service, resource_arn)
        if found is None:
            return None
        context = {"aws:tagkeys": None} | {
            key.lower(): value for key, value in (service_context or {}).items()
        }
        asked = EvalContext(
            who.arn, who.type, who.account, iam_action, resource_arn, region,
            service_context=context, principal_keys=who.keys,
        )  # fmt: skip
        result = evaluate_resource_policy(found[0], asked)
        if result.decision != "Deny":
            return None
        result.principal_arn, result.resource_policy_arn = who.arn, resource_arn
        return result

    hooks.replace("core.iam_evaluator.enforce", with_root_bound)
