"""Sessions that AWS services have of the roles they are given, and clients that act by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.scope import account_scope

if TYPE_CHECKING:
    from local.server.settings import ServerSettings

_ARN_FIELDS = 6


def assumable(settings: ServerSettings, role_arn: str) -> bool:
    """Whether the role exists and trusts sagemaker.amazonaws.com."""
    from ministack.core.iam_evaluator import (  # noqa: PLC0415 - reads settings at import
        EvalContext,
        evaluate_resource_policy,
    )

    parts = role_arn.split(":", 5)
    if len(parts) != _ARN_FIELDS or not parts[5].startswith("role/"):
        return False
    role = hooks.private("services.iam._roles").get_scoped(parts[4], None, role_arn.rsplit("/", 1)[1])
    if role is None or role["Arn"] != role_arn:
        return False
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=settings.region,
        service_context={"aws:sourceaccount": settings.account},
    )
    answer = evaluate_resource_policy(
        role["AssumeRolePolicyDocument"], context, service="sagemaker.amazonaws.com"
    )
    return bool(answer.decision == "Allow")


def session(settings: ServerSettings, role_arn: str, name: str) -> dict[str, str]:
    """The variables of a session of `role_arn`, called `name`, that a service has: it was asked whether it may."""
    function = f"arn:aws:lambda:{settings.region}:{settings.account}:function:{name}"
    with account_scope(settings.account, settings.region):
        made: dict[str, str] = hooks.private("core.lambda_runtime.execution_credentials")(
            {"Role": role_arn, "FunctionArn": function, "FunctionName": name}
        )
    return made


def client(settings: ServerSettings, service: str, role_arn: str, name: str) -> Any:
    """A client of `service` in such a session."""
    import boto3  # noqa: PLC0415 - slow to import; only what acts by a role waits for it

    made = session(settings, role_arn, name)
    return boto3.session.Session(
        made["AWS_ACCESS_KEY_ID"],
        made["AWS_SECRET_ACCESS_KEY"],
        made["AWS_SESSION_TOKEN"],
        region_name=settings.region,
    ).client(service, endpoint_url=settings.endpoint)  # type: ignore[call-overload] # the service is the caller's choice
