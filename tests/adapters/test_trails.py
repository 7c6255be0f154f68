"""Evidence is found in a flood: other calls cost time, and hide nothing."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.adapters.trails import Trails
from lambdas.core.errors import Transient
from lambdas.core.facts import Lookup, Trail
from lambdas.core.record import Approval

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/3"
ANN = "arn:aws:sts::123456789012:assumed-role/churn-approver/ann"
EVE = "arn:aws:sts::123456789012:assumed-role/nobody/eve"
START = 1_700_000_000.0


def call(at: float, by: str = EVE, **more: Any) -> dict[str, Any]:
    """An UpdateModelPackage call; by default one that was denied."""
    record = {
        "eventID": f"e-{at}-{by[-3:]}",
        "eventName": "UpdateModelPackage",
        "eventTime": datetime.fromtimestamp(int(at), UTC).isoformat(),
        "userIdentity": {"arn": by},
        "requestParameters": {"modelPackageArn": ARN},
        **({"errorCode": "AccessDenied"} if by == EVE else {}),
        **more,
    }
    return {"EventTime": datetime.fromtimestamp(int(at), UTC), "CloudTrailEvent": json.dumps(record)}


APPROVAL = call(
    START + 100,
    ANN,
    requestParameters={
        "modelPackageArn": ARN,
        "modelApprovalStatus": "Approved",
        "approvalDescription": "AUC 0.93",
    },
)


@dataclass
class History:
    """CloudTrail's event history as LookupEvents pages it: 50 events a page, newest first, both ends included."""

    events: list[dict[str, Any]]
    pages: int = 0
    seconds: float = 0.0  # that a page takes
    now: float = 0.0
    most: int | None = None  # pages that it gives; then it is asked too often

    def clock(self) -> float:
        return self.now

    def get_paginator(self, operation: str) -> "History":
        assert operation == "lookup_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        (attribute,) = request["LookupAttributes"]
        start, end = request["StartTime"], request.get("EndTime", datetime.max.replace(tzinfo=UTC))
        found = [
            one
            for one in sorted(self.events, key=lambda one: one["EventTime"], reverse=True)
            if start <= one["EventTime"] <= end and attribute["AttributeValue"] in one["CloudTrailEvent"]
        ]
        for first in range(0, max(1, len(found)), 50):
            if self.most is not None and self.pages >= self.most:
                raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "LookupEvents")
            self.pages += 1
            self.now += self.seconds
            more = {"NextToken": "more"} if first + 50 < len(found) else {}
            yield {"Events": found[first : first + 50], **more}


def lookup(**changes: Any) -> Lookup:
    return replace(Lookup(3, ARN, START, START, START + 1_800), **changes)


def read_on(history: History, asked: Lookup) -> tuple[list[Trail], list[str]]:
    """Ask until all is told, as one look after the other does; what each was answered, and who approved."""
    answers, found = list[Trail](), list[str]()
    for _ in range(50):
        answer = Trails(lambda: history, clock=history.clock).writes([asked])
        answers.append(answer)
        found += [one.by.arn for one in answer.witnesses if one.approval is Approval.APPROVED]
        if answer.complete:
            return answers, found
        asked = replace(asked, since=answer.until, step=answer.step)
    pytest.fail("it never ends")


def test_what_fits_into_one_look_is_read_with_one_search() -> None:
    history = History([APPROVAL, *(call(START + n) for n in range(40))])
    answers, found = read_on(history, lookup(registration=False))
    assert (len(answers), found, history.pages) == (1, [ANN], 1)
    (witness,) = answers[0].witnesses
    assert witness.reason == "AUC 0.93"
    assert answers[0].until == START + 1_800


@pytest.mark.parametrize("calls", [1_080, 20_000])
def test_denied_calls_of_others_hide_no_approval(calls: int) -> None:
    """They lay around the decision, before and after it."""
    flood = [call(START + 1_700 * n / calls) for n in range(calls)]
    history = History([*flood, APPROVAL])
    answers, found = read_on(history, lookup())
    assert ANN in found
    assert math.ceil(calls / 50 / 120) <= len(answers) <= calls / 50 / 20
    assert all(answer.complete is (answer is answers[-1]) for answer in answers)


def test_a_flood_within_a_few_seconds_of_the_decision_is_read_by_the_second() -> None:
    flood = [call(START + 95 + 10 * n / 8_000) for n in range(8_000)]
    at_once = [call(START + 100) for _ in range(3_000)]
    for calls in (flood, at_once, [*flood, *at_once]):
        _, found = read_on(History([*calls, APPROVAL]), lookup())
        assert ANN in found


