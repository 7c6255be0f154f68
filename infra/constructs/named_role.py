"""A role below `/greenlight/` whose name people and stacks know it by, and whose one policy goes with it."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.grants import Grant, accept, document
from infra.constructs.nag import acknowledge_inline_policy
from lambdas.core.names import ROLE_PATH


class NamedRole(Construct):
    """`/greenlight/<name>`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        trust: iam.PolicyDocument,
        policy: str,
        grants: Sequence[Grant],
        seconds: int | None = None,
    ) -> None:
        """
        Args:
            scope, construct_id: where it stands in the stack.
            name: the role's, without its path.
            description: what it is for.
            trust: who may step into it.
            policy: the inline policy's name.
            grants: what it may do.
            seconds: how long a session may last; None: IAM's hour.
        """
        super().__init__(scope, construct_id)
        role = iam.CfnRole(
            self,
            "Role",
            role_name=name,
            path=ROLE_PATH,
            description=description,
            max_session_duration=seconds,
            assume_role_policy_document=trust,
            policies=[iam.CfnRole.PolicyProperty(policy_name=policy, policy_document=document(grants))],
        )
        self.arn = role.attr_arn
        accept(role, grants)
        acknowledge_inline_policy(role)
