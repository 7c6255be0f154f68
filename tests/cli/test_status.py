"""The command `status`: of all groups from their records alone, of one with its drift, monitoring and runs."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdas.adapters.store import Store, Swept
from lambdas.core.names import ACCOUNT_WIDE, parameter_name
from lambdas.core.record import (
    Approval,
    Cause,
    Decided,
    Monitored,
    Pending,
    Phase,
    Record,
    Retraining,
    Run,
)
from lambdas.core.spec import (
    EndpointSpec,
    GroupSpec,
    Monitor,
    MonitoringSpec,
    MonitorSpec,
    RetrainingSpec,
)
from tests.adapters.conftest import Stubbed
from tests.cli.running import greenlight

AT = datetime(2026, 11, 23, tzinfo=UTC)


def spec(group: str) -> None:
    boto3.client("ssm").put_parameter(Name=parameter_name(group), Value="{}", Type="String")


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert greenlight("status", "--json") == 0
    return {one["group"]: one for one in json.loads(capsys.readouterr().out)}


@pytest.mark.usefixtures("registry")
def test_all_groups_are_told_from_their_records_and_the_registry_is_not_asked(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = {3: Pending(1.0), 12: Pending(2.0)}
    store.commit(Record("fraud", phase=Phase.SETTLED, pending=waiting), (), unsettled=False)
    store.commit(Record("left", phase=Phase.UNMANAGED), (), unsettled=False)
    store.commit(Record(ACCOUNT_WIDE), (), unsettled=False)
    store.mark_swept(Swept(12.5))
    spec("fraud")
    found = told(capsys)
    assert {group: one["phase"] for group, one in found.items()} == {"fraud": "Settled", "left": "Unmanaged"}
    assert found["fraud"]["pending"] == [12, 3]


def test_a_group_that_nobody_has_looked_at_is_told_with_what_the_registry_has(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    store.commit(Record("fraud"), (), unsettled=False)
    spec("fraud")
    spec("new")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/new/1"
    version = {"ModelPackageArn": arn, "ModelPackageVersion": 1, "CreationTime": AT}
    registry.answers(
        "list_model_packages",
        {
            "ModelPackageSummaryList": [
                {
                    **version,
                    "ModelPackageStatus": "Completed",
                    "ModelApprovalStatus": "PendingManualApproval",
                }
            ]
        },
        ModelPackageGroupName="new",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
    )
    new = told(capsys)["new"]
    assert new["pending"] == [1]
    assert "nobody has looked at it yet" in new["reason"]


def settled(**changes: Any) -> Record:
    """A group that is live, with a pipeline and a schedule."""
    monitor = MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")
    kinds = (Monitor.DATA_QUALITY, Monitor.BIAS)
    wanted = GroupSpec(
        "fraud",
        EndpointSpec("fraud", "ml.m5.large"),
        "arn:role",
        monitoring=MonitoringSpec("arn:role", "s3://b", dict.fromkeys(kinds, monitor)),
        retraining=RetrainingSpec("retrain-fraud"),
    )
    return Record("fraud", spec=wanted, phase=Phase.SETTLED, **changes)


def one(store: Store, registry: Stubbed, record: Record) -> None:
    store.commit(record, (), unsettled=False)
    listed = {"ModelPackageGroupName": "fraud", "SortBy": "CreationTime", "SortOrder": "Descending"}
    registry.answers("list_model_packages", {"ModelPackageSummaryList": []}, **listed, MaxResults=100)
    assert greenlight("status", "fraud") == 0


def test_one_group_tells_drift_what_is_watched_and_its_runs(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = Run("fraud-run-2", Cause.DRIFT, "x", 1.0, ended=2.0, versions=(5,))
    asked = Run("fraud-run-9", Cause.PERSON, "why", 1.0, by="ann", execution="arn:e")
    one(
        store,
        registry,
        settled(
            versions={5: Decided(Approval.REJECTED, 3.0)},
            monitored={
                Monitor.DATA_QUALITY: Monitored(3, "w", "d", done=True),
                Monitor.BIAS: Monitored(3, "w", None, "it has no baseline", done=True),
            },
            retraining=Retraining(run=asked, past=(ended,), drift=10.0),
        ),
    )
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "drift since 1970-01-01 00:00:10Z" in said
    assert "watched data quality: v3 by fraud-mon-data" in said
    assert "bias: not watched: it has no baseline" in said
    assert "pipeline retrain-fraud" in said
    assert any(line.startswith("run fraud-run-9 asked for by ann, for person, for ") for line in said)
    (last,) = (line for line in said if line.startswith("last run "))
    assert last.endswith("registered v5; v5 is Rejected")


def test_one_group_tells_why_no_run_starts_by_itself(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Run("fraud-run-2", Cause.DRIFT, "x", 1.0, ended=2.0, problem="step Train failed")
    one(store, registry, settled(retraining=Retraining(past=(failed,), stopped="run fraud-run-2 failed")))
    said = " ".join(capsys.readouterr().out.split())
    assert "ago: failed: step Train failed" in said
    assert "no run by itself run fraud-run-2 failed" in said


def test_a_group_without_monitoring_and_pipeline_says_nothing_of_them(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    one(store, registry, Record("fraud", phase=Phase.SETTLED))
    said = capsys.readouterr().out
    assert "drift" not in said
    assert "pipeline" not in said
