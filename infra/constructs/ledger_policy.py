"""The ledger's own policy: whatever else is allowed to anyone, entries are only added, and by reconcile alone."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lambdas.core.names import ROLE_PATH, function_role_name

# A transaction or a batch is checked as the single actions that it is made of; time to live deletes by itself.
CHANGES = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateTimeToLive",
)


def ledger_policy() -> iam.PolicyDocument:
    """Refuse changes to everyone, administrators included, and additions to everyone but reconcile.

    The resource is `*`, which in a table's policy is the table: the table's own ARN would be a circular reference.
    What DynamoDB takes in such a policy: Developer Guide, "API operations supported by resource-based policies".
    """
    reconcile = (
        f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:role{ROLE_PATH}{function_role_name('reconcile')}"
    )
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="NobodyChanges",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=list(CHANGES),
                resources=["*"],
            ),
            iam.PolicyStatement(
                sid="OnlyReconcileAdds",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["dynamodb:PutItem"],
                resources=["*"],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": reconcile}},
            ),
        ]
    )
