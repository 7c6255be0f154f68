"""Every small history is walked with every single fault, the same way each time, and a seeded bug is walked into."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.one_thread import without_threads
from tests.simulation.course import Course
from tests.simulation.hitch import Decision, Fault, Kind, When
from tests.simulation.likeness import likeness
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.space import Space
from tests.simulation.walk import Walk, side_by_side, sparing

# Left to `make walk`: what fails at AWS, much as what is throttled; what is very late, much as what is late; and what
# begins otherwise.
SMALL = Space(
    decisions=2,
    kinds=tuple(kind for kind in Kind if kind not in {Kind.FAILED, Kind.VERY_LATE}),
    begins=(Decision(1, "Approved", When.SETTLED),),
)
# Each with the decisions and the kinds of faults that it takes to see it.
_FOUND: dict[str, tuple[int, tuple[Kind, ...]]] = {
    "the effect comes before the intent": (2, ()),
    "success is recorded before it is verified": (2, ()),
    "InService is taken for success, on whatever config": (2, (Kind.KILLED_AFTER,)),
    "a rollout starts without a fresh read": (2, (Kind.KILLED_AFTER,)),
    "the record's revision is not checked": (3, (Kind.LOOK,)),
}


@pytest.fixture(autouse=True)
def _prepared() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        sparing(patch.setattr)
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)


def test_in_every_history_of_two_decisions_with_every_single_fault_all_invariants_hold(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    totals, broke = side_by_side(SMALL, jobs=1)
    assert not broke, "\n".join(map(str, broke[:3]))
    record_testsuite_property("walk", str(totals))
    assert totals.histories == 9, totals
    assert totals.states > 4_000, totals


def test_a_walk_is_the_same_each_time() -> None:
    tiny = replace(SMALL, decisions=1)
    totals, broke = side_by_side(tiny, jobs=1)
    again = Walk(tiny).whole()
    assert (totals, broke) == (again.totals, again.broke)
    assert totals.runs > 100


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
        decisions, kinds = _FOUND[mutant.name]
        broke = Walk(replace(SMALL, decisions=decisions, kinds=kinds), most=1).whole().broke
        assert broke, "not found"
        (found,) = broke
        assert found.what.partition(":")[0] in mutant.breaks, found
        again = Walk(Space.of_one(found.history, found.fault)).whole().broke
        assert found in again, "what it says does not show it again"
