"""Who may step into a role, as IAM's JSON, and whether IAM takes a policy of that length.

For each of STS's permissions the conditions that its request has: a condition on a key that a request lacks is never
met, so one statement for all three permissions would let nobody in who sets a source identity and tags:
SetSourceIdentity knows no tags, TagSession no source identity [Service Authorization Reference, "AWS Security Token
Service"].
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.config.words import is_role

MOST = 2048
"""Characters of a trust policy, white space not counted [IAM guide, "IAM and AWS STS quotas"]."""

_Permissions = Mapping[tuple[str, ...], Mapping[str, Any]]  # actions: the conditions that their requests have
_ASSUME, _TAG, _SET_SOURCE_IDENTITY = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
# A source identity that a session has already stays through all sessions that follow; AWS refuses another.
_INHERITED = {"Null": {"aws:SourceIdentity": "false"}}
_OWN_NAME = {"sts:SourceIdentity": "${aws:username}"}
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def trust_policy(
    principals: Sequence[str], *, mfa: bool, source_identity: bool, tags: Mapping[str, str]
) -> dict[str, Any]:
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
    of_roles: _Permissions = {
        (_ASSUME, _TAG): _equal(passed) | (_INHERITED if source_identity else {}),
        (_SET_SOURCE_IDENTITY,): _INHERITED,
    }
    of_users: _Permissions = {
        (_ASSUME,): _equal(passed | (_OWN_NAME if source_identity else {})) | (_MFA if mfa else {}),
        (_TAG,): _equal(passed),
        (_SET_SOURCE_IDENTITY,): _equal(_OWN_NAME),
    }
    return {
        "Version": "2012-10-17",
        "Statement": [*_statements(roles, of_roles), *_statements(users, of_users)],
    }


def too_long(
    principals: Sequence[str], *, mfa: bool, source_identity: bool, tags: Mapping[str, str]
) -> str | None:
    """What is wrong with the length of such a trust policy, and the way out; None: IAM takes it."""
    policy = trust_policy(principals, mfa=mfa, source_identity=source_identity, tags=tags)
    length = len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))
    if length <= MOST:
        return None
    return (
        f"make a trust policy of {length} characters, and IAM takes {MOST}: name one role that these people share, "
        "such as one permission set of Identity Center, in place of some of them"
    )


def _equal(values: Mapping[str, str]) -> dict[str, Any]:
    return {"StringEquals": dict(values)} if values else {}


def _statements(principals: Sequence[str], permissions: _Permissions) -> Iterator[dict[str, Any]]:
    """The statements that let principals in, if there are any."""
    if not principals:
        return
    for actions, conditions in permissions.items():
        yield {
            "Action": _one_or_all(actions),
            **({"Condition": dict(conditions)} if conditions else {}),
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_all(principals)},
        }


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
