"""Search over versions, groups and endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.sagemaker import views
from local.sagemaker.copies import copied
from local.sagemaker.errors import invalid
from local.sagemaker.expressions import check_property, matches, value_at
from local.sagemaker.paging import page
from local.sagemaker.shapes import members
from local.sagemaker.tags import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.expressions import Record
    from local.sagemaker.state import Fields


def search(account: Account, request: Fields, _caller: Caller) -> Fields:
    """Search: newest change first, unless said otherwise."""
    resource = request["Resource"]
    if resource not in _RECORDS:
        raise invalid(f"Search over {resource} is not part of this model; there are {', '.join(_RECORDS)}.")
    properties = members(resource)
    expression = request.get("SearchExpression", {})
    records = (
        {name: value for name, value in record.items() if name in properties}
        for record in _RECORDS[resource](account)
    )
    found = [record for record in records if matches(record, expression, properties)]
    sort_by = request.get("SortBy", "CreationTime" if resource == "ModelPackageGroup" else "LastModifiedTime")
    check_property(sort_by, properties)
    down = request.get("SortOrder", "Descending") == "Descending"
    found.sort(key=lambda record: _key(value_at(record, sort_by)), reverse=down)
    answer = copied(page([{resource: record} for record in found], request, "Search", "Results"))
    return answer | {"TotalHits": {"Value": len(found), "Relation": "EqualTo"}}


def _key(value: Any) -> tuple[int, float, str]:
    """What is missing first, then numbers, then text."""
    if value is None:
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, (int, float)) else (2, 0.0, str(value))


def _packages(account: Account) -> Iterator[Record]:
    for package in account.state.packages.values():
        yield package.fields | {"Tags": shown(package.tags)}


def _groups(account: Account) -> Iterator[Record]:
    for group in account.state.groups.values():
        yield group.fields | {"Tags": shown(group.tags)}


def _endpoints(account: Account) -> Iterator[Record]:
    for endpoint in account.state.endpoints.values():
        yield views.describe(endpoint) | {"Tags": shown(endpoint.tags)}


_RECORDS = {"ModelPackage": _packages, "ModelPackageGroup": _groups, "Endpoint": _endpoints}
