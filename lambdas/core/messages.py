"""An announcement as a message for people: a mail's subject and plain text, and a chat's notification.

What somebody wrote (reasons, names) is shown as text in each of them, on one line: it passes for nothing else.
"""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from lambdas.core import briefing
from lambdas.core.announcements import Announcement, Urgency
from lambdas.core.events import moment
from lambdas.core.ledger import Kind
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.text import ascii_line, one_line, unmarked

MOST_SUBJECT = (
    99  # characters: "must be less than 100 characters long", ASCII, no line breaks [SNS API, Publish]
)
_MOST_TITLE = 200
_MOST_WHY = 2_000
_MOST_WHO = 400
_RETRAINED_BY_A_PERSON = frozenset({Kind.RETRAIN_FAILED, Kind.RETRAIN_HELD})  # which no run follows by itself
_DECISIONS = frozenset({Kind.DECISION, Kind.CORRECTED})
_WHO = ("by", "approved_by", "registered_by")  # where entries say who; see core/intake.py and core/moves.py


@dataclass(frozen=True)
class Message:
    """What a topic is given.

    Attributes:
        subject: of mails.
        text: plain text, for mails.
        chat: JSON of Amazon Q Developer's custom notification, for chats and for programs.
        attributes: by which subscriptions filter.
    """

    subject: str
    text: str
    chat: str
    attributes: dict[str, str]


def to_message(one: Announcement, urgency: Urgency) -> Message:
    """The message of an announcement."""
    title, why = _title(one), one_line(one.reason, _MOST_WHY)
    return Message(
        subject=ascii_line(f"Greenlight: {title}: {one.reason}", MOST_SUBJECT),
        text=_mail(one, title, why),
        chat=json.dumps(_chat(one, title, why, urgency), ensure_ascii=False),
        attributes={
            "id": one.id,
            "group": one.group,
            "kind": one.kind.value,
            "urgency": urgency.value,
        },
    )


def _title(one: Announcement) -> str:
    group = "the account" if one.group == ACCOUNT_WIDE else one.group
    version = "" if one.version is None else f" v{one.version}"
    return one_line(f"{group}{version}: {one.telling.words}", _MOST_TITLE)


def _facts(one: Announcement, why: str) -> list[tuple[str, str]]:
    who = next((str(one.data[key]) for key in _WHO if one.data.get(key)), None)
    if one.kind in _DECISIONS and "by" in one.data:
        who = str(one.data.get("by") or "not known yet")  # who registered it did not decide
    return [
        ("Why", why),
        *([] if who is None else [("Who", one_line(who, _MOST_WHO))]),
        *([("Run", one_line(str(one.data["run"]), _MOST_WHO))] if one.data.get("run") else []),
        ("When", f"{moment(one.at)[:19].replace('T', ' ')} UTC"),
        ("Entry", f"{one.id}, {one.kind.value}"),
    ]


def _commands(one: Announcement) -> list[str]:
    """What tells more, and what decides."""
    group = shlex.quote(one.group)
    if one.kind is Kind.PENDING and one.version is not None:
        return briefing.commands(one.group, one.version, one.data)
    if one.kind in _RETRAINED_BY_A_PERSON:
        return [f"greenlight status {group}", f'greenlight retrain {group} --reason "…"']
    status = [] if one.group == ACCOUNT_WIDE else [f"greenlight status {group}"]
    return [*status, f"greenlight history {group}"]


def _mail(one: Announcement, title: str, why: str) -> str:
    facts = (f"{name + ':':7}{value}" for name, value in _facts(one, why))
    commands = (f"  {command}" for command in _commands(one))
    brief = _brief(one)
    return "\n".join(
        [title, "", *facts, *([""] if brief else []), *brief, "", "What tells more:", *commands, ""]
    )


def _brief(one: Announcement) -> list[str]:
    """What whoever is to decide should know."""
    waits = one.kind is Kind.PENDING and one.version is not None
    return briefing.briefing(one.version, one.data) if waits and one.version is not None else []


def _chat(one: Announcement, title: str, why: str, urgency: Urgency) -> dict[str, Any]:
    """Amazon Q Developer's schema; what does not conform it drops silently [its guide, "Custom notifications"]."""
    facts = [f"*{name}:* {unmarked(value)}" for name, value in _facts(one, why)]
    facts += [unmarked(line.strip()) for line in _brief(one)]
    return {
        "version": "1.0",
        "source": "custom",
        "id": one.id,
        "content": {
            "textType": "client-markdown",
            "title": unmarked(title),
            "description": "\n".join(facts),
            "nextSteps": [f"`{unmarked(command)}`" for command in _commands(one)],
            "keywords": [one.kind.value, urgency.value],
        },
        "metadata": {
            # What is told of one version is one thread.
            "threadId": one.group if one.version is None else f"{one.group}/v{one.version}",
            "summary": unmarked(title),
            "eventType": one.telling.detail_type,
            "additionalContext": {"group": one.group, "seq": str(one.seq), "hash": one.hash},
        },
    }
