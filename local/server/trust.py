"""Who may have a session: STS's questions to a role's trust policy, and what a session keeps of its request.

ministack evaluates trust policies, but of a request it shows them only the external ID, the session's name and the
tags. IAM guide, "Monitor and control actions taken with assumed roles" (source identity), "Secure API access with
MFA", "Pass session tags in AWS STS"; which keys each permission has: Service Authorization Reference, AWS STS.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local.server import hooks, session_names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from local.server.requests import Answer

    Handler = Callable[..., Awaitable[Answer]]

ASSUME, SET_SOURCE_IDENTITY, TAG = "sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_MFA = "aws:multifactorauthpresent"
_NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and "
    "associated with this user."
)
_KEYS_OF = {
    ASSUME: ("sts:", "aws:"),
    SET_SOURCE_IDENTITY: ("sts:sourceidentity", _MFA),
    TAG: ("aws:", "sts:transitivetagkeys"),
}


@dataclass(frozen=True)
class SessionRequest:
    """A request for a session.

    Attributes:
        operation: of STS; "" for a request that is none.
        role_arn: of the role to assume, as the request has it.
        keys: the condition keys of the request, in lower case, the source identity of the calling session included.
        inherited: the source identity of the calling session, "" for none.
        names_device: whether it names an MFA device.
    """

    operation: str
    role_arn: str
    keys: Mapping[str, Any]
    inherited: str = ""
    names_device: bool = False

    @property
    def source_identity(self) -> str:
        """The source identity of the session to be made, "" for none."""
        return str(self.keys.get("sts:sourceidentity", ""))

    @property
    def changes_source_identity(self) -> bool:
        """Whether it asks for another source identity than the calling session has: that cannot be changed."""
        return bool(self.inherited) and self.source_identity != self.inherited

    def keys_for(self, permission: str) -> dict[str, Any]:
        """The condition keys that a permission has; aws:TagKeys is absent (None) without tags."""
        shown = {key: value for key, value in self.keys.items() if key.startswith(_KEYS_OF[permission])}
        return {"aws:tagkeys": None, **shown}

    def kept(self) -> dict[str, Any]:
        """What the session keeps.

        IAM guide, "Secure API access with MFA": credentials of GetSessionToken include MFA information, those of
        AssumeRole do not.
        """
        if self.operation == "AssumeRole":
            return {"SourceIdentity": self.source_identity} if self.source_identity else {}
        return {"MfaPresent": True} if self.operation == "GetSessionToken" and _MFA in self.keys else {}


_asked: ContextVar[SessionRequest | None] = ContextVar("session_request", default=None)


def request_keys(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of a query request to STS, in lower case.

    Any MFA device and any six digits will do: there is no clock to check them by. A role's session has no device.
    """
    named = {
        "sts:sourceidentity": "SourceIdentity",
        "sts:rolesessionname": "RoleSessionName",
        "sts:externalid": "ExternalId",
    }
    keys: dict[str, Any] = {key: found for key, name in named.items() if (found := _one(parameters, name))}
    tags, _ = hooks.private("services.sts._session_tags")(dict(parameters), check=False)
    if tags:
        keys["aws:tagkeys"] = [tag["Key"] for tag in tags]
        keys |= {f"aws:requesttag/{tag['Key'].lower()}": tag["Value"] for tag in tags}
    if passed_on := [_one(parameters, name) for name in parameters if name.startswith("TransitiveTagKeys.")]:
        keys["sts:transitivetagkeys"] = passed_on
    if _one(parameters, "SerialNumber") and re.fullmatch(r"\d{6}", _one(parameters, "TokenCode")):
        keys[_MFA] = "true"
    return keys


