"""How IAM words a refusal: which kind of policy refused, and on which resource.

IAM guide, "Troubleshoot access denied error messages". ministack names an identity-based policy for everything but a
resource's Deny, and in most services no resource.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.requests import Answer

_IDENTITY, _BOUNDARY, _SESSION = "identity-based policy", "permissions boundary", "session policy"


@dataclass(frozen=True)
class Refusal:
    """What was refused last: the action, its resource, and the kind of policy that refused."""

    action: str
    resource_arn: str
    kind: str


class Boundary(list[Any]):
    """The policies of a permissions boundary, told from those of a session by its type."""


_last: ContextVar[Refusal | None] = ContextVar("refusal", default=None)


def install() -> None:
    """Word refusals as IAM does."""
    _tell_boundaries()
    _find_the_kind()
    _remember()
    hooks.replace("core.iam_actions.identity_denial_message", message)
    respond: Callable[..., Answer] = hooks.private("core.iam_actions.access_denied_response")

    def with_reason(service: str, action: str, principal_arn: str, request_id: str, **more: Any) -> Answer:
        refusal = _last.get()
        by_identity = not (more.get("error_code") or more.get("message") or more.get("resource_policy_arn"))
        if by_identity and refusal and refusal.action == action:
            explicit = bool(more.get("explicit_deny"))
            more["message"] = message(action, principal_arn, refusal.resource_arn, explicit)
        return respond(service, action, principal_arn, request_id, **more)

    hooks.replace("core.iam_actions.access_denied_response", with_reason)


def message(action: str, principal_arn: str, resource: str, explicit_deny: bool) -> str:
    """IAM's sentence about a refusal that no resource's policy decided."""
    refusal = _last.get()
    kind = refusal.kind if refusal and refusal.action == action else _IDENTITY
    article = "an" if kind == _IDENTITY else "a"
    reason = (
        f"with an explicit deny in {article} {kind}"
        if explicit_deny
        else f"because no {kind} allows the {action} action"
    )
    return f"User: {principal_arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def _tell_boundaries() -> None:
    boundary_of: Callable[..., list[Any]] = hooks.private("core.iam_evaluator._permissions_boundary")

    def told(store: Any, name: str, account_id: str) -> list[Any]:
        return [Boundary(layer) for layer in boundary_of(store, name, account_id)]

    hooks.replace("core.iam_evaluator._permissions_boundary", told)


def _find_the_kind() -> None:
    evaluate: Callable[..., Any] = hooks.private("core.iam_evaluator.evaluate")

    def with_kind(ctx: Any, policies: Any, *limits: Any) -> Any:
        result = evaluate(ctx, policies, *limits)
        if result.decision == "Allow":
            return result
        layers = [(_IDENTITY, policies), *((_kind_of(limit), limit) for limit in limits)]
        # The first that denies, or else the first that does not allow.
        refusing = [kind for kind, layer in layers if evaluate(ctx, layer).decision == result.decision]
        result.reason = refusing[0] if refusing else _IDENTITY
        return result

    hooks.replace("core.iam_evaluator.evaluate", with_kind)


def _kind_of(limit: Any) -> str:
    return _BOUNDARY if isinstance(limit, Boundary) else _SESSION


def _remember() -> None:
    from ministack.core.iam_evaluator import EvalResult  # noqa: PLC0415 - reads settings at import

    enforce: Callable[..., Any] = hooks.private("core.iam_evaluator.enforce")

    def remembering(  # noqa: PLR0917 - the hook's shape
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if isinstance(denied, EvalResult):
            _last.set(Refusal(iam_action, resource_arn, denied.reason))
        return denied

    hooks.replace("core.iam_evaluator.enforce", remembering)
