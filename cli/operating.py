"""Commands of the on-call."""

from cli import out
from cli.account import CONTROLLER_STACK, Account
from cli.reading import Json
from lambdas.adapters.queue import redrive as redrive_all
from lambdas.adapters.stacks import outputs


def redrive(*, json: Json = False) -> None:
    """Send what lies in the dead-letter queue back to reconcile, once its cause is mended.

    Example: greenlight redrive
    """
    aws = Account().aws
    urls = outputs(aws.cloudformation, CONTROLLER_STACK)
    count = redrive_all(aws.sqs, urls["DeadLetterUrl"], urls["QueueUrl"])
    if json:
        out.as_json({"messages": count})
    else:
        out.say(
            "the dead-letter queue is empty" if count == 0 else f"about {count} messages go back to reconcile"
        )
