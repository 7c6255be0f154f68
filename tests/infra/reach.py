"""Who could bring something about, by any call: calls are tried over every role, and ways from role to role followed.

What cannot be told from templates is taken to succeed: conditions of trust policies, and what a role does with a role
that it passed on.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from tests.infra.attempts import Attempt, administration
from tests.infra.authorization_data import has_no_resource
from tests.infra.policies import allowed
from tests.infra.templates import ACCOUNT, REGION, Role, listed

# Nothing that a policy may ask of a caller is missing.
_CALLER = {
    "aws:MultiFactorAuthPresent": "true",
    "aws:SecureTransport": "true",
    "aws:PrincipalAccount": ACCOUNT,
    "aws:SourceAccount": ACCOUNT,
    "aws:RequestedRegion": REGION,
}
_SERVICES = (
    "cloudformation",
    "codebuild",
    "ec2",
    "ecs-tasks",
    "events",
    "glue",
    "lambda",
    "sagemaker",
    "scheduler",
    "states",
)


def succeeds(role: Role, attempt: Attempt) -> bool:
    """Whether a role's policies, and its boundary if it has one, allow a call."""
    context = {**_CALLER, "aws:PrincipalArn": role.arn, **attempt.context}
    resource = "*" if has_no_resource(attempt.action) else attempt.resource
    return all(
        allowed(statements, attempt.action, resource, context)
        for statements in (role.statements, role.boundary)
        if statements is not None
    )


def able(roles: Iterable[Role], attempts: Iterable[Attempt]) -> set[str]:
    """The names of the roles for which one of the attempts succeeds, or that could become such a role.

    Whoever could make itself administrator is among them.
    """
    roles, tried = list(roles), list(attempts)
    found = {role.arn for role in roles if any(succeeds(role, a) for a in chain(tried, administration()))}
    while more := {
        role.arn
        for role in roles
        if role.arn not in found and any(o.arn in found and _becomes(role, o) for o in roles)
    }:
        found |= more
    return {role.name for role in roles if role.arn in found}


def _becomes(role: Role, other: Role) -> bool:
    """Whether a role could step into another, or have a service run what it likes as the other."""
    return _steps_into(role, other) or _passes(role, other)


def _steps_into(role: Role, other: Role) -> bool:
    """In one account a trust policy that names the role is enough; one that names the account leaves it to IAM."""
    trusted = set(_trusted(other, "AWS"))
    if role.arn in trusted or "*" in trusted:
        return True
    account = {ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"} & trusted
    return bool(account) and succeeds(role, Attempt("sts:AssumeRole", other.arn))


def _passes(role: Role, other: Role) -> bool:
    services = {f"{service}.amazonaws.com" for service in _SERVICES} & set(_trusted(other, "Service"))
    return any(
        succeeds(role, Attempt("iam:PassRole", other.arn, {"iam:PassedToService": to})) for to in services
    )


def _trusted(role: Role, kind: str) -> Iterator[str]:
    for statement in role.trust:
        principal = statement.get("Principal", {})
        if statement["Effect"] == "Allow":
            yield from ["*"] if principal == "*" else listed(principal.get(kind, []))
