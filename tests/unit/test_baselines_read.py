"""Baselines that registrants wrote are read one after the other, and not past what the function has memory for."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from lambdas.core.errors import Unreadable
from lambdas.core.ledger import Kind, event_of
from lambdas.reconcile import look
from tests.builders import GROUP
from tests.unit.test_look import Desk
from tests.unit.test_monitoring import ONE, SPEC, SWEPT, baseline, monitored

CONSTRAINTS, STATISTICS = str(baseline(1).constraints), str(baseline(1).statistics)
SMALL = b'{"features": []}'


@dataclass
class OneAtATime:
    """Objects in S3; a second reader that comes while a first one reads is an error."""

    objects: Mapping[str, bytes]
    read_of: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def read(self, _role: str, uri: str, _most: int) -> bytes:
        assert self.turn.acquire(blocking=False), f"{uri} is read while another is"
        try:
            # Another thread that is under way takes the processor now, and finds the lock taken.
            threading.Event().wait(0.01)
            self.read_of.append(uri)
            if uri not in self.objects:
                raise Unreadable(f"{uri} is not there")
            return self.objects[uri]
        finally:
            self.turn.release()


def looked_at(constraints: bytes) -> tuple[list[str], list[str]]:
    """Which objects a look reads, and what it says of monitoring."""
    desk = Desk(
        replace(monitored(ONE), spec=replace(SPEC, reader_role="arn:aws:iam::1:role/reader"), reports={})
    )
    objects = OneAtATime({CONSTRAINTS: constraints, STATISTICS: SMALL})
    ports = replace(desk.ports, objects=objects)
    steps = [step for step in look.look(ports, GROUP, SWEPT) if isinstance(step, look.Step)]
    assert steps
    return objects.read_of, [
        event.reason
        for event in map(event_of, desk.entries)
        if event.kind in {Kind.MONITORING, Kind.UNMONITORED}
    ]


def test_baselines_are_read_one_after_the_other() -> None:
    read, said = looked_at(SMALL)
    assert sorted(read) == sorted([CONSTRAINTS, STATISTICS])
    assert "is watched by its own baseline" in said[0]


def test_a_baseline_of_more_parts_than_memory_holds_is_said_and_not_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look, "_MOST_PARTS", 50)
    _, said = looked_at(b'{"features": [' + b"1, " * 60 + b"1]}")
    assert len(said) == 1
    assert CONSTRAINTS in said[0]
    assert "it has more than 50 members and items" in said[0]
