"""CloudTrail's event history: who wrote what to a version, for events of CloudTrail that never came."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambdas.adapters.aws import aws_errors
from lambdas.core.errors import Transient, Unreadable
from lambdas.core.facts import Lookup, Trail
from lambdas.core.foreign import boundary, read_json
from lambdas.core.trail import CREATED, UPDATED, witness_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lambdas.core.record import Witness

AT_ONCE = 20  # pages of one stretch of time; LookupEvents gives 50 events a page and takes two requests a second [B]
TOGETHER = (
    120  # pages of one look where there is a flood: a minute, and six calls a second for a quarter of an hour
)
WITHIN = (
    45.0  # seconds of one look, after which no further page is begun: other groups' messages wait meanwhile
)
_AROUND = (
    10.0  # seconds around a registration; the registry's time and CloudTrail's are seconds apart at most
)


@dataclass
class _Reading:
    """What was read so far; `step`: seconds that are read at once, 0: all. `deadline`: when no further page begins.
    `refused`: CloudTrail was asked too often, or failed."""

    deadline: float
    refused: bool = False
    found: list[Witness] = field(default_factory=list)
    readable: bool = True
    pages: int = 0
    step: float = 0.0


@dataclass(frozen=True)
class _Stretch:
    """Whether a stretch of time was read whole; if not, how many seconds of its end were, None: nothing of it."""

    whole: bool
    seconds: float | None = None


class Trails:
    """Asks CloudTrail's event history, which keeps 90 days, whether or not the account has a trail.

    It can be asked for one attribute only, so calls of all groups come along, denied ones too. Where they are more than
    one look reads, they are read from the oldest on, stretch by stretch, and the next look goes on from there.

    Args:
        cloudtrail: gives the client; made only when it is needed, which is seldom.
        at_once: pages of one stretch of time, at most.
        together: pages of one look, where there is a flood.
        clock: seconds that go on steadily.
    """

    def __init__(
        self,
        cloudtrail: Callable[[], Any],
        at_once: int = AT_ONCE,
        together: int = TOGETHER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloudtrail, self._at_once, self._together = cloudtrail, at_once, together
        self._clock = clock

    def writes(self, lookups: Sequence[Lookup]) -> Trail:
        """Every write to these versions since their approval may have been, and their registrations (LookupEvents).

        Raises:
            Transient: CloudTrail gave no page. Where it gave some, the next look goes on after what was read whole.
        """
        since, until = min(one.since for one in lookups), max(one.until for one in lookups)
        now = self._clock()
        reading = _Reading(now + WITHIN / 2, step=min(one.step for one in lookups))
        complete = self._registrations(reading, [one.created for one in lookups if one.registration])
        reading.deadline = now + WITHIN
        reached = self._updates(reading, since, until)
        ours = tuple(witness for witness in reading.found if _is_one(witness, lookups))
        return Trail(
            witnesses=ours,
            complete=complete and reading.readable and reached >= until,
            since={one.version: one.since for one in lookups},
            # Past an event that cannot be read nothing counts as read: the next look begins here again.
            until=reached if reading.readable else since,
            step=reading.step,
        )

    def _registrations(self, reading: _Reading, created: Sequence[float]) -> bool:
        """Read who registered what was created at these times; returns whether nothing is missing.

        They have half of a look's pages and time, so that many of them leave room for the writes.
        """
        for start, end in _together([(at - _AROUND, at + _AROUND) for at in created]):
            most = self._together // 2 - reading.pages
            if most < 1 or not self._stretch(reading, CREATED, start, end, most).whole:
                return False
        return True

    def _updates(self, reading: _Reading, since: float, until: float) -> float:
        """Read the writes, from the oldest on; returns up to when nothing is missing."""
        if not reading.step:
            all_of_it = self._stretch(reading, UPDATED, since, None, self._at_once)
            if all_of_it.whole:
                return until
            reading.step = max(1.0, all_of_it.seconds or 0.0)
        since = math.floor(since)
        while since < until and reading.pages < self._together and not self._is_over(reading):
            end = since + math.floor(reading.step)
            # Both ends belong to it, and CloudTrail's times are whole seconds.
            most = self._at_once if reading.step > 1.0 else self._together  # a second cannot be divided
            stretch = self._stretch(reading, UPDATED, since, None if end > until else end - 1, most)
            if stretch.whole:
                since, reading.step = end, 2 * reading.step
            elif reading.step <= 1.0:
                break  # more calls in a second than AWS lets anybody make
            else:
                half = reading.step / 2
                reading.step = max(1.0, half if stretch.seconds is None else min(half, stretch.seconds))
        return min(float(since), until)

    def _is_over(self, reading: _Reading) -> bool:
        """Whether no further page is begun in this look."""
        return reading.refused or self._clock() >= reading.deadline

    def _stretch(self, reading: _Reading, name: str, start: float, end: float | None, most: int) -> _Stretch:
        """Read a stretch of time, newest first, as CloudTrail gives it: so many pages, and one to see its end."""
        times: list[float] = []
        try:
            for number, (page, last) in enumerate(self._pages(name, start, end), start=1):
                reading.pages += 1
                found, readable = _read(page)
                reading.found += found
                reading.readable = reading.readable and readable
                times += [event["EventTime"].timestamp() for event in page if "EventTime" in event]
                if last:
                    return _Stretch(True)
                # A second is read to its end: it cannot be divided, and would be begun anew by each look.
                if number > most or (self._is_over(reading) and reading.step != 1.0):
                    break
        except Transient:
            if not reading.pages:
                raise
            reading.refused = True
        return _Stretch(False, max(times) - min(times) if times else None)

    def _pages(
        self, name: str, start: float, end: float | None
    ) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Each page, and whether it is the last."""
        request: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": datetime.fromtimestamp(max(0.0, start), UTC),
        }
        if end is not None:
            request["EndTime"] = datetime.fromtimestamp(end, UTC)
        with aws_errors(f"looking up {name} in CloudTrail"):
            for page in self._cloudtrail().get_paginator("lookup_events").paginate(**request):
                yield page["Events"], not page.get("NextToken")


def _together(windows: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same stretches of time, as start and end, with those in one that touch each other."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _read(page: list[dict[str, Any]]) -> tuple[list[Witness], bool]:
    """The writes that a page of events tells of, and whether each of its events could be read.

    One that cannot be may be of any write: without it, what CloudTrail told is not all.
    """
    found: list[Witness] = []
    complete = True
    for event in page:
        try:
            with boundary("an event of CloudTrail"):
                record = read_json(event["CloudTrailEvent"].encode("utf-8", "replace"))
                witness = witness_of(record)
        except Unreadable:
            complete = False
            continue
        if witness is not None:
            found.append(witness)
    return found, complete


def _is_one(witness: Witness, lookups: Sequence[Lookup]) -> bool:
    """Whether a write is of one of the versions; group names in ARNs may come in another casing."""
    return any(
        lookup.arn.lower().endswith(f":model-package/{witness.group}/{witness.version}".lower())
        for lookup in lookups
    )
