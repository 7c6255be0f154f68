"""A Lambda function of ours: runtime, architecture, logs, settings and asset, the same for all."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.asset import ENTRY, build_asset
from infra.constructs.grants import Grant, accept, allow
from infra.constructs.nag import NIST, SOLUTIONS, acknowledge, acknowledge_inline_policy
from lambdas.core.names import METRIC_NAMESPACE, ROLE_PATH, function_role_name
from lambdas.core.settings import HANDLER, to_environment

_ACCEPTED = {
    f"{SOLUTIONS}L1": "python3.13 is current, and the newest that it is tested on",
    f"{NIST}LambdaInsideVPC": "it speaks to AWS's own APIs only, over TLS and signed, and listens to nobody; a VPC "
    "would add endpoints to pay for, and no boundary that IAM does not draw",
    f"{NIST}LambdaConcurrency": "a reservation fails in new accounts, whose whole quota is the ten that must stay "
    "unreserved; reconcile and retrain are capped by their event sources' maximum concurrency, sweep by its two "
    "schedules, announce by its stream's shards, dashboard by the people who look",
}


class Function(Construct):
    """A function with a role of its own that may write its own log and nothing else, until more is granted.

    Args:
        name: the folder below `lambdas`, and the last part of the role's and log group's names.
        settings: its settings dataclass; becomes its environment.
        timeout: how long it may run.
        memory: in MB.
        key: of its log group.
        snap_start: whether it starts from a snapshot of itself when ready, which costs by the hour (docs/cost.md).
        dead_letters: where events go that it was called with asynchronously and failed every try; else why nobody
            calls it so.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: object,
        timeout: cdk.Duration,
        memory: int,
        key: kms.IKey,
        dead_letters: sqs.IQueue | str,
        snap_start: bool = False,
    ) -> None:
        super().__init__(scope, name.capitalize())
        folder, digest = build_asset(f"lambdas.{name}.handler")
        log_group = logs.LogGroup(
            self,
            "Log",
            retention=logs.RetentionDays.THREE_MONTHS,
            encryption_key=key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=function_role_name(name),
            path=ROLE_PATH,
            description=f"What Greenlight's function {name} may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Greenlight: {name}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{ENTRY}.handler",
            code=lambda_.Code.from_asset(
                str(folder), asset_hash=digest, asset_hash_type=cdk.AssetHashType.CUSTOM
            ),
            role=self.role.without_policy_updates(),
            log_group=log_group,
            dead_letter_queue=None if isinstance(dead_letters, str) else dead_letters,
            timeout=timeout,
            memory_size=memory,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            environment={
                **to_environment(settings),
                HANDLER: f"lambdas.{name}.handler",
                "POWERTOOLS_METRICS_NAMESPACE": METRIC_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        self.called: lambda_.IFunction = self.function
        """What event sources call: with SnapStart the latest version, as only versions have snapshots."""
        if snap_start:
            self.called = lambda_.Alias(
                self, "Live", alias_name="live", version=self.function.current_version
            )
        acknowledge(self.function, _ACCEPTED)
        if isinstance(dead_letters, str):
            acknowledge(self.function, {f"{NIST}LambdaDLQ": dead_letters})
        else:
            self.may([allow("DeadLetters", ["sqs:SendMessage"], [dead_letters.queue_arn])])
        acknowledge_inline_policy(self.role)

    def may(self, grants: Sequence[Grant]) -> None:
        """Grant, by statements written down in one place."""
        for grant in grants:
            self.role.add_to_principal_policy(grant.statement)
        accept(self.role, grants)
