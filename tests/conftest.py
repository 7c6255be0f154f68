"""For all tests: the longest first; hypothesis tries the same examples each time unless GREENLIGHT_HISTORIES is set."""

import os

import pytest
from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True)
if "GREENLIGHT_HISTORIES" not in os.environ:
    settings.load_profile("same-every-time")


_LONGEST_FIRST = ("tests/e2e/", "tests/simulation/", "tests/infra/", "tests/local/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: begun last, one would keep a single worker busy at the end."""

    def rank(item: pytest.Item) -> int:
        matches = (n for n, folder in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(folder))
        return next(matches, len(_LONGEST_FIRST))

    items.sort(key=rank)
