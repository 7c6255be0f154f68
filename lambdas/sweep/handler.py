"""The Lambda entry point of `sweep`: what changed or is unsettled gets a look, whether or not an event came."""

import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.aws import Aws
from lambdas.adapters.queue import Queue
from lambdas.adapters.registry import Registry
from lambdas.adapters.specs import Specs
from lambdas.adapters.store import Store
from lambdas.core.names import SWEEP
from lambdas.core.settings import from_environment
from lambdas.sweep.settings import SweepSettings

_OVERLAP = 900  # seconds: Search shows a change a while after it was made, and sweeps may fail


@dataclass(frozen=True)
class App:
    """The function, ready to work; `now` gives epoch seconds."""

    registry: Registry
    specs: Specs
    store: Store
    queue: Queue
    logger: Logger
    now: Callable[[], float] = time.time


def sweep(app: App, *, full: bool) -> int:
    """Enqueue each group that changed since the last sweep, or is unsettled; with `full`, each with a spec.

    Returns:
        How many groups were enqueued.
    """
    started = app.now()
    groups = sorted(set(_groups(app, full=full)))
    app.queue.send(groups, source=SWEEP, at=started)
    # Marked last: a sweep that dies before this is made up for by the next.
    app.store.mark_swept(started)
    app.logger.info("swept: %d groups enqueued", len(groups), extra={"groups": len(groups), "full": full})
    return len(groups)


def _groups(app: App, *, full: bool) -> Iterator[str]:
    since = max(0.0, app.store.swept_at() - _OVERLAP)
    yield from app.registry.changed_since(since)
    for endpoint in app.registry.endpoints_changed_since(since):
        if (group := app.store.group_of_endpoint(endpoint)) is not None:
            yield group
    yield from app.store.unsettled()
    if full:
        yield from app.specs.groups()


@functools.cache
def _app() -> App:
    settings = from_environment(SweepSettings, os.environ)
    aws = Aws()
    return App(
        registry=Registry(aws.sagemaker),
        specs=Specs(aws.ssm),
        # It never commits: it has no ledger to write to.
        store=Store(aws.dynamodb, settings.state_table, ledger_table=""),
        queue=Queue(aws.sqs, settings.queue_url),
        logger=Logger(service="sweep"),
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sweep; `{"full": true}` in the schedule's input makes it a full one."""
    return {"groups": sweep(_app(), full=bool(event.get("full")))}
