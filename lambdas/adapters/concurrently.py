"""Runs independent calls side by side, so that a chain of AWS calls is as long as it must be and no longer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_MOST_THREADS = 10


def concurrently(*calls: Callable[[], Any]) -> list[Any]:
    """Call all, wait for all; their results in the order given.

    Raises:
        The first error in that order, after every call has ended.
    """
    if len(calls) < 2:  # noqa: PLR2004 - a single call needs no thread
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), _MOST_THREADS)) as pool:
        futures = [pool.submit(call) for call in calls]
    return [future.result() for future in futures]
