"""What must outlive every deploy and destroy: record, ledger, their keys, and the registry's events."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.ledger_policy import ledger_policy
from infra.constructs.nag import NIST, acknowledge


class StateStack(cdk.Stack):
    """State and ledger tables and the archive; all retained, so that a destroyed stack loses nothing.

    The ledger has a key of its own, so that who may read the one can be refused the other.
    """

    def __init__(self, scope: Construct, construct_id: str, **options: object) -> None:
        super().__init__(scope, construct_id, termination_protection=True, **options)  # type: ignore[arg-type] # passed through to cdk.Stack
        self.key = self._key("Key", "Greenlight: record")
        self.ledger_key = self._key("LedgerKey", "Greenlight: ledger")
        self.state = self._table("State", self.key, partition="group")
        self.state.add_global_secondary_index(
            index_name="endpoint",
            partition_key=dynamodb.Attribute(name="endpoint", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.state.add_global_secondary_index(
            index_name="unsettled",
            partition_key=dynamodb.Attribute(name="unsettled", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="since", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.ledger = self._table(
            "Ledger",
            self.ledger_key,
            partition="group",
            sort="seq",
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            policy=ledger_policy(),
        )
        self._archive()
        cdk.CfnOutput(self, "StateTable", value=self.state.table_name)
        cdk.CfnOutput(self, "LedgerTable", value=self.ledger.table_name)

    def _key(self, name: str, description: str) -> kms.Key:
        return kms.Key(
            self,
            name,
            description=description,
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )

    def _table(
        self,
        name: str,
        key: kms.Key,
        *,
        partition: str,
        sort: str | None = None,
        stream: dynamodb.StreamViewType | None = None,
        policy: iam.PolicyDocument | None = None,
    ) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
            sort_key=None
            if sort is None
            else dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.NUMBER),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            stream=stream,
            resource_policy=policy,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        acknowledge(
            table,
            {
                f"{NIST}DynamoDBInBackupPlan": "point-in-time recovery covers the last 35 days; copies for longer, "
                "or in another account, are a matter of the organisation's backup policy"
            },
        )
        return table

    def _archive(self) -> None:
        """What the registry said, for replay, kept without end."""
        bus = f"arn:{cdk.Aws.PARTITION}:events:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:event-bus/default"
        archive = events.CfnArchive(
            self,
            "RegistryEvents",
            source_arn=bus,
            description="Greenlight: every change of a model package, for replay",
            event_pattern={
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Model Package State Change"],
            },
            retention_days=0,
        )
        archive.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
