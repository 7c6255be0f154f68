"""Serverless and asynchronous endpoints: what differs in a rollout, an abort, a way back and a smoke test."""

from dataclasses import replace

import pytest

from lambdas.core.actions import CreateConfig, CreateEndpoint, PutGuardrail, UpdateEndpoint
from lambdas.core.desired import config_name
from lambdas.core.facts import AlarmState, EndpointStatus, Outcome, Payload, Probe, Trial
from lambdas.core.moves import scaling_text
from lambdas.core.names import abort_alarm
from lambdas.core.record import Approval, Direction, Monitored, Phase
from lambdas.core.smoke import COLD_START, MOST_INLINE
from lambdas.core.spec import (
    Asynchronous,
    Autoscaling,
    EndpointMode,
    EndpointSpec,
    GroupSpec,
    GuardrailSpec,
    Monitor,
    RolloutSpec,
    Serverless,
    SmokeTest,
    Strategy,
    spec_from_json,
    spec_to_json,
)
from tests.builders import (
    AFTER,
    GROUP,
    NOW,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint,
    an_endpoint_spec,
    changed,
    decided_on,
    known,
    live_on,
    names,
    only,
    package,
    placed,
    rolling_to,
    told,
)
from tests.unit.test_smoke import probe

SIZE = Serverless(2048, 20)
ANSWERS = Asynchronous("s3://answers/churn", "s3://answers/churn/failures")
READER = "arn:aws:iam::123456789012:role/greenlight/churn-reader"
GUARDED = GuardrailSpec(error_rate=0.02, alarms=("business-kpi",))
V1, V2 = package(1), package(2, content_types=("text/csv",))


def serverless(**changes: object) -> GroupSpec:
    endpoint = EndpointSpec(GROUP, network_isolation=False, serverless=SIZE)
    return a_spec(endpoint=endpoint, guardrails=GUARDED, **changes)


def asynchronous(**changes: object) -> GroupSpec:
    endpoint = an_endpoint_spec(instance_count=2, asynchronous=ANSWERS)
    rollout = RolloutSpec(Strategy.CANARY, step_percent=50)
    return a_spec(endpoint=endpoint, guardrails=GUARDED, rollout=rollout, reader_role=READER, **changes)


def in_flight(spec: GroupSpec) -> Seen:
    """v1 is live, v2 is on its way."""
    seen = rolling_to(live_on(V1, spec=spec), V2)
    assert seen.endpoint is not None
    return replace(
        seen,
        endpoint=replace(seen.endpoint, status=EndpointStatus.UPDATING, modified=AFTER, pending_config="x"),
    )


def ended(spec: GroupSpec, **seen: object) -> Seen:
    """v1 was live, v2 was rolled out, and the endpoint serves v2 now."""
    serving = an_endpoint(placed(V2, spec, live_at=None).config, modified=AFTER, mode=spec.endpoint.mode)
    return replace(rolling_to(live_on(V1, spec=spec), V2), endpoint=serving, **seen)  # type: ignore[arg-type] # members of Seen


def going_back(spec: GroupSpec) -> Seen:
    """v2 is live and was just rejected; v1's config is kept."""
    seen = live_on(V2, V1, spec=spec, kept=(placed(V1, spec, live_at=START + 150),))
    return changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)


@pytest.mark.parametrize("spec", [serverless(), asynchronous()])
def test_a_mode_survives_the_groups_parameter(spec: GroupSpec) -> None:
    assert spec_from_json(spec_to_json(spec)) == spec


def test_a_real_time_group_keeps_the_names_of_its_configs() -> None:
    """A digest that changed with an upgrade would roll out every endpoint anew."""
    assert placed(V1, live_at=None).config == "churn-v1-b0d6f0ee06"


def test_the_mode_is_part_of_a_configs_name() -> None:
    specs = (a_spec(), serverless(), asynchronous(), replace_serverless(4096))
    assert len({placed(V1, spec, live_at=None).config for spec in specs}) == len(specs)