def test_each_look_reads_a_bounded_part() -> None:
    history = History([call(START + n / 20) for n in range(30_000)])
    Trails(lambda: history).writes([lookup()])
    assert history.pages <= 120 + 121 + 21


@pytest.mark.parametrize("seconds", [0.5, 4.0, 20.0, 50.0])
def test_however_slow_cloudtrail_is_a_look_ends_soon_and_the_next_goes_on(seconds: float) -> None:
    history = History([*(call(START + n) for n in range(1_700)), APPROVAL], seconds=seconds)
    asked, found, looks = lookup(registration=False), list[str](), 0
    while True:
        began, looks = history.now, looks + 1
        answer = Trails(lambda: history, clock=history.clock).writes([asked])
        assert history.now - began <= 45 + 2 * seconds
        found += [one.by.arn for one in answer.witnesses if one.approval is Approval.APPROVED]
        if answer.complete:
            break
        assert looks < 100
        asked = replace(asked, since=answer.until, step=answer.step)
    assert ANN in found


@pytest.mark.parametrize("most", [1, 3, 25])
def test_a_cloudtrail_that_is_asked_too_often_midway_has_told_what_it_told(most: int) -> None:
    history = History([*(call(START + n) for n in range(1_700)), APPROVAL], most=most)
    asked, found, looks = lookup(registration=False), list[str](), 0
    while True:
        history.pages, looks = 0, looks + 1
        answer = Trails(lambda: history).writes([asked])
        found += [one.by.arn for one in answer.witnesses if one.approval is Approval.APPROVED]
        if answer.complete:
            break
        assert looks < 100
        asked = replace(asked, since=answer.until, step=answer.step)
    assert ANN in found


def test_a_cloudtrail_that_tells_nothing_says_so() -> None:
    with pytest.raises(Transient):
        Trails(lambda: History([APPROVAL], most=0)).writes([lookup()])


def test_slow_registrations_leave_time_for_the_writes() -> None:
    floods = [created(START + 100 * n + k / 100, k) for n in range(8) for k in range(500)]
    history = History([*floods, *(call(START + n) for n in range(1_700))], seconds=4.0)
    asked = [lookup(created=START + 100 * n, step=40.0) for n in range(8)]
    answer = Trails(lambda: history, clock=history.clock).writes(asked)
    assert answer.until > START


def created(at: float, number: int) -> dict[str, Any]:
    """A CreateModelPackage call."""
    arn = ARN.removesuffix("3") + str(number)
    answer = {"responseElements": {"modelPackageArn": arn}, "requestParameters": {}}
    return call(at, ANN, eventName="CreateModelPackage", eventID=f"c-{number}", **answer)


def test_who_registered_versions_of_one_time_is_read_once() -> None:
    history = History([created(START + 0.1 * number, number) for number in range(1, 9)])
    asked = [
        lookup(version=number, arn=ARN.removesuffix("3") + str(number), created=START + 0.1 * number)
        for number in range(1, 9)
    ]
    answer = Trails(lambda: history).writes(asked)
    assert {one.version for one in answer.witnesses if one.registered} == set(range(1, 9))
    assert (answer.complete, history.pages) == (True, 2)


def test_registrations_in_a_flood_leave_room_for_the_writes() -> None:
    """Where they used up a look's pages, no look ever read on."""
    floods = [created(START + 100 * n + k / 1_000, k) for n in range(8) for k in range(5_000)]
    history = History([*floods, APPROVAL])
    answer = Trails(lambda: history).writes([lookup(created=START + 100 * n, step=100.0) for n in range(8)])
    assert not answer.complete
    assert answer.until == START + 1_800
    assert ANN in [one.by.arn for one in answer.witnesses if one.approval is Approval.APPROVED]


def test_an_event_that_cannot_be_read_may_be_of_any_write() -> None:
    history = History(
        [APPROVAL, {"EventTime": APPROVAL["EventTime"], "CloudTrailEvent": "UpdateModelPackage {"}]
    )
    answer = Trails(lambda: history).writes([lookup()])
    assert not answer.complete
    assert answer.witnesses


def test_nothing_past_an_event_that_cannot_be_read_counts_as_read() -> None:
    """In a flood the next look would otherwise begin after it, and call the rest complete."""
    unreadable = {
        "EventTime": datetime.fromtimestamp(START + 105, UTC),
        "CloudTrailEvent": "UpdateModelPackage {",
    }
    history = History([APPROVAL, unreadable, *(call(START + n) for n in range(1_500))])
    asked = lookup(registration=False)
    for _ in range(5):
        answer = Trails(lambda: history).writes([asked])
        assert not answer.complete
        asked = replace(asked, since=max(asked.since, answer.until), step=answer.step)
    assert asked.since == START
