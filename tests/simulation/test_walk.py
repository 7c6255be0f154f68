"""Every small history is walked with every single fault, the same way each time, and a seeded bug is walked into."""

import logging
from collections.abc import Iterator

import pytest

from tests.simulation.course import Course
from tests.simulation.hitch import Decision, Fault, When
from tests.simulation.likeness import likeness
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.space import Space
from tests.simulation.walk import Walk, side_by_side, sparing
from tests.simulation.world import without_threads

SMALL = Space(decisions=2, times=(When.AT_ONCE, When.SETTLED))
_FOUND = (
    "the effect comes before the intent",
    "InService is taken for success, on whatever config",
    "an alarm watches the way back",
)


@pytest.fixture(autouse=True)
def _prepared() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        sparing(patch.setattr)
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)


def test_in_every_history_of_two_decisions_with_every_single_fault_all_invariants_hold() -> None:
    totals, broke = side_by_side(SMALL, jobs=2)
    assert not broke, "\n".join(map(str, broke[:3]))
    print(totals)


def test_a_course_that_was_laid_down_is_taken_up_as_it_was() -> None:
    course = Course.begun()
    course.step(Decision(1, "Approved", When.SETTLED))
    other = Course.taken_up(course.laid_down())
    for _ in range(40):
        course.step()
        other.step()
        assert likeness(course) == likeness(other)


def test_one_history_with_one_fault_can_be_walked_again() -> None:
    history = tuple(map(Decision.read, ("1A@settled", "2A@between")))
    walk = Walk(Space.of_one(history, Fault.read("2:3:decided"))).whole()
    assert not walk.broke
    assert (walk.totals.runs, walk.totals.ends) == (1, 1)


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.name in _FOUND], ids=lambda one: one.name)
def test_a_seeded_bug_is_walked_into(mutant: Mutant) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mutant.put_in(patch.setattr)
        found = next((broke for part in SMALL.parts() if (broke := Walk(part, most=1).whole().broke)), None)
    assert found is not None
    assert found[0].what.partition(":")[0] in mutant.breaks, found[0]
