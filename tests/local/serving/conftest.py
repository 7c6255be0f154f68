"""Fleets that are always stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.serving.fleet import FleetProcess

Start = Callable[..., FleetProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a fleet with an archive; its folder is under `tmp_path`."""
    started: list[FleetProcess] = []

    def begin(
        content: bytes,
        environment: dict[str, str] | None = None,
        timeout: float = 30,
        answer_timeout: float = 30,
    ) -> FleetProcess:
        folder = tmp_path / f"fleet-{len(started)}"
        fleet = FleetProcess(content, environment or {}, folder, answer_timeout=answer_timeout)
        started.append(fleet)
        fleet.start(timeout)
        return fleet

    yield begin
    for fleet in started:
        fleet.stop()
