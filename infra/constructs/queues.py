"""The reconcile queue, its dead-letter queue, and the one for events and sweeps that came to nothing."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.nag import SOLUTIONS, acknowledge
from infra.limits import TRIES


class Queues(Construct):
    """`reconcile`: FIFO, a message group for each thing that events name; `visibility` is six function timeouts."""

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
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            queue_name="greenlight-undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(
            self.undelivered,
            {
                f"{SOLUTIONS}SQS3": "it is the dead-letter queue of the rules, the schedules and the sweep, which "
                "cdk-nag does not see"
            },
        )
