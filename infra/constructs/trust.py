"""Who may step into a role, and what it takes: for each of STS's permissions the conditions that its request has.

A condition on a key that a request lacks is never met, so one statement for all three permissions would let nobody in
who sets a source identity and tags: SetSourceIdentity knows no tags, TagSession no source identity [Service
Authorization Reference, "AWS Security Token Service"].
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.config.words import is_role

_ASSUME, _TAG, _SET_SOURCE_IDENTITY = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
# A source identity that a session has already stays through all sessions that follow; AWS refuses another.
_INHERITED = {"Null": {"aws:SourceIdentity": "false"}}
_OWN_NAME = {"sts:SourceIdentity": "${aws:username}"}
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def stepping_in(
    principals: Sequence[str], *, mfa: bool, source_identity: bool, tags: Mapping[str, str]
) -> iam.PolicyDocument:
    """A trust policy. Stepping in keeps who came: a session name, and a source identity and tags where there are any.

    "AWS doesn't control the value of the source identity" [IAM guide, "Monitor and control actions taken with assumed
    roles"], so none is taken that the caller chooses here: whether one is asked for or not, it is the one that a role's
    session came with, or an IAM user's own name.

    Args:
        principals: ARNs of roles and users; nobody else.
        mfa: whether IAM users must give a second factor. A role's session has no device and never could: what
            AssumeRole returns has no MFA information, and what federation returns neither [IAM guide, "Secure API
            access with MFA"].
        source_identity: whether one must be there.
        tags: session tags that must be passed with exactly these values.
    """
    passed = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    roles = [principal for principal in principals if is_role(principal)]
    users = [principal for principal in principals if not is_role(principal)]
    return iam.PolicyDocument(
        statements=[
            *_statements(
                roles,
                {
                    (_ASSUME, _TAG): _equal(passed) | (_INHERITED if source_identity else {}),
                    (_SET_SOURCE_IDENTITY,): _INHERITED,
                },
            ),
            *_statements(
                users,
                {
                    (_ASSUME,): _equal(passed | (_OWN_NAME if source_identity else {}))
                    | (_MFA if mfa else {}),
                    (_TAG,): _equal(passed),
                    (_SET_SOURCE_IDENTITY,): _equal(_OWN_NAME),
                },
            ),
        ]
    )


def of_sagemaker() -> iam.PolicyDocument:
    """A trust policy: SageMaker, for this account's own endpoints and jobs."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                actions=["sts:AssumeRole"],
                principals=[iam.ServicePrincipal("sagemaker.amazonaws.com")],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        ]
    )


def _equal(values: Mapping[str, str]) -> dict[str, Any]:
    return {"StringEquals": dict(values)} if values else {}


def _statements(
    principals: Sequence[str], permissions: Mapping[tuple[str, ...], Mapping[str, Any]]
) -> Iterator[iam.PolicyStatement]:
    """The statements that let principals in, if there are any."""
    if not principals:
        return
    for actions, conditions in permissions.items():
        yield iam.PolicyStatement(
            actions=list(actions),
            principals=[iam.ArnPrincipal(principal) for principal in principals],
            conditions=conditions or None,
        )
