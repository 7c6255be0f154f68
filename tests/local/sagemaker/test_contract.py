"""Every answer is what botocore's model of the API says, and reads back through botocore's own parser."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from local.sagemaker.monitoring import KINDS
from local.sagemaker.operations import OPERATIONS
from local.sagemaker.shapes import operation_model
from tests.local.sagemaker.test_monitoring import config, definition
from tests.local.sagemaker.world import ROLE, Sim, blue_green, specification, variant


class Recorded(Sim):
    """A SageMaker of which every answer is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call, and keep the answer."""
        answer = super().__call__(operation, **request)
        self.answers.append((operation, answer))
        return answer


def live_through_everything() -> Recorded:
    """Call each operation at least once, DescribeEndpoint in every state of an endpoint."""
    aws = Recorded()
    tags = [{"Key": "a", "Value": "b"}]
    group = aws.group(ModelPackageGroupDescription="x", Tags=tags)
    policy = json.dumps({"Statement": {"Effect": "Allow"}})
    aws("PutModelPackageGroupPolicy", ModelPackageGroupName="fraud", ResourcePolicy=policy)
    aws("GetModelPackageGroupPolicy", ModelPackageGroupName="fraud")
    aws("DeleteModelPackageGroupPolicy", ModelPackageGroupName="fraud")
    arn = aws.version(
        CustomerMetadataProperties={"a": "b"}, ModelLifeCycle={"Stage": "a", "StageStatus": "b"}
    )
    aws(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        ApprovalDescription="why",
        InferenceSpecification=specification(),
    )
    aws("DescribeModelPackage", ModelPackageName=arn)
    aws("ListModelPackages", ModelPackageGroupName="fraud")
    aws("BatchDescribeModelPackage", ModelPackageArnList=[arn, arn + "0"])
    aws("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
    aws("ListModelPackageGroups")
    for operation in ("AddTags", "ListTags"):
        aws(operation, ResourceArn=group, **({"Tags": tags} if operation == "AddTags" else {}))
    aws("DeleteTags", ResourceArn=group, TagKeys=["a"])
    aws("CreateModel", ModelName="of-package", ExecutionRoleArn=ROLE, Containers=[{"ModelPackageName": arn}])
    aws("DescribeModel", ModelName="of-package")
    aws("CreateEndpointConfig", EndpointConfigName="of-package", ProductionVariants=[variant("of-package")])
    aws("DescribeEndpointConfig", EndpointConfigName="of-package")
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 10,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    aws.config("two", DataCaptureConfig=capture)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="of-package")
    _watch(aws)
    aws.world.alarms["errors"] = "OK"
    aws.update("two", DeploymentConfig=blue_green("CANARY", alarms=("errors",), TerminationWaitInSeconds=10))
    _watch(aws)
    changes = [{"VariantName": "main", "DesiredInstanceCount": 3}]
    aws("UpdateEndpointWeightsAndCapacities", EndpointName="fraud", DesiredWeightsAndCapacities=changes)
    _watch(aws)
    aws.world.alarms["errors"] = "ALARM"
    aws.update("of-package", DeploymentConfig=blue_green(alarms=("errors",)))
    _watch(aws)
    aws.sagemaker.faults.rollback_fails.add("fraud")
    aws.update("of-package", DeploymentConfig=blue_green(alarms=("errors",)))
    _watch(aws)
    for operation in ("ListEndpoints", "ListEndpointConfigs", "ListModels"):
        aws(operation)
    for resource in ("ModelPackage", "ModelPackageGroup", "Endpoint"):
        aws("Search", Resource=resource)
    _monitor(aws)
    _retrain(aws)
    aws("DeleteEndpoint", EndpointName="fraud")
    aws.describe()
    aws("DeleteEndpointConfig", EndpointConfigName="two")
    aws("DeleteModel", ModelName="two")
    aws("DeleteModelPackage", ModelPackageName=arn)
    aws("DeleteModelPackageGroup", ModelPackageGroupName="fraud")
    return aws


def _monitor(aws: Recorded) -> None:
    """Definitions, a schedule and a run of each kind of monitor."""
    for kind in KINDS:
        name = f"{kind.lower()}-1"
        aws(f"Create{kind}JobDefinition", **definition(name, kind=kind))
        aws(f"Describe{kind}JobDefinition", JobDefinitionName=name)
        made = config(name, kind=kind)
        aws("CreateMonitoringSchedule", MonitoringScheduleName=kind, MonitoringScheduleConfig=made)
        aws.wait(10)
        aws("UpdateMonitoringSchedule", MonitoringScheduleName=kind, MonitoringScheduleConfig=made)
        aws.wait(3600)
        aws("ListMonitoringExecutions", MonitoringScheduleName=kind)
        aws("DescribeMonitoringSchedule", MonitoringScheduleName=kind)
        aws("ListMonitoringSchedules")
        for run in aws.world.inspections:
            aws.sagemaker.inspection_ended(run.schedule, run.scheduled, "Failed", "no data")
        aws("ListMonitoringExecutions")
        aws("StopMonitoringSchedule", MonitoringScheduleName=kind)
        aws("StartMonitoringSchedule", MonitoringScheduleName=kind)
        aws("DeleteMonitoringSchedule", MonitoringScheduleName=kind)
        aws(f"Delete{kind}JobDefinition", JobDefinitionName=name)


def _retrain(aws: Recorded) -> None:
    """A pipeline, and executions that end in each way."""
    token = {"ClientRequestToken": "t" * 32}
    aws("CreatePipeline", PipelineName="p", PipelineDefinition="{}", RoleArn=ROLE, **token)
    aws("UpdatePipeline", PipelineName="p", PipelineDescription="retrains")
    for number in range(3):
        started = aws("StartPipelineExecution", PipelineName="p", ClientRequestToken=f"{number}" * 32)
        arn = {"PipelineExecutionArn": started["PipelineExecutionArn"]}
        if number:
            aws.sagemaker.pipeline_ended(
                started["PipelineExecutionArn"], "broke" if number == 1 else None, ["arn:aws:x"]
            )
        else:
            aws("StopPipelineExecution", **arn, **token)
        aws("DescribePipelineExecution", **arn)
        aws("ListPipelineExecutionSteps", **arn)
    aws("DescribePipeline", PipelineName="p")
    aws("ListPipelines")
    aws("ListPipelineExecutions", PipelineName="p")
    aws("DeletePipeline", PipelineName="p", **token)


def _watch(aws: Sim) -> None:
    """Describe the endpoint at each of its changes."""
    aws.describe()
    for _ in aws.changes():
        aws.describe()
        aws("Search", Resource="Endpoint")


@pytest.fixture(scope="module")
def lived() -> Recorded:
    """A SageMaker that has lived through everything."""
    return live_through_everything()


def test_every_operation_was_called_and_the_endpoint_seen_in_every_state(lived: Recorded) -> None:
    assert {operation for operation, _ in lived.answers} == set(OPERATIONS)
    seen = {
        answer["EndpointStatus"] for operation, answer in lived.answers if operation == "DescribeEndpoint"
    }
    assert seen == {"Creating", "InService", "Updating", "RollingBack", "UpdateRollbackFailed", "Deleting"}


def test_every_answer_has_the_members_and_types_of_the_api(lived: Recorded) -> None:
    for operation, answer in lived.answers:
        shape = operation_model(operation).output_shape
        if shape is None:
            assert answer == {}
            continue
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def test_every_answer_reads_back_through_botocore(lived: Recorded) -> None:
    parser = create_parser("json")
    for operation, answer in lived.answers:
        shape = operation_model(operation).output_shape
        if shape is not None:
            body = json.dumps(answer).encode()
            parsed = parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)
            received = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
            _same(answer, received, operation)


def _same(sent: Any, received: Any, where: str) -> None:
    """What was sent arrived; times as datetimes."""
    if isinstance(received, datetime):
        assert math.isclose(received.timestamp(), sent, abs_tol=0.001), where
    elif isinstance(sent, dict):
        assert sent.keys() == received.keys(), where
        for key, value in sent.items():
            _same(value, received[key], f"{where}.{key}")
    elif isinstance(sent, list):
        assert len(sent) == len(received), where
        for left, right in zip(sent, received, strict=True):
            _same(left, right, where)
    else:
        assert sent == received, where


def test_every_event_can_be_sent_as_json(lived: Recorded) -> None:
    for _, resources, detail in lived.world.events:
        assert resources
        json.dumps(detail)
