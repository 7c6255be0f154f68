"""The Lambda entry point of `retrain`."""

import functools
import os
import time
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.aws import Aws
from lambdas.adapters.pipelines import Pipelines
from lambdas.adapters.queue import Queue
from lambdas.adapters.store import Store
from lambdas.core.settings import from_environment
from lambdas.retrain.report import Report
from lambdas.retrain.settings import RetrainSettings
from lambdas.retrain.starter import Starter


@functools.cache
def ready() -> Starter:
    """Read the environment and make the clients, once for each execution environment."""
    settings, aws = from_environment(RetrainSettings, os.environ), Aws()
    return Starter(
        # It only reads records: it has no ledger.
        store=Store(aws.dynamodb, settings.state_table, ledger_table=""),
        pipelines=Pipelines(aws.sagemaker),
        queue=Queue(aws.sqs, settings.reconcile_queue_url),
        report=Report(Logger(service="retrain")),
        now=time.time,
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Work off a batch of the queue of runs that are to be started.

    Args:
        event: SQS event with `Records`, as Lambda's event source mapping sends it.

    Returns:
        `batchItemFailures`: the messages to be delivered again (partial batch response).
    """
    failed = ready().process(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
