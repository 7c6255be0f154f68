"""The group's pipeline runs when the live version drifts or a person asks: one run at a time, and not too often."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.actions import AskToRetrain
from lambdas.core.acts import RETRAIN as ACT
from lambdas.core.acts import Act
from lambdas.core.errors import Denied, Throttled
from lambdas.core.facts import AlarmState, Execution, Hint, RunStatus, Started, VersionDetail
from lambdas.core.ledger import Event, Kind
from lambdas.core.names import RETRAIN, RUN_KEY, SWEEP
from lambdas.core.record import Approval, Cause, Monitored, Pause, Retraining, Run
from lambdas.core.retraining import ASK_AGAIN, CALM, GIVE_UP
from lambdas.core.setback import setback
from lambdas.core.spec import Monitor, RetrainingSpec
from lambdas.core.turn import Decision
from tests.builders import (
    ACCOUNT,
    GROUP,
    NOW,
    START,
    Seen,
    a_spec,
    after,
    ask,
    decided_on,
    having,
    live_on,
    names,
    only,
    package,
    placed,
    told,
)

DRIFT = "greenlight/churn/drift"
HOUR = 3600.0
ONE, TWO = package(1), package(2)
EXECUTION = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:pipeline/retrain-churn/execution/abc"
SWEPT, RAN = (Hint(SWEEP),), (Hint("run"),)
LOUD = {DRIFT: AlarmState.ALARM}


def group(
    live: VersionDetail = ONE, *others: VersionDetail, seen: dict[str, Any] | None = None, **wanted: Any
) -> Seen:
    """A settled group with a pipeline and one drift alarm, which is OK."""
    retraining = RetrainingSpec(**{"pipeline": "retrain-churn", "alarms": (DRIFT,), **wanted})
    return live_on(live, *others, spec=a_spec(retraining=retraining), **{"hints": SWEPT, **(seen or {})})


def loud(seen: Seen | None = None) -> Seen:
    return replace(seen or group(), alarms=LOUD)


def later(seen: Seen, seconds: float = 0.0, **changes: Any) -> Seen:
    """The same group after what was decided on it was done, and some time."""
    return replace(seen, record=after(decided_on(seen)), **{"now": seen.now + seconds, **changes})


def said(decision: Decision, kind: Kind) -> list[Event]:
    return [event for event in decision.events if event.kind is kind]


def retraining_of(seen: Seen) -> Retraining:
    assert seen.record is not None
    return seen.record.retraining


def a_run(**changes: Any) -> Run:
    return Run(**{"id": "churn-run-9", "cause": Cause.DRIFT, "reason": "x", "at": NOW - 120, "live": 1,
                  "asked_at": NOW - 120, "execution": EXECUTION, **changes})  # fmt: skip


def running(*versions: VersionDetail, hints: tuple[Hint, ...] = RAN, **run: Any) -> Seen:
    """A group with a run under way."""
    seen = group(ONE, *versions, seen={"hints": hints})
    return having(seen, retraining=Retraining(run=a_run(**run), starts=(NOW - 120,)))


def ended(status: RunStatus, *registered: str, failure: str | None = None, **run: Any) -> Seen:
    return replace(running(**run), execution=Execution(EXECUTION, status, failure, registered))


def arn_of(version: int, of: str = GROUP) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{of}/{version}"


# --- drift -----------------------------------------------------------------------------------------------


def test_drift_is_told_and_starts_a_run_with_its_window() -> None:
    decision = decided_on(loud())
    assert told(decision) == ["drift", "retrain.started"]
    drift, started = decision.events
    assert drift.reason == "v1 drifts; in ALARM: greenlight/churn/drift"
    run = after(decision).retraining.run
    assert run is not None
    assert (run.id, run.cause, run.live, run.since) == ("churn-run-2", Cause.DRIFT, 1, START + 5000)
    assert started.data["window"] == ["2023-11-14T23:36:40Z", "2023-11-16T02:00:00Z"]
    assert only(decision.actions, AskToRetrain) == AskToRetrain(GROUP, run.id)


@pytest.mark.parametrize(
    ("well", "since"),
    [
        ({"churn-mon-data": NOW - 7200, "churn-mon-model": NOW - 3600}, NOW - 7200),
        ({"churn-mon-model": NOW - 3600}, START + 5000),
        ({"churn-mon-data": START, "churn-mon-model": START}, START + 5000),
    ],
)
def test_the_window_begins_where_every_schedule_last_found_all_well(
    well: dict[str, float], since: float
) -> None:
    watched = {m: Monitored(1, "x", "d", done=True) for m in (Monitor.DATA_QUALITY, Monitor.MODEL_QUALITY)}
    seen = having(loud(), monitored=watched, retraining=Retraining(well=well))
    run = after(decided_on(replace(seen, hints=(Hint("alarm"),)))).retraining.run
    assert run is not None
    assert run.since == since


# --- whose drift it is -----------------------------------------------------------------------------------


def took_over(**wanted: Any) -> Seen:
    """v2 is live since a while; all that was known of drift is v1's, and its alarm is still in ALARM."""
    kept = placed(ONE, live_at=START + 1000)
    seen = loud(group(TWO, ONE, seen={"kept": (kept,)}, roll_back=True, **wanted))
    return having(seen, retraining=Retraining(of=1, drift=NOW - 9000, starts=(NOW - 40 * HOUR,)))


