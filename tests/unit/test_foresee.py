"""A dry run decides as the next look would, and does nothing."""

from dataclasses import replace

import pytest

from lambdas.core.record import Approval, Cause, Monitored, Retraining, Run
from lambdas.core.spec import GatesSpec, Monitor, RetrainingSpec
from lambdas.reconcile.foresee import UnknownVersionError, foresee, in_words
from tests.builders import ACCOUNT, GROUP, START, a_spec, having, live_on, package, placed
from tests.unit.test_look import Desk
from tests.unit.test_monitoring import MONITORING

V1, V2 = package(1), package(2, approval=Approval.PENDING)
WRITES = ("commit", "CreateModel", "CreateConfig", "CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint")


def said(desk: Desk, version: int, approval: Approval) -> str:
    return "\n".join(in_words(foresee(desk.ports, GROUP, version, approval)))


def pending() -> Desk:
    desk = Desk(live_on(V1))
    desk.seen = replace(desk.seen, packages=(V1, V2))
    return desk


def test_approving_would_start_the_rollout_and_says_how() -> None:
    desk = pending()
    plan = said(desk, 2, Approval.APPROVED)
    assert "records  v2: PendingManualApproval → Approved" in plan
    assert f"calls    UpdateEndpoint {GROUP} to {placed(V2, live_at=None).config}: all_at_once" in plan
    assert "phase    Rolling: forward to v2" in plan
    assert not set(desk.calls) & set(WRITES)


def test_rejecting_the_live_version_would_go_back() -> None:
    desk = Desk(live_on(package(2), V1, kept=(placed(V1, live_at=START + 150),)))
    plan = said(desk, 2, Approval.REJECTED)
    assert "phase    Rolling: backward to v1" in plan
    assert "watched by no alarm" in plan
    assert not set(desk.calls) & set(WRITES)


def test_rejecting_another_version_would_change_nothing() -> None:
    assert "phase    Settled: v1 is live" in said(pending(), 2, Approval.REJECTED)


def test_what_would_block_is_told() -> None:
    desk = Desk(live_on(V1, spec=a_spec(gates=GatesSpec(model_card=True))))
    desk.seen = replace(desk.seen, packages=(V1, V2))
    assert "it has no model card" in said(desk, 2, Approval.APPROVED)


def test_approving_what_was_live_before_would_bring_it_back() -> None:
    desk = Desk(live_on(package(2), V1, kept=(placed(V1, live_at=START + 150),)))
    assert "forward to v1" in said(desk, 1, Approval.APPROVED)


def test_a_version_that_is_not_there_is_told() -> None:
    with pytest.raises(UnknownVersionError, match="has no version 9"):
        said(pending(), 9, Approval.APPROVED)


def test_a_plan_asks_neither_schedules_nor_pipelines_for_their_runs() -> None:
    watched = {Monitor.DATA_QUALITY: Monitored(1, "x", "churn-v1-x", done=True)}
    run = Run(
        "churn-run-3", Cause.DRIFT, "x", START, execution="arn:aws:sagemaker:x:1:pipeline/p/execution/e"
    )
    spec = a_spec(monitoring=MONITORING, retraining=RetrainingSpec("retrain"))
    seen = having(live_on(V1, spec=spec), monitored=watched, retraining=Retraining(run=run))
    desk = Desk(replace(seen, packages=(V1, V2)))
    plan = said(desk, 2, Approval.APPROVED)
    assert "phase    Rolling: forward to v2" in plan
    assert not {"last", "execution"} & set(desk.calls)


def test_in_another_partition_too_an_approver_would_be_of_the_groups_own() -> None:
    role = f"arn:aws-cn:iam::{ACCOUNT}:role/greenlight/{GROUP}-endpoint"
    china = replace(V2, arn=V2.arn.replace("arn:aws:", "arn:aws-cn:"))
    desk = Desk(live_on(V1, spec=a_spec(execution_role=role)))
    desk.seen = replace(desk.seen, packages=(V1, china))
    assert "not an approver" not in said(desk, 2, Approval.APPROVED)
