"""Monitoring schedules follow the verified live version and its own baselines; what is not monitored is said, once."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.actions import PutMonitoring, RemoveMonitoring
from lambdas.core.errors import Busy, Denied, GreenlightError, NotOurs, QuotaExceeded, Throttled
from lambdas.core.facts import Baseline, EndpointStatus, Hint, Inspection, Report, VersionDetail
from lambdas.core.ledger import Kind
from lambdas.core.monitoring import AGAIN, SOON
from lambdas.core.names import GROUP_TAG, SWEEP, schedule_name
from lambdas.core.record import Approval, Phase
from lambdas.core.setback import setback
from lambdas.core.spec import Monitor, MonitoringSpec, MonitorSpec, RetrainingSpec, Withdrawal
from lambdas.core.turn import Decision, on_probation
from tests.builders import (
    ACCOUNT,
    GROUP,
    NOW,
    START,
    Seen,
    a_spec,
    after,
    an_endpoint,
    ask,
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

DATA = MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")
MONITORING = MonitoringSpec(
    role=f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-monitoring",
    output="s3://models/churn/monitoring",
    schedules={Monitor.DATA_QUALITY: DATA},
)
SPEC = a_spec(monitoring=MONITORING)
SCHEDULE = schedule_name(GROUP, Monitor.DATA_QUALITY)
SWEPT = (Hint(SWEEP),)


def baseline(version: int) -> Baseline:
    """A version's own baseline of data quality."""
    return Baseline(f"s3://models/{version}/constraints.json", f"s3://models/{version}/statistics.json")


def with_baseline(version: int, **changes: Any) -> VersionDetail:
    return package(version, **{"baselines": {Monitor.DATA_QUALITY: baseline(version)}, **changes})


ONE, TWO = with_baseline(1), with_baseline(2)
FILES = {
    uri: Report({"features": []})
    for n in (1, 2)
    for uri in (baseline(n).constraints, baseline(n).statistics)
    if uri
}


def monitored(version: VersionDetail = ONE, *others: VersionDetail, **changes: Any) -> Seen:
    """A settled group whose spec asks for data quality; nothing is monitored yet."""
    return live_on(version, *others, spec=SPEC, **{"reports": FILES, "hints": SWEPT, **changes})


def followed(seen: Seen) -> Seen:
    """The same group after what was decided on it was done."""
    return replace(seen, record=after(decided_on(seen)))


def refused(seen: Seen, error: GreenlightError) -> Decision | None:
    """What becomes of it when AWS answers the schedule's action so."""
    decision, facts = ask(seen)
    assert decision.record is not None
    (action,) = [a for a in decision.actions if isinstance(a, PutMonitoring | RemoveMonitoring)]
    return setback(facts, decision.record, action, error)


def said(decision: Decision, kind: Kind) -> list[str]:
    return [event.reason for event in decision.events if event.kind is kind]


def test_the_schedule_is_pointed_at_the_live_versions_own_baseline_once() -> None:
    decision = decided_on(monitored())
    put = only(decision.actions, PutMonitoring)
    assert (put.schedule, put.endpoint, put.baseline, put.role) == (
        SCHEDULE,
        GROUP,
        baseline(1),
        MONITORING.role,
    )
    assert put.tags[GROUP_TAG] == GROUP
    assert put.definition.startswith(f"{GROUP}-v1-")
    assert said(decision, Kind.MONITORING) == [
        "data quality of v1 is watched by its own baseline, s3://models/1/constraints.json"
    ]
    again = decided_on(followed(monitored()))
    assert (names(again), told(again), again.changed) == ([], [], False)


def test_a_look_that_dies_before_the_schedule_has_moved_is_made_up_for_without_a_second_entry() -> None:
    decision = decided_on(monitored())
    assert decision.record is not None
    assert decision.unsettled
    seen = having(monitored(), monitored=decision.record.monitored)
    assert names(decided_on(seen)) == []
    again = decided_on(replace(seen, now=NOW + SOON))
    assert names(again) == ["PutMonitoring"]
    assert told(again) == []


@pytest.mark.parametrize("status", [EndpointStatus.UPDATING, EndpointStatus.IN_SERVICE])
def test_a_schedule_does_not_move_before_the_new_version_is_verified(status: EndpointStatus) -> None:
    seen = rolling_to(followed(monitored()), TWO)
    moving = replace(seen, endpoint=an_endpoint(placed(ONE, SPEC, live_at=None).config, status), hints=())
    assert "PutMonitoring" not in names(decided_on(moving))


