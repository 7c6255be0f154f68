"""The sweep: what changed or is unsettled gets a look, whether or not an event came."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from lambdas.core.errors import Throttled
from lambdas.sweep.handler import App, sweep

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

    def changed_since(self, epoch: float) -> Iterator[str]:
        self.asked_since.append(epoch)
        return iter(self.changed)

    def endpoints_changed_since(self, epoch: float) -> Iterator[str]:
        self.asked_since.append(epoch)
        return iter(self.endpoints)

    def groups(self) -> Iterator[str]:
        return iter(self.specs)

    def group_of_endpoint(self, name: str) -> str | None:
        return self.owners.get(name)

    def unsettled(self) -> Iterator[str]:
        return iter(self.pending)

    def swept_at(self) -> float:
        return self.last

    def mark_swept(self, at: float) -> None:
        self.last = at

    def send(self, groups: Iterable[str], source: str, at: float) -> None:
        if self.broken:
            raise Throttled("slow down")
        assert (source, at) == ("sweep", NOW)
        self.sent += groups
        self.sends += 1

    def sweep(self, *, full: bool = False) -> int:
        port: Any = self
        logger = Logger(service="test", level="CRITICAL")
        return sweep(App(port, port, port, port, logger, lambda: NOW), full=full)


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
    world = World(changed=["a"], specs=["a", "e"])
    assert world.sweep(full=True) == 2
    assert world.sent == ["a", "e"]


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