def test_a_version_that_took_over_is_not_blamed_for_what_its_predecessor_met() -> None:
    decision = decided_on(took_over())
    assert told(decision) == ["drift"]
    assert (
        decision.events[0].reason
        == "v1 drifted, and v2 is live; what is in ALARM says nothing of v2 until it was OK"
    )
    again = decided_on(later(took_over(), 60))
    assert (told(again), names(again)) == ([], [])


def test_its_own_drift_is_heard_once_the_alarm_was_ok() -> None:
    quiet = later(took_over(), 60, alarms={})
    assert told(decided_on(quiet)) == []
    assert told(decided_on(later(quiet, 60, alarms=LOUD)))[:2] == ["drift", "retrain.started"]


def test_without_a_live_version_nothing_drifts() -> None:
    seen = having(loud(), live=None, kept=())
    assert "drift" not in told(decided_on(replace(seen, endpoint=None, packages=())))


def test_drift_blames_the_version_and_not_the_changed_spec_that_it_serves_under() -> None:
    before = replace(placed(TWO, live_at=START + 2000), config="churn-v2-0123456789")
    kept = (placed(ONE, live_at=START + 1000), before)
    seen = group(TWO, ONE, seen={"kept": kept, "hints": (Hint("alarm"),)}, roll_back=True)
    assert seen.record is not None
    live = replace(seen.record.kept[0], instead_of=before.config)
    drifting = loud(having(seen, kept=(live, *kept)))
    decision = decided_on(drifting)
    assert said(decision, Kind.VERSION_FAILED)[0].reason == "v2: it drifts; in ALARM: greenlight/churn/drift"
    at_once = decided_on(replace(drifting, record=after(decision)))
    assert said(at_once, Kind.STARTED)[0].version == 1


def test_while_drift_lasts_it_is_told_once_and_nothing_more_runs_than_one() -> None:
    seen = later(loud(), 60)
    decision = decided_on(seen)
    assert (told(decision), names(decision)) == (["retrain.held"], [])
    assert told(decided_on(later(seen, 60))) == []


def test_an_alarm_that_flaps_is_one_drift() -> None:
    seen = loud()
    for _ in range(5):
        seen = later(seen, 60, alarms={})
        assert "drift" not in told(decided_on(seen))
        seen = later(seen, 60, alarms=LOUD)
        assert "drift" not in told(decided_on(seen))
    assert len(retraining_of(seen).starts) == 1
    quiet = later(later(seen, 60, alarms={}), CALM)
    (event,) = said(decided_on(quiet), Kind.DRIFT)
    assert event.reason == "no drift any more; it had come back 5 times"
    assert told(decided_on(later(quiet, 60))) == []


def test_drift_that_has_not_ended_is_looked_at_by_every_sweep() -> None:
    assert decided_on(loud(group(cooldown_hours=1000))).unsettled


