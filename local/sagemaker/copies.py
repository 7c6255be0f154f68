"""Copies of requests and answers, which are JSON: that takes a fraction of what `copy.deepcopy` does."""

from typing import TypeVar

T = TypeVar("T")


def copied(value: T) -> T:
    """A value with every object and list in it made anew; everything else in it never changes."""
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}  # type: ignore[return-value] # it is a dict
    if isinstance(value, list):
        return [copied(item) for item in value]  # type: ignore[return-value] # it is a list
    return value
