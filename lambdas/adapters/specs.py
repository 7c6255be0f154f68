"""What people wish for the groups, in SSM Parameter Store: specs, acts, and the account's freeze windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, code_of
from lambdas.core.acts import KINDS, Act
from lambdas.core.errors import Gone, Malformed
from lambdas.core.facts import SpecRead
from lambdas.core.names import (
    ACT_PREFIX,
    FREEZE_PARAMETER,
    PARAMETER_PREFIX,
    act_parameter,
    group_of_parameter,
    parameter_name,
)
from lambdas.core.spec import Calendar, GroupSpec, calendar_from_json, spec_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_ssm import SSMClient
    from types_boto3_ssm.type_defs import GetParametersByPathResultTypeDef, ParameterTypeDef

_PAGE = 50  # the most that DescribeParameters gives at once [B]
_MOST_PAGES = (
    20  # of one group: however many parameters somebody writes below its name, a pass comes to its end
)


class Specs:
    """Reads parameters; writes none."""

    def __init__(self, ssm: SSMClient) -> None:
        self._ssm = ssm

    def read(self, group: str) -> SpecRead:
        """A group's spec, its acts and the account's freeze windows, by one call (GetParameters).

        What is there and cannot be read is told, not raised: it must not hold up a way back.
        """
        name = parameter_name(group)
        names = [name, FREEZE_PARAMETER, *(act_parameter(group, kind) for kind in KINDS)]
        with aws_errors(f"reading parameter {name}"):
            found = {p["Name"]: p for p in self._ssm.get_parameters(Names=names)["Parameters"]}
        acts = tuple(
            Act(kind, found[act]["Value"], _stamp(found[act]))
            for kind in KINDS
            if (act := act_parameter(group, kind)) in found
        )
        calendar = _calendar(found.get(FREEZE_PARAMETER))
        if name not in found:
            return SpecRead(None, 0.0, None, acts, calendar)
        spec, problem = _spec(found[name])
        return SpecRead(spec, found[name]["LastModifiedDate"].timestamp(), problem, acts, calendar)

    def actors(self, group: str) -> Mapping[str, str]:
        """Who wrote each act of a group, as IAM names them (DescribeParameters).

        An approver may write other parameters below the group's name, which are nobody's acts: they take up pages.
        """
        prefix = f"{ACT_PREFIX}{group}/"
        found: dict[str, str] = {}
        rest: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            with aws_errors(f"asking who wrote the parameters below {prefix}"):
                answer = self._ssm.describe_parameters(
                    ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}],
                    MaxResults=_PAGE,
                    **rest,  # type: ignore[arg-type] # nothing, or a NextToken
                )
            for one in answer["Parameters"]:
                kind = one["Name"].removeprefix(prefix)
                if kind in KINDS and "LastModifiedUser" in one:
                    found[kind] = one["LastModifiedUser"]
            if "NextToken" not in answer or len(found) == len(KINDS):
                break
            rest = {"NextToken": answer["NextToken"]}
        return found

    def groups(self) -> Iterator[str]:
        """The names of all groups that have a spec."""
        for names, _ in self.pages():
            yield from names

    def pages(self, rest: str | None = None) -> Iterator[tuple[list[str], str | None]]:
        """The names of all groups that have a spec (GetParametersByPath, ten a call).

        Args:
            rest: where to go on, as it was told with a page; None: at the beginning.

        Yields:
            A page of names, and where to go on after it; None: it was the last.

        Raises:
            Gone: AWS has forgotten where that was; how long it remembers is not documented.
        """
        while True:
            page = self._page(rest)
            names = (group_of_parameter(parameter["Name"]) for parameter in page["Parameters"])
            rest = page.get("NextToken")
            yield [name for name in names if name is not None], rest
            if rest is None:
                return

    def _page(self, rest: str | None) -> GetParametersByPathResultTypeDef:
        with aws_errors(f"listing parameters below {PARAMETER_PREFIX}"):
            if rest is None:
                return self._ssm.get_parameters_by_path(Path=PARAMETER_PREFIX)
            try:
                return self._ssm.get_parameters_by_path(Path=PARAMETER_PREFIX, NextToken=rest)
            except ClientError as error:
                # The latter is what AWS says of members that it cannot read; only the token differs from call to call.
                if code_of(error) in {"InvalidNextToken", "ValidationException"}:
                    raise Gone(f"where the listing of {PARAMETER_PREFIX} goes on") from error
                raise


def _stamp(parameter: ParameterTypeDef) -> str:
    """Another for each time it is written; versions begin anew when a parameter is deleted."""
    return f"{parameter['LastModifiedDate'].timestamp():.3f}/{parameter['Version']}"


def _spec(parameter: ParameterTypeDef) -> tuple[GroupSpec | None, str | None]:
    try:
        return spec_from_json(parameter["Value"]), None
    except Malformed as error:
        return None, f"parameter {parameter['Name']}: {error}"


def _calendar(parameter: ParameterTypeDef | None) -> Calendar | None:
    try:
        return calendar_from_json(parameter["Value"]) if parameter is not None else Calendar()
    except Malformed:
        return None
