"""Rule 9: what it takes to start a rollout, and on what it is started."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateConfig, CreateEndpoint, CreateModel, PutGuardrail, UpdateEndpoint
from lambdas.core.facts import AlarmState
from lambdas.core.names import GROUP_TAG, VERSION_TAG, abort_alarm
from lambdas.core.record import Approval, Direction, Phase
from lambdas.core.spec import (
    Autoscaling,
    DataCapture,
    GuardrailSpec,
    Hosting,
    RolloutSpec,
    Strategy,
    Vpc,
)
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
    an_endpoint,
    an_endpoint_spec,
    ask,
    changed,
    decided_on,
    live_on,
    names,
    only,
    package,
    placed,
    told,
)

V1, V2, V3 = package(1), package(2), package(3)
CANARY = RolloutSpec(Strategy.CANARY, step_percent=20)
GUARDED = a_spec(
    rollout=CANARY, guardrails=GuardrailSpec(error_rate=0.02, latency_p99_ms=250, alarms=("business-kpi",))
)


def going_back(**changes: object) -> Seen:
    """v2 is live and was just rejected; v1's config is kept."""
    spec = changes.pop("spec", GUARDED)
    assert spec is GUARDED or spec
    seen = live_on(V2, V1, spec=spec, kept=(placed(V1, spec, live_at=START + 150),))  # type: ignore[arg-type] # a spec
    return changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)


def test_the_first_approved_version_gets_an_endpoint() -> None:
    decision = decided_on(Seen(a_record(), (V1,)))
    assert names(decision) == ["CreateModel", "CreateConfig", "ClearAbort", "CreateEndpoint"]
    assert told(decision) == ["decision", "rollout.started"]
    create = only(decision.actions, CreateEndpoint)
    assert (create.name, create.config) == (GROUP, placed(V1, live_at=None).config)


def test_the_intent_is_told_with_version_content_and_approver() -> None:
    event = decided_on(Seen(a_record(), (V1,))).events[-1]
    assert event.version == 1
    assert event.data["approved_by"] == APPROVER.arn
    assert event.data["registered_by"] == REGISTRANT.arn
    assert event.data["in_force"] == {
        "approval": {"mode": "enforce", "four_eyes": True},
        "allowed": {"image_repositories": [], "artifact_buckets": []},
    }
    assert event.data["fingerprint"] == V1.fingerprint
    assert event.data["direction"] == "forward"


def test_the_intent_is_on_record_before_anything_is_done() -> None:
    decision = decided_on(Seen(a_record(), (V1,)))
    assert decision.record is not None
    assert decision.record.rollout is not None
    assert decision.record.rollout.config in {p.config for p in decision.record.kept}


def test_the_model_is_made_from_exactly_the_version() -> None:
    model = only(decided_on(Seen(a_record(), (V1,))).actions, CreateModel)
    assert model.containers == V1.containers
    assert model.tags["greenlight:version"] == V1.arn


def test_the_next_version_takes_over_by_the_specs_rollout_watched_by_all_alarms() -> None:
    decision = decided_on(live_on(V1, V2, spec=GUARDED))
    update = only(decision.actions, UpdateEndpoint)
    assert update.rollout == CANARY
    new = placed(V2, GUARDED, live_at=None)
    assert update.alarms == (abort_alarm(GROUP), *new.alarms, "business-kpi")
    assert update.config == new.config
    assert update.config_is_new


def test_guardrails_watch_the_new_fleet_only() -> None:
    decision = decided_on(live_on(V1, V2, spec=GUARDED))
    guardrails = [action for action in decision.actions if isinstance(action, PutGuardrail)]
    new = placed(V2, GUARDED, live_at=None)
    assert {g.config for g in guardrails} == {new.config}
    assert [(g.metric, g.statistic, g.threshold) for g in guardrails] == [
        ("Invocation5XXErrors", "Average", 0.02),
        ("ModelLatency", "p99", 250_000.0),
    ]


