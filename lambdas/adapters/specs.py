"""The groups' specs in SSM Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.core.facts import SpecRead
from lambdas.core.names import PARAMETER_PREFIX, group_of_parameter, parameter_name
from lambdas.core.spec import spec_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_ssm import SSMClient


class Specs:
    """Reads specs; writes nothing."""

    def __init__(self, ssm: SSMClient) -> None:
        self._ssm = ssm

    def read(self, group: str) -> SpecRead:
        """A group's spec (GetParameter).

        Raises:
            Malformed: the parameter is there, but is no spec.
        """
        name = parameter_name(group)
        with aws_errors(f"reading parameter {name}"):
            try:
                parameter = self._ssm.get_parameter(Name=name)["Parameter"]
            except ClientError as error:
                if not_found(error):
                    return SpecRead(spec=None, modified=0.0)
                raise
        return SpecRead(spec_from_json(parameter["Value"]), parameter["LastModifiedDate"].timestamp())

    def groups(self) -> Iterator[str]:
        """The names of all groups that have a spec (GetParametersByPath, ten a call)."""
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=PARAMETER_PREFIX)
        with aws_errors(f"listing parameters below {PARAMETER_PREFIX}"):
            for page in pages:
                for parameter in page["Parameters"]:
                    if (group := group_of_parameter(parameter["Name"])) is not None:
                        yield group
