"""Messages for people: a subject that SNS takes, plain text, and a chat's notification in which nothing is markup."""

import json
import re

import pytest
from hypothesis import given

from lambdas.core.announcements import Announcement, Urgency
from lambdas.core.ledger import Kind
from lambdas.core.messages import MOST_SUBJECT, to_message
from tests.unit.test_announcements import announcement
from tests.unit.test_events import ANNOUNCEMENTS

HOSTILE = (
    "<!channel> <@U0> @here <https://evil.example|harmless> [harmless](https://evil.example) *b* _i_ ~s~ `c` "
    "<script>alert(1)</script>\r\nWho:   the auditor\n\x1b[31m\u202eright to left\ud800"
)
_LIMIT = 262_144  # bytes of a message [SNS API, Publish]


@given(ANNOUNCEMENTS)
def test_every_subject_is_one_that_sns_takes(one: Announcement) -> None:
    subject = to_message(one, Urgency.INFORM).subject
    assert re.fullmatch(r"[ -~]+", subject)
    assert len(subject) <= MOST_SUBJECT < 100
    assert subject.startswith("Greenlight: ")


@given(ANNOUNCEMENTS)
def test_every_message_is_text_that_can_be_sent_and_names_its_entry(one: Announcement) -> None:
    message = to_message(one, Urgency.PAGE)
    by_protocol = json.dumps({"default": message.chat, "email": message.text})
    assert len(by_protocol.encode()) < _LIMIT
    message.text.encode()
    message.chat.encode()
    assert f"Entry: {one.id}, {one.kind.value}" in message.text
    assert message.attributes == {
        "id": one.id,
        "group": one.group,
        "kind": one.kind.value,
        "urgency": "page",
    }
    assert all(message.attributes.values())


def test_a_mail_says_what_why_who_when_and_what_tells_more() -> None:
    text = to_message(
        announcement(Kind.STARTED, "forward to v7", approved_by="arn:x/ann"), Urgency.INFORM
    ).text
    assert text.splitlines() == [
        "churn v7: rollout started",
        "",
        "Why:   forward to v7",
        "Who:   arn:x/ann",
        "When:  2023-11-14 22:13:20 UTC",
        "Entry: churn/12, rollout.started",
        "",
        "What tells more:",
        "  greenlight status churn",
        "  greenlight history churn",
    ]


def test_a_subject_says_what_and_the_beginning_of_why() -> None:
    subject = to_message(announcement(Kind.BLOCKED, "v7 → " + "ü" * 200), Urgency.PAGE).subject
    assert subject == "Greenlight: churn v7: blocked: v7 -> " + "?" * 59 + "..."


def test_a_chat_gets_amazon_q_developers_own_schema() -> None:
    chat = json.loads(to_message(announcement(Kind.BLOCKED, "no lineage"), Urgency.PAGE).chat)
    assert (chat["version"], chat["source"], chat["id"]) == ("1.0", "custom", "churn/12")
    assert chat["content"] == {
        "textType": "client-markdown",
        "title": "churn v7: blocked",
        "description": "*Why:* no lineage\n*When:* 2023-11-14 22:13:20 UTC\n*Entry:* churn/12, blocked",
        "nextSteps": ["`greenlight status churn`", "`greenlight history churn`"],
        "keywords": ["blocked", "page"],
    }
    assert chat["metadata"]["threadId"] == "churn/v7"
    assert all(isinstance(value, str) for value in chat["metadata"]["additionalContext"].values())


def test_what_somebody_wrote_is_one_line_of_a_mail_and_passes_for_no_other() -> None:
    text = to_message(announcement(Kind.DECISION, HOSTILE, by=HOSTILE), Urgency.INFORM).text
    assert [line[:5] for line in text.splitlines()].count("Who: ") == 1
    assert "<script>alert(1)</script> Who:   the auditor".replace("   ", " ") in text
    assert not [one for one in text if not one.isprintable() and one != "\n"]


def test_what_somebody_wrote_is_no_markup_mention_or_link_in_a_chat() -> None:
    chat = json.loads(to_message(announcement(Kind.DECISION, HOSTILE, by=HOSTILE), Urgency.INFORM).chat)
    why, who = chat["content"]["description"].splitlines()[:2]
    for line in (why.removeprefix("*Why:* "), who.removeprefix("*Who:* ")):
        assert not set(line) & set("<>&*_~`@[]\\")
        assert "://" not in line
        assert "channel" in line
        assert "alert(1)" in line


