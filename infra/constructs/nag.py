"""Acknowledgements of cdk-nag's findings: on the resource, each with its reason."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Accept findings below a construct.

    Args:
        construct: the resource, or the construct that holds it.
        findings: the finding's id, such as `AwsSolutions-IAM5[Resource::*]`, to the reason why it is right here.
    """
    for finding, reason in findings.items():
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