def install() -> None:
    """Ask trust policies everything that AWS asks, and let sessions keep what AWS lets them keep."""
    _show_to_identity_policies()
    _show_to_trust_policies()
    _keep_in_sessions()
    handle: Handler = hooks.private("services.sts.handle_request")

    async def with_all_questions(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        if said := session_names.problem(*_parameters(body, query_params)):
            return _invalid(said)
        asked = session_request(headers, body, query_params)
        before = _asked.set(asked)
        try:
            refused = _refusal(asked, headers, query_params) if asked.operation == "AssumeRole" else None
            return refused or _answer(asked, await handle(method, path, headers, body, query_params))
        finally:
            _asked.reset(before)

    hooks.replace("services.sts.handle_request", with_all_questions)


def session_request(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> SessionRequest:
    """A request to STS, with what the calling session passes on."""
    from ministack.core.router import extract_access_key_id  # noqa: PLC0415 - reads settings at import

    parameters = {**query, **parse_qs(body.decode("utf-8", errors="replace"))}
    session = hooks.private("services.sts._sessions").get(extract_access_key_id(headers, query)) or {}
    inherited = str(session.get("SourceIdentity", ""))
    keys = request_keys(parameters)
    if inherited:
        keys.setdefault("sts:sourceidentity", inherited)
    return SessionRequest(
        _one(parameters, "Action"),
        _one(parameters, "RoleArn"),
        keys,
        inherited,
        names_device=bool(_one(parameters, "SerialNumber")),
    )


def _show_to_identity_policies() -> None:
    """The caller's own policies may have conditions on what it asks STS for."""
    context_of: Callable[..., dict[str, Any]] = hooks.private("core.iam_actions.request_tag_context")

    def with_session_keys(service: str, iam_action: str, body: bytes, params: Mapping[str, Any]) -> object:
        found = context_of(service, iam_action, body, params)
        return {**found, **request_keys(params)} if iam_action == ASSUME else found

    hooks.replace("core.iam_actions.request_tag_context", with_session_keys)


def _show_to_trust_policies() -> None:
    evaluate: Callable[..., bool] = hooks.private("core.iam_evaluator.evaluate_trust_policy")

    def with_session_keys(trust_doc: object, caller_arn: str, ctx: Any = None) -> bool:
        asked = _asked.get()
        if asked is None or ctx is None or ctx.action not in _KEYS_OF:
            return evaluate(trust_doc, caller_arn, ctx)
        keys = asked.keys_for(ctx.action)
        # MFA of the request wins over a calling session that was made without.
        principal = ctx.principal_keys | {key: value for key, value in keys.items() if key == _MFA}
        shown = replace(ctx, service_context=keys, principal_keys=principal, request_tags={}, tag_keys=[])
        return evaluate(trust_doc, caller_arn, shown)

    hooks.replace("core.iam_evaluator.evaluate_trust_policy", with_session_keys)
    hooks.replace("services.sts._principal_keys", hooks.private("core.iam_evaluator._principal_keys"))


def _keep_in_sessions() -> None:
    register: Callable[[str, dict[str, Any]], None] = hooks.private("services.sts.register_session")

    def with_what_is_kept(access_key: str, session: dict[str, Any]) -> None:
        asked = _asked.get()
        register(access_key, session | (asked.kept() if asked else {}))

    hooks.replace("services.sts.register_session", with_what_is_kept)


def _refusal(asked: SessionRequest, headers: Mapping[str, str], query: Mapping[str, Any]) -> Answer | None:
    """AWS's refusal where ministack would not refuse; None leaves the answer to ministack.

    A device is one of the user who calls [STS API reference, AssumeRole, SerialNumber], so a role's session has none.

    A source identity and tags need permissions of their own, of the caller's policies and of the trust policy; of the
    trust policy ministack asks sts:AssumeRole and sts:TagSession itself.
    """
    from ministack.core.iam_actions import identity_denial_message  # noqa: PLC0415 - reads settings at import
    from ministack.core.iam_evaluator import (  # noqa: PLC0415 - as above
        AuthError,
        EvalContext,
        enforce,
        evaluate_trust_policy,
        resolve_principal,
    )
    from ministack.core.responses import get_account_id  # noqa: PLC0415 - as above
    from ministack.core.router import extract_access_key_id, extract_region  # noqa: PLC0415 - as above

    key, region = extract_access_key_id(headers, query), extract_region(headers, query)
    who = resolve_principal(key, get_account_id())
    role = role_of(asked.role_arn)
    if role is None or isinstance(who, AuthError):
        return None
    if asked.names_device and ":assumed-role/" in who.arn:
        return _denied(ASSUME, who.arn, asked.role_arn, _NO_DEVICE)
    if role["Arn"] != asked.role_arn:
        return _denied(ASSUME, who.arn, asked.role_arn)  # the right name below another path is no such role

    def trusted(action: str) -> bool:
        context = EvalContext(
            who.arn, who.type, who.account, action, asked.role_arn, region, principal_keys=who.keys
        )
        return bool(evaluate_trust_policy(role["AssumeRolePolicyDocument"], who.arn, context))

    if not trusted(ASSUME):
        return None
    wanted = [SET_SOURCE_IDENTITY] * bool(asked.source_identity) + [TAG] * ("aws:tagkeys" in asked.keys)
    for action in wanted:
        denied = enforce(key, action, "sts", region, asked.role_arn, asked.keys_for(action))
        if denied:
            message = identity_denial_message(action, who.arn, asked.role_arn, denied.decision == "Deny")
            return _denied(action, who.arn, asked.role_arn, message)
    if asked.changes_source_identity or (asked.source_identity and not trusted(SET_SOURCE_IDENTITY)):
        return _denied(SET_SOURCE_IDENTITY, who.arn, asked.role_arn)
    return None


def role_of(role_arn: str) -> dict[str, Any] | None:
    """The role with an ARN's account and name, whatever its path; None: there is none."""
    account, name = role_arn.split(":")[4] if role_arn.count(":") > 4 else "", role_arn.rsplit("/", 1)[-1]  # noqa: PLR2004 - the account is an ARN's fifth part
    found: dict[str, Any] | None = hooks.private("services.iam._roles").get_scoped(account, None, name)
    return found


def _denied(action: str, principal_arn: str, role_arn: str, message: str = "") -> Answer:
    from ministack.core.iam_actions import access_denied_response  # noqa: PLC0415 - reads settings at import

    said = message or f"User: {principal_arn} is not authorized to perform: {action} on resource: {role_arn}"
    answer: Answer = access_denied_response("sts", action, principal_arn, "", message=said)
    return answer


def _parameters(body: bytes, query: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The operation of a query request to STS, and its parameters, empty ones included."""
    given = {**query, **parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True)}
    return _one(given, "Action"), {name: _one(given, name) for name in given}


def _invalid(message: str) -> Answer:
    from ministack.core.responses import error_response_xml  # noqa: PLC0415 - reads settings at import

    answer: Answer = error_response_xml("ValidationError", message, 400, _NAMESPACE)
    return answer


def _answer(asked: SessionRequest, answer: Answer) -> Answer:
    """AssumeRole's answer with the source identity of the session."""
    status, headers, body = answer
    if asked.operation != "AssumeRole" or not asked.source_identity:
        return answer
    end = "</AssumeRoleResult>"
    element = f"<SourceIdentity>{escape(asked.source_identity)}</SourceIdentity>"
    return status, headers, body.replace(end.encode(), f"{element}{end}".encode())


def _one(parameters: Mapping[str, Any], name: str) -> str:
    found = parameters.get(name) or ""
    return str(found[0] if isinstance(found, list) else found)
