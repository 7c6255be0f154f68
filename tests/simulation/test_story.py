"""The simulated AWS carries the whole story: the real functions, the real adapters, events and the queue."""

from collections.abc import Iterator

import pytest

from lambdas.core.record import Phase
from tests.simulation.life import Life
from tests.simulation.world import without_threads


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        yield


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
