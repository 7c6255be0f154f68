"""Who makes a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """The identity that IAM has established.

    Attributes:
        arn: of the user, or of the role's session (arn:aws:sts::…:assumed-role/…).
        account: twelve digits.
        principal_id: as aws:userid.
        source_identity: of the role's session, if it has one.
    """

    arn: str
    account: str
    principal_id: str
    source_identity: str | None = None

    def user_context(self, *, identity: bool) -> dict[str, object]:
        """The registry's UserContext shape; empty if AWS would not say who it was."""
        if not identity:
            return {}
        who = {"Arn": self.arn, "PrincipalId": self.principal_id}
        return {
            "IamIdentity": who | ({"SourceIdentity": self.source_identity} if self.source_identity else {})
        }