def test_an_alarm_that_is_missing_is_said_once() -> None:
    seen = replace(group(), alarms={DRIFT: AlarmState.MISSING})
    (event,) = decided_on(seen).events
    assert event.kind is Kind.UNMONITORED
    assert DRIFT in event.reason
    assert told(decided_on(later(seen, 60))) == []


def test_looks_for_other_reasons_ask_for_no_alarm() -> None:
    _, facts = ask(replace(loud(), hints=()))
    assert DRIFT not in facts.alarms


def test_drift_sends_the_live_version_back_once_if_the_spec_says_so() -> None:
    kept = placed(ONE, live_at=START + 1000)
    seen = group(TWO, ONE, seen={"kept": (kept,), "hints": (Hint("alarm"),)}, roll_back=True)
    decision = decided_on(loud(seen))
    assert told(decision) == ["drift", "retrain.started", "version.failed"]
    assert said(decision, Kind.VERSION_FAILED)[0].reason == "v2: it drifts; in ALARM: greenlight/churn/drift"
    assert names(decision) == ["AskToRetrain"]
    assert decision.again
    at_once = decided_on(replace(loud(seen), record=after(decision)))
    assert told(at_once)[0] == "rollout.started"
    assert names(at_once) == ["UpdateEndpoint"]


def test_drift_that_goes_on_after_the_way_back_leads_no_further_back() -> None:
    kept = placed(TWO, live_at=START + 1000)
    seen = loud(group(ONE, TWO, seen={"kept": (kept,)}, roll_back=True))
    still = having(seen, retraining=Retraining(of=2, drift=NOW - 600, rolled_back=True, starts=(NOW - 600,)))
    assert "version.failed" not in told(decided_on(still))


def test_where_nothing_good_is_left_the_drifting_version_serves_on_and_that_is_said_once() -> None:
    seen = loud(group(roll_back=True))
    assert [e.reason for e in said(decided_on(seen), Kind.DRIFT)][1:] == [
        "v1 drifts, and nothing good is left to go back to"
    ]
    assert said(decided_on(later(seen, 60)), Kind.DRIFT) == []


# --- when not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retraining", "why"),
    [
        (Retraining(starts=(NOW - 23 * HOUR,)), "the last run began less than 24 hours ago"),
        (Retraining(starts=(NOW - 100 * HOUR, NOW - 50 * HOUR)), "2 runs began within a week"),
        (
            Retraining(stopped="run churn-run-3 failed"),
            "run churn-run-3 failed; `greenlight retrain churn` starts another",
        ),
    ],
)
def test_drift_starts_no_run(retraining: Retraining, why: str) -> None:
    seen = having(loud(), retraining=retraining)
    decision = decided_on(seen)
    (event,) = said(decision, Kind.RETRAIN_HELD)
    assert event.reason == f"not retrained for drift: {why}"
    assert names(decision) == []
    assert said(decided_on(later(seen, 60)), Kind.RETRAIN_HELD) == []


def test_what_holds_a_run_is_told_once_whatever_asks_for_one() -> None:
    held = having(loud(), retraining=Retraining(starts=(NOW - 60,)))
    assert told(decided_on(held)) == ["drift", "retrain.held"]
    seen = later(held, 60)
    assert retraining_of(seen).held == "the last run began less than 24 hours ago"
    assert told(decided_on(seen)) == []


def test_no_run_starts_while_what_the_last_one_registered_waits_for_a_decision() -> None:
    waiting = package(2, approval=Approval.PENDING)
    seen = having(loud(group(ONE, waiting)), retraining=Retraining(past=(a_run(versions=(2,)),)))
    (event,) = said(decided_on(seen), Kind.RETRAIN_HELD)
    assert "v2, which a run registered, waits for a decision" in event.reason


def test_no_run_starts_while_what_the_last_one_registered_is_approved_and_not_live_yet() -> None:
    seen = group(ONE, TWO, seen={"acts": (), "alarms": LOUD})
    held = having(seen, retraining=Retraining(past=(a_run(versions=(2,)),)), pause=Pause("incident"))
    assert "v2, which a run registered" in said(decided_on(held), Kind.RETRAIN_HELD)[0].reason


