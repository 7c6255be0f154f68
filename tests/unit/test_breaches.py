"""Each use of break-glass is in the account's own ledger, once."""

import json

from lambdas.core.decide import decide
from lambdas.core.facts import Facts, Hint
from lambdas.core.identity import Identity
from lambdas.core.ledger import first_broken
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.record import Record
from lambdas.core.trail import Breach
from lambdas.core.turn import Decision
from tests.builders import NOW, told

KIM = Identity("arn:aws:sts::123456789012:assumed-role/greenlight-break-glass/kim", "kim")


def noted(record: Record | None, *breaches: Breach) -> Decision:
    hints = tuple(Hint("break-glass", breach=breach) for breach in breaches)
    decision = decide(Facts(group=ACCOUNT_WIDE, now=NOW, record=record, hints=hints))
    assert isinstance(decision, Decision)
    assert decision.actions == ()
    assert not decision.unsettled
    return decision


def test_who_called_what_on_which_endpoint_is_recorded() -> None:
    decision = noted(None, Breach("e-1", NOW - 60, KIM, "UpdateEndpoint", "churn"))
    assert told(decision) == ["break-glass"]
    body = json.loads(decision.entries[0].body)
    assert "kim" in body["reason"]
    assert "UpdateEndpoint on endpoint churn" in body["reason"]
    assert body["data"]["event"] == "e-1"
    assert first_broken(ACCOUNT_WIDE, decision.entries) is None


def test_a_doubled_event_is_recorded_once() -> None:
    use = Breach("e-1", NOW - 60, KIM, "AssumeRole")
    first = noted(None, use, use)
    assert told(first) == ["break-glass"]
    assert not noted(first.record, use).changed


def test_a_look_without_news_changes_nothing() -> None:
    assert told(noted(None)) == []
