"""The role by which reconcile reads a group's reports, sample payloads and baselines in S3, unless it needs none."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.config.group import GroupConfig
from infra.constructs.grants import Grant, accept, allow, document, here
from infra.constructs.nag import acknowledge_inline_policy
from infra.constructs.s3_prefix import bucket_arn, objects_arn, prefix_of
from lambdas.core.names import ROLE_PATH, function_role_name, role_name

_BELOW = "every version has reports, payloads and baselines of its own below the group's prefix"


def reads_objects(config: GroupConfig) -> bool:
    """Whether anything of the group's is read from S3: reports that its gates ask for, sample payloads, baselines."""
    samples = config.smoke_test.enabled and config.smoke_test.payload is None
    return samples or bool(config.gates.metrics) or config.monitoring is not None


class ReaderRole(Construct):
    """`/greenlight/<group>-reader`: what lies below the group's artifacts, for reconcile and nobody else."""

    def __init__(self, scope: Construct, config: GroupConfig) -> None:
        super().__init__(scope, "ReaderRole")
        reconcile = cdk.Fn.sub(
            f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{ROLE_PATH}{function_role_name('reconcile')}"
        )
        grants = [*_objects(config), *keys_of_objects()]
        role = iam.CfnRole(
            self,
            "Role",
            role_name=role_name(config.name, "reader"),
            path=ROLE_PATH,
            description=f"By which Greenlight reads reports, payloads, baselines of model package group {config.name}",
            # The account, and of it only the function: a role that is named itself must be there already, and the
            # controller's stack may be made anew.
            assume_role_policy_document=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=["sts:AssumeRole"],
                        principals=[iam.AccountPrincipal(cdk.Aws.ACCOUNT_ID)],
                        conditions={"ArnEquals": {"aws:PrincipalArn": reconcile}},
                    )
                ]
            ),
            policies=[iam.CfnRole.PolicyProperty(policy_name="reader", policy_document=document(grants))],
        )
        self.arn = role.attr_arn
        accept(role, grants)
        acknowledge_inline_policy(role)


def _objects(config: GroupConfig) -> list[Grant]:
    """Read below the group's prefixes; list there, so that a missing object is told as missing, not as denied."""
    return [
        allow("Objects", ["s3:GetObject"], [objects_arn(uri) for uri in config.artifacts], why=_BELOW),
        *(
            allow(
                f"ListObjects{number}",
                ["s3:ListBucket"],
                [bucket_arn(uri)],
                {"StringLike": {"s3:prefix": [prefix_of(uri), f"{prefix_of(uri)}/*"]}},
            )
            for number, uri in enumerate(config.artifacts, start=1)
        ),
    ]


def keys_of_objects() -> list[Grant]:
    """Objects under customer managed keys: the key's own policy decides."""
    via = {"StringEquals": {"kms:ViaService": f"s3.{cdk.Aws.REGION}.amazonaws.com"}}
    return [
        allow(
            "Keys",
            ["kms:Decrypt"],
            [here("kms", "key/*")],
            via,
            why="the keys' own policies decide",
        )
    ]
