"""The points of CloudWatch metrics: publishing as AWS services do, and reading by time window."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Mapping

RETAINED_SECONDS = 14 * 24 * 3600


def install() -> None:
    """Mend the eviction of old points."""
    hooks.replace("services.cloudwatch._evict_old_metrics", evict)


def record(
    namespace: str, name: str, value: float, dimensions: Mapping[str, str], unit: str = "Count"
) -> None:
    """Publish one point, now, in the account and region of the current scope."""
    from ministack.services import cloudwatch  # noqa: PLC0415 - reads settings at import

    cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))


def statistic(
    namespace: str, name: str, dimensions: Mapping[str, str], stat: str, window: tuple[float, float]
) -> float | None:
    """One statistic (Sum, Average, p99, …) of a metric's points in [start, end), wall times; None without any.

    A metric is its namespace, name and exact set of dimensions.
    """
    key = (namespace, name, hooks.private("services.cloudwatch._dims_key")(dict(dimensions)))
    points: list[Any] = hooks.private("services.cloudwatch._metrics").get(key) or []
    chosen = [point for point in list(points) if window[0] <= point["Timestamp"] < window[1]]
    if not chosen:
        return None
    found = hooks.private("services.cloudwatch._stat_value")(
        hooks.private("services.cloudwatch._calc_stats")(chosen), stat, chosen
    )
    return None if found is None else float(found)


def evict() -> None:
    """Forget points older than two weeks, from the front of each list, which others may be adding to."""
    oldest = time.time() - RETAINED_SECONDS
    for points in hooks.private("services.cloudwatch._metrics").values():
        while points and points[0]["Timestamp"] < oldest:
            del points[0]
