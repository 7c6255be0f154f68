"""How far a decision has come."""

import pytest

from lambdas.core.following import Step, progress, run_progress
from lambdas.core.ledger import Event, Kind
from lambdas.core.record import Approval, Cause, Direction, Phase, Record, Retraining, Rollout, Run
from tests.builders import NOW, START, a_record, package, placed

V1, V2 = package(1), package(2)
ONE, TWO = placed(V1, live_at=START + 10), placed(V2, live_at=START + 20)
APPROVED, REJECTED = Approval.APPROVED, Approval.REJECTED


def decision(version: int, after: Approval) -> Event:
    return Event(Kind.DECISION, NOW, "decided", version, {"after": after.value})


def settled(live: int | None, phase: Phase = Phase.SETTLED, reason: str = "as it is") -> Record:
    config = {None: None, 1: ONE.config, 2: TWO.config}[live]
    return a_record(V1, V2, kept=(ONE, TWO), live=config, phase=phase, reason=reason)


def test_a_decision_that_is_not_in_the_ledger_was_not_seen_yet() -> None:
    others = [
        decision(1, APPROVED),
        decision(2, REJECTED),
        Event(Kind.PAUSE, NOW, "p", 2, {"after": "Approved"}),
    ]
    far = progress(settled(1), others, 2, APPROVED)
    assert (far.step, far.good) == (Step.DECIDED, None)


@pytest.mark.parametrize("phase", [Phase.ROLLING, Phase.ABORTING, Phase.WAITING])
def test_what_is_under_way_is_told_in_the_records_words(phase: Phase) -> None:
    far = progress(settled(1, phase, "v2 is on its way"), [decision(2, APPROVED)], 2, APPROVED)
    assert (far.step, far.said, far.good) == (Step.MOVING, "v2 is on its way", None)


def test_a_rollout_on_record_is_under_way_whatever_the_phase() -> None:
    record = settled(1)
    rollout = Rollout("r", Direction.FORWARD, 2, TWO.config, START, START)
    record = a_record(V1, V2, kept=record.kept, live=record.live, rollout=rollout, phase=Phase.PAUSED)
    assert progress(record, [decision(2, APPROVED)], 2, APPROVED).step is Step.MOVING


def test_an_approved_version_that_is_live_and_settled_is_what_was_asked_for() -> None:
    far = progress(settled(2), [decision(2, APPROVED)], 2, APPROVED)
    assert (far.step, far.good) == (Step.DONE, True)


@pytest.mark.parametrize("kind", [Kind.FAILED, Kind.VERSION_FAILED, Kind.ABORTED, Kind.SUPERSEDED])
def test_an_approved_version_that_is_not_live_in_the_end_says_what_went_against_it(kind: Kind) -> None:
    since = [decision(2, APPROVED), Event(kind, NOW, "v2: it errs", 2), Event(Kind.SUCCEEDED, NOW, "v1", 1)]
    far = progress(settled(1), since, 2, APPROVED)
    assert (far.step, far.good, far.said) == (Step.DONE, False, "v2: it errs")


@pytest.mark.parametrize("phase", [Phase.BLOCKED, Phase.PAUSED, Phase.HALTED, Phase.FOREIGN, Phase.WITHDRAWN])
def test_an_approved_version_that_goes_no_further_says_why(phase: Phase) -> None:
    far = progress(settled(1, phase, "because"), [decision(2, APPROVED)], 2, APPROVED)
    assert (far.step, far.good, far.said) == (Step.DONE, False, "because")


@pytest.mark.parametrize(("data", "step"), [({"awaited": True}, Step.RECORDED), ({}, Step.DONE)])
def test_only_cloudtrails_answer_is_waited_for(data: dict[str, bool], step: Step) -> None:
    since = [decision(2, APPROVED), Event(Kind.BLOCKED, NOW, "who?", None, data)]
    assert progress(settled(1, Phase.BLOCKED, "who?"), since, 2, APPROVED).step is step


@pytest.mark.parametrize(
    ("live", "phase", "good"),
    [
        (1, Phase.SETTLED, True),
        (None, Phase.IDLE, True),
        (None, Phase.WITHDRAWN, True),
        (2, Phase.WITHDRAWN, False),
        (1, Phase.BLOCKED, True),
    ],
)
def test_a_rejected_version_must_not_serve_in_the_end(live: int | None, phase: Phase, *, good: bool) -> None:
    far = progress(settled(live, phase), [decision(2, REJECTED)], 2, REJECTED)
    assert (far.step, far.good) == (Step.DONE, good)


def happened(kind: Kind, cause: str | None = "person", run: str = "churn-run-9") -> Event:
    data = {"run": run} | ({} if cause is None else {"cause": cause})
    return Event(kind, NOW, f"{kind.value} of {run}", None, data)


def under_way(execution: str | None = None) -> Record:
    run = Run("churn-run-9", Cause.PERSON, "x", NOW, execution=execution)
    return a_record(retraining=Retraining(run=run))


def test_a_run_that_was_asked_for_is_told_from_the_parameter_to_its_start() -> None:
    began = happened(Kind.RETRAIN_STARTED)
    assert run_progress(a_record(), []).step is Step.DECIDED
    assert run_progress(under_way(), [began]).said == "run churn-run-9 waits to be started"
    assert run_progress(under_way("arn:e"), [began]).step is Step.MOVING


@pytest.mark.parametrize(("kind", "good"), [(Kind.RETRAIN_SUCCEEDED, True), (Kind.RETRAIN_FAILED, False)])
def test_a_run_that_was_asked_for_has_ended_as_the_ledger_says(kind: Kind, good: bool) -> None:
    far = run_progress(a_record(), [happened(Kind.RETRAIN_STARTED), happened(kind)])
    assert (far.step, far.good, far.said) == (Step.DONE, good, f"{kind.value} of churn-run-9")


@pytest.mark.parametrize("cause", ["person", None])
def test_a_run_that_is_not_made_says_why(cause: str | None) -> None:
    """One that cannot be read has no cause."""
    far = run_progress(a_record(), [happened(Kind.RETRAIN_HELD, cause)])
    assert (far.step, far.good, far.said) == (Step.DONE, False, "retrain.held of churn-run-9")


def test_a_run_for_another_reason_is_not_the_one_that_was_asked_for() -> None:
    others = [happened(Kind.RETRAIN_STARTED, "drift"), happened(Kind.RETRAIN_SUCCEEDED, "drift")]
    assert run_progress(a_record(), others).step is Step.DECIDED
    mine = happened(Kind.RETRAIN_STARTED, run="churn-run-12")
    assert run_progress(under_way(), [*others, mine]).step is Step.RECORDED
