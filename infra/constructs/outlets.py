"""Where announcements go: a topic for people and a bus for machines."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from lambdas.core.names import EVENT_BUS, ROLE_PATH, function_role_name


class Outlets(Construct):
    """An encrypted topic to which `announce` alone may publish, and an event bus.

    Args:
        key: of the topic.
        mail: addresses that get every message, once their owners have confirmed it.
    """

    def __init__(self, scope: Construct, *, key: kms.IKey, mail: Sequence[str]) -> None:
        super().__init__(scope, "Outlets")
        self.topic = sns.Topic(self, "Messages", display_name="Greenlight", master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(_only_announce(self.topic.topic_arn))
        for address in mail:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=EVENT_BUS,
            description="Greenlight: what the ledger records, as events; see docs/events.md",
        )


def _only_announce(topic_arn: str) -> iam.PolicyStatement:
    """What is on this topic is in the ledger, whatever else is allowed to anyone."""
    announce = (
        f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:role{ROLE_PATH}{function_role_name('announce')}"
    )
    return iam.PolicyStatement(
        sid="OnlyAnnouncePublishes",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["sns:Publish"],
        resources=[topic_arn],
        conditions={"ArnNotEquals": {"aws:PrincipalArn": announce}},
    )
