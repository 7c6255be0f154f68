"""What people who are to decide on a version are told of it."""

from typing import Any

from lambdas.core.announcements import Urgency
from lambdas.core.briefing import briefing, commands
from lambdas.core.ledger import Kind
from lambdas.core.messages import to_message
from tests.unit.test_announcements import announcement

AUC = {"name": "auc", "before": 0.95, "after": 0.93, "change": -0.02, "better": False}
DATA: dict[str, Any] = {
    "registered_by": "arn:x/rob",
    "compared_with": 6,
    "metrics": [AUC, {"name": "f1", "before": 0.8, "after": None, "change": None, "better": None}],
    "differences": [{"name": "dataset", "before": None, "after": "june"}],
    "gates": ["its auc is 0.93, below 0.95"],
    "report": None,
}
LINES = [
    "v7 beside v6, which is live:",
    "  auc: 0.93 (-0.02, worse)",
    "  f1: missing; v6 has 0.8",
    "  gates it would not pass: its auc is 0.93, below 0.95",
    "  dataset: none → june",
]


def test_metrics_gates_and_differences_are_told_beside_the_live_version() -> None:
    assert briefing(7, DATA) == LINES


def test_a_first_version_is_told_alone() -> None:
    alone = {**DATA, "compared_with": None, "metrics": [{**AUC, "before": None, "change": None}], "gates": []}
    assert briefing(1, {**alone, "differences": [], "report": "its report is not JSON"}) == [
        "nothing is live to compare it with:",
        "  auc: 0.93",
        "  its report is not JSON",
        "  it would pass the group's gates",
    ]
    assert briefing(1, {**alone, "metrics": [], "differences": []})[1] == "  it has no metrics"


def test_a_version_that_a_run_registered_says_so_first_whether_or_not_it_was_compared() -> None:
    run = {"run": "churn-run-9", "cause": "drift", "because": "in ALARM:\ngreenlight/churn/drift"}
    line = "registered by run churn-run-9, for drift: in ALARM: greenlight/churn/drift"
    assert briefing(7, {**DATA, **run}) == [line, *LINES]
    assert briefing(7, {"registered_by": "arn:x/rob", **run}) == [line]


def test_what_was_not_compared_is_not_told_as_if_it_were() -> None:
    assert briefing(7, {"registered_by": "arn:x/rob"}) == []


def test_many_are_told_by_their_number_and_each_in_one_line() -> None:
    many = {
        **DATA,
        "metrics": [{**AUC, "name": f"a\n{n}"} for n in range(25)],
        "differences": DATA["differences"] * 12,
    }
    told = briefing(7, many)
    assert "  and 15 more metrics" in told
    assert "  and 2 more differences" in told
    assert told[1] == "  a 0: 0.93 (-0.02, worse)"


def test_the_commands_compare_and_decide() -> None:
    assert commands("churn", 7, DATA) == [
        "greenlight diff churn 6 7",
        'greenlight approve churn 7 --reason "…"',
        'greenlight reject churn 7 --reason "…"',
    ]


def test_a_message_of_a_pending_version_has_it_all_and_nothing_of_it_is_markup_in_a_chat() -> None:
    hostile = {
        **DATA,
        "differences": [{"name": "<!channel>", "before": "*b*", "after": "[x](https://evil.example)"}],
    }
    message = to_message(announcement(Kind.PENDING, "v7 was registered", **hostile), Urgency.INFORM)
    assert "Who:   arn:x/rob" in message.text
    for line in (*LINES[:4], "  greenlight diff churn 6 7"):
        assert line in message.text.splitlines()
    assert "  <!channel>: *b* → [x](https://evil.example)" in message.text.splitlines()
    for markup in ("<!channel>", "*b*", "[x]", "https://"):
        assert markup not in message.chat
