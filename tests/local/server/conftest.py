"""One local AWS with the small app in it, for all tests here that need one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL_APP = Path(__file__).with_name("small_app.py")


@pytest.fixture(scope="session", autouse=True)
def ministack_writes_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    """ministack makes keys when it is imported; the tests of the hooks import it into this process."""
    os.environ["STATE_DIR"] = str(tmp_path_factory.mktemp("ministack"))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small app's cloud assembly is, once `aws` has deployed it."""
    return tmp_path_factory.mktemp("cdk.out")


@pytest.fixture(scope="session")
def aws(assembly: Path) -> Iterator[LocalAws]:
    """A local AWS at 120 AWS seconds per second, bootstrapped, with the small app deployed by the CDK CLI."""
    with LocalAws(time_scale=120) as local:
        local.bootstrap()
        local.cdk(
            "deploy", "--app", f"{sys.executable} {SMALL_APP}", "--output", str(assembly), "--all",
            "--require-approval", "never", cwd=assembly,
        )  # fmt: skip
        yield local