def test_no_run_starts_before_the_version_of_the_last_one_was_noted() -> None:
    seen = having(loud(), noted=1, retraining=Retraining(past=(a_run(versions=(2,)),)))
    assert "v2, which a run registered" in said(decided_on(seen), Kind.RETRAIN_HELD)[0].reason


def test_a_run_older_than_the_cooldown_and_the_week_holds_nothing() -> None:
    seen = having(loud(), retraining=Retraining(starts=(NOW - 200 * HOUR, NOW - 180 * HOUR, NOW - 25 * HOUR)))
    decision = decided_on(seen)
    assert said(decision, Kind.RETRAIN_STARTED)
    assert after(decision).retraining.starts == (NOW - 25 * HOUR, NOW)


def test_a_changed_retraining_spec_lets_a_stopped_group_start_again() -> None:
    seen = having(loud(), retraining=Retraining(stopped="run churn-run-3 failed"))
    mended = a_spec(retraining=RetrainingSpec("mended", alarms=(DRIFT,)))
    assert said(decided_on(replace(seen, spec=mended, spec_is_read=True)), Kind.RETRAIN_STARTED)


# --- a person, a rejection -------------------------------------------------------------------------------


def asked(seen: Seen, text: str = '{"reason": "new season"}') -> Seen:
    return replace(
        seen, acts=(Act(ACT, text, "1"),), actors={ACT: "arn:aws:iam::1:user/ann"}, spec_is_read=True
    )


@pytest.mark.parametrize(
    "known", [Retraining(starts=(NOW - 60, NOW - 50)), Retraining(stopped="run 3 failed")]
)
def test_a_persons_run_starts_whatever_holds_the_others(known: Retraining) -> None:
    decision = decided_on(asked(having(group(), retraining=known)))
    (event,) = said(decision, Kind.RETRAIN_STARTED)
    assert event.reason.endswith("starts, for person: new season")
    assert event.data["by"] == "arn:aws:iam::1:user/ann"
    assert after(decision).retraining.stopped is None
    assert told(decided_on(later(asked(having(group(), retraining=known)), 60))) == []


@pytest.mark.parametrize(
    ("seen", "text", "why"),
    [
        (running(), '{"reason": "x"}', "run churn-run-9 is under way"),
        (live_on(ONE, hints=SWEPT), '{"reason": "x"}', "the group's spec names no pipeline"),
        (group(), "{}", "cannot be read: reason is None"),
    ],
)
def test_a_persons_run_that_cannot_start_is_answered(seen: Seen, text: str, why: str) -> None:
    decision = decided_on(asked(replace(seen, hints=(Hint("spec"),)), text))
    (event,) = said(decision, Kind.RETRAIN_HELD)
    assert why in event.reason
    assert names(decision) == []


def test_a_rejection_that_starts_no_run_is_answered_whatever_was_said_of_drift() -> None:
    rejected = replace(TWO, approval=Approval.REJECTED, modified=NOW - 10)
    seen = group(
        TWO, ONE, seen={"kept": (placed(ONE, live_at=START + 1000),), "hints": None}, on_rejection=True
    )
    held = having(
        seen, retraining=Retraining(starts=(NOW - 60,), held="the last run began less than 24 hours ago")
    )
    decision = decided_on(replace(held, packages=(rejected, ONE)))
    assert len(said(decision, Kind.RETRAIN_HELD)) == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_the_rejection_of_the_live_version_starts_a_run_if_asked(wanted: bool) -> None:
    rejected = replace(TWO, approval=Approval.REJECTED, modified=NOW - 10, reason="wrong for Burgundy")
    kept = placed(ONE, live_at=START + 1000)
    seen = group(TWO, ONE, seen={"kept": (kept,), "hints": None}, on_rejection=wanted)
    decision = decided_on(replace(seen, packages=(rejected, ONE)))
    assert bool(said(decision, Kind.RETRAIN_STARTED)) is wanted
    assert "UpdateEndpoint" in names(decision)
    again = replace(seen, packages=(rejected, ONE), record=after(decision))
    assert not said(decided_on(again), Kind.RETRAIN_STARTED)