def test_everything_made_carries_the_groups_tags_and_ours() -> None:
    spec = replace(GUARDED, tags={"team": "growth", GROUP_TAG: "a lie"})
    decision = decided_on(Seen(replace(a_record(), spec=spec), (V1,), spec=spec))
    tags = [action.tags for action in decision.actions if hasattr(action, "tags")]
    assert tags
    ours = {"team": "growth", GROUP_TAG: GROUP}
    assert all(t == ours | ({VERSION_TAG: V1.arn} if VERSION_TAG in t else {}) for t in tags)


def test_the_specs_hardware_network_and_capture_are_what_is_made() -> None:
    vpc, capture = Vpc(("subnet-1",), ("sg-1",)), DataCapture(10, "s3://captured/")
    endpoint = an_endpoint_spec(
        instance_type="ml.c5.large",
        instance_count=2,
        kms_key="key",
        vpc=vpc,
        data_capture=capture,
        container_startup_health_check_timeout=900,
        model_data_download_timeout=1200,
        volume_size_gb=200,
        inference_ami_version="al2-ami-sagemaker-inference-gpu-3-1",
    )
    spec = a_spec(endpoint=endpoint)
    decision = decided_on(Seen(a_record(spec=spec), (V1,), spec=spec))
    model, config = only(decision.actions, CreateModel), only(decision.actions, CreateConfig)
    assert (model.vpc, model.network_isolation, model.execution_role) == (vpc, True, spec.execution_role)
    assert (config.instance_type, config.instance_count) == ("ml.c5.large", 2)
    assert (config.kms_key, config.data_capture) == ("key", capture)
    assert config.hosting == Hosting(900, 1200, 200, "al2-ami-sagemaker-inference-gpu-3-1")


@pytest.mark.parametrize(("count", "made"), [(1, 2), (3, 3), (9, 6)])
def test_a_config_starts_within_the_bounds_of_autoscaling(count: int, made: int) -> None:
    spec = a_spec(endpoint=an_endpoint_spec(instance_count=count, autoscaling=Autoscaling(2, 6, 500)))
    decision = decided_on(Seen(a_record(spec=spec), (V1,), spec=spec))
    assert only(decision.actions, CreateConfig).instance_count == made


@pytest.mark.parametrize(("autoscaling", "retained"), [(None, False), (Autoscaling(1, 4, 500), True)])
def test_capacity_chosen_by_autoscaling_is_retained(autoscaling: Autoscaling | None, retained: bool) -> None:
    spec = a_spec(endpoint=an_endpoint_spec(autoscaling=autoscaling))
    assert only(decided_on(live_on(V1, V2, spec=spec)).actions, UpdateEndpoint).retain_capacity is retained


SCALED = Autoscaling(1, 4, 500)


@pytest.mark.parametrize("serving", [None, DataCapture(20, "s3://captured/"), DataCapture(10, "s3://other/")])
def test_capacity_is_not_retained_where_the_capture_of_what_serves_would_be(
    serving: DataCapture | None,
) -> None:
    """AWS documents no way to retain the one without the other."""
    spec = a_spec(
        endpoint=an_endpoint_spec(autoscaling=SCALED, data_capture=DataCapture(10, "s3://captured/"))
    )
    seen = live_on(V1, V2, spec=spec)
    endpoint = seen.endpoint
    assert endpoint is not None
    other = replace(seen, endpoint=replace(endpoint, capture=serving))
    assert not only(decided_on(other).actions, UpdateEndpoint).retain_capacity
    alike = replace(seen, endpoint=replace(endpoint, capture=DataCapture(10, "s3://captured/")))
    assert only(decided_on(alike).actions, UpdateEndpoint).retain_capacity


def test_a_way_back_keeps_the_capacity_whatever_is_captured() -> None:
    spec = a_spec(endpoint=an_endpoint_spec(autoscaling=SCALED))
    seen = live_on(V2, V1, spec=spec, kept=(placed(V1, spec, live_at=START + 150),))
    assert seen.endpoint is not None
    seen = replace(seen, endpoint=replace(seen.endpoint, capture=DataCapture(10, "s3://captured/")))
    back = decided_on(changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1))
    assert only(back.actions, UpdateEndpoint).retain_capacity


