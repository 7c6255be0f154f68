"""What a killed run left behind is found and deleted; what serves, or may serve again, never is."""

import pytest

from lambdas.core.ledger import Kind
from tests.simulation.fate import Killed, NoFate
from tests.simulation.invariants import Invariants, ledger
from tests.simulation.life import Life

MAKINGS = ("CreateModel", "PutMetricAlarm", "CreateEndpointConfig")


pytestmark = pytest.mark.usefixtures("one_thread")


class KilledAfter(NoFate):
    """The function is killed once, right after a call took effect."""

    def __init__(self, operation: str) -> None:
        self._operation, self.kills = operation, 0

    def after(self, operation: str) -> None:
        """The one kill."""
        if operation == self._operation and not self.kills:
            self.kills += 1
            raise Killed


def a_life() -> Life:
    """One version is live; every call is watched."""
    life = Life.peaceful()
    life.aws.watchers.append(Invariants(life))
    life.begin()
    life.world.pass_time(10)
    life.release()
    life.world.pass_time(1500)
    assert life.live() == 1
    return life


def made(life: Life) -> dict[str, set[str]]:
    """Configs, models and guardrails that there are."""
    state = life.aws.sagemaker._account.state
    return {
        "configs": {config.name for config in state.configs.values()},
        "models": {model.name for model in state.models.values()},
        "alarms": life.aws.alarms.names(),
    }


@pytest.mark.parametrize("operation", MAKINGS)
def test_orphans_of_a_killed_run_are_found_by_the_sweep_and_deleted(operation: str) -> None:
    life = a_life()
    before = made(life)
    fate = KilledAfter(operation)
    life.aws.fate = fate
    second = life.register()
    life.decide(second, "Approved")
    life.world.sweeping = False  # nobody looks while the version is rejected again
    life.world.pass_time(5)
    life.decide(second, "Rejected")
    assert fate.kills == 1
    orphans = [made(life)[kind] - before[kind] for kind in before]
    assert any(orphans), "the killed run left nothing behind"
    life.world.sweeping = True
    life.world.pass_time(1500)
    assert made(life) == before
    assert life.live() == 1


def test_nothing_is_deleted_while_a_rollout_is_under_way() -> None:
    life = a_life()
    for _ in range(3):
        life.release()
        life.world.pass_time(1500)
    began = len(life.aws.log)
    life.release()
    life.world.pass_time(1500)
    calls = [call.operation for call in life.aws.log[began:] if call.function != "person"]
    assert "DeleteEndpointConfig" in calls
    assert calls.index("DeleteEndpointConfig") > calls.index("UpdateEndpoint")
    deleted = next(c.at for c in life.aws.log[began:] if c.operation == "DeleteEndpointConfig")
    succeeded = max(entry["at"] for entry in ledger(life) if entry["kind"] == Kind.SUCCEEDED.value)
    assert deleted >= succeeded