def replace_serverless(memory: int) -> GroupSpec:
    spec = serverless()
    return replace(spec, endpoint=replace(spec.endpoint, serverless=Serverless(memory, 20)))


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (a_spec(), "churn-v1-b0d6f0ee06"),
        (
            a_spec(endpoint=an_endpoint_spec(kms_key="key", autoscaling=Autoscaling(2, 6, 500))),
            "churn-v1-261e93a11e",
        ),
        (serverless(), "churn-v1-d2753dc243"),
        (asynchronous(), "churn-v1-52960611c2"),
    ],
)
def test_a_config_keeps_its_name_whatever_keys_a_release_adds(spec: GroupSpec, name: str) -> None:
    """Another name would roll every endpoint out anew."""
    assert config_name(GROUP, 1, known(V1), spec) == name


def test_what_is_said_of_how_instances_start_is_part_of_the_configs_name() -> None:
    said: tuple[dict[str, object], ...] = (
        {},
        {"volume_size_gb": 200},
        {"model_data_download_timeout": 200},
        {"container_startup_health_check_timeout": 200},
        {"inference_ami_version": "al2-ami-sagemaker-inference-gpu-2"},
    )
    found = {config_name(GROUP, 1, known(V1), a_spec(endpoint=an_endpoint_spec(**keys))) for keys in said}
    assert len(found) == len(said)


# --- serverless ------------------------------------------------------------------------------------------


def test_a_serverless_config_is_made_by_its_size() -> None:
    spec = serverless()
    decision = decided_on(Seen(a_record(spec=spec), (V1,), spec=spec))
    config = only(decision.actions, CreateConfig)
    assert (config.instance_type, config.serverless, config.asynchronous) == (None, SIZE, None)
    assert after(decision).kept[0].mode is EndpointMode.SERVERLESS


def test_a_version_of_several_containers_is_not_tried_on_a_serverless_endpoint() -> None:
    one = V2.containers[0]
    seen = changed(live_on(V1, V2, spec=serverless()), 2, containers=(one, one))
    decision = decided_on(seen)
    assert decision.actions == ()
    assert "it has 2 containers, and a serverless endpoint runs one" in after(decision).reason


def test_a_serverless_rollout_has_no_deployment_and_is_watched_by_no_alarm() -> None:
    update = only(decided_on(live_on(V1, V2, spec=serverless())).actions, UpdateEndpoint)
    assert (update.rollout, update.alarms) == (None, ())


def test_it_waits_for_no_abort_alarm() -> None:
    seen = live_on(V1, V2, spec=serverless(), alarms={abort_alarm(GROUP): AlarmState.INSUFFICIENT_DATA})
    assert names(decided_on(seen))[-1] == "UpdateEndpoint"


def test_its_guardrails_are_made_all_the_same_for_probation() -> None:
    spec = serverless()
    decision = decided_on(live_on(V1, V2, spec=spec))
    assert only(decision.actions, PutGuardrail).config == placed(V2, spec, live_at=None).config
    seen = live_on(V2, V1, spec=spec, kept=(placed(V1, spec, live_at=START + 10),), live_at=NOW - 60)
    tripped = placed(V2, spec, live_at=None).alarms[0]
    back = decided_on(replace(seen, alarms={tripped: AlarmState.ALARM}))
    assert told(back) == ["version.failed", "rollout.started"]
    assert only(back.actions, UpdateEndpoint).config == placed(V1, spec, live_at=None).config


def test_a_further_alarm_that_is_missing_blocks_it_too() -> None:
    decision = decided_on(live_on(V1, V2, spec=serverless(), alarms={"business-kpi": AlarmState.MISSING}))
    assert after(decision).phase is Phase.BLOCKED
    assert "alarms that are missing: business-kpi" in after(decision).reason


def test_a_further_alarm_that_is_loud_already_says_nothing_of_what_takes_over() -> None:
    seen = live_on(V1, V2, spec=serverless(), alarms={"business-kpi": AlarmState.ALARM})
    begun, serving = after(decided_on(seen)), ended(serverless()).endpoint
    decision = decided_on(replace(seen, record=begun, endpoint=serving))
    assert told(decision) == ["rollout.succeeded"]