def test_after_a_verified_rollout_the_schedule_moves_and_the_old_definition_goes() -> None:
    before = followed(monitored())
    assert before.record is not None
    old = before.record.monitored[Monitor.DATA_QUALITY].definition
    two = placed(TWO, SPEC, live_at=None)
    served = replace(rolling_to(before, TWO), endpoint=an_endpoint(two.config, modified=NOW - 60), hints=())
    decision = decided_on(served)
    assert told(decision) == ["rollout.succeeded", "monitoring"]
    put = only(decision.actions, PutMonitoring)
    assert (put.baseline, put.old) == (baseline(2), (old,))
    assert after(decision).monitored[Monitor.DATA_QUALITY].old == ()


def test_the_schedule_goes_back_with_a_rollback() -> None:
    kept = placed(ONE, SPEC, live_at=START + 1000)
    rejected = replace(TWO, approval=Approval.REJECTED)
    seen = followed(monitored(TWO, ONE, kept=(kept,)))
    assert seen.record is not None
    back = replace(seen, packages=(rejected, ONE), hints=None)
    moving = decided_on(back)
    assert "UpdateEndpoint" in names(moving)
    assert "PutMonitoring" not in names(moving)
    arrived = replace(
        back, record=after(moving), endpoint=an_endpoint(kept.config, modified=NOW - 1), hints=()
    )
    assert only(decided_on(arrived).actions, PutMonitoring).baseline == baseline(1)


@pytest.mark.parametrize(
    ("version", "spec", "why"),
    [
        (
            package(1),
            SPEC,
            "neither DriftCheckBaselines.ModelDataQuality nor ModelMetrics.ModelDataQuality has",
        ),
        (
            package(1, baselines={Monitor.DATA_QUALITY: Baseline("s3://models/1/constraints.json")}),
            SPEC,
            "with constraints and no statistics in DriftCheckBaselines.ModelDataQuality",
        ),
        (
            package(1, baselines={Monitor.BIAS: Baseline("s3://models/1/constraints.json")}),
            a_spec(monitoring=replace(MONITORING, schedules={Monitor.BIAS: DATA})),
            "without DriftCheckBaselines.Bias.ConfigFile",
        ),
        (
            with_baseline(3),
            SPEC,
            "its baseline s3://models/3/constraints.json: ",
        ),
    ],
    ids=["none", "no statistics", "no config", "a file that is missing"],
)
def test_a_missing_baseline_is_said_once_and_no_other_takes_its_place(
    version: VersionDetail, spec: Any, why: str
) -> None:
    seen = live_on(version, spec=spec, reports=FILES, hints=SWEPT)
    decision = decided_on(seen)
    (reason,) = said(decision, Kind.UNMONITORED)
    assert why in reason
    assert names(decision) == []
    later = replace(seen, record=after(decision), now=NOW + AGAIN)
    again = decided_on(later)
    assert (told(again), names(again)) == ([], [])


def test_a_version_without_a_baseline_is_not_held_against_the_one_before() -> None:
    bare = package(2)
    before = followed(monitored())
    served = replace(
        rolling_to(before, bare),
        endpoint=an_endpoint(placed(bare, SPEC, live_at=None).config, modified=NOW - 60),
        hints=(),
    )
    decision = decided_on(served)
    removed = only(decision.actions, RemoveMonitoring)
    assert before.record is not None
    assert removed.definitions == (before.record.monitored[Monitor.DATA_QUALITY].definition,)
    assert said(decision, Kind.UNMONITORED)
    again = decided_on(replace(served, record=after(decision)))
    assert names(again) == []


@pytest.mark.parametrize("error", [NotOurs("another's"), Denied("no")])
def test_a_schedule_that_cannot_be_deleted_is_said_once_and_tried_again_after_a_while(
    error: GreenlightError,
) -> None:
    bare = package(2)
    served = replace(
        rolling_to(followed(monitored()), bare),
        endpoint=an_endpoint(placed(bare, SPEC, live_at=None).config, modified=NOW - 60),
        hints=SWEPT,
    )
    outcome = refused(served, error)
    assert outcome is not None
    assert outcome.record is not None
    assert said(outcome, Kind.UNMONITORED) == [f"what watched data quality is still there: {error}"]
    held = replace(served, record=outcome.record)
    assert not decided_on(held).unsettled or on_probation(outcome.record, NOW)
    assert names(decided_on(replace(held, now=NOW + AGAIN - 1))) == []
    second = replace(held, now=NOW + AGAIN)
    assert told(decided_on(second)) == []
    again = refused(second, error)
    assert again is not None
    assert told(again) == []


