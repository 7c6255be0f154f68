"""An abort works either way, once, and the next rollout begins only when its alarm is OK again."""

import pytest

from lambdas.core.ledger import Kind
from lambdas.core.names import abort_alarm
from local.sagemaker.service import Switches
from tests.simulation.fate import Rates
from tests.simulation.invariants import ledger
from tests.simulation.life import GROUP, Life

_PROVISIONING, _BAKING = 60.0, 200.0  # seconds after the approval


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("after", [_PROVISIONING, _BAKING], ids=["provisioning", "baking"])
@pytest.mark.parametrize("outside", [True, False], ids=["rolls-back-outside-baking", "only-in-baking"])
def test_a_rejected_version_goes_by_one_abort_and_the_ledger_says_how_long_it_took(
    outside: bool, after: float
) -> None:
    switches = Switches(alarm_outside_baking_rolls_back=outside, alarm_at_start_refused=True)
    life = Life.by_seed(0, Rates(), switches)
    life.begin()
    life.world.pass_time(10)
    life.release()
    life.world.pass_time(1500)
    rejected = life.release()
    life.world.pass_time(after)
    life.decide(rejected, "Rejected")
    life.world.pass_time(3000)
    assert life.live() == 1
    trips = [
        c for c in life.aws.log if c.operation == "PutMetricData" and c.request["MetricData"][0]["Value"] >= 1
    ]
    assert len(trips) == 1
    (aborted,) = [entry for entry in ledger(life) if entry["kind"] == Kind.ABORTED.value]
    assert 0 < aborted["data"]["seconds_from_rejection"] < 600
    third = life.release()
    life.world.pass_time(1500)
    assert life.live() == third
    assert life.aws.alarms.state(abort_alarm(GROUP)) == "OK"
