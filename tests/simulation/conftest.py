"""What tests of single simulated lives share."""

from collections.abc import Iterator

import pytest

from tests.simulation.world import without_threads


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """No threads within an invocation, so that a life runs the same way each time."""
    with pytest.MonkeyPatch.context() as patch:
        without_threads(patch.setattr)
        yield
