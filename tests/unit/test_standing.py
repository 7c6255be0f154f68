"""Where a group stands, as people ask."""

from dataclasses import replace

from lambdas.core.facts import VersionSummary
from lambdas.core.record import LOOK, Approval, Decided, Direction, Failing, Pause, Phase, Rollout
from lambdas.core.record import Pending as PendingVersion
from lambdas.core.standing import InFlight, standing
from tests.builders import START, a_record, package, placed


def summary(version: int, approval: Approval = Approval.PENDING) -> VersionSummary:
    return VersionSummary(version, f"arn:{version}", approval, "Completed", START)


def test_a_group_that_nobody_used_stands_on_nothing() -> None:
    stands = standing(a_record(phase=Phase.IDLE), ())
    assert (stands.live, stands.last_known_good, stands.in_flight, stands.pending) == (None, None, None, ())


def test_what_is_live_what_it_goes_back_to_what_is_in_flight_and_what_is_pending() -> None:
    one, two, three = package(1), package(2), package(3)
    kept = (placed(one, live_at=START + 10), placed(two, live_at=START + 20), placed(three, live_at=None))
    rollout = Rollout("r", Direction.FORWARD, 3, kept[2].config, START + 30, START + 25)
    record = a_record(one, two, three, kept=kept, live=kept[1].config, rollout=rollout, phase=Phase.ROLLING)
    found = (summary(4), summary(6), summary(3, Approval.APPROVED))
    stands = standing(record, found)
    assert (stands.live, stands.live_since, stands.last_known_good) == (2, START + 20, 1)
    assert stands.in_flight == InFlight(3, "forward", START + 30)
    assert stands.pending == (6, 4)


def test_without_the_registry_what_is_pending_is_what_was_at_the_last_look() -> None:
    decided = {2: Decided(Approval.PENDING, START), 3: Decided(Approval.REJECTED, START)}
    waiting = {4: PendingVersion(START), 6: PendingVersion(START, expired=True)}
    record = a_record(versions=decided, pending=waiting)
    assert standing(record).pending == (6, 4, 2)
    assert standing(record, ()).pending == ()


def test_what_is_rejected_is_nothing_to_go_back_to_and_a_pause_is_told() -> None:
    bad, two = package(1, approval=Approval.REJECTED), package(2)
    kept = (
        placed(replace(bad, approval=Approval.APPROVED), live_at=START + 10),
        placed(two, live_at=START + 20),
    )
    stands = standing(a_record(bad, two, kept=kept, live=kept[1].config, pause=Pause("audit")), ())
    assert (stands.last_known_good, stands.paused) == (None, "audit")


def test_while_its_looks_fail_that_is_shown_instead_of_the_last_good_phase() -> None:
    failing = {LOOK: Failing(START + 50, "Denied: no"), "review": Failing(START, "KeyError: x")}
    record = a_record(phase=Phase.SETTLED, reason="v1 is live", since=START, failing=failing)
    phase, why, since = standing(record).shown
    assert (phase, since) == ("Failing", START + 50)
    assert why == "its looks fail: Denied: no; it was Settled before. See the runbook, 'Failing'"


def test_that_an_optional_part_fails_is_said_beside_the_phase() -> None:
    record = a_record(
        phase=Phase.SETTLED, reason="v1 is live", since=START, failing={"review": Failing(START, "x")}
    )
    assert standing(record).shown == ("Settled", "v1 is live; its review fails: x", START)
