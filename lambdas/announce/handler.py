"""The Lambda entry point of `announce`."""

import functools
import os
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.aws import Aws
from lambdas.adapters.outlets import Bus, Topic, Unannounced
from lambdas.adapters.store import Store
from lambdas.announce.batch import Range, again, process
from lambdas.announce.herald import Herald
from lambdas.announce.settings import AnnounceSettings
from lambdas.core.announcements import chosen_from
from lambdas.core.codec import decode
from lambdas.core.settings import from_environment


@dataclass(frozen=True)
class App:
    """The function, ready to work."""

    herald: Herald
    ledger: Store


@functools.cache
def ready() -> App:
    """Read the environment and make the clients, once for each execution environment."""
    settings = from_environment(AnnounceSettings, os.environ)
    aws = Aws()
    return App(
        herald=Herald(
            bus=Bus(aws.events, settings.event_bus),
            messages=Topic(aws.sns, settings.message_topic),
            pages=Topic(aws.sns, settings.alarm_topic),
            unannounced=Unannounced(aws.sqs, settings.unannounced_url),
            chosen=chosen_from(settings.urgencies),
            logger=Logger(service="announce"),
        ),
        # It has no record to read or write.
        ledger=Store(aws.dynamodb, state_table="", ledger_table=settings.ledger_table),
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Announce a batch of the ledger's stream; or, called with `{"group": …, "first": 12, "last": 20}`, these again.

    Returns:
        Of a batch: `batchItemFailures`, from where on it is to come again (partial batch response). Else see `again`.

    Raises:
        Malformed: it is called with neither; names what is wrong.
    """
    app = ready()
    if "Records" in event:
        failed = process(event["Records"], app.herald)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
    return again(decode(Range, event, "event"), app.ledger, app.herald)
