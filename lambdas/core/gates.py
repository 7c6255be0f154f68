"""What must be true of an approved version before a rollout to it may start."""

import re

from lambdas.core.facts import VersionDetail
from lambdas.core.names import role_name
from lambdas.core.record import Approval, Decided


def obstacles(group: str, decided: Decided, detail: VersionDetail | None) -> tuple[str, ...]:
    """Every reason why this version must not start now, in words; empty: it may.

    Args:
        group: the model package group.
        decided: the decision on which we would act.
        detail: the version as read in this very invocation; None: it is not in the registry.
    """
    if detail is None:
        return ("it is no longer in the registry",)
    checks = (
        (detail.approval is not Approval.APPROVED, f"its approval status is now {detail.approval.value}"),
        (detail.status != "Completed", f"its package status is {detail.status}; it must be Completed"),
        (not detail.containers, "it has no container to run; register it with an inference specification"),
        (
            decided.fingerprint not in {None, detail.fingerprint},
            "its content changed after it was approved; approve it again to deploy what is there now",
        ),
        (
            not _by_approver(group, decided.by),
            f"{decided.by} approved it, who is not an approver of this group",
        ),
        (
            decided.by is not None and decided.by == decided.registrant,
            f"{decided.by} both registered and approved it; another approver must approve it",
        ),
    )
    return tuple(reason for failed, reason in checks if failed)


def is_authorized(group: str, decided: Decided) -> bool:
    """Whether who decided, as far as AWS tells, is an approver of the group and did not register the version."""
    four_eyes = decided.by is None or decided.by != decided.registrant
    return four_eyes and _by_approver(group, decided.by)


def _by_approver(group: str, identity: str | None) -> bool:
    """Whether an identity is a session of the group's approver role; unknown identities are IAM's matter.

    An assumed role's ARN has no path (`…:assumed-role/<role>/<session>`), a role's own has [IAM].
    """
    if identity is None:
        return True
    role = re.escape(role_name(group, "approver"))
    return (
        re.fullmatch(rf"arn:[^:]+:(sts|iam)::\d+:(assumed-role/{role}/.+|role/(.+/)?{role})", identity)
        is not None
    )
