"""Events are lost, doubled, delayed and reordered at the rates asked for, the same way each time."""

from __future__ import annotations

import pytest

from local.server.event_faults import EventFaults, FaultPlan

MANY = 4000


def delays(faults: EventFaults) -> list[list[float]]:
    plan = FaultPlan(faults)
    return [plan.delays() for _ in range(MANY)]


def test_without_faults_each_event_arrives_once_and_at_once() -> None:
    assert EventFaults().none
    assert delays(EventFaults(seed=7)) == [[0.0]] * MANY


def test_the_same_seed_gives_the_same_faults() -> None:
    faults = EventFaults(lost=0.2, doubled=0.2, delayed=0.2, reordered=0.2, seed=3)
    assert delays(faults) == delays(faults)
    assert delays(faults) != delays(EventFaults(lost=0.2, doubled=0.2, delayed=0.2, reordered=0.2, seed=4))


def test_each_rate_holds() -> None:
    assert len([copies for copies in delays(EventFaults(lost=0.3)) if not copies]) == pytest.approx(
        0.3 * MANY, rel=0.1
    )
    doubled = [copies for copies in delays(EventFaults(doubled=0.3)) if len(copies) == 2]
    assert len(doubled) == pytest.approx(0.3 * MANY, rel=0.1)
    late = [copies for copies in delays(EventFaults(delayed=0.3, delay=100)) if copies[0] > 0]
    assert len(late) == pytest.approx(0.3 * MANY, rel=0.1)
    assert max(copies[0] for copies in late) <= 100


def test_an_event_that_is_held_back_is_overtaken() -> None:
    arrivals = [
        number + copies[0] for number, copies in enumerate(delays(EventFaults(reordered=0.5, delay=60)))
    ]
    assert arrivals != sorted(arrivals)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"lost": 1.5}, ValueError),
        ({"delay": -1}, ValueError),
        ({"doubled": "often"}, TypeError),
        ({"lots": 1}, TypeError),
    ],
)
def test_what_is_no_rate_is_refused(faults: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        EventFaults(**faults)  # type: ignore[arg-type] # the point of the test
