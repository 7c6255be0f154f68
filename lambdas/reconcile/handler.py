"""The Lambda entry point of `reconcile`."""

import functools
from typing import Any

from lambdas.reconcile.batch import process
from lambdas.reconcile.compose import App, compose


@functools.cache
def ready() -> App:
    """Read the environment and make the clients, once for each execution environment."""
    return compose()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Work off a batch of the reconcile queue.

    Args:
        event: SQS event with `Records`, as Lambda's event source mapping sends it.

    Returns:
        `batchItemFailures`: the messages to be delivered again (partial batch response).
    """
    app = ready()
    failed = process(event["Records"], app.ports, app.queue, app.dead_letters, app.report)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