def test_a_way_back_to_a_kept_config_is_one_call_all_at_once_that_no_alarm_can_stop() -> None:
    decision = decided_on(going_back())
    assert names(decision) == ["UpdateEndpoint"]
    update = only(decision.actions, UpdateEndpoint)
    assert update.config == placed(V1, GUARDED, live_at=None).config
    assert update.alarms == ()
    assert update.rollout is not None
    assert update.rollout.strategy is Strategy.ALL_AT_ONCE
    assert (update.rollout.bake_seconds, update.rollout.termination_wait_seconds) == (0, 0)
    assert not update.config_is_new
    assert after(decision).rollout is not None


@pytest.mark.parametrize("state", list(AlarmState))
def test_a_way_back_waits_for_no_alarm(state: AlarmState) -> None:
    seen = replace(going_back(), alarms={abort_alarm(GROUP): state})
    assert names(decided_on(seen)) == ["UpdateEndpoint"]


def test_a_way_back_is_not_hindered_by_content_that_changed_since() -> None:
    """Its kept model holds what was approved."""
    seen = changed(going_back(), 1, containers=(replace(V1.containers[0], image="scorer:evil"),))
    assert names(decided_on(seen)) == ["UpdateEndpoint"]


def test_a_way_back_to_a_version_rejected_this_moment_is_not_taken() -> None:
    fresh = {1: replace(V1, approval=Approval.REJECTED)}
    decision = decided_on(replace(going_back(), fresh=fresh))
    assert decision.actions == ()
    assert after(decision).phase is Phase.WITHDRAWN


def test_a_missing_abort_alarm_does_not_keep_a_rejected_version_live() -> None:
    seen = going_back()
    seen = replace(seen, packages=(*seen.packages, V3), alarms={abort_alarm(GROUP): AlarmState.MISSING})
    rollout = after(decided_on(seen)).rollout
    assert rollout is not None
    assert (rollout.version, rollout.direction) == (1, Direction.BACKWARD)


@pytest.mark.parametrize("state", [AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA])
def test_a_rollout_waits_until_the_abort_alarm_is_ok(state: AlarmState) -> None:
    decision = decided_on(replace(live_on(V1, V2), alarms={abort_alarm(GROUP): state}))
    assert names(decision) == ["ClearAbort"]
    assert after(decision).phase is Phase.WAITING
    assert after(decision).rollout is None
    assert decision.unsettled


def test_a_missing_abort_alarm_blocks_and_says_what_to_do() -> None:
    seen = replace(live_on(V1, V2), alarms={abort_alarm(GROUP): AlarmState.MISSING})
    decision = decided_on(seen)
    assert decision.actions == ()
    assert after(decision).phase is Phase.BLOCKED
    assert "deploy the group's stack again" in decision.reason


def test_a_version_that_was_live_before_goes_forward_on_its_kept_config_under_guardrails() -> None:
    seen = live_on(V2, V1, spec=GUARDED, kept=(placed(V1, GUARDED, live_at=START + 150),))
    again = replace(seen, packages=(V2, package(1, at=NOW - 5)))
    assert again.record is not None
    versions = {**again.record.versions, 1: replace(again.record.versions[1], approval=Approval.REJECTED)}
    decision = decided_on(replace(again, record=replace(again.record, versions=versions)))
    assert names(decision) == ["PutGuardrail", "PutGuardrail", "UpdateEndpoint"]
    assert only(decision.actions, UpdateEndpoint).alarms[0] == abort_alarm(GROUP)


def test_a_kept_config_is_guarded_by_what_the_spec_asks_for_now() -> None:
    """The guardrails of the spec may be others than when the config was made; none is forgotten on deletion."""
    kept = placed(V1, a_spec(guardrails=GuardrailSpec(error_rate=0.5)), live_at=START + 150)
    spec = a_spec(guardrails=GuardrailSpec(latency_p99_ms=250))
    seen = live_on(V2, spec=spec, kept=(kept,))
    decision = decided_on(replace(seen, packages=(V2, package(1, at=NOW - 5))))
    update = only(decision.actions, UpdateEndpoint)
    guardrail = only(decision.actions, PutGuardrail)
    assert update.alarms == (abort_alarm(GROUP), guardrail.alarm)
    assert guardrail.metric == "ModelLatency"
    placement = after(decision).placement(kept.config)
    assert placement is not None
    assert set(placement.alarms) == {*kept.alarms, guardrail.alarm}


