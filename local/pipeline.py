"""What a Python callable that stands for a SageMaker pipeline is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Job:
    """One execution of a pipeline.

    Attributes:
        parameters: those of the definition, as the execution has them.
        execution_arn: for MetadataProperties.GeneratedBy of what is registered.
        endpoint_url: of every service.
        credentials: of the pipeline's role, as boto3.client takes them. The process has them as its own too, so
            boto3.client("s3") does what it does in a step on AWS.
    """

    parameters: Mapping[str, str]
    execution_arn: str
    region: str
    account: str
    endpoint_url: str
    credentials: Mapping[str, str]
