"""The queues of reconcile and of retrain, each with its dead-letter queue; those for events and sweeps that came to
nothing, and for entries that could not be announced."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.nag import SOLUTIONS, acknowledge
from infra.limits import RETRAIN_TRIES, RETRAIN_VISIBILITY_SECONDS, TRIES


class Queues(Construct):
    """`reconcile`: FIFO, a message group for each thing that events name, out of sight for `visibility` once received.
    `retrain`: runs that are to be started; their order does not matter, and a repeat starts nothing.
    """

    def __init__(self, scope: Construct, *, visibility: cdk.Duration) -> None:
        super().__init__(scope, "Queues")
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name="greenlight-reconcile-dead-letters.fifo",
            fifo=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self.reconcile = sqs.Queue(
            self,
            "Reconcile",
            queue_name="greenlight-reconcile.fifo",
            fifo=True,
            content_based_deduplication=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=TRIES),
        )
        self.retrain_dead_letters = sqs.Queue(
            self,
            "RetrainDeadLetters",
            queue_name="greenlight-retrain-dead-letters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self.retrain = sqs.Queue(
            self,
            "Retrain",
            queue_name="greenlight-retrain",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=cdk.Duration.seconds(RETRAIN_VISIBILITY_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.retrain_dead_letters, max_receive_count=RETRAIN_TRIES
            ),
        )
        self.undelivered = self._last_resort(
            "Undelivered", "greenlight-undelivered", "the rules, the schedules and the sweep"
        )
        self.unannounced = self._last_resort(
            "Unannounced", "greenlight-unannounced", "announce and of the ledger's stream"
        )

    def _last_resort(self, identifier: str, name: str, whose: str) -> sqs.Queue:
        """A queue for what came to nothing elsewhere, kept for people as long as SQS keeps anything."""
        queue = sqs.Queue(
            self,
            identifier,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(
            queue, {f"{SOLUTIONS}SQS3": f"it is the dead-letter queue of {whose}, which cdk-nag does not see"}
        )
        return queue
