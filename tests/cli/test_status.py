"""The command `status` of all groups: from their records alone."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdas.adapters.aws import Aws
from lambdas.adapters.store import Store
from lambdas.core.names import ACCOUNT_WIDE, parameter_name
from lambdas.core.record import Pending, Phase, Record
from tests.adapters.conftest import Stubbed
from tests.cli.running import greenlight

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Stubbed:
    """SageMaker and CloudFormation that answer what is laid out, and nothing else."""
    stacks, sagemaker = Stubbed("cloudformation"), Stubbed("sagemaker")
    monkeypatch.setattr(Aws, "cloudformation", stacks.client)
    monkeypatch.setattr(Aws, "sagemaker", sagemaker.client)
    outputs = [{"OutputKey": f"{key}Table", "OutputValue": key.lower()} for key in ("State", "Ledger")]
    stack = {"StackName": "Greenlight-State", "CreationTime": AT, "StackStatus": "CREATE_COMPLETE"}
    stacks.answers(
        "describe_stacks", {"Stacks": [{**stack, "Outputs": outputs}]}, StackName="Greenlight-State"
    )
    return sagemaker


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
    store.mark_swept(12.5)
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
