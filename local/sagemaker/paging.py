"""Lists: filters that all List operations share, order, and pages with opaque tokens."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

DEFAULT_PAGE = 10  # ListEndpoints says so of itself; the others say nothing


def chosen(
    items: Iterable[Mapping[str, Any]], request: Mapping[str, Any], *, name: str
) -> list[Mapping[str, Any]]:
    """The items that a List request's NameContains, Creation- and LastModifiedTime filters leave.

    Args:
        items: in the API's form.
        request: the List request.
        name: the member that NameContains looks at (without regard to case).
    """
    tests: list[Callable[[Mapping[str, Any]], bool]] = []
    if part := request.get("NameContains"):
        tests.append(lambda item: part.lower() in str(item.get(name, "")).lower())
    for member in ("CreationTime", "LastModifiedTime"):
        if (after := request.get(member + "After")) is not None:
            tests.append(lambda item, m=member, t=after: item[m] > t)  # type: ignore[misc] # bound now
        if (before := request.get(member + "Before")) is not None:
            tests.append(lambda item, m=member, t=before: item[m] < t)  # type: ignore[misc] # bound now
    return [item for item in items if all(test(item) for test in tests)]


def ordered(
    items: list[Mapping[str, Any]], request: Mapping[str, Any], members: Mapping[str, str], *, ascending: bool
) -> list[Mapping[str, Any]]:
    """The items in the order that a List request asks for.

    Args:
        items: as they were made; that decides between equals.
        request: the List request.
        members: the item's member for each value of SortBy.
        ascending: the operation's default order.
    """
    member = members[request.get("SortBy", "CreationTime")]
    down = not request.get("SortOrder", "Ascending" if ascending else "Descending").startswith("Asc")
    numbered = sorted(enumerate(items), key=lambda pair: (pair[1][member], pair[0]), reverse=down)
    return [item for _, item in numbered]


def page(
    items: Sequence[Any],
    request: Mapping[str, Any],
    operation: str,
    member: str,
    *,
    default: int = DEFAULT_PAGE,
) -> dict[str, Any]:
    """One page of a list, and the token of the next.

    Raises:
        SageMakerError: ValidationException for a token that this operation did not give.
    """
    start = _start(request.get("NextToken"), operation)
    end = start + request.get("MaxResults", default)
    more = {"NextToken": _token(operation, end)} if end < len(items) else {}
    return {member: list(items[start:end])} | more


def _token(operation: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([operation, start]).encode()).decode()


def _start(token: str | None, operation: str) -> int:
    if not token:
        return 0
    try:
        made_for, start = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid("Invalid NextToken.") from error
    if made_for != operation or not isinstance(start, int):
        raise invalid("Invalid NextToken.")
    return start
