"""SageMaker pipelines: started, and their executions, as read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.core.errors import Refused
from lambdas.core.facts import Execution, RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_sagemaker import SageMakerClient

_PAGE = 100  # the most that ListPipelineExecutionSteps gives at once [B]


class Pipelines:
    """Reads executions of pipelines; starts them, which only the function `retrain` may."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def execution(self, arn: str) -> Execution:
        """An execution, with what its steps registered so far (DescribePipelineExecution, ListPipelineExecutionSteps).

        One that is not there is GONE.
        """
        with aws_errors(f"describing pipeline execution {arn}"):
            try:
                answer = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
                registered = self._registered(arn)
            except ClientError as error:
                if not_found(error):
                    return Execution(arn, RunStatus.GONE)
                raise
        return Execution(
            arn, RunStatus(answer["PipelineExecutionStatus"]), answer.get("FailureReason"), registered
        )

    def _registered(self, arn: str) -> tuple[str, ...]:
        pages = self._sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=arn, PaginationConfig={"PageSize": _PAGE}
        )
        steps = (step.get("Metadata", {}) for page in pages for step in page["PipelineExecutionSteps"])
        arns = (step.get("RegisterModel", {}).get("Arn") for step in steps)
        return tuple(arn for arn in arns if arn)

    def start(self, pipeline: str, run: str, description: str, parameters: Mapping[str, str]) -> str:
        """Start a pipeline (StartPipelineExecution); the same run is started once, however often it is asked for.

        Args:
            pipeline: its name.
            run: id of the run; the execution's display name, and its digest is the request's token.
            description: at most 3072 characters [B].
            parameters: each of 1 to 1024 characters; AWS refuses an empty one (aws/sagemaker-python-sdk#4016).

        Returns:
            The execution's ARN.

        Raises:
            Refused: there is no such pipeline, or it does not take these parameters.
        """
        what = f"starting pipeline {pipeline} for {run}"
        with aws_errors(what):
            try:
                answer = self._sagemaker.start_pipeline_execution(
                    PipelineName=pipeline,
                    PipelineExecutionDisplayName=run,
                    PipelineExecutionDescription=description,
                    ClientRequestToken=hashlib.sha256(run.encode()).hexdigest(),
                    PipelineParameters=[{"Name": name, "Value": text} for name, text in parameters.items()],
                )
            except ClientError as error:
                if not_found(error):
                    raise Refused(
                        f"{what}: there is no pipeline of that name in this account and region; make it, or name "
                        "another as `retraining.pipeline` in the group's YAML"
                    ) from error
                raise
        return answer["PipelineExecutionArn"]
