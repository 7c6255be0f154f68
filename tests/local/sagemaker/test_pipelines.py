"""Pipelines: their parameters, executions that end, and the events of that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.sagemaker.service import Switches
from tests.local.sagemaker.world import ACCOUNT, ROLE, START, Sim

TOKEN = "t" * 32
DEFINITION = {
    "Parameters": [
        {"Name": "Group", "Type": "String"},
        {"Name": "Epochs", "Type": "Integer", "DefaultValue": 3},
    ]
}
EVENT = "Model Building Pipeline Execution Status Change"


def make(aws: Sim, name: str = "retrain", definition: object = DEFINITION) -> str:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    made = aws(
        "CreatePipeline", PipelineName=name, PipelineDefinition=text, RoleArn=ROLE, ClientRequestToken=TOKEN
    )
    return str(made["PipelineArn"])


def start(aws: Sim, token: str = TOKEN, **parameters: str) -> str:
    given = [{"Name": name, "Value": value} for name, value in (parameters or {"Group": "fraud"}).items()]
    request: dict[str, Any] = {
        "PipelineName": "retrain",
        "ClientRequestToken": token,
        "PipelineParameters": given,
    }
    return str(
        aws("StartPipelineExecution", PipelineExecutionDisplayName="fraud-run-7", **request)[
            "PipelineExecutionArn"
        ]
    )


def events(aws: Sim) -> list[dict[str, Any]]:
    return [detail for name, _, detail in aws.world.events if name == f"SageMaker {EVENT}"]


def status(aws: Sim, arn: str) -> str:
    return str(aws("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"])


def test_an_execution_runs_with_its_parameters_and_their_defaults_until_the_world_says_it_ended(
    aws: Sim,
) -> None:
    make(aws)
    arn = start(aws)
    (run,) = aws.world.pipelines
    assert (run.arn, run.role_arn, dict(run.parameters)) == (arn, ROLE, {"Group": "fraud", "Epochs": "3"})
    assert status(aws, arn) == "Executing"
    version = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/fraud/4"
    aws.sagemaker.pipeline_ended(arn, None, [version])
    assert status(aws, arn) == "Succeeded"
    (step,) = aws("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert step["Metadata"]["RegisterModel"]["Arn"] == version
    told = [
        (one["previousPipelineExecutionStatus"], one["currentPipelineExecutionStatus"]) for one in events(aws)
    ]
    assert told == [(None, "Executing"), ("Executing", "Succeeded")]


def test_the_same_token_starts_it_once(aws: Sim) -> None:
    make(aws)
    assert start(aws) == start(aws)
    assert len(aws.world.pipelines) == 1
    assert start(aws, "u" * 32) != start(aws)


def test_a_token_is_its_pipelines_own(aws: Sim) -> None:
    make(aws)
    make(aws, "other", {"Parameters": []})
    other = aws("StartPipelineExecution", PipelineName="other", ClientRequestToken=TOKEN)
    assert other["PipelineExecutionArn"] != start(aws)


def test_the_same_token_makes_the_same_pipeline_once(aws: Sim) -> None:
    assert make(aws) == make(aws)
    error = aws.refused(
        "CreatePipeline",
        PipelineName="Retrain",
        PipelineDefinition="{}",
        RoleArn=ROLE,
        ClientRequestToken="u" * 32,
    )
    assert "must be unique" in error.message


def test_one_that_failed_says_why_and_stays_so(aws: Sim) -> None:
    make(aws)
    arn = start(aws)
    aws.sagemaker.pipeline_ended(arn, "no data")
    aws.sagemaker.pipeline_ended(arn, None)
    described = aws("DescribePipelineExecution", PipelineExecutionArn=arn)
    assert (described["PipelineExecutionStatus"], described["FailureReason"]) == ("Failed", "no data")


def test_one_that_is_stopped_is_left_off_and_its_end_changes_nothing(aws: Sim) -> None:
    make(aws)
    arn = start(aws)
    aws("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    aws.sagemaker.pipeline_ended(arn, None)
    assert status(aws, arn) == "Stopped"
    assert aws.world.stopped == [arn]
    assert (
        "not in status Executing"
        in aws.refused("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN).message
    )


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"Group": "fraud", "Epoch": "3"}, "Unknown parameter(s): [Epoch]"),
        ({"Epochs": "3"}, "without a value: [Group]"),
    ],
)
def test_parameters_that_the_definition_does_not_take_are_refused(
    aws: Sim, parameters: dict[str, str], says: str
) -> None:
    make(aws)
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    error = aws.refused(
        "StartPipelineExecution", PipelineName="retrain", ClientRequestToken=TOKEN, PipelineParameters=given
    )
    assert (error.code, says in error.message) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("StartPipelineExecution", {"PipelineName": "none", "ClientRequestToken": TOKEN}),
        ("DescribePipeline", {"PipelineName": "none"}),
        (
            "DescribePipelineExecution",
            {
                "PipelineExecutionArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/none/execution/abcdefghijkl"
            },
        ),
    ],
)
def test_what_is_not_there_is_not_found(aws: Sim, operation: str, request_: dict[str, str]) -> None:
    assert aws.refused(operation, **request_).code == "ResourceNotFound"


def test_a_definition_that_is_none_is_refused(aws: Sim) -> None:
    error = aws.refused(
        "CreatePipeline", PipelineName="p", PipelineDefinition="[]", RoleArn=ROLE, ClientRequestToken=TOKEN
    )
    assert "Invalid pipeline definition" in error.message


def test_a_pipeline_is_listed_changed_and_deleted_but_not_while_it_runs(aws: Sim) -> None:
    make(aws)
    arn = start(aws)
    assert (
        "in progress"
        in aws.refused("DeletePipeline", PipelineName="retrain", ClientRequestToken=TOKEN).message
    )
    aws.sagemaker.pipeline_ended(arn, None)
    aws("UpdatePipeline", PipelineName="retrain", PipelineDefinition='{"Parameters": []}')
    assert aws("DescribePipeline", PipelineName="retrain")["PipelineDefinition"] == '{"Parameters": []}'
    (listed,) = aws("ListPipelineExecutions", PipelineName="retrain")["PipelineExecutionSummaries"]
    assert (listed["PipelineExecutionDisplayName"], listed["PipelineExecutionStatus"]) == (
        "fraud-run-7",
        "Succeeded",
    )
    aws("DeletePipeline", PipelineName="retrain", ClientRequestToken=TOKEN)
    assert aws("ListPipelines")["PipelineSummaries"] == []
    assert aws.refused("DescribePipelineExecution", PipelineExecutionArn=arn).code == "ResourceNotFound"


def test_executions_and_pipelines_are_listed_as_the_filters_ask(aws: Sim) -> None:
    make(aws)
    first = start(aws, "a" * 32)
    aws.wait(60)
    second = start(aws, "b" * 32)

    def listed(**asked: Any) -> list[str]:
        found = aws("ListPipelineExecutions", PipelineName="retrain", **asked)["PipelineExecutionSummaries"]
        return [one["PipelineExecutionArn"] for one in found]

    assert listed() == [second, first]
    assert listed(SortOrder="Ascending") == [first, second]
    assert listed(CreatedAfter=START) == [second]
    assert listed(CreatedBefore=START + 60) == [first]
    for asked, count in (
        ({"PipelineNamePrefix": "re"}, 1),
        ({"PipelineNamePrefix": "train"}, 0),
        ({"CreatedAfter": START}, 0),
        ({"CreatedBefore": START + 1}, 1),
    ):
        assert len(aws("ListPipelines", **asked)["PipelineSummaries"]) == count


def test_a_page_of_executions_has_the_token_of_the_next(aws: Sim) -> None:
    make(aws)
    made = {start(aws, letter * 32) for letter in "abc"}
    page = aws("ListPipelineExecutions", PipelineName="retrain", MaxResults=2)
    rest = aws("ListPipelineExecutions", PipelineName="retrain", NextToken=page["NextToken"])
    found = [*page["PipelineExecutionSummaries"], *rest["PipelineExecutionSummaries"]]
    assert ({one["PipelineExecutionArn"] for one in found}, len(found)) == (made, 3)


@pytest.mark.parametrize("operation", ["CreatePipeline", "UpdatePipeline"])
def test_a_definition_in_s3_is_refused_and_not_passed_over(aws: Sim, operation: str) -> None:
    make(aws)
    more = {"RoleArn": ROLE, "ClientRequestToken": "u" * 32, "PipelineDefinition": "{}"}
    error = aws.refused(
        operation,
        PipelineName="other" if operation == "CreatePipeline" else "retrain",
        PipelineDefinitionS3Location={"Bucket": "definitions", "ObjectKey": "retrain.json"},
        **(more if operation == "CreatePipeline" else {}),
    )
    assert "no PipelineDefinitionS3Location" in error.message


def test_a_pipeline_needs_a_definition(aws: Sim) -> None:
    error = aws.refused("CreatePipeline", PipelineName="p", RoleArn=ROLE, ClientRequestToken=TOKEN)
    assert "has no PipelineDefinition" in error.message


def test_starting_meets_the_pipelines_tags(aws: Sim) -> None:
    arn = make(aws)
    aws("AddTags", ResourceArn=arn, Tags=[{"Key": "group", "Value": "fraud"}])
    (check,) = aws.sagemaker.checks(
        "StartPipelineExecution", {"PipelineName": "retrain", "ClientRequestToken": TOKEN}
    )
    assert check.context["aws:ResourceTag/group"] == "fraud"


@pytest.mark.parametrize("named", [True, False])
def test_events_have_the_display_name_as_the_switch_says(named: bool) -> None:
    aws = Sim(Switches(pipeline_event_names_run=named))
    make(aws)
    start(aws)
    (event,) = events(aws)
    assert event.get("pipelineExecutionDisplayName") == ("fraud-run-7" if named else None)


def test_starting_is_asked_for_on_the_pipeline_and_making_one_passes_its_role(aws: Sim) -> None:
    asked = aws.sagemaker.checks(
        "StartPipelineExecution", {"PipelineName": "Retrain", "ClientRequestToken": TOKEN}
    )
    assert [(one.action, one.resource_arn.rpartition(":")[2]) for one in asked] == [
        ("sagemaker:StartPipelineExecution", "pipeline/retrain")
    ]
    made = aws.sagemaker.checks(
        "CreatePipeline", {"PipelineName": "p", "RoleArn": ROLE, "ClientRequestToken": TOKEN}
    )
    assert [one.action for one in made] == ["sagemaker:CreatePipeline", "iam:PassRole"]
