"""Who approved is proven by CloudTrail where somebody else wrote to the version since, by itself."""

import pytest

from lambdas.core.record import Phase
from tests.simulation.fate import NoFate
from tests.simulation.invariants import Invariants, ledger
from tests.simulation.life import Life

pytestmark = pytest.mark.usefixtures("one_thread")


class Deaf(NoFate):
    """Every event is lost."""

    def deliveries(self) -> list[float]:
        """None."""
        return []


def test_what_an_annotator_wrote_over_is_deployed_on_the_witness_proof() -> None:
    life = Life.peaceful()
    life.aws.watchers.append(Invariants(life))
    life.begin()
    life.world.pass_time(10)
    life.aws.fate = Deaf()
    version = life.register()
    life.decide(version, "Approved")
    life.aws.advance_to(life.aws.clock.now() + 2)
    life.annotate(version)
    life.world.pass_time(400)
    assert life.record().phase is Phase.BLOCKED
    assert life.live() is None
    life.world.pass_time(1800)
    assert life.live() == version
    kinds = [entry["kind"] for entry in ledger(life)]
    assert kinds.count("decision") == 1
    assert "witness" in kinds


def test_without_identities_an_approval_waits_for_its_witness_and_goes_on_by_itself() -> None:
    life = Life.peaceful()
    life.aws.sagemaker._account.switches.iam_identity_present = False
    life.begin()
    life.world.pass_time(10)
    version = life.release()
    life.world.pass_time(60)
    assert life.record().phase is Phase.BLOCKED
    assert "is awaited" in life.record().reason
    life.world.pass_time(1200)
    assert life.live() == version
