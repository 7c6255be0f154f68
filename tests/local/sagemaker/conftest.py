"""The SageMaker that a test uses."""

from __future__ import annotations

import pytest

from tests.local.sagemaker.world import Sim


@pytest.fixture
def aws() -> Sim:
    """An empty account."""
    return Sim()
