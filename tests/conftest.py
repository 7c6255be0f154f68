"""For all tests: the longest first; hypothesis tries the same examples each time unless GREENLIGHT_HISTORIES is set."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # it has no types

from tests.one_thread import without_threads

settings.register_profile("same-every-time", derandomize=True)
if "GREENLIGHT_HISTORIES" not in os.environ:
    settings.load_profile("same-every-time")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """No threads within an invocation, so that a history runs the same way each time."""
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        yield


_LONGEST_FIRST = ("tests/e2e/", "tests/simulation/", "tests/infra/", "tests/local/", "tests/browser/")
_TOGETHER = ("tests/e2e/", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: begun last, it would keep a single worker busy at the end."""

    def rank(item: pytest.Item) -> int:
        matches = (n for n, folder in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(folder))
        return next(matches, len(_LONGEST_FIRST))

    items.sort(key=rank)


class _InParts(LoadScopeScheduling):  # type: ignore[misc] # as above
    """Gives a worker a file as a whole, and some folders: for them the app is deployed once, a browser started once."""

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in _TOGETHER if nodeid.startswith(one)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Who does what when there are several workers."""
    config.option.loadscopereorder = False
    return _InParts(config, log)
