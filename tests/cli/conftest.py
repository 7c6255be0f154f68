"""The tables in moto, as the adapters' tests have them; a registry whose answers are laid out."""

from datetime import UTC, datetime

import pytest

from lambdas.adapters.aws import Aws
from tests.adapters.conftest import Stubbed, _no_real_aws, moto
from tests.adapters.test_store import store

__all__ = ["_no_real_aws", "moto", "registry", "store"]

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
