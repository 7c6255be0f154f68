"""The role by which reconcile reads a group's reports, payloads, baselines and answers in S3, unless it needs none."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.config.group import GroupConfig
from infra.constructs.group_grants import keys_of_objects, read_below
from infra.constructs.named_role import NamedRole
from lambdas.core.names import ROLE_PATH, function_role_name, role_name

_BELOW = "every version has reports, payloads and baselines of its own below the group's prefix"


def reads_objects(config: GroupConfig) -> bool:
    """Whether anything of the group's is read from S3: reports that its gates ask for, sample payloads, baselines, the
    answers to smoke tests of an asynchronous endpoint."""
    samples = config.smoke_test.enabled and config.smoke_test.payload is None
    return samples or bool(config.gates.metrics) or config.monitoring is not None or bool(_answers(config))


def _answers(config: GroupConfig) -> tuple[str, ...]:
    """Prefixes in S3 where an asynchronous endpoint answers its smoke test."""
    if config.endpoint.asynchronous is None or not config.smoke_test.enabled:
        return ()
    return config.endpoint.asynchronous.places


class ReaderRole(NamedRole):
    """`/greenlight/<group>-reader`: what lies below the group's artifacts, for reconcile and nobody else."""

    def __init__(self, scope: Construct, config: GroupConfig) -> None:
        reconcile = cdk.Fn.sub(
            f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{ROLE_PATH}{function_role_name('reconcile')}"
        )
        super().__init__(
            scope,
            "ReaderRole",
            name=role_name(config.name, "reader"),
            description=f"By which Greenlight reads reports, payloads, baselines of model package group {config.name}",
            # The account, and of it only the function: a role that is named itself must be there already, and the
            # controller's stack may be made anew.
            trust=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=["sts:AssumeRole"],
                        principals=[iam.AccountPrincipal(cdk.Aws.ACCOUNT_ID)],
                        conditions={"ArnEquals": {"aws:PrincipalArn": reconcile}},
                    )
                ]
            ),
            policy="reader",
            grants=[
                *read_below((*config.artifacts, *_answers(config)), "Objects", "ListObjects", why=_BELOW),
                *keys_of_objects(),
            ],
        )
