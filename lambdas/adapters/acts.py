"""What people ask for beside decisions, written into SSM Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.adapters.aws import aws_errors
from lambdas.core.names import act_parameter

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


class Acts:
    """Writes acts; reconcile takes each in, once."""

    def __init__(self, ssm: SSMClient) -> None:
        self._ssm = ssm

    def ask(self, group: str, kind: str, text: str) -> None:
        """Ask for something, instead of what was asked for of this kind before (PutParameter).

        Args:
            group: that it is asked for.
            kind: of `lambdas.core.acts`.
            text: as `pause_of` or `retry_of` read it.
        """
        name = act_parameter(group, kind)
        with aws_errors(f"writing parameter {name}"):
            self._ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
