"""All invariants hold in every schedule explored, and every seeded bug is found."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.one_thread import without_threads
from tests.simulation.explore import explore, in_words, side_by_side, sparing, told
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.schedules import CROWDED, Totals, run, schedule

SCHEDULES = 2_000
_MOST_TRIED = 600


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        sparing(patch.setattr)
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)


def test_in_two_thousand_schedules_every_invariant_holds_and_the_end_is_what_the_registry_wants(
    record_testsuite_property: object,
) -> None:
    totals, broke = Totals(), dict[int, str]()
    for part in side_by_side(0, SCHEDULES, jobs=2):
        totals.add(part.totals)
        broke |= part.broke
    assert not broke, "\n".join(told(seed, what) for seed, what in list(broke.items())[:3])
    assert totals.schedules == SCHEDULES
    assert totals.kills > SCHEDULES / 4, in_words(totals)
    assert totals.moves > SCHEDULES, in_words(totals)


def test_a_seed_is_lived_through_the_same_way_each_time() -> None:
    assert explore(range(7, 12)) == explore(range(7, 12))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_seeded_bug_is_found(mutant: Mutant) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mutant.put_in(patch.setattr)
        for seed in (mutant.seed, *range(_MOST_TRIED)):
            plan = schedule(seed)
            broke = run(replace(plan, rates=CROWDED, most=3) if mutant.crowded else plan, Totals())
            if broke is not None:
                assert broke.partition(":")[0] in mutant.breaks, broke
                return
    pytest.fail(f"not found in {_MOST_TRIED} schedules")