# --- the run under way -----------------------------------------------------------------------------------


def started(
    execution: str | None = EXECUTION, problem: str | None = None, run: str = "churn-run-9"
) -> tuple[Hint, ...]:
    return (Hint(RETRAIN, started=Started(run, execution, problem)),)


def test_the_execution_is_remembered_as_the_function_tells_it() -> None:
    seen = running(execution=None, hints=started())
    executing = replace(seen, execution=Execution(EXECUTION, RunStatus.EXECUTING))
    record = after(decided_on(executing))
    assert record.retraining.run is not None
    assert record.retraining.run.execution == EXECUTION
    assert told(decided_on(executing)) == []


def test_a_run_that_could_not_start_is_told_and_none_follows_by_itself() -> None:
    seen = running(execution=None, hints=started(None, "there is no pipeline retrain-churn"))
    decision = decided_on(seen)
    (event,) = said(decision, Kind.RETRAIN_FAILED)
    assert "could not be started: there is no pipeline retrain-churn" in event.reason
    assert after(decision).retraining.run is None
    (past,) = after(decision).retraining.past
    assert (past.ended, past.problem) == (
        NOW,
        "it could not be started: there is no pipeline retrain-churn",
    )
    held = loud(replace(seen, record=after(decision), hints=SWEPT))
    assert said(decided_on(held), Kind.RETRAIN_STARTED) == []


def test_a_run_that_was_given_up_and_started_all_the_same_stops_nothing_once_it_is_heard_of() -> None:
    given_up = Retraining(past=(a_run(execution=None),), stopped="run churn-run-9 failed")
    seen = having(group(ONE, seen={"hints": started()}), retraining=given_up)
    executing = replace(seen, execution=Execution(EXECUTION, RunStatus.EXECUTING))
    assert after(decided_on(executing)).retraining.stopped is None


def test_an_execution_that_may_not_be_read_is_said_once_and_holds_nothing() -> None:
    seen = ended(RunStatus.UNREADABLE, failure="AccessDenied")
    decision = decided_on(seen)
    assert told(decision) == ["retrain.held"]
    assert "how cannot be read: AccessDenied" in decision.events[0].reason
    assert told(decided_on(later(seen, 300))) == []


def test_what_is_told_of_another_run_changes_nothing() -> None:
    seen = running(execution=None, hints=started(run="churn-run-1"))
    assert after(decided_on(seen)).retraining.run == retraining_of(seen).run


def test_a_lost_message_to_the_function_is_sent_again_and_given_up_in_the_end() -> None:
    fresh = running(execution=None, hints=SWEPT, at=NOW - ASK_AGAIN + 1, asked_at=NOW - ASK_AGAIN + 1)
    assert names(decided_on(fresh)) == []
    stale = running(execution=None, hints=SWEPT, at=NOW - ASK_AGAIN, asked_at=NOW - ASK_AGAIN)
    assert names(decided_on(stale)) == ["AskToRetrain"]
    assert names(decided_on(later(stale, 1))) == []
    late = running(execution=None, hints=SWEPT, at=NOW - GIVE_UP, asked_at=NOW - ASK_AGAIN)
    assert told(decided_on(late)) == ["retrain.failed"]


def test_a_start_that_is_heard_of_after_it_was_given_up_is_followed_all_the_same() -> None:
    lost = a_run(execution=None, ended=NOW - 60, problem="it could not be started for an hour")
    given_up = Retraining(past=(lost,), stopped="run churn-run-9 failed")
    seen = having(group(ONE, seen={"hints": started()}), retraining=given_up)
    executing = replace(seen, execution=Execution(EXECUTION, RunStatus.EXECUTING))
    record = after(decided_on(executing))
    assert record.retraining.run is not None
    assert (record.retraining.run.execution, record.retraining.past) == (EXECUTION, ())
    assert (record.retraining.run.ended, record.retraining.run.problem) == (0.0, None)


