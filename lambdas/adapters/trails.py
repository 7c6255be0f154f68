"""CloudTrail's event history: who wrote what to a version, for events of CloudTrail that never came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambdas.adapters.aws import aws_errors
from lambdas.core.facts import Lookup, Trail
from lambdas.core.trail import CREATED, UPDATED, Witness, witness_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MOST_PAGES = 20  # LookupEvents gives 50 events a page and takes two requests a second [B]
_AROUND = 300.0  # seconds around a registration


class Trails:
    """Asks CloudTrail's event history, which keeps 90 days, whether or not the account has a trail.

    Args:
        cloudtrail: gives the client; made only when it is needed, which is seldom.
    """

    def __init__(self, cloudtrail: Callable[[], Any]) -> None:
        self._cloudtrail = cloudtrail

    def writes(self, lookups: Sequence[Lookup]) -> Trail:
        """Every write to these versions since their approval may have been, and their registrations (LookupEvents)."""
        found: list[Witness] = []
        complete = True
        searches: list[tuple[str, float, float | None]] = [
            (UPDATED, min(lookup.since for lookup in lookups), None)
        ]
        searches += [(CREATED, lookup.created - _AROUND, lookup.created + _AROUND) for lookup in lookups]
        for name, start, end in searches:
            for number, page in enumerate(self._pages(name, start, end), start=1):
                read = (witness_of(json.loads(event["CloudTrailEvent"])) for event in page)
                found += [w for w in read if w is not None and _is_one(w, lookups)]
                if number == _MOST_PAGES:
                    complete = False
                    break
        return Trail(tuple(found), complete, {lookup.version: lookup.since for lookup in lookups})

    def _pages(self, name: str, start: float, end: float | None) -> Iterator[list[dict[str, Any]]]:
        request: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": datetime.fromtimestamp(max(0.0, start), UTC),
        }
        if end is not None:
            request["EndTime"] = datetime.fromtimestamp(end, UTC)
        with aws_errors(f"looking up {name} in CloudTrail"):
            for page in self._cloudtrail().get_paginator("lookup_events").paginate(**request):
                yield page["Events"]


def _is_one(witness: Witness, lookups: Sequence[Lookup]) -> bool:
    """Whether a write is of one of the versions; group names in ARNs may come in another casing."""
    return any(
        lookup.arn.lower().endswith(f":model-package/{witness.group}/{witness.version}".lower())
        for lookup in lookups
    )
