"""Who may step into a role, and what it takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam

_STEP_IN = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def stepping_in(
    principals: Sequence[str], *, mfa: bool, source_identity: bool, tags: Mapping[str, str]
) -> iam.PolicyDocument:
    """A trust policy. Stepping in keeps who came: a session name, and a source identity and tags where the caller has
    them.

    A source identity is set in the request, or the caller's own session has one already, which then stays: two ways,
    two statements [IAM guide, "Monitor and control actions taken with assumed roles"].

    Args:
        principals: ARNs of roles and users; nobody else.
        mfa: whether their own session must have begun with a second factor.
        source_identity: whether one must be there.
        tags: session tags that must be passed with exactly these values.
    """
    asked_tags = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    asked: dict[str, Any] = {**(_MFA if mfa else {}), **({"StringEquals": asked_tags} if tags else {})}
    ways: list[dict[str, Any]] = [{}]
    if source_identity:
        ways = [{"Null": {"sts:SourceIdentity": "false"}}, {"Null": {"aws:SourceIdentity": "false"}}]
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                actions=_STEP_IN,
                principals=[iam.ArnPrincipal(principal) for principal in principals],
                conditions=asked | way or None,
            )
            for way in ways
        ]
    )
