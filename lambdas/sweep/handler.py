"""The Lambda entry point of `sweep`: what changed or is unsettled gets a look, whether or not an event came.

Hourly every group that has a spec gets one: the *full pass*. It takes a slice at a time, and the sweeps of every few
minutes take the next, so that no invocation has more to do than it has time for, however many groups there are.
"""

import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.aws import Aws
from lambdas.adapters.queue import Queue
from lambdas.adapters.registry import Registry
from lambdas.adapters.specs import Specs
from lambdas.adapters.store import Store, Swept
from lambdas.core.errors import Gone
from lambdas.core.names import SWEEP
from lambdas.core.settings import from_environment
from lambdas.sweep.settings import SweepSettings

SLICE = 150.0  # seconds until a full pass leaves the rest to the next sweep; half of the function's timeout
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
    """Enqueue each group that changed since the last sweep, or is unsettled; with `full`, each that has a spec.

    Returns:
        How many groups were enqueued.
    """
    swept = app.store.swept()
    if full:
        return _full_pass(app, Swept(swept.at))
    started = app.now()
    groups = sorted(set(_groups(app, swept.at)))
    app.queue.send(groups, source=SWEEP, at=started)
    # Marked last: a sweep that dies before this is made up for by the next.
    app.store.mark_swept(Swept(started, swept.rest))
    app.logger.info("swept: %d groups enqueued", len(groups), extra={"groups": len(groups), "full": False})
    return len(groups) + (_full_pass(app, Swept(started, swept.rest)) if swept.rest is not None else 0)


def _full_pass(app: App, swept: Swept) -> int:
    """One slice, from where the pass goes on. What is sent twice, after a slice that died, is a look too many."""
    started, count, rest = app.now(), 0, swept.rest
    try:
        for groups, after in app.specs.pages(rest):
            app.queue.send(groups, source=SWEEP, at=started)
            count, rest = count + len(groups), after
            if app.now() >= started + SLICE:
                break
    except Gone as error:
        rest = None
        app.logger.warning("the full pass ends early, the next begins anew: AWS has forgotten %s", error)
    finally:
        app.store.mark_swept(replace(swept, rest=rest))
    more = "" if rest is None else "; the next sweep goes on where this one ended"
    app.logger.info("full pass: %d groups enqueued%s", count, more, extra={"groups": count, "full": True})
    return count


def _groups(app: App, swept_at: float) -> Iterator[str]:
    since = max(0.0, swept_at - _OVERLAP)
    yield from app.registry.changed_since(since)
    for endpoint in app.registry.endpoints_changed_since(since):
        if (group := app.store.group_of_endpoint(endpoint)) is not None:
            yield group
    yield from app.store.unsettled()


@functools.cache
def ready() -> App:
    """Read the environment and make the clients, once for each execution environment."""
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
    return {"groups": sweep(ready(), full=bool(event.get("full")))}
