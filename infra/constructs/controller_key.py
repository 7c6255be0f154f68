"""The key of the controller's logs and of its alarms' topic; what must outlive the controller has keys of its own."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lambdas.core.names import OBSERVABILITY_STACK


def controller_key(scope: Construct) -> kms.Key:
    """A key that CloudWatch may use for the functions' log groups, of this stack and of the page's, and CloudWatch and
    EventBridge for the alarms' topic.

    AWS managed keys would not do: no other service may use them [CloudWatch Logs and SNS guides, "Encrypt"].
    """
    stack = cdk.Stack.of(scope)
    key = kms.Key(
        scope,
        "Key",
        description="Greenlight: the controller's logs and alarms",
        enable_key_rotation=True,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    # EventBridge tells KMS no source: under a condition on it, nothing arrives [SNS guide, "Encrypt"].
    for service, conditions in (
        ("cloudwatch", {"StringEquals": {"aws:SourceAccount": stack.account}}),
        ("events", None),
    ):
        principal = iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=conditions)
        key.grant(principal, "kms:Decrypt", "kms:GenerateDataKey")
    log_groups = [
        stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{name}-*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        for name in (stack.stack_name, OBSERVABILITY_STACK)
    ]
    key.grant(
        iam.ServicePrincipal(
            f"logs.{stack.region}.amazonaws.com",
            conditions={"StringLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    )
    # AWS's example has `kms:Describe*` in one statement with the rest; DescribeKey has no encryption context to meet.
    key.grant(iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com"), "kms:DescribeKey")
    return key
