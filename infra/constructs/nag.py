"""Acknowledgements of cdk-nag's findings: on the resource, each with its reason."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import IConstruct

SOLUTIONS = "AwsSolutions::AwsSolutions-"
NIST = "NIST.800.53.R5::NIST.800.53.R5-"


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Accept findings below a construct.

    Args:
        construct: the resource, or the construct that holds it.
        findings: the finding's id, such as `AwsSolutions::AwsSolutions-IAM5[Resource::*]`, to the reason why it is
            right here.
    """
    for finding, reason in findings.items():
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def acknowledge_inline_policy(role: IConstruct) -> None:
    """Accept that a role's policy is inline: what it may do is then nobody else's, and goes when the role goes."""
    acknowledge(
        role,
        {
            f"{NIST}IAMNoInlinePolicy": "the policy is this one role's: inline it can be attached to no other, "
            "detached by nobody, and goes with the role"
        },
    )
