"""The invariants of the design hold in every history, and its end is what the registry wants."""

import os
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.core.facts import Endpoint, EndpointStatus
from lambdas.core.spec import Withdrawal
from tests.builders import GROUP, START
from tests.properties.cloud import Cloud, Switches
from tests.properties.histories import OPS, RATES, SWITCHES, Life, Op
from tests.properties.invariants import Invariants, People, check_aborts, check_convergence, check_ledger
from tests.properties.world import Rates, World

MANY = int(os.environ.get("GREENLIGHT_HISTORIES", "0"))
HISTORIES = settings(
    max_examples=MANY or 400,
    derandomize=not MANY,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


pytestmark = pytest.mark.usefixtures("one_thread")


def a_world(switches: Switches, rates: Rates, seed: int) -> tuple[World, People]:
    people = People()
    cloud = Cloud(GROUP, START, switches)
    world = World(cloud, random.Random(seed), rates, watchers=[Invariants(people)])  # noqa: S311 - not a secret
    return world, people


@HISTORIES
@given(
    ops=OPS,
    rates=RATES,
    switches=SWITCHES,
    seed=st.integers(0, 2**16),
    already=st.sampled_from([0, 0, 1, 2]),
    withdrawal=st.sampled_from(Withdrawal),
    probation=st.sampled_from([0, 60]),
)
def test_every_history_keeps_the_invariants_and_ends_as_the_registry_wants(
    *,
    ops: list[tuple[Op, float]],
    rates: Rates,
    switches: Switches,
    seed: int,
    already: int,
    withdrawal: Withdrawal,
    probation: int,
) -> None:
    world, people = a_world(switches, rates, seed)
    life = Life(world, people)
    life.begin(already=already, withdrawal=withdrawal, probation=probation)
    for op, gap in ops:
        life.do(op, gap)
    life.end()
    check_ledger(world)
    check_aborts(world, people, margin=400.0 if rates.killed or rates.lost else 60.0)
    check_convergence(world, people, deletes=withdrawal is Withdrawal.DELETE)


@settings(HISTORIES, max_examples=50)
@given(ops=OPS, rates=RATES, seed=st.integers(0, 2**16))
def test_in_no_history_is_an_endpoint_touched_that_is_not_ours(
    ops: list[tuple[Op, float]], rates: Rates, seed: int
) -> None:
    world, people = a_world(Switches(), replace(rates, touched=0.0), seed)
    foreign = Endpoint(GROUP, "arn:theirs", EndpointStatus.IN_SERVICE, "theirs", START)
    world.cloud.endpoint, world.cloud.endpoint_tags = foreign, {"team": "growth"}
    life = Life(world, people)
    life.begin(already=0, withdrawal=Withdrawal.DELETE, probation=60)
    for op, gap in ops:
        if op.name != "autoscale":
            life.do(op, gap)
    life.end()
    assert world.cloud.endpoint == foreign
    check_ledger(world)
