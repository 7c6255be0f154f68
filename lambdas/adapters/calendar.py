"""Freeze windows that recur: which of them hold at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.core.spec import Freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdas.core.spec import Recurring

_MINUTE = timedelta(minutes=1)


def holding(windows: Sequence[Recurring], now: float) -> tuple[Freeze, ...]:
    """The windows in which a moment lies, with their begin and end.

    A window begins at each time that its cron expression names in its time zone, and lasts its minutes of real time,
    whatever clocks do meanwhile.

    Args:
        windows: cron expressions of five fields, durations and time zones.
        now: epoch seconds.

    Returns:
        Windows; one that cannot be read holds, and says so: somebody wanted to be careful, and a way back passes.
    """
    found = (_last(window, now) for window in windows)
    return tuple(freeze for freeze in found if freeze is not None and freeze.start <= now < freeze.end)


def _last(window: Recurring, now: float) -> Freeze | None:
    """The last time that a window began; None: it never did."""
    # Needed by groups with windows that recur only, and no cold start should pay for it.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - see above

    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - see above

    try:
        zone = ZoneInfo(window.timezone)
        # It is asked for times before a moment, so a minute later; a minute that begins now counts.
        moment = datetime.fromtimestamp(now, UTC).astimezone(zone) + _MINUTE
        start = next(CronSim(window.cron, moment, reverse=True), None)
    except (CronSimError, ZoneInfoNotFoundError, ValueError) as error:
        reason = f"{window.reason} ({window.cron!r} in {window.timezone} cannot be read: {error})"
        return Freeze(now, now + 60, reason)
    if start is None:
        return None
    begin = start.timestamp()
    return Freeze(begin, begin + window.minutes * 60, window.reason)