def test_what_is_not_asked_for_any_more_and_cannot_be_deleted_is_no_tight_loop() -> None:
    seen = replace(followed(monitored()), spec=a_spec(), hints=SWEPT, spec_is_read=True)
    outcome = refused(seen, NotOurs("another's"))
    assert outcome is not None
    held = replace(seen, record=outcome.record)
    assert (names(decided_on(held)), told(decided_on(held))) == ([], [])
    assert names(decided_on(replace(held, now=NOW + AGAIN))) == ["RemoveMonitoring"]


def test_an_endpoint_that_is_deleted_is_left_by_its_schedules_first() -> None:
    rejected = replace(ONE, approval=Approval.REJECTED, modified=NOW - 10)
    spec = a_spec(monitoring=MONITORING, withdrawal=Withdrawal.DELETE)
    seen = followed(live_on(ONE, spec=spec, reports=FILES, hints=SWEPT))
    decision = decided_on(replace(seen, packages=(rejected,), hints=None))
    assert names(decision) == ["RemoveMonitoring", "DeleteEndpoint"]
    gone = replace(seen, record=after(decision), packages=(rejected,), endpoint=None, hints=SWEPT)
    nothing_live = decided_on(replace(gone, now=NOW + SOON))
    assert nothing_live.again
    assert after(decided_on(replace(gone, now=NOW + SOON, record=after(nothing_live)))).monitored == {}


def test_a_file_that_comes_later_is_found_by_a_sweep_after_a_while_and_by_nothing_sooner() -> None:
    seen = monitored(reports={})
    unread = replace(seen, record=after(decided_on(seen)), reports=FILES)
    assert names(decided_on(replace(unread, now=NOW + AGAIN - 1))) == []
    assert names(decided_on(replace(unread, now=NOW + AGAIN, hints=()))) == []
    assert names(decided_on(replace(unread, now=NOW + AGAIN))) == ["PutMonitoring"]


@pytest.mark.parametrize("error", [Denied("no"), NotOurs("no"), QuotaExceeded("no")])
def test_what_aws_refuses_is_said_once_holds_nothing_and_is_tried_again_after_a_while(
    error: GreenlightError,
) -> None:
    outcome = refused(monitored(), error)
    assert outcome is not None
    assert outcome.record is not None
    assert said(outcome, Kind.UNMONITORED) == ["data quality of v1 is not monitored: no"]
    assert outcome.again
    assert outcome.record.phase is Phase.SETTLED
    held = replace(monitored(), record=outcome.record)
    assert names(decided_on(replace(held, now=NOW + AGAIN - 1))) == []
    second = replace(held, now=NOW + AGAIN)
    assert told(decided_on(second)) == []
    repeated = refused(second, error)
    assert repeated is not None
    assert said(repeated, Kind.UNMONITORED) == []
    done = replace(second, record=after(decided_on(second)))
    assert said(decided_on(done), Kind.MONITORING) == ["data quality of v1 is watched now"]
    assert told(decided_on(followed(done))) == []


def test_a_schedule_that_is_at_work_is_left_to_the_next_sweep_without_a_word() -> None:
    outcome = refused(monitored(), Busy("a run goes on"))
    assert outcome is not None
    assert outcome.record is not None
    assert told(outcome) == []
    assert outcome.unsettled
    held = replace(monitored(), record=outcome.record)
    assert names(decided_on(held)) == []
    assert names(decided_on(replace(held, now=NOW + SOON))) == ["PutMonitoring"]


def test_a_throttled_call_brings_the_message_back_and_says_nothing() -> None:
    assert refused(monitored(), Throttled("slow down")) is None


def test_what_the_spec_no_longer_asks_for_is_deleted_once() -> None:
    seen = replace(followed(monitored()), spec=a_spec(), hints=SWEPT)
    decision = decided_on(replace(seen, spec_is_read=True))
    assert only(decision.actions, RemoveMonitoring).schedule == SCHEDULE
    assert said(decision, Kind.MONITORING) == [
        "data quality is no longer monitored: the group's spec does not ask for it"
    ]
    record = after(decision)
    assert record.monitored == {}
    assert names(decided_on(replace(seen, record=record))) == []


