"""Which version the registry wants live, in order of preference."""

from dataclasses import replace

from lambdas.core.desired import last_known_good, targets
from lambdas.core.record import Approval, Direction, Record, Rollout
from tests.builders import START, a_record, a_spec, known, package, placed

SPEC = a_spec()


def order(record: Record) -> list[tuple[int, Direction | None]]:
    return [(t.version, t.direction) for t in targets(record, SPEC)]


def standing(record: Record, *live_at: tuple[int, float]) -> Record:
    """The record with versions placed; the last named is live."""
    kept = tuple(placed(package(v), live_at=at) for v, at in live_at)
    return replace(record, kept=kept, live=kept[-1].config if kept else None)


def against(record: Record, version: int, at: float) -> Record:
    decided = known(package(version, approval=Approval.REJECTED, at=at))
    return replace(record, versions={**record.versions, version: decided})


def test_with_nothing_live_the_youngest_approval_comes_first() -> None:
    record = a_record(package(1), package(2), package(3, at=START + 150))
    assert [v for v, _ in order(record)] == [2, 3, 1]


def test_with_nothing_approved_there_is_no_target() -> None:
    assert order(a_record(package(1, approval=Approval.REJECTED))) == []


def test_a_younger_approval_goes_before_the_live_version() -> None:
    record = standing(a_record(package(1), package(2)), (1, START + 150))
    assert order(record) == [(2, Direction.FORWARD), (1, None)]


def test_an_approval_older_than_the_one_that_put_the_live_version_there_is_superseded() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START), (3, START + 350))
    assert order(record) == [(3, None)]


def test_a_second_approval_of_the_live_version_supersedes_the_approvals_before_it() -> None:
    record = standing(a_record(package(1), package(2)), (1, START + 150))
    again = replace(record, versions={**record.versions, 1: known(package(1, at=START + 900))})
    assert order(again) == [(1, None)]


def test_rejecting_the_live_version_leads_to_the_last_known_good() -> None:
    record = standing(
        a_record(package(1), package(2), package(3)), (1, START + 150), (2, START + 250), (3, START + 350)
    )
    assert order(against(record, 3, START + 900))[0] == (2, Direction.BACKWARD)


def test_rejecting_the_live_version_leads_past_an_older_approval_that_never_was_live() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START + 150), (3, START + 350))
    assert order(against(record, 3, START + 900))[0] == (1, Direction.BACKWARD)


def gone_back(record: Record) -> Record:
    """The record after the way back that it asks for first."""
    way = next(t for t in targets(record, SPEC) if t.direction is Direction.BACKWARD)
    kept = tuple(
        replace(p, live_at=START + 950, decided_at=way.decided_at) if p.config == way.config else p
        for p in record.kept
    )
    return replace(record, kept=kept, live=way.config)


def test_after_going_back_an_older_approval_that_never_was_live_stays_superseded() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START + 150), (3, START + 350))
    assert order(gone_back(against(record, 3, START + 900))) == [(1, None)]


def test_after_going_back_a_younger_approval_that_could_not_start_yet_still_may() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START + 150), (2, START + 250))
    assert order(gone_back(against(record, 2, START + 900))) == [(3, Direction.FORWARD), (1, None)]


def held(record: Record, version: int) -> Record:
    """The record after AWS said no to a rollout of this version."""
    config = next(t.config for t in targets(record, SPEC) if t.version == version)
    rollout = Rollout("churn-9", Direction.FORWARD, version, config, START + 400, START + 300, held=True)
    return replace(record, rollout=rollout)


def test_a_younger_approval_that_aws_says_no_to_does_not_hold_up_the_way_back() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START + 150), (2, START + 250))
    rejected = against(record, 2, START + 900)
    assert order(rejected) == [(3, Direction.FORWARD), (1, Direction.BACKWARD)]
    assert order(held(rejected, 3)) == [(1, Direction.BACKWARD), (3, Direction.FORWARD)]


def test_a_way_back_that_aws_says_no_to_is_kept_to() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (1, START + 150), (2, START + 250))
    rejected = against(record, 2, START + 900)
    assert order(held(rejected, 1)) == [(1, Direction.BACKWARD), (3, Direction.FORWARD)]


def test_a_rejected_version_before_the_live_one_is_no_way_back() -> None:
    record = standing(
        a_record(package(1), package(2), package(3)), (1, START + 150), (2, START + 250), (3, START + 350)
    )
    record = against(against(record, 2, START + 800), 3, START + 900)
    assert order(record)[0] == (1, Direction.BACKWARD)


def test_a_failed_version_is_no_target() -> None:
    record = standing(a_record(package(1), package(2)), (1, START + 150))
    failed = known(package(2), failed="it did not start", failures=1)
    assert order(replace(record, versions={**record.versions, 2: failed})) == [(1, None)]


def test_a_failed_live_version_leads_back() -> None:
    record = standing(a_record(package(1), package(2)), (1, START + 150), (2, START + 250))
    failed = known(package(2), failed="alarm", failures=1)
    record = replace(record, versions={**record.versions, 2: failed})
    assert order(record) == [(1, Direction.BACKWARD)]


def test_with_no_way_back_any_other_approved_version_is_tried_youngest_first() -> None:
    record = standing(a_record(package(1), package(2), package(3)), (3, START + 350))
    assert [v for v, _ in order(against(record, 3, START + 900))] == [2, 1]


def test_what_was_approved_before_us_is_no_target() -> None:
    record = a_record(package(1))
    before = replace(record, versions={1: known(package(1), at=START - 1)}, ours_since=START)
    assert order(before) == []


def test_a_changed_spec_wants_the_live_version_on_another_config() -> None:
    record = standing(a_record(package(1)), (1, START + 150))
    bigger = a_spec(endpoint=replace(SPEC.endpoint, instance_type="ml.m5.xlarge"))
    respec, stay = targets(record, bigger)
    assert (respec.version, respec.direction) == (1, Direction.RESPEC)
    assert (stay.version, stay.direction, stay.config) == (1, None, record.live)
    assert respec.config != stay.config


def test_a_changed_spec_that_failed_is_not_wanted_again() -> None:
    record = standing(a_record(package(1)), (1, START + 150))
    bigger = a_spec(endpoint=replace(SPEC.endpoint, instance_type="ml.m5.xlarge"))
    refused = replace(record, refused=targets(record, bigger)[0].config)
    assert [t.direction for t in targets(refused, bigger)] == [None]


def test_a_changed_instance_count_is_a_changed_spec_only_without_autoscaling() -> None:
    record = standing(a_record(package(1)), (1, START + 150))
    more = a_spec(endpoint=replace(SPEC.endpoint, instance_count=3))
    assert targets(record, more)[0].direction is Direction.RESPEC


def test_the_last_known_good_is_the_one_that_was_live_last() -> None:
    record = standing(
        a_record(package(1), package(2), package(3)), (2, START + 150), (1, START + 250), (3, START + 350)
    )
    good = last_known_good(record)
    assert good is not None
    assert good.version == 1


def test_a_placement_that_never_went_live_is_no_last_known_good() -> None:
    record = standing(a_record(package(1), package(2)), (2, START + 250))
    record = replace(record, kept=(placed(package(1), live_at=None), *record.kept))
    assert last_known_good(record) is None


def test_the_live_versions_own_earlier_config_is_no_last_known_good() -> None:
    record = standing(a_record(package(1)), (1, START + 150))
    earlier = replace(record.kept[0], config="churn-v1-0123456789", live_at=START + 10)
    assert last_known_good(replace(record, kept=(earlier, *record.kept))) is None