def test_a_further_alarm_that_what_takes_over_trips_counts_against_it() -> None:
    """However late it is seen to have taken over."""
    spec = serverless()
    begun = after(decided_on(live_on(V1, V2, spec=spec, alarms={"business-kpi": AlarmState.OK})))
    serving = an_endpoint(placed(V2, spec, live_at=None).config, modified=AFTER, mode=EndpointMode.SERVERLESS)
    tripped = {"business-kpi": AlarmState.ALARM}
    late = live_on(V1, V2, spec=spec, alarms=tripped)
    decision = decided_on(replace(late, record=begun, endpoint=serving))
    assert told(decision) == ["rollout.succeeded", "version.failed", "rollout.started"]
    assert only(decision.actions, UpdateEndpoint).config == placed(V1, spec, live_at=None).config


def test_a_serverless_way_back_is_one_call_without_a_deployment() -> None:
    decision = decided_on(going_back(serverless()))
    assert names(decision) == ["UpdateEndpoint"]
    update = only(decision.actions, UpdateEndpoint)
    assert (update.config, update.rollout) == (placed(V1, serverless(), live_at=None).config, None)


def test_a_serverless_rollout_in_flight_cannot_be_aborted_and_goes_when_the_endpoint_is_free() -> None:
    spec = serverless(smoke_test=SmokeTest(payload="1,2"))
    seen = changed(in_flight(spec), 2, approval=Approval.REJECTED, modified=NOW - 1)
    decision = decided_on(seen)
    assert decision.actions == ()
    assert told(decision) == ["decision"]
    assert "rejected while its serverless endpoint is updated; it goes next" in after(decision).reason
    free = an_endpoint(placed(V2, spec, live_at=None).config, modified=AFTER, mode=EndpointMode.SERVERLESS)
    end = decided_on(replace(seen, record=after(decision), endpoint=free))
    assert only(end.actions, UpdateEndpoint).config == placed(V1, spec, live_at=None).config
    rollout = after(end).rollout
    assert rollout is not None
    assert rollout.direction is Direction.BACKWARD


def test_a_serverless_endpoint_is_given_time_for_its_cold_start() -> None:
    asked = probe(ended(serverless(smoke_test=SmokeTest(payload="1,2"))))
    assert asked == Probe(
        GROUP, b"1,2", "text/csv", None, 200, None, 10, EndpointMode.SERVERLESS, cold_start=COLD_START
    )


# --- asynchronous ----------------------------------------------------------------------------------------


def test_an_asynchronous_config_says_where_its_answers_go() -> None:
    spec = asynchronous()
    decision = decided_on(Seen(a_record(spec=spec), (V1,), spec=spec))
    config = only(decision.actions, CreateConfig)
    assert (config.instance_type, config.asynchronous) == ("ml.m5.large", ANSWERS)
    assert after(decision).kept[0].mode is EndpointMode.ASYNCHRONOUS


def test_an_asynchronous_rollout_is_guarded_and_aborted_as_a_real_time_one() -> None:
    spec = asynchronous()
    update = only(decided_on(live_on(V1, V2, spec=spec)).actions, UpdateEndpoint)
    guardrail = placed(V2, spec, live_at=None).alarms
    assert (update.rollout, update.alarms) == (spec.rollout, (abort_alarm(GROUP), *guardrail, "business-kpi"))
    seen = changed(in_flight(spec), 2, approval=Approval.REJECTED, modified=NOW - 1)
    assert names(decided_on(seen)) == ["TripAbort"]


def test_an_asynchronous_endpoint_is_asked_as_such_and_its_answer_read_by_the_groups_reader() -> None:
    asked = probe(ended(asynchronous(smoke_test=SmokeTest(payload="1,2"))))
    assert asked == Probe(GROUP, b"1,2", "text/csv", None, 200, None, 10, EndpointMode.ASYNCHRONOUS, READER)


def test_an_asynchronous_version_that_fails_goes_back_and_one_that_is_silent_is_asked_again() -> None:
    spec = asynchronous(smoke_test=SmokeTest(payload="1,2"))
    failed = decided_on(ended(spec, trial=Trial(Outcome.FAILED, "the model failed: boom")))
    assert told(failed) == ["rollout.failed", "rollout.started"]
    silent = decided_on(ended(spec, trial=Trial(Outcome.INCONCLUSIVE, "no answer within 10 s")))
    assert silent.actions == ()
    assert after(silent).phase is Phase.WAITING


