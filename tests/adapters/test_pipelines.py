"""The exact requests to SageMaker Pipelines, validated by botocore, and what its answers mean."""

import hashlib

import pytest

from lambdas.adapters.pipelines import Pipelines
from lambdas.core.errors import Busy, Denied, QuotaExceeded, Refused, Throttled
from lambdas.core.facts import Execution, RunStatus
from tests.adapters.conftest import Stubbed

ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/train/execution/abcdefabcdef"
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/"
OURS = {RunStatus.GONE, RunStatus.UNREADABLE}  # of what AWS does not say
STEPS = {"PipelineExecutionArn": ARN, "MaxResults": 100}


def described(sagemaker: Stubbed, status: str, failure: str | None = None) -> None:
    answer = {"PipelineExecutionStatus": status, **({"FailureReason": failure} if failure else {})}
    sagemaker.answers("describe_pipeline_execution", answer, PipelineExecutionArn=ARN)


def test_an_execution_is_read_with_all_that_its_steps_registered(sagemaker: Stubbed) -> None:
    described(sagemaker, "Succeeded")
    trained = {"StepName": "Train", "Metadata": {"TrainingJob": {"Arn": "arn:job"}}}
    first = {"StepName": "Register", "Metadata": {"RegisterModel": {"Arn": f"{PACKAGE}4"}}}
    page = {"PipelineExecutionSteps": [{"StepName": "Waiting"}, trained, first], "NextToken": "more"}
    sagemaker.answers("list_pipeline_execution_steps", page, **STEPS)
    second = {"StepName": "RegisterToo", "Metadata": {"RegisterModel": {"Arn": f"{PACKAGE}5"}}}
    rest = {"PipelineExecutionSteps": [second]}
    sagemaker.answers("list_pipeline_execution_steps", rest, **STEPS, NextToken="more")
    read = Pipelines(sagemaker.client).execution(ARN)
    assert read == Execution(ARN, RunStatus.SUCCEEDED, None, (f"{PACKAGE}4", f"{PACKAGE}5"))


@pytest.mark.parametrize("status", [one for one in RunStatus if one not in OURS])
def test_every_status_of_aws_is_known(sagemaker: Stubbed, status: RunStatus) -> None:
    described(sagemaker, status.value, "step Train failed")
    sagemaker.answers("list_pipeline_execution_steps", {"PipelineExecutionSteps": []}, **STEPS)
    read = Pipelines(sagemaker.client).execution(ARN)
    assert read == Execution(ARN, status, "step Train failed")


def test_an_execution_that_is_not_there_is_gone(sagemaker: Stubbed) -> None:
    sagemaker.refuses(
        "describe_pipeline_execution", "ResourceNotFound", f"Pipeline execution {ARN} not found"
    )
    assert Pipelines(sagemaker.client).execution(ARN) == Execution(ARN, RunStatus.GONE)


def test_an_execution_that_cannot_be_read_now_is_not_gone(sagemaker: Stubbed) -> None:
    described(sagemaker, "Executing")
    sagemaker.refuses("list_pipeline_execution_steps", "ThrottlingException", "Rate exceeded")
    with pytest.raises(Throttled):
        Pipelines(sagemaker.client).execution(ARN)


def test_a_run_is_started_under_a_token_that_makes_it_one(sagemaker: Stubbed) -> None:
    sagemaker.answers(
        "start_pipeline_execution",
        {"PipelineExecutionArn": ARN},
        PipelineName="train",
        PipelineExecutionDisplayName="fraud-run-7",
        PipelineExecutionDescription="drift",
        ClientRequestToken=hashlib.sha256(b"fraud-run-7").hexdigest(),
        PipelineParameters=[
            {"Name": "GreenlightRun", "Value": "fraud-run-7"},
            {"Name": "Rows", "Value": "10"},
        ],
    )
    parameters = {"GreenlightRun": "fraud-run-7", "Rows": "10"}
    assert Pipelines(sagemaker.client).start("train", "fraud-run-7", "drift", parameters) == ARN


def test_a_pipeline_that_is_not_there_is_named_with_the_way_out(sagemaker: Stubbed) -> None:
    sagemaker.refuses("start_pipeline_execution", "ResourceNotFound", "Pipeline 'train' does not exist.")
    with pytest.raises(
        Refused, match=r"starting pipeline train for fraud-run-7: there is no .*retraining\.pipeline"
    ):
        Pipelines(sagemaker.client).start("train", "fraud-run-7", "drift", {})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ValidationException", Refused),
        ("AccessDeniedException", Denied),
        ("ConflictException", Busy),
        ("ResourceLimitExceeded", QuotaExceeded),
        ("ThrottlingException", Throttled),
    ],
)
def test_what_passes_by_itself_is_told_from_what_does_not(
    sagemaker: Stubbed, code: str, kind: type[Exception]
) -> None:
    sagemaker.refuses("start_pipeline_execution", code, "no")
    with pytest.raises(kind):
        Pipelines(sagemaker.client).start("train", "fraud-run-7", "drift", {})