def test_the_version_is_read_afresh_before_it_starts() -> None:
    _, facts = ask(live_on(V1, V2))
    assert facts.details[2] == V2
    assert facts.spec is not None


def test_a_version_rejected_between_the_list_and_the_fresh_read_is_not_started() -> None:
    decision = decided_on(replace(live_on(V1, V2), fresh={2: replace(V2, approval=Approval.REJECTED)}))
    assert decision.actions == ()


def test_a_version_deleted_between_the_list_and_the_fresh_read_is_not_started() -> None:
    assert decided_on(replace(live_on(V1, V2), fresh={2: None})).actions == ()


def test_a_live_version_whose_endpoint_was_deleted_is_restored_on_its_config() -> None:
    seen = replace(live_on(V1, spec=GUARDED), endpoint=None)
    decision = decided_on(seen)
    assert names(decision) == ["ClearAbort", "CreateEndpoint"]


def test_a_live_version_is_restored_although_its_content_changed_since() -> None:
    """Its kept model holds what was approved."""
    seen = replace(live_on(V1), endpoint=None)
    seen = changed(seen, 1, containers=(replace(V1.containers[0], image="scorer:evil"),))
    assert names(decided_on(seen)) == ["ClearAbort", "CreateEndpoint"]


def test_an_endpoint_that_somebody_moved_is_brought_back_under_guardrails() -> None:
    seen = live_on(V1, spec=GUARDED)
    moved = replace(seen, endpoint=an_endpoint("somebody-elses-config"))
    update = only(decided_on(moved).actions, UpdateEndpoint)
    assert update.config == placed(V1, GUARDED, live_at=None).config
    assert update.alarms[0] == abort_alarm(GROUP)


def test_a_spec_that_changed_this_moment_is_the_one_that_is_rolled_out() -> None:
    bigger = a_spec(endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    decision = decided_on(replace(live_on(V1, V2), spec=bigger))
    assert only(decision.actions, CreateConfig).instance_type == "ml.m5.xlarge"


def test_a_changed_spec_rolls_the_live_version_out_by_the_guarded_path() -> None:
    bigger = replace(GUARDED, endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    decision = decided_on(replace(live_on(V1, spec=GUARDED), spec=bigger, spec_is_read=True))
    assert told(decision) == ["spec", "rollout.started"]
    rollout = after(decision).rollout
    assert rollout is not None
    assert (rollout.version, rollout.direction) == (1, Direction.RESPEC)
    update = only(decision.actions, UpdateEndpoint)
    assert update.rollout == CANARY
    assert len(update.alarms) == 4


def test_a_changed_spec_that_failed_is_not_tried_again_because_another_version_is_approved() -> None:
    bigger = a_spec(endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    respec = placed(V1, bigger, live_at=None)
    seen = live_on(V1)
    assert seen.record is not None
    seen = replace(seen, record=replace(seen.record, spec=bigger, refused=respec.config), spec=bigger)
    decision = decided_on(replace(seen, packages=(V1, package(2, status="Failed"))))
    assert decision.actions == ()
    assert after(decision).refused == respec.config


def test_a_changed_spec_that_failed_is_tried_again_when_the_version_is_approved_again() -> None:
    bigger = a_spec(endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    respec = placed(V1, bigger, live_at=None)
    seen = live_on(V1)
    assert seen.record is not None
    seen = replace(seen, record=replace(seen.record, spec=bigger, refused=respec.config), spec=bigger)
    assert decided_on(seen).actions == ()
    rejected = changed(seen, 1, approval=Approval.REJECTED, modified=NOW - 9)
    record = after(decided_on(rejected))
    decision = decided_on(
        changed(replace(rejected, record=record), 1, approval=Approval.APPROVED, modified=NOW - 5)
    )
    assert only(decision.actions, UpdateEndpoint).config == respec.config