def test_a_sample_too_large_to_go_with_the_call_blocks_an_asynchronous_version() -> None:
    seen = changed(live_on(V1, V2, spec=asynchronous()), 2, sample="s3://models/churn/sample.tar.gz")
    large = {"s3://models/churn/sample.tar.gz": Payload(b"x" * (MOST_INLINE + 1))}
    decision = decided_on(replace(seen, payloads=large))
    assert after(decision).phase is Phase.BLOCKED
    assert "128001 bytes; an asynchronous endpoint is tested by at most 128000" in after(decision).reason


# --- from one to another ---------------------------------------------------------------------------------

MODES = {"real-time": a_spec(), "serverless": serverless(), "asynchronous": asynchronous()}
CHANGES = [(was, now) for was in MODES for now in MODES if was != now]


def respecced(was: str, now: str) -> Seen:
    """v1 is live in one mode, and the group's spec asks for another."""
    seen = live_on(V1, spec=MODES[was])
    assert seen.record is not None
    return replace(seen, record=replace(seen.record, spec=MODES[now]), spec=MODES[now])


@pytest.mark.parametrize(("was", "now"), CHANGES)
def test_an_endpoint_is_not_moved_to_another_mode_and_it_is_said_why(was: str, now: str) -> None:
    decision = decided_on(respecced(was, now))
    assert decision.actions == ()
    record = after(decision)
    assert record.phase is Phase.BLOCKED
    assert f"is {was}, and AWS makes no {now} one of it" in record.reason
    assert "See the runbook, 'Another mode'" in record.reason


@pytest.mark.parametrize(("was", "now"), CHANGES)
def test_once_that_endpoint_is_deleted_it_is_made_anew_in_the_other_mode(was: str, now: str) -> None:
    decision = decided_on(replace(respecced(was, now), endpoint=None))
    made = placed(V1, MODES[now], live_at=None)
    assert only(decision.actions, CreateEndpoint).config == made.config
    assert after(decision).kept[-1].mode is MODES[now].endpoint.mode


def moved(was: str, now: str) -> Seen:
    """v1 was live in one mode, its endpoint was deleted, and v2 is live in another; v2 was just rejected."""
    kept = placed(V1, MODES[was], live_at=START + 150)
    seen = live_on(V2, V1, spec=MODES[now], kept=(kept,))
    return changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 1)


@pytest.mark.parametrize(("was", "now"), CHANGES)
def test_the_way_back_to_what_was_good_in_another_mode_is_made_anew_in_this_one(was: str, now: str) -> None:
    decision = decided_on(moved(was, now))
    assert only(decision.actions, CreateConfig).name == placed(V1, MODES[now], live_at=None).config
    assert only(decision.actions, UpdateEndpoint).config == placed(V1, MODES[now], live_at=None).config
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.direction is Direction.BACKWARD


TESTED = SmokeTest(payload="1,2")


def remade(**seen: object) -> Seen:
    """v1, good in real-time, was made anew on the asynchronous endpoint that v2 was rejected from, and serves there."""
    spec = asynchronous(smoke_test=TESTED)
    before = moved("real-time", "asynchronous")
    assert before.record is not None
    before = replace(before, spec=spec, record=replace(before.record, spec=spec))
    begun = after(decided_on(before))
    config = placed(V1, spec, live_at=None).config
    serving = an_endpoint(config, modified=AFTER, mode=EndpointMode.ASYNCHRONOUS)
    return replace(before, record=begun, endpoint=serving, **seen)  # type: ignore[arg-type] # members of Seen


def test_what_is_made_anew_for_a_way_back_is_tested_before_it_is_called_good() -> None:
    asked = probe(remade())
    assert asked is not None
    assert asked.mode is EndpointMode.ASYNCHRONOUS
    passed = decided_on(remade(trial=Trial(Outcome.PASSED, "answered 200")))
    assert told(passed) == ["rollout.succeeded"]
    failed = decided_on(remade(trial=Trial(Outcome.FAILED, "boom")))
    assert told(failed)[0] == "rollout.failed"


def test_a_way_back_is_not_held_up_for_want_of_a_sample() -> None:
    sample = "s3://models/churn/sample.tar.gz"
    seen = changed(moved("real-time", "asynchronous"), 1, sample=sample)
    large = {sample: Payload(b"x" * (MOST_INLINE + 1))}
    decision = decided_on(replace(seen, payloads=large))
    assert (
        only(decision.actions, UpdateEndpoint).config
        == placed(V1, MODES["asynchronous"], live_at=None).config
    )
    serving = an_endpoint(
        only(decision.actions, UpdateEndpoint).config, modified=AFTER, mode=EndpointMode.ASYNCHRONOUS
    )
    end = decided_on(replace(seen, record=after(decision), endpoint=serving, payloads=large))
    assert told(end) == ["rollout.succeeded"]


