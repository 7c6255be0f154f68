"""Alarms on ourselves, and the topic that they go to."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.queues import Queues
from lambdas.core.names import FUNCTION_DIMENSION, METRIC_NAMESPACE, NEEDS_A_PERSON

# Not below `greenlight/`, which is what the rule on the groups' alarms listens to.
_PREFIX = "greenlight-controller-"
_LATE = 900  # seconds: as long as a message is put off at most between two tries


class Watch(Construct):
    """An encrypted topic for people, an alarm for each way in which the controller can fail silently, and one for what
    it cannot settle without them."""

    def __init__(
        self, scope: Construct, queues: Queues, functions: dict[str, lambda_.Function], key: kms.IKey
    ) -> None:
        super().__init__(scope, "Watch")
        self.alarms: list[str] = []  # their names
        self.topic = _topic(self, key)
        self._alarm(
            "queue-age",
            queues.reconcile.metric_approximate_age_of_oldest_message(period=cdk.Duration.minutes(1)),
            "Messages are not worked off: deployments are late",
            threshold=_LATE,
        )
        self._on_messages(
            "dead-letters", queues.dead_letters, "A message failed every try, or cannot be read"
        )
        self._on_messages(
            "undelivered", queues.undelivered, "An event found no queue, or the sweep failed every try"
        )
        for name, function in functions.items():
            self._on_function(name, function)
        self._alarm(
            "sweep-silent",
            functions["sweep"].metric_invocations(period=cdk.Duration.minutes(5)),
            "The sweep has not run for a quarter of an hour: lost events are not made up for",
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            periods=3,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

        self._alarm(
            "needs-a-person",
            needs_a_person(),
            "A group is blocked, halted, withdrawn or foreign, or a decision is unproven",
        )

    def on_announcements(self, announce: lambda_.Function, unannounced: sqs.IQueue) -> None:
        """Alarms on what is told late, set aside, or lost.

        IteratorAge: how old the last record of a batch was when it was sent; DestinationDeliveryFailures: how often not
        even the on-failure queue took what was given up [Lambda guide, "Types of metrics"].
        """
        minute = cdk.Duration.minutes(1)
        self._on_function("announce", announce)
        self._on_messages("unannounced", unannounced, "An entry of the ledger could not be announced")
        self._alarm(
            "announce-late",
            announce.metric("IteratorAge", statistic="Maximum", period=minute),
            "Entries of the ledger are not announced: their topic or bus refuses them, or announce fails",
            threshold=_LATE * 1000,
        )
        self._alarm(
            "announce-lost",
            announce.metric("DestinationDeliveryFailures", statistic="Sum", period=minute),
            "Entries of the ledger were given up, and the queue for such did not take note of them",
        )

    def on_retraining(self, retrain: lambda_.Function, dead_letters: sqs.IQueue) -> None:
        """Alarms on runs of pipelines that could not be started."""
        self._on_function("retrain", retrain)
        self._on_messages("retrain-dead-letters", dead_letters, "A run of a pipeline could not be started")

    def on_rule(self, name: str, rule: str, description: str) -> None:
        """An alarm on each event that a rule matched [EventBridge guide, "Monitoring": TriggeredRules by RuleName]."""
        metric = cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="TriggeredRules",
            dimensions_map={"RuleName": rule},
            statistic="Sum",
            period=cdk.Duration.minutes(1),
        )
        self._alarm(name, metric, description)

    def _on_function(self, name: str, function: lambda_.Function) -> None:
        minutes = cdk.Duration.minutes(5)
        self._alarm(f"{name}-errors", function.metric_errors(period=minutes), f"{name} fails as a whole")
        self._alarm(f"{name}-throttles", function.metric_throttles(period=minutes), f"{name} is throttled")

    def _on_messages(self, name: str, queue: sqs.IQueue, description: str) -> None:
        metric = queue.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=cdk.Duration.minutes(1)
        )
        self._alarm(name, metric, description)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        threshold: float = 1,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{_PREFIX}{name}",
            alarm_description=f"{description}. See docs/operations.md, 'Alarms'.",
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        self.alarms.append(f"{_PREFIX}{name}")


def needs_a_person() -> cloudwatch.Metric:
    """How often a look found what does not go on without somebody."""
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=NEEDS_A_PERSON,
        dimensions_map={FUNCTION_DIMENSION: "reconcile"},
        statistic="Sum",
        period=cdk.Duration.minutes(5),
    )


def _topic(scope: Construct, key: kms.IKey) -> sns.Topic:
    """A topic that CloudWatch may write to."""
    cloudwatch_here = iam.ServicePrincipal(
        "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
    )
    topic = sns.Topic(
        scope, "Alarms", display_name="Greenlight: alarms of the controller", master_key=key, enforce_ssl=True
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            principals=[cloudwatch_here],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
        )
    )
    return topic