@pytest.mark.parametrize("status", [RunStatus.EXECUTING, RunStatus.STOPPING])
def test_a_run_goes_on_until_its_execution_has_ended(status: RunStatus) -> None:
    decision = decided_on(ended(status))
    assert told(decision) == []
    assert decision.unsettled


def test_a_run_that_registered_a_version_is_told_with_it() -> None:
    decision = decided_on(ended(RunStatus.SUCCEEDED, arn_of(7, "Churn")))
    (event,) = decision.events
    assert (event.kind, event.version) == (Kind.RETRAIN_SUCCEEDED, 7)
    assert event.reason == "run churn-run-9 registered v7 after 120 s"
    (past,) = after(decision).retraining.past
    assert (past.versions, past.ended, past.problem) == ((7,), NOW, None)
    assert after(decision).retraining.stopped is None


@pytest.mark.parametrize(
    ("status", "registered", "failure", "why"),
    [
        (RunStatus.FAILED, (), "no data", "failed: no data."),
        (RunStatus.STOPPED, (), None, "stopped: SageMaker gives no reason."),
        (RunStatus.GONE, (), None, "its execution is gone."),
        (
            RunStatus.SUCCEEDED,
            (),
            None,
            "it succeeded and registered no version here; see its register step.",
        ),
        (
            RunStatus.SUCCEEDED,
            (arn_of(4, "fraud"),),
            None,
            f"it registered {arn_of(4, 'fraud')}, which is not in this group.",
        ),
    ],
)
def test_a_run_without_a_version_has_failed_and_none_follows_by_itself(
    status: RunStatus, registered: tuple[str, ...], failure: str | None, why: str
) -> None:
    decision = decided_on(ended(status, *registered, failure=failure, asked_at=NOW - ASK_AGAIN))
    (event,) = decision.events
    assert event.kind is Kind.RETRAIN_FAILED
    assert why in event.reason
    assert after(decision).retraining.stopped == "run churn-run-9 failed"


def test_an_execution_that_cannot_be_seen_yet_is_waited_for() -> None:
    assert told(decided_on(ended(RunStatus.GONE))) == []


def test_the_function_that_cannot_be_told_fails_the_run_and_holds_nothing_else() -> None:
    decision, facts = ask(loud())
    assert decision.record is not None
    outcome = setback(facts, decision.record, only(decision.actions, AskToRetrain), Denied("no way"))
    assert outcome is not None
    assert told(outcome) == ["retrain.failed"]
    assert outcome.again
    assert setback(facts, decision.record, only(decision.actions, AskToRetrain), Throttled("later")) is None


# --- the circle ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"metadata": {RUN_KEY: "churn-run-9"}}, {"lineage": {"GeneratedBy": EXECUTION}}, {}],
    ids=["metadata", "generated by", "its register step"],
)
def test_a_version_is_linked_to_the_run_that_registered_it_from_its_arrival_to_its_rollout(
    changes: dict[str, Any],
) -> None:
    new = package(2, approval=Approval.PENDING, **changes)
    seen = running(new)
    if not changes:
        seen = having(seen, retraining=Retraining(run=a_run(versions=(2,)), starts=(NOW - 120,)))
    pending = decided_on(replace(seen, execution=Execution(EXECUTION, RunStatus.EXECUTING)))
    (arrived,) = said(pending, Kind.PENDING)
    assert (arrived.data["run"], arrived.data["cause"]) == ("churn-run-9", "drift")
    approved = replace(new, approval=Approval.APPROVED, modified=NOW)
    seen = replace(seen, record=after(pending), packages=(ONE, approved), hints=None, now=NOW + 5)
    decision = decided_on(seen)
    assert [e.data["run"] for k in (Kind.DECISION, Kind.STARTED) for e in said(decision, k)] == [
        "churn-run-9"
    ] * 2


def test_a_version_that_no_run_registered_is_linked_to_none() -> None:
    decision = decided_on(
        replace(
            running(package(2, approval=Approval.PENDING)),
            execution=Execution(EXECUTION, RunStatus.EXECUTING),
        )
    )
    (arrived,) = said(decision, Kind.PENDING)
    assert "run" not in arrived.data