def test_a_sample_is_measured_by_the_mode_of_the_endpoint_that_is_asked() -> None:
    """The group's spec may have become asynchronous while a real-time rollout was under way."""
    sample = "s3://models/churn/sample.tar.gz"
    seen = changed(ended(a_spec()), 2, sample=sample)
    large = {sample: Payload(b"x" * (MOST_INLINE + 1))}
    assert seen.record is not None
    spec = asynchronous()
    seen = replace(seen, spec=spec, record=replace(seen.record, spec=spec), payloads=large)
    asked = probe(seen)
    assert asked is not None
    assert asked.mode is EndpointMode.REAL_TIME


def test_an_answer_that_nobody_may_read_any_more_is_not_waited_for() -> None:
    seen = ended(asynchronous(smoke_test=TESTED))
    assert seen.record is not None
    spec = a_spec(smoke_test=TESTED)
    decision = decided_on(replace(seen, spec=spec, record=replace(seen.record, spec=spec)))
    assert "nobody may read its answer" in after(decision).reason


def test_what_serves_on_in_its_mode_keeps_its_capacity_and_its_schedules() -> None:
    scaled = a_spec(endpoint=an_endpoint_spec(autoscaling=Autoscaling(2, 6, 500)))
    seen = live_on(V2, V1, spec=scaled, kept=(placed(V1, scaled, live_at=START + 150),))
    assert seen.record is not None
    watched = {Monitor.DATA_QUALITY: Monitored(2, "x", done=True)}
    record = replace(seen.record, spec=serverless(), scaling=scaling_text(scaled), monitored=watched)
    seen = replace(seen, spec=serverless(), record=record)
    settled = decided_on(seen)
    assert settled.actions == ()
    back = decided_on(
        changed(replace(seen, record=after(settled)), 2, approval=Approval.REJECTED, modified=NOW - 1)
    )
    assert only(back.actions, UpdateEndpoint).retain_capacity


@pytest.mark.parametrize(("was", "now"), CHANGES)
def test_once_the_endpoint_of_what_failed_in_its_new_mode_is_deleted_the_good_config_is_looked_for_at_once(
    was: str, now: str
) -> None:
    old, new = placed(V1, MODES[was], live_at=START + 150), placed(V1, MODES[now], live_at=NOW - 60)
    seen = live_on(V1, spec=MODES[now], kept=(old, replace(new, instead_of=old.config)), live_at=NOW - 60)
    assert seen.record is not None
    gone = replace(seen, record=replace(seen.record, refused=new.config), endpoint=None)
    first = decided_on(gone)
    assert first.again
    second = decided_on(replace(gone, record=after(first)))
    assert only(second.actions, CreateEndpoint).config == old.config


@pytest.mark.parametrize(("was", "now"), CHANGES)
def test_a_version_that_fails_in_its_new_mode_alone_is_not_taken_back_to_the_old_one(
    was: str, now: str
) -> None:
    old, new = placed(V1, MODES[was], live_at=START + 150), placed(V1, MODES[now], live_at=NOW - 60)
    seen = live_on(V1, spec=MODES[now], kept=(old,), live_at=NOW - 60)
    assert seen.record is not None
    kept = (old, replace(new, instead_of=old.config, alarms=("greenlight/churn/x/errors",)))
    seen = replace(seen, record=replace(seen.record, kept=kept))
    decision = decided_on(replace(seen, alarms={"greenlight/churn/x/errors": AlarmState.ALARM}))
    assert told(decision) == ["spec.failed", "withdrawn"]
    assert decision.actions == ()


def test_a_mode_that_is_wanted_no_more_holds_nothing_up() -> None:
    seen = respecced("real-time", "serverless")
    blocked = after(decided_on(seen))
    back = replace(blocked, spec=MODES["real-time"])
    decision = decided_on(replace(seen, record=back, spec=MODES["real-time"]))
    assert after(decision).phase is Phase.SETTLED
