"""Who called AWS, whether that is an approver of a group, and whether two callers are one person."""

import re
from dataclasses import dataclass

from lambdas.core.names import role_name


@dataclass(frozen=True)
class Identity:
    """A caller as the registry (UserContext's IamIdentity [B]) and CloudTrail (userIdentity) name it.

    `arn`: of a user, or of a role's session (`arn:aws:sts::<account>:assumed-role/<role>/<session>`). `source`: the
    session's SourceIdentity, which a caller cannot change once it is set.
    """

    arn: str
    source: str | None = None

    def __str__(self) -> str:
        return self.arn if self.source is None else f"{self.arn} (source identity {self.source})"


def is_approver(identity: Identity, group: str, account: str) -> bool:
    """Whether a caller is in a session of the group's approver role, in the group's own account.

    That role can write nothing to a version but an approval status (see `infra.constructs.people_roles`), so
    each of its writes is a decision. Session ARNs have no path, and a role's name is unique in its account [IAM].
    """
    role = re.escape(role_name(group, "approver"))
    return re.fullmatch(rf"arn:[^:]+:sts::{account}:assumed-role/{role}/.+", identity.arn) is not None


def same_person(one: Identity, other: Identity) -> bool:
    """Whether two callers are, as far as AWS tells, the same person: when in doubt, they are.

    Both in sessions with a source identity: these decide, and are worth what the sign-in that set them is. Otherwise
    the name of a session or user counts too: who steps from one role into another is asked for a session name, and
    most tools give the person's.
    """
    if one.source and other.source:
        return one.source == other.source
    return bool(_names(one) & _names(other))


def _names(identity: Identity) -> set[str]:
    names = {identity.arn.rpartition("/")[2], identity.source or ""}
    return {name.casefold() for name in names if name}
