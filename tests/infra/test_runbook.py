"""The runbook tells of every phase and every alarm: nobody who is paged finds nothing."""

import re

import pytest

from lambdas.core.record import Phase
from tests.infra.conftest import ROOT, Assembly

RUNBOOK = (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.value)
def test_every_phase_has_its_line(phase: Phase) -> None:
    assert re.search(rf"^\| {phase.value} \| .+ \| .+ \|$", RUNBOOK, re.MULTILINE)


def test_every_alarm_of_the_controller_has_its_line(assembly: Assembly) -> None:
    alarms = assembly.properties("Greenlight-Controller", "AWS::CloudWatch::Alarm")
    names = {str(alarm["AlarmName"]) for alarm in alarms}
    assert len(names) > 5
    told = set()
    for line in RUNBOOK.splitlines():
        quoted = re.findall(r"`([^`]+)`", line.partition("|")[2].partition("|")[0])
        for short in quoted:  # `…-used` stands for the one before it with another ending
            told |= {name for name in names if name == short or name.endswith(short.removeprefix("…"))}
    assert told == names
