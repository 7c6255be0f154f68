"""What reconcile counts: each kind of entry by group, and what needs a person for all groups together."""

import json

import pytest
from aws_lambda_powertools import Logger

from lambdas.core.ledger import Event, Kind
from lambdas.core.turn import Decision
from lambdas.reconcile.look import Step
from lambdas.reconcile.report import Report
from tests.builders import a_record

ASKING = {Kind.RETRAIN_FAILED, Kind.BLOCKED, Kind.FOREIGN, Kind.HALTED, Kind.UNPROVEN, Kind.WITHDRAWN}


def counted(text: str) -> list[tuple[str, dict[str, str]]]:
    """The metrics in EMF lines: names, and the dimensions by which each is found."""
    found = []
    for line in map(json.loads, filter(lambda line: '"_aws"' in line, text.splitlines())):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Greenlight"
            (dimensions,) = directive["Dimensions"]
            values = {name: str(line[name]) for name in dimensions}
            found += [(metric["Name"], values) for metric in directive["Metrics"]]
    return found


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_entry_is_counted_by_group_and_what_needs_a_person_for_all_groups_too(
    kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = Decision(a_record(), "because", events=(Event(kind, 0.0, "because"),))
    Report(Logger(service="reconcile")).step("fraud", Step(decision))
    by_group = (kind.value, {"Function": "reconcile", "Group": "fraud"})
    for_all = [("needs-a-person", {"Function": "reconcile"})] if kind in ASKING else []
    assert counted(capsys.readouterr().out) == [by_group, *for_all]


def test_what_only_awaits_cloudtrail_needs_nobody_yet(capsys: pytest.CaptureFixture[str]) -> None:
    event = Event(Kind.BLOCKED, 0.0, "because", data={"awaited": True})
    Report(Logger(service="reconcile")).step("fraud", Step(Decision(a_record(), "because", events=(event,))))
    assert counted(capsys.readouterr().out) == [("blocked", {"Function": "reconcile", "Group": "fraud"})]


def test_a_message_about_nothing_of_ours_needs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    Report(Logger(service="reconcile")).step("fraud", Step(Decision(None, "not ours")))
    assert counted(capsys.readouterr().out) == [("ignored", {"Function": "reconcile"})]
