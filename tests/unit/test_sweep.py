"""The sweep: what changed or is unsettled gets a look, whether or not an event came."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from lambdas.adapters.store import Swept
from lambdas.core.errors import Gone, Throttled
from lambdas.sweep.handler import SLICE, App, sweep

NOW = 1_700_000_000.0


@dataclass
class World:
    """Registry, specs, store and queue of the sweep."""

    changed: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)
    last: float = NOW - 600
    asked_since: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    sends: int = 0
    broken: bool = False
    break_after: int | None = None
    forgotten: bool = False
    rest: str | None = None
    time: float = NOW
    page_takes: float = 0.0

    def changed_since(self, epoch: float) -> Iterator[str]:
        self.asked_since.append(epoch)
        return iter(self.changed)

    def endpoints_changed_since(self, epoch: float) -> Iterator[str]:
        self.asked_since.append(epoch)
        return iter(self.endpoints)

    def pages(self, rest: str | None) -> Iterator[tuple[list[str], str | None]]:
        if rest is not None and self.forgotten:
            raise Gone("where it goes on")
        for start in range(int(rest or 0), max(1, len(self.specs)), 2):
            self.time += self.page_takes
            yield self.specs[start : start + 2], str(start + 2) if start + 2 < len(self.specs) else None

    def group_of_endpoint(self, name: str) -> str | None:
        return self.owners.get(name)

    def unsettled(self) -> Iterator[str]:
        return iter(self.pending)

    def swept(self) -> Swept:
        return Swept(self.last, self.rest)

    def mark_swept(self, swept: Swept) -> None:
        self.last, self.rest = swept.at, swept.rest

    def send(self, groups: Iterable[str], source: str, at: float) -> None:
        if self.broken or (self.break_after is not None and self.sends >= self.break_after):
            raise Throttled("slow down")
        assert (source, at) == ("sweep", NOW)
        self.sent += groups
        self.sends += 1

    def sweep(self, *, full: bool = False) -> int:
        port: Any = self
        logger = Logger(service="test", level="CRITICAL")
        self.time = NOW
        return sweep(App(port, port, port, port, logger, lambda: self.time), full=full)


def test_groups_that_changed_or_are_unsettled_are_enqueued_once_each() -> None:
    world = World(
        changed=["b", "a", "b"],
        endpoints=["serving", "theirs"],
        owners={"serving": "c"},
        pending=["a", "d"],
        specs=["e"],
    )
    assert world.sweep() == 4
    assert world.sent == ["a", "b", "c", "d"]
    assert world.sends == 1


def test_a_full_sweep_looks_at_every_group_that_has_a_spec() -> None:
    world = World(changed=["a"], specs=["a", "e", "f"])
    assert world.sweep(full=True) == 3
    assert world.sent == ["a", "e", "f"]
    assert world.rest is None


def test_a_full_sweep_ends_in_time_and_the_next_sweeps_go_on_where_it_ended() -> None:
    world = World(changed=["z"], specs=list("abcdefg"), page_takes=SLICE / 2)
    assert (world.sweep(full=True), world.sent, world.last) == (4, list("abcd"), NOW - 600)
    assert (world.sweep(), world.sent[4:], world.last) == (4, list("zefg"), NOW)
    assert (world.sweep(), world.sent[8:]) == (1, ["z"])


def test_a_full_sweep_begins_anew_each_hour() -> None:
    world = World(specs=list("abcdefg"), page_takes=SLICE / 2)
    for _ in range(2):
        assert world.sweep(full=True) == 4
    assert world.sent == list("abcdabcd")


def test_a_full_sweep_that_comes_to_its_end_leaves_nothing_of_the_one_before() -> None:
    world = World(specs=list("abcdefg"), page_takes=SLICE / 2)
    world.sweep(full=True)
    world.page_takes = 0.0
    assert (world.sweep(full=True), world.rest) == (7, None)
    assert world.sweep() == 0


def test_a_slice_that_dies_is_gone_on_with_from_where_it_came_to() -> None:
    world = World(specs=list("abcdefg"), page_takes=SLICE / 10)
    world.break_after = 2
    with pytest.raises(Throttled):
        world.sweep(full=True)
    world.break_after = None
    world.sweep()
    assert world.sent == list("abcdefg")


def test_a_pass_whose_place_aws_has_forgotten_ends_and_the_next_begins_anew() -> None:
    world = World(specs=list("abcdefg"), page_takes=SLICE / 2)
    world.sweep(full=True)
    world.forgotten = True
    assert (world.sweep(), world.rest) == (0, None)
    assert world.sweep(full=True) == 4


def test_it_asks_for_what_changed_since_a_while_before_the_last_sweep() -> None:
    world = World()
    world.sweep()
    assert world.asked_since == [NOW - 600 - 900] * 2
    assert world.last == NOW


def test_the_first_sweep_asks_for_everything() -> None:
    world = World(last=0.0)
    world.sweep()
    assert world.asked_since == [0.0, 0.0]


def test_a_sweep_that_dies_is_made_up_for_by_the_next() -> None:
    world = World(changed=["a"], broken=True)
    with pytest.raises(Throttled):
        world.sweep()
    assert world.last == NOW - 600
    world.broken = False
    world.sweep()
    assert world.sent == ["a"]
