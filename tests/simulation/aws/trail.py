"""CloudTrail: who wrote what to versions, told late."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from local.sagemaker.service import Caller

Emit = Callable[[str, str, dict[str, Any]], None]
DELAY = 300.0
_WRITES = ("CreateModelPackage", "UpdateModelPackage")


@dataclass(frozen=True)
class _Record:
    due: float
    at: float
    name: str
    detail: dict[str, Any]
    denied: bool = False


_PAGE = 50  # events [CloudTrail API, LookupEvents]


class Trail:
    """Records of calls; each is told on the bus and in the history when it is due."""

    def __init__(self, now: Callable[[], float], emit: Emit) -> None:
        self._now, self._emit = now, emit
        self._records: list[_Record] = []
        self._told = 0
        self._number = itertools.count(1)

    def record(self, operation: str, request: dict[str, Any], answer: dict[str, Any], caller: Caller) -> None:
        """A call was made."""
        if operation not in _WRITES:
            return
        at = self._now()
        asked = {name[:1].lower() + name[1:]: value for name, value in request.items()}
        answered = {name[:1].lower() + name[1:]: value for name, value in answer.items()}
        detail = {
            "eventID": f"e-{next(self._number)}",
            "eventName": operation,
            "eventSource": "sagemaker.amazonaws.com",
            "eventTime": datetime.fromtimestamp(int(at), UTC).isoformat(),
            "userIdentity": {"arn": caller.arn},
            "requestParameters": asked,
            "responseElements": answered,
            "readOnly": False,
        }
        self._records.append(_Record(at + DELAY, at, operation, detail))

    def record_denied(self, operation: str, request: dict[str, Any], caller: Caller, times: int) -> None:
        """Calls were made that IAM refused; rules take none of them up."""
        before = len(self._records)
        for _ in range(times):
            self.record(operation, request, {}, caller)
        for place in range(before, len(self._records)):
            one = self._records[place]
            detail = {**one.detail, "errorCode": "AccessDenied"}
            self._records[place] = replace(one, detail=detail, denied=True)

    def next_at(self) -> float | None:
        """When the next record is told."""
        return self._records[self._told].due if self._told < len(self._records) else None

    def tick(self) -> None:
        """Tell on the bus what is due."""
        while (at := self.next_at()) is not None and at <= self._now():
            record = self._records[self._told]
            self._told += 1
            if not record.denied:
                self._emit("aws.sagemaker", "AWS API Call via CloudTrail", record.detail)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """LookupEvents."""
        assert operation == "LookupEvents", operation
        (name,) = (one["AttributeValue"] for one in request["LookupAttributes"])
        start = request["StartTime"].timestamp()
        end = request["EndTime"].timestamp() if "EndTime" in request else float("inf")
        found = [
            r
            for r in reversed(self._records)
            if r.due <= self._now() and r.name == name and int(start) <= int(r.at) <= end
        ]
        first = int(request.get("NextToken", "0"))
        page: dict[str, Any] = {"Events": [_shown(one) for one in found[first : first + _PAGE]]}
        return page | ({"NextToken": str(first + _PAGE)} if first + _PAGE < len(found) else {})


def _shown(record: _Record) -> dict[str, Any]:
    return {
        "EventId": record.detail["eventID"],
        "EventTime": datetime.fromtimestamp(int(record.at), UTC),
        "CloudTrailEvent": json.dumps(record.detail),
    }