def test_a_changed_schedule_is_taken_over() -> None:
    daily = replace(MONITORING, schedules={Monitor.DATA_QUALITY: replace(DATA, schedule="cron(0 0 ? * * *)")})
    seen = replace(followed(monitored()), spec=a_spec(monitoring=daily), spec_is_read=True)
    assert only(decided_on(seen).actions, PutMonitoring).wanted.schedule == "cron(0 0 ? * * *)"


def test_what_only_sweeps_ask_costs_other_looks_nothing() -> None:
    seen = replace(followed(monitored()), hints=())
    _, facts = ask(seen)
    assert facts.inspections == {}
    assert facts.details == {}


# --- what its runs find ----------------------------------------------------------------------------------


def inspected(status: str, at: float = NOW - 60, failure: str | None = None, **retraining: Any) -> Seen:
    spec = a_spec(monitoring=MONITORING, retraining=RetrainingSpec("retrain-churn", **retraining))
    seen = followed(live_on(ONE, spec=spec, reports=FILES, hints=SWEPT))
    return inspected_as(seen, status, at, failure)


def inspected_as(
    seen: Seen, status: str | None, at: float = NOW - 60, failure: str | None = None, **stands: Any
) -> Seen:
    """The group with its schedule as it was pointed, and such a run."""
    assert seen.record is not None
    definition = seen.record.monitored[Monitor.DATA_QUALITY].definition
    found = {"definition": definition, "state": "Scheduled", **stands}
    return replace(seen, inspections={SCHEDULE: Inspection(SCHEDULE, status, at, failure, **found)})


def test_violations_start_a_run_once() -> None:
    seen = inspected("CompletedWithViolations")
    decision = decided_on(seen)
    assert said(decision, Kind.RETRAIN_STARTED)
    assert told(decided_on(replace(seen, record=after(decision)))) == []


def test_violations_of_before_the_live_version_took_over_say_nothing_of_it() -> None:
    seen = inspected("CompletedWithViolations", at=START + 4000)
    assert told(decided_on(seen)) == []


@pytest.mark.parametrize(
    ("status", "retraining"), [("Completed", {}), ("CompletedWithViolations", {"on_violations": False})]
)
def test_no_violations_or_none_asked_for_start_nothing(status: str, retraining: dict[str, Any]) -> None:
    decision = decided_on(inspected(status, **retraining))
    assert told(decision) == []
    assert after(decision).retraining.well == ({SCHEDULE: NOW - 60} if status == "Completed" else {})


def test_runs_that_fail_are_said_once_for_each_reason_and_not_for_a_date_in_it() -> None:
    seen = inspected("Failed", failure="AlgorithmError: no data in 2026/11/26/15")
    decision = decided_on(seen)
    (reason,) = said(decision, Kind.UNMONITORED)
    assert reason.endswith("the runs of churn-mon-data fail: AlgorithmError: no data in 2026/11/26/15")
    later = replace(seen, record=after(decision))
    assert (
        told(decided_on(inspected_as(later, "Failed", NOW - 1, "AlgorithmError: no data in 2026/11/26/16")))
        == []
    )
    assert told(decided_on(inspected_as(later, "Failed", NOW - 1, "AccessDenied"))) == ["unmonitored"]


def test_a_run_that_failed_before_the_live_version_took_over_is_not_its_own() -> None:
    assert told(decided_on(inspected("Failed", at=START + 4000, failure="no data"))) == []


@pytest.mark.parametrize(
    ("stands", "how"),
    [({"definition": None, "state": None}, "is gone"), ({"definition": "another"}, "uses another")],
)
def test_a_schedule_that_somebody_else_changed_is_said_and_set_right_at_once(
    stands: dict[str, Any], how: str
) -> None:
    seen = inspected_as(followed(monitored()), None, 0.0, **stands)
    decision = decided_on(seen)
    (reason,) = said(decision, Kind.UNMONITORED)
    assert f"was changed by somebody else and {how}; it is set right" in reason
    assert names(decision) == ["PutMonitoring"]
    assert told(decided_on(replace(seen, record=after(decision), inspections={}))) == []


@pytest.mark.parametrize(
    ("stands", "says"),
    [({"state": "Stopped"}, "is Stopped"), ({"problem": "AccessDenied"}, "cannot be read: AccessDenied")],
)
def test_a_schedule_that_does_not_run_is_said_once(stands: dict[str, Any], says: str) -> None:
    seen = inspected_as(followed(monitored()), None, 0.0, **stands)
    decision = decided_on(seen)
    (reason,) = said(decision, Kind.UNMONITORED)
    assert says in reason
    assert told(decided_on(replace(seen, record=after(decision)))) == []
