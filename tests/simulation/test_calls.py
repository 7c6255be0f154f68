"""What each kind of event costs, and a sweep, does not grow unnoticed: calls of AWS, and the longest chain of them."""

import logging
from collections.abc import Iterator

import pytest

from bench import sweeping
from bench.calls import Cost, costs

COSTS = {  # calls, and how many of them wait for one another
    "no-op": (3, 2),
    "approval": (11, 8),
    "outcome": (18, 18),
    "rollback": (8, 6),
    "abort": (7, 7),
}


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, Cost]]:
    """All kinds, counted once."""
    logging.disable(logging.CRITICAL)
    yield costs()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", COSTS)
def test_an_event_costs_as_many_calls_as_are_written_down(counted: dict[str, Cost], kind: str) -> None:
    """Fewer are an occasion to write that down, too."""
    assert (counted[kind].total, counted[kind].depth) == COSTS[kind], counted[kind].calls


def test_from_approval_to_the_accepted_update_at_most_nine_calls_follow_each_other(
    counted: dict[str, Cost],
) -> None:
    """On virtual time, where a call takes one round trip and nothing else takes any: no machine is too slow for it."""
    approval = counted["approval"]
    assert approval.calls["UpdateEndpoint"] == 1
    assert approval.depth <= 9 < approval.total, approval.calls


def test_an_event_that_changes_nothing_writes_nothing(counted: dict[str, Cost]) -> None:
    assert set(counted["no-op"].calls) == {"DescribeEndpoint", "GetItem", "ListModelPackages"}


def test_the_way_back_writes_once_to_sagemaker(counted: dict[str, Cost]) -> None:
    writes = [name for name in counted["rollback"].calls if name.startswith(("Create", "Update", "Delete"))]
    assert writes == ["UpdateEndpoint"]


def test_a_look_that_finds_nothing_to_do_costs_what_the_sweep_is_compared_with() -> None:
    assert COSTS["no-op"][0] == sweeping.LOOK


def test_a_sweep_costs_what_changed_however_many_groups_there_are() -> None:
    assert sweeping.calls_when(0) == 5
    assert sweeping.ratio() <= 1.2


def test_a_full_pass_takes_no_more_memory_for_ten_times_as_many_groups() -> None:
    """The names of so many groups alone would be more than half a megabyte."""
    assert sweeping.peak(sweeping.GROUPS, full=True) - sweeping.peak(sweeping.FEWER, full=True) < 0.1
