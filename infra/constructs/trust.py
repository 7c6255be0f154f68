"""Trust policies: who may step into a role."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.config.trust_policy import trust_policy


def stepping_in(
    principals: Sequence[str], *, mfa: bool, source_identity: bool, tags: Mapping[str, str]
) -> iam.PolicyDocument:
    """A trust policy for people, as of `trust_policy`."""
    policy = trust_policy(principals, mfa=mfa, source_identity=source_identity, tags=tags)
    return iam.PolicyDocument.from_json(policy)


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
