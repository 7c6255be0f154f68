"""What became of a version, for people who ask."""

from dataclasses import replace

import pytest

from lambdas.core.facts import VersionSummary
from lambdas.core.record import Phase
from lambdas.core.versions import version_told
from tests.builders import a_record, package


def became(number: int, phase: Phase, reason: str) -> str | None:
    """Of two approved versions, of which neither is live."""
    record = replace(a_record(package(1), package(2)), phase=phase, reason=reason)
    detail = package(number)
    summary = VersionSummary(number, detail.arn, detail.approval, "Completed", detail.modified)
    return version_told(summary, record, None).became


@pytest.mark.parametrize("phase", [Phase.BLOCKED, Phase.PAUSED, Phase.WAITING])
def test_the_version_that_would_go_live_next_is_told_with_what_holds_it(phase: Phase) -> None:
    held = f"{phase.value.lower()}: recall is 0.7"
    assert became(2, phase, "v2: recall is 0.7") == held
    assert became(2, phase, "recall is 0.7") == held


def test_an_older_one_is_not_held_by_it_nor_is_any_while_nothing_is_held() -> None:
    assert became(1, Phase.BLOCKED, "v2: recall is 0.7") is None
    assert became(2, Phase.IDLE, "nothing is approved that we act on") is None
