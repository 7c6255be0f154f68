"""What a stack tells of itself: its outputs."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, message
from lambdas.core.errors import Gone


def outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    """A stack's outputs by name (DescribeStacks).

    Raises:
        Gone: there is no such stack in this account and region.
    """
    with aws_errors(f"describing stack {stack}"):
        try:
            (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in message(error):
                raise Gone(
                    f"there is no stack {stack} in this account and region; deploy Greenlight first"
                ) from error
            raise
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
