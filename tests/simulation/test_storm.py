"""Storms: what a thousand approvals at once come to against a control plane of a few calls a second."""

import logging
import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulation.storm import Result, Storm, artifact, gathered, in_words, names, needed

RATE = 4.0
SOME = names(60)
MUTE, LAME = SOME[7], SOME[31]  # two groups whose calls fail for ever


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def thousand() -> Iterator[tuple[Storm, Result]]:
    """A storm of a thousand groups, until all is quiet; its result is of the last group's success."""
    alone = needed()
    with gathered(names(1_000)) as storm:
        storm.approve(RATE)
        storm.run(storm.all_done)
        result = storm.result(RATE, alone)
        print(f"\n{in_words(result)}")
        storm.run(storm.aws.queue.is_empty)
        yield storm, result


def test_a_thousand_groups_approved_at_once_all_serve_what_was_approved(
    thousand: tuple[Storm, Result],
) -> None:
    storm, result = thousand
    assert storm.all_done(), in_words(result)
    assert all(storm.serves(name) == artifact(name) for name in storm.names)


def test_none_is_lost_and_none_succeeds_twice(thousand: tuple[Storm, Result]) -> None:
    storm, result = thousand
    assert storm.successes == dict.fromkeys(storm.names, 1), in_words(result)
    assert storm.aws.queue.is_empty()
    assert not storm.aws.queue.dead, in_words(result)


def test_a_storm_takes_at_most_a_fifth_longer_than_its_calls_at_the_control_planes_rate(
    thousand: tuple[Storm, Result],
) -> None:
    assert thousand[1].ratio <= 1.2, in_words(thousand[1])


def test_a_storm_costs_a_group_no_more_calls_than_it_needs_alone(thousand: tuple[Storm, Result]) -> None:
    assert thousand[1].calls_each <= thousand[1].needed, in_words(thousand[1])


def test_no_invocation_of_a_storm_runs_out_of_time(thousand: tuple[Storm, Result]) -> None:
    assert thousand[1].timeouts == 0, in_words(thousand[1])


@pytest.mark.parametrize("rate", [2.0, 3.0, 8.0])
def test_at_other_rates_a_storm_passes_as_well(rate: float) -> None:
    with gathered(names(150)) as storm:
        storm.approve(rate)
        storm.run(storm.all_done)
        result = storm.result(rate, needed=0)
    assert result.successes == dict.fromkeys(storm.names, 1), in_words(result)
    assert not result.dead, in_words(result)
    assert result.ratio <= 1.2, in_words(result)


def fails(operation: str, request: dict[str, Any]) -> bool:
    """One group's versions cannot be listed, and no call on the other's endpoint comes to anything."""
    listed = operation == "ListModelPackages" and request["ModelPackageGroupName"] == MUTE
    return listed or request.get("EndpointName") == LAME


def times(rate: float | None, *, trouble: bool) -> dict[str, float]:
    """When each of the groups without trouble was done."""
    others = set(SOME) - {MUTE, LAME}
    with gathered(SOME) as storm:
        if trouble:
            storm.aws.broken = fails
        storm.approve(rate)
        storm.run(lambda: others <= storm.done.keys())
        return {name: at for name, at in storm.done.items() if name in others}


def test_groups_whose_calls_always_fail_delay_no_other() -> None:
    without, beside = times(None, trouble=False), times(None, trouble=True)
    assert beside.keys() == without.keys()
    assert all(beside[name] - without[name] <= 2 for name in without)


def test_nor_do_they_in_a_storm() -> None:
    without, beside = times(RATE, trouble=False).values(), times(RATE, trouble=True).values()
    assert len(beside) == len(without) == len(SOME) - 2
    assert statistics.median(beside) <= 1.1 * statistics.median(without)
    assert max(beside) <= 1.1 * max(without)


def test_what_always_failed_ends_in_the_dead_letters_and_the_sweep_makes_up_for_it() -> None:
    with gathered(SOME) as storm:
        storm.aws.broken = fails
        storm.approve(rate=None)
        storm.run(lambda: {message.group for message in storm.aws.queue.dead} >= {MUTE, LAME})
        assert {message.group for message in storm.aws.queue.dead} == {MUTE, LAME}
        assert storm.done.keys() == set(SOME) - {MUTE, LAME}
        storm.run(storm.aws.queue.is_empty)
        storm.aws.broken = lambda *_: False
        storm.run(storm.all_done)
        assert storm.successes == dict.fromkeys(SOME, 1)
