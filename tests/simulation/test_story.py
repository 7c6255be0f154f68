"""The simulated AWS carries the whole story: the real functions, the real adapters, events and the queue."""

import pytest

from lambdas.core.record import Phase
from tests.simulation.life import Life

pytestmark = pytest.mark.usefixtures("one_thread")


def test_an_approval_goes_live_and_a_rejection_goes_back_by_events_alone() -> None:
    life = Life.peaceful()
    life.world.sweeping = False
    life.begin()
    life.world.pass_time(10)
    first = life.release()
    life.world.pass_time(1000)
    assert life.live() == first
    second = life.release()
    life.world.pass_time(2000)
    assert life.live() == second
    life.decide(second, "Rejected")
    life.world.pass_time(1000)
    assert life.live() == first
    assert life.record().phase is Phase.SETTLED
