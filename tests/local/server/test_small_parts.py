"""The small pure parts: JSON paths, scaled clock, settings, request log, timer, patience with stacks."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from local.server.clock import ScaledTime
from local.server.cloudformation import at_rest
from local.server.json_path import is_path, resolve
from local.server.request_log import RequestLog
from local.server.settings import client_environment, from_environment
from local.server.timer import Timer

if TYPE_CHECKING:
    from pathlib import Path

EVENT = {"detail": {"ModelPackageGroupName": "fraud", "odd-name": 1}, "resources": ["a", "b"]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.detail.ModelPackageGroupName", "fraud"),
        ("$.detail.odd-name", 1),
        ("$.resources[1]", "b"),
        ("$.resources[2]", None),
        ("$.detail.missing", None),
        ("$.detail.ModelPackageGroupName.deeper", None),
        ("$.detail[*]", None),
        ("$", EVENT),
    ],
)
def test_json_paths(path: str, value: object) -> None:
    assert resolve(path, EVENT) == value


def test_plain_text_is_no_path() -> None:
    assert not is_path("group-1")
    assert not is_path("$5")
    assert is_path("$.detail")


def test_aws_time_passes_faster_and_goes_on_from_where_it_is() -> None:
    clock = ScaledTime(60)
    now = time.time()
    assert clock.aws(now + 1) - clock.aws(now) == pytest.approx(60)
    assert clock.wall(clock.aws(now)) == pytest.approx(now)
    before = clock.aws(time.time())
    clock.set_scale(1)
    assert 0 <= clock.aws(time.time()) - before < 10
    with pytest.raises(ValueError, match="positive"):
        clock.set_scale(0)


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    settings = from_environment({"LOCAL_AWS_PORT": "4711", "LOCAL_TIME_SCALE": "600"}, tmp_path)
    assert (settings.port, settings.time_scale, settings.endpoint) == (4711, 600, "http://127.0.0.1:4711")
    assert from_environment({}, tmp_path).port > 0


def test_pipelines_come_from_the_environment(tmp_path: Path) -> None:
    text = "fraud=shop.training:retrain, wine=cellar:run"
    settings = from_environment({"LOCAL_PIPELINES": text}, tmp_path)
    assert settings.pipelines == {"fraud": "shop.training:retrain", "wine": "cellar:run"}
    assert from_environment({}, tmp_path).pipelines == {}


@pytest.mark.parametrize("text", ["fraud", "fraud=shop.training", "fraud=shop training:run", "fraud=:run"])
def test_a_pipeline_that_is_no_callable_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"LOCAL_PIPELINES=.*pipeline 'fraud' is .*package\.module:callable"):
        from_environment({"LOCAL_PIPELINES": text}, tmp_path)


@pytest.mark.parametrize("name", ["LOCAL_AWS_PORT", "LOCAL_TIME_SCALE"])
@pytest.mark.parametrize("value", ["many", "-1", "0"])
def test_a_bad_setting_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=name):
        from_environment({name: value}, tmp_path)


def test_clients_are_pointed_at_the_local_aws() -> None:
    assert client_environment("http://127.0.0.1:1")["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_the_request_log_gives_what_came_after() -> None:
    log = RequestLog()
    for number in range(3):
        log.add(start=number, end=number, service="s3", operation="GetObject", principal="root", status=200)
    assert [request.sequence for request in log.since(1)] == [2, 3]
    log.clear()
    log.add(start=0, end=0, service="s3", operation="GetObject", principal="root", status=200)
    assert [request.sequence for request in log.since()] == [4]
    assert log.as_json()["last"] == 4


def test_the_timer_runs_in_order_survives_failures_and_stops() -> None:
    timer, done, seen = Timer(), threading.Event(), list[int]()
    now = time.time()

    def fail() -> None:
        raise LookupError("broken")

    timer.at(now + 0.05, done.set)
    timer.at(now, lambda: seen.append(1))
    timer.at(now, fail)
    timer.at(now, lambda: seen.append(2))
    timer.start()
    assert done.wait(2)
    timer.stop()
    assert seen == [1, 2]
    assert timer.failures == ["LookupError: broken"]


def described(*statuses: str) -> tuple[int, dict[str, str], bytes]:
    """DescribeStacks's answer."""
    return 200, {}, "".join(f"<StackStatus>{one}</StackStatus>" for one in statuses).encode()


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_FAILED"])
def test_stacks_that_nobody_makes_are_described_at_once(status: str) -> None:
    async def again() -> tuple[int, dict[str, str], bytes]:
        raise AssertionError("it was asked for again")

    answer = described(status, "UPDATE_COMPLETE")
    assert asyncio.run(at_rest(answer, again)) == answer


def test_a_stack_that_is_being_made_is_described_when_it_is_there() -> None:
    later = [described("UPDATE_COMPLETE"), described("UPDATE_ROLLBACK_IN_PROGRESS")]

    async def again() -> tuple[int, dict[str, str], bytes]:
        return later.pop()

    answer = asyncio.run(at_rest(described("UPDATE_IN_PROGRESS"), again))
    assert (answer, later) == (described("UPDATE_COMPLETE"), [])


def test_a_stack_that_takes_long_is_described_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.server.cloudformation._PATIENCE", 0.05)

    async def again() -> tuple[int, dict[str, str], bytes]:
        return described("CREATE_IN_PROGRESS")

    assert asyncio.run(at_rest(described("CREATE_IN_PROGRESS"), again)) == described("CREATE_IN_PROGRESS")
