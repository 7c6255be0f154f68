"""What AWS's service authorization data says of an action: the types of resources that it is checked against.

The data is parliament's copy of the Service Authorization Reference.
"""

import functools
from fnmatch import fnmatchcase

import parliament


@functools.cache
def _known() -> dict[str, dict[str, frozenset[str]]]:
    """By service, by action in lower case: its resource types, without the marks of what is required."""
    return {
        service["prefix"]: {
            privilege["privilege"].lower(): frozenset(
                kind["resource_type"].rstrip("*") for kind in privilege["resource_types"]
            )
            for privilege in service["privileges"]
        }
        for service in parliament.iam_definition
    }


@functools.cache
def resource_types(action: str) -> frozenset[str]:
    """The resource types of every action that a pattern such as `events:Put*` means; "" is: none.

    Empty where the data knows no such action: it is older than some of AWS's.
    """
    service, _, name = action.partition(":")
    known = _known().get(service.lower(), {})
    return frozenset[str]().union(*(types for one, types in known.items() if fnmatchcase(one, name.lower())))


def has_no_resource(action: str) -> bool:
    """Whether AWS checks every action of a pattern against `*` alone, so that no ARN in a policy matches it."""
    return resource_types(action) == {""}