@pytest.mark.parametrize(
    ("kind", "reason", "subject"),
    [
        (
            Kind.DRIFT,
            "v7 drifts; in ALARM: greenlight/churn/drift",
            "churn v7: drift: v7 drifts; in ALARM: greenlight/churn/drift",
        ),
        (
            Kind.MONITORING,
            "data quality of v7 is watched by its own baseline, s3://b/c",
            "churn v7: monitoring follows the live version: data quality of v7 is watched by its ...",
        ),
        (
            Kind.UNMONITORED,
            "bias of v7 is not monitored: it has no baseline",
            "churn v7: not monitored: bias of v7 is not monitored: it has no baseline",
        ),
        (
            Kind.RETRAIN_STARTED,
            "run churn-run-9 of pipeline train starts, for drift: x",
            "churn v7: retraining started: run churn-run-9 of pipeline train starts, for drift: x",
        ),
        (
            Kind.RETRAIN_SUCCEEDED,
            "run churn-run-9 registered v8 after 700 s",
            "churn v7: retraining ended: run churn-run-9 registered v8 after 700 s",
        ),
        (
            Kind.RETRAIN_FAILED,
            "run churn-run-9: failed: step Train",
            "churn v7: retraining failed: run churn-run-9: failed: step Train",
        ),
        (
            Kind.RETRAIN_HELD,
            "not retrained for drift: run churn-run-9 is under way",
            "churn v7: retraining is held: not retrained for drift: run churn-run-9 is under way",
        ),
    ],
)
def test_what_the_circle_says_reads_well_in_a_subject(kind: Kind, reason: str, subject: str) -> None:
    assert to_message(announcement(kind, reason), Urgency.INFORM).subject == f"Greenlight: {subject}"


def test_a_run_is_named_in_every_message_of_what_it_led_to() -> None:
    one = announcement(Kind.SUCCEEDED, "v7 is live", run="churn-run-9")
    assert "Run:   churn-run-9\n" in to_message(one, Urgency.INFORM).text


@pytest.mark.parametrize("kind", [Kind.RETRAIN_FAILED, Kind.RETRAIN_HELD])
def test_where_no_run_follows_by_itself_the_message_says_how_a_person_starts_one(kind: Kind) -> None:
    text = to_message(announcement(kind, "run churn-run-9: failed"), Urgency.PAGE).text
    assert text.splitlines()[-2:] == [
        "  greenlight status churn",
        '  greenlight retrain churn --reason "…"',
    ]


@pytest.mark.parametrize("group", ["<!channel>", "`a`", "a b; rm", "@here"])
def test_not_even_a_groups_name_is_markup(group: str) -> None:
    one = Announcement(group, 1, "0" * 64, Kind.SPEC, 1.0, "r", None, {})
    content = json.loads(to_message(one, Urgency.INFORM).chat)["content"]
    words = [content["title"], *(step.strip("`") for step in content["nextSteps"])]
    assert not set("".join(words)) & set("<>&*~`@[]")


def test_the_accounts_own_entries_name_no_group() -> None:
    one = Announcement("#account", 3, "0" * 64, Kind.BREAK_GLASS, 1.0, "break-glass: eve called X", None, {})
    message = to_message(one, Urgency.PAGE)
    assert message.subject == "Greenlight: the account: break-glass was used: break-glass: eve called X"
    assert "greenlight status" not in message.text
    assert "greenlight history '#account'" in message.text


@pytest.mark.parametrize("kind", [Kind.DECISION, Kind.CORRECTED])
@pytest.mark.parametrize(("by", "who"), [("arn:x/ann", "arn:x/ann"), (None, "not known yet")])
def test_who_registered_a_version_is_never_told_as_who_decided_on_it(
    kind: Kind, by: str | None, who: str
) -> None:
    told = announcement(kind, "v7: Approved → Rejected", by=by, registered_by="arn:x/rob")
    text = to_message(told, Urgency.INFORM).text
    assert f"Who:   {who}" in text
    assert "rob" not in text
