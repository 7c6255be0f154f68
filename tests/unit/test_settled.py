"""Rule 7: a settled group is cleaned up and follows its autoscaling; what may be needed again is kept."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateConfig, DeletePlacement, RegisterScaling, RemoveScaling
from lambdas.core.identity import Identity
from lambdas.core.moves import scaling_text
from lambdas.core.record import Approval, Phase, Placement
from lambdas.core.spec import Autoscaling
from tests.builders import (
    APPROVER,
    GROUP,
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint_spec,
    ask,
    changed,
    decided_as,
    decided_on,
    having,
    live_on,
    names,
    only,
    package,
    placed,
    rolling_to,
    told,
)

V = {v: package(v) for v in range(1, 8)}
SCALED = a_spec(endpoint=an_endpoint_spec(autoscaling=Autoscaling(1, 4, 500)))


def history(live: int, *before: int, retain: int = 3, **changes: object) -> Seen:
    """`before` were live one after the other, then `live`."""
    spec = a_spec(retain_versions=retain)
    kept = tuple(placed(V[v], spec, live_at=START + i) for i, v in enumerate(before))
    return live_on(V[live], *(V[v] for v in before), spec=spec, kept=kept, **changes)  # type: ignore[arg-type] # passed on


def doomed(seen: Seen) -> set[str]:
    return {a.config for a in decided_on(seen).actions if isinstance(a, DeletePlacement)}


def configs(*versions: int) -> set[str]:
    return {placed(V[v], live_at=None).config for v in versions}


def test_a_settled_group_changes_nothing_and_asks_for_nothing() -> None:
    decision, facts = ask(live_on(V[1]))
    assert not decision.changed
    assert decision.actions == ()
    assert not decision.unsettled
    assert (facts.details, facts.alarms, facts.spec, facts.tags) == ({}, {}, None, None)


@pytest.mark.parametrize("retain", [1, 2, 3, 5])
def test_as_many_placements_as_the_spec_says_are_kept(retain: int) -> None:
    assert doomed(history(6, 1, 2, 3, 4, 5, retain=retain)) == configs(
        *range(1, max(5, 7 - retain))
    ) - configs(*range(7 - max(retain, 2), 7))


def test_the_live_and_the_last_known_good_are_kept_whatever_the_retention() -> None:
    assert doomed(history(3, 1, 2, retain=0)) == configs(1)


def test_the_last_known_good_is_kept_although_others_are_younger() -> None:
    seen = history(5, 1, 2, 3, 4, retain=1)
    for version in (2, 3, 4):
        seen = changed(seen, version, approval=Approval.REJECTED, modified=NOW - version)
    assert doomed(seen) == configs(2, 3, 4)


@pytest.mark.parametrize(("author", "kept"), [(APPROVER, True), (None, True), (REGISTRANT, False)])
def test_what_cloudtrail_may_yet_prove_to_be_the_last_known_good_is_kept(
    author: Identity | None, kept: bool
) -> None:
    seen = history(3, 1, 2, retain=0)
    times = {"not_before": NOW - 50, "at": NOW - 40, "rewritten": NOW - 30}
    seen = decided_as(seen, 2, by=author, **times)
    assert doomed(seen) == (set() if kept else configs(2))


def test_a_placement_that_never_went_live_is_deleted_with_its_alarms() -> None:
    failed = placed(V[2], live_at=None, alarms=("greenlight/churn/x/errors",))
    decision = decided_on(live_on(V[1], kept=(failed,)))
    delete = only(decision.actions, DeletePlacement)
    assert delete == DeletePlacement(failed.config, failed.model, failed.alarms)


def test_a_model_that_another_config_uses_is_kept() -> None:
    other = placed(V[1], live_at=None, config="churn-v1-0000000000")
    assert only(decided_on(live_on(V[1], kept=(other,))).actions, DeletePlacement).model is None


def test_a_model_that_two_doomed_configs_share_is_deleted_once() -> None:
    first = placed(V[2], live_at=None)
    second = replace(first, config="churn-v2-0000000000")
    deleted = [
        a for a in decided_on(live_on(V[1], kept=(first, second))).actions if isinstance(a, DeletePlacement)
    ]
    assert [a.model for a in deleted] == [first.model, None]


def test_what_is_deleted_is_forgotten_only_when_it_is_deleted() -> None:
    failed = placed(V[2], live_at=None)
    decision = decided_on(live_on(V[1], kept=(failed,)))
    assert decision.record is not None
    assert failed in decision.record.kept
    assert failed not in after(decision).kept


def test_nothing_is_cleaned_up_while_a_rollout_runs() -> None:
    failed = placed(V[2], live_at=None)
    seen = rolling_to(live_on(V[1], kept=(failed,)), V[3])
    assert "DeletePlacement" not in names(decided_on(seen))


def test_autoscaling_is_registered_when_the_endpoint_stands() -> None:
    decision = decided_on(live_on(V[1], spec=SCALED))
    assert only(decision.actions, RegisterScaling) == RegisterScaling(GROUP, Autoscaling(1, 4, 500))
    assert decision.record is not None
    assert decision.record.scaling is None
    assert after(decision).scaling == scaling_text(SCALED)


def test_autoscaling_that_is_registered_is_left_alone() -> None:
    assert decided_on(having(live_on(V[1], spec=SCALED), scaling=scaling_text(SCALED))).actions == ()


def test_changed_bounds_are_registered_without_a_rollout() -> None:
    seen = having(live_on(V[1], spec=SCALED), scaling=scaling_text(SCALED))
    wider = a_spec(endpoint=an_endpoint_spec(autoscaling=Autoscaling(2, 8, 500)))
    decision = decided_on(replace(seen, spec=wider, spec_is_read=True))
    assert names(decision) == ["RegisterScaling"]
    assert told(decision) == ["spec"]


def test_autoscaling_that_the_spec_no_longer_has_is_removed() -> None:
    seen = having(live_on(V[1]), scaling=scaling_text(SCALED))
    decision = decided_on(seen)
    assert only(decision.actions, RemoveScaling) == RemoveScaling(GROUP)
    assert after(decision).scaling is None


def scaled_to(instance_type: str) -> Seen:
    """v1 is live and scaled; v2 is approved; the spec asks for an instance type."""
    seen = having(live_on(V[1], V[2], spec=SCALED), scaling=scaling_text(SCALED))
    endpoint = an_endpoint_spec(autoscaling=Autoscaling(1, 4, 500), instance_type=instance_type)
    return replace(seen, spec=a_spec(endpoint=endpoint))


def test_autoscaling_survives_a_rollout_on_the_same_instance_type() -> None:
    decision = decided_on(scaled_to("ml.m5.large"))
    assert "RemoveScaling" not in names(decision)
    assert after(decision).scaling == scaling_text(SCALED)


def test_autoscaling_is_removed_before_a_rollout_to_another_instance_type() -> None:
    decision = decided_on(scaled_to("ml.m5.xlarge"))
    assert names(decision)[-2:] == ["RemoveScaling", "UpdateEndpoint"]
    assert after(decision).scaling is None


def test_autoscaling_is_removed_even_if_the_first_attempt_died_before_it() -> None:
    seen = scaled_to("ml.m5.xlarge")
    decision = decided_on(seen)
    again = decided_on(replace(seen, record=decision.record))
    assert again.entries == ()
    assert names(again)[-2:] == ["RemoveScaling", "UpdateEndpoint"]


def test_autoscaling_is_registered_anew_with_a_new_endpoint() -> None:
    """Whether it outlives the endpoint that it scaled is nothing to rely on."""
    seen = replace(having(live_on(V[1], spec=SCALED), scaling=scaling_text(SCALED)), endpoint=None)
    made = decided_on(seen)
    assert after(made).scaling is None
    back = replace(live_on(V[1], spec=SCALED), record=after(made))
    assert "RegisterScaling" in names(decided_on(back))


def test_a_group_with_nothing_approved_is_idle() -> None:
    decision = decided_on(Seen(a_record()))
    assert after(decision).phase is Phase.IDLE
    assert decision.actions == ()


def test_the_first_config_of_a_scaled_group_is_made_once_for_any_count() -> None:
    more = replace(SCALED, endpoint=replace(SCALED.endpoint, instance_count=2))
    first = decided_on(Seen(a_record(spec=SCALED), (V[1],), spec=SCALED))
    second = decided_on(Seen(a_record(spec=more), (V[1],), spec=more))
    assert only(first.actions, CreateConfig).name == only(second.actions, CreateConfig).name


def test_a_placement_is_found_by_its_config() -> None:
    placement: Placement = placed(V[1], live_at=None)
    assert a_record(kept=(placement,)).placement(placement.config) == placement
