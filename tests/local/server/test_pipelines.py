"""Pipelines of the local AWS: Python callables in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws, LocalAwsError
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY = "tests.local.server.tiny_pipelines"
ROLE = "arn:aws:iam::123456789012:role/pipelines"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS that knows one pipeline from the start and the others by its settings."""
    with LocalAws(time_scale=600, pipelines={"register": f"{TINY}:register"}) as local:
        names = ("fail", "die", "nothing", "forbidden", "hang")
        known = local.control()["pipelines"]
        assert known == {"register": f"{TINY}:register"}
        local.control(pipelines={**known, **{name: f"{TINY}:{name}" for name in names}})
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        allow = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
        iam = local.client("iam")
        iam.create_role(
            RoleName="pipelines",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName="pipelines", PolicyName="p", PolicyDocument=document)
        sagemaker = local.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="fraud")
        definition = json.dumps({"Parameters": [{"Name": "Group", "DefaultValue": "fraud"}]})
        for name in ("register", *names, "unknown"):
            sagemaker.create_pipeline(
                PipelineName=name, PipelineDefinition=definition, RoleArn=ROLE, ClientRequestToken="t" * 32
            )
        sagemaker.create_pipeline(
            PipelineName="roleless",
            PipelineDefinition=definition,
            RoleArn=f"{ROLE}-gone",
            ClientRequestToken="t" * 32,
        )
        local.control(pipelines={**local.control()["pipelines"], "roleless": f"{TINY}:register"})
        yield local


def start(aws: LocalAws, name: str, **parameters: str) -> str:
    """Start a pipeline; its execution's ARN."""
    given = [{"Name": key, "Value": value} for key, value in parameters.items()]
    answer = aws.client("sagemaker").start_pipeline_execution(PipelineName=name, PipelineParameters=given)
    return str(answer["PipelineExecutionArn"])


def ended(aws: LocalAws, arn: str) -> dict[str, Any]:
    """What DescribePipelineExecution says once it has come to its end."""

    def look() -> dict[str, Any] | None:
        said = aws.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
        return None if said["PipelineExecutionStatus"] == "Executing" else dict(said)

    return eventually(look) or {}


def test_a_callable_registers_as_the_pipelines_role_and_its_step_says_what(aws: LocalAws) -> None:
    arn = start(aws, "register")
    assert ended(aws, arn)["PipelineExecutionStatus"] == "Succeeded"
    sagemaker = aws.client("sagemaker")
    (step,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    version = step["Metadata"]["RegisterModel"]["Arn"]
    package = sagemaker.describe_model_package(ModelPackageName=version)
    assert package["MetadataProperties"] == {"GeneratedBy": arn}
    assert "assumed-role/pipelines/" in package["CreatedBy"]["IamIdentity"]["Arn"]


def test_who_may_start_one_pipeline_may_start_no_other_nor_look_at_its_runs(aws: LocalAws) -> None:
    sagemaker, iam = aws.client("sagemaker"), aws.client("iam")
    arn = sagemaker.describe_pipeline(PipelineName="register")["PipelineArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "greenlight:group", "Value": "fraud"}])
    trust = {"Effect": "Allow", "Principal": {"AWS": f"{aws.account}"}, "Action": "sts:AssumeRole"}
    allow = {
        "Effect": "Allow",
        "Action": ["sagemaker:StartPipelineExecution", "sagemaker:ListMonitoringExecutions"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/greenlight:group": "fraud"}},
    }
    for make, name, statement in (
        (iam.create_role, "AssumeRolePolicyDocument", trust),
        (lambda **given: iam.put_role_policy(PolicyName="p", **given), "PolicyDocument", allow),
    ):
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        make(RoleName="starter", **{name: document})
    starter = aws.client("sagemaker", role="starter")
    before = sagemaker.list_pipeline_executions(PipelineName="fail")["PipelineExecutionSummaries"]
    begun = starter.start_pipeline_execution(PipelineName="register")["PipelineExecutionArn"]
    assert ended(aws, begun)["PipelineExecutionStatus"] == "Succeeded"
    for call, request in (
        (starter.start_pipeline_execution, {"PipelineName": "fail"}),
        (starter.describe_pipeline_execution, {"PipelineExecutionArn": begun}),
        (starter.stop_pipeline_execution, {"PipelineExecutionArn": begun}),
        (starter.list_monitoring_executions, {}),
        (starter.create_pipeline, {"PipelineName": "p", "PipelineDefinition": "{}", "RoleArn": ROLE}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(**request)
    assert sagemaker.list_pipeline_executions(PipelineName="fail")["PipelineExecutionSummaries"] == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fail", "no tumour of the window has a label"),
        ("die", "the pipeline's process ended with status 3 and said nothing"),
        ("nothing", "returned None; it must return the ARNs"),
        ("forbidden", "AccessDenied"),
        ("unknown", "LOCAL_PIPELINES=unknown=package.module:callable"),
        ("roleless", "pipelines-gone is not there, or does not trust sagemaker.amazonaws.com"),
    ],
)
def test_one_that_does_not_do_it_fails_with_the_reason(aws: LocalAws, name: str, says: str) -> None:
    said = ended(aws, start(aws, name))
    assert said["PipelineExecutionStatus"] == "Failed"
    assert says in said["FailureReason"]


def test_stopping_an_execution_ends_its_process(aws: LocalAws, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    arn = start(aws, "hang", Group=str(file))
    process = Path("/proc") / eventually(lambda: file.read_text() if file.exists() else "")
    assert process.exists()
    aws.client("sagemaker").stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    assert ended(aws, arn)["PipelineExecutionStatus"] == "Stopped"
    eventually(lambda: not process.exists())


def test_a_reset_leaves_the_pipelines_of_the_start() -> None:
    with LocalAws(pipelines={"register": f"{TINY}:register"}) as local:
        local.control(pipelines={})
        local.reset()
        assert local.control()["pipelines"] == {"register": f"{TINY}:register"}


def test_what_is_no_callable_is_refused(aws: LocalAws) -> None:
    with pytest.raises(LocalAwsError, match="must be a callable"):
        aws.control(pipelines={"fraud": "not a callable"})
