"""What is announced of a ledger entry: under which name, how urgently. One table for all kinds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lambdas.core.errors import Malformed
from lambdas.core.ledger import Entry, Kind, event_of, intact
from lambdas.core.text import quoted


class Urgency(StrEnum):
    """Whom an announcement is for; every one of them is an event on the bus, too."""

    PAGE = "page"
    """Somebody must look now: the alarm topic, and the message topic."""
    INFORM = "inform"
    """People may want to know: the message topic."""
    QUIET = "quiet"
    """Machines only."""


@dataclass(frozen=True)
class Telling:
    """How entries of a kind are told.

    Attributes:
        detail_type: of the event on the bus.
        words: what happened, as it stands in a subject.
        urgency: unless `governance.yaml` says otherwise.
    """

    detail_type: str
    words: str
    urgency: Urgency


TELLINGS: Mapping[Kind, Telling] = {
    Kind.ONBOARDED: Telling("Group State Change", "first look at the group", Urgency.INFORM),
    Kind.DECISION: Telling("Decision Recorded", "decision recorded", Urgency.INFORM),
    Kind.CORRECTED: Telling("Decision Corrected", "who decided, or why, is known now", Urgency.INFORM),
    Kind.WITNESS: Telling("Evidence Recorded", "decision seen in CloudTrail", Urgency.QUIET),
    Kind.UNPROVEN: Telling("Evidence Recorded", "goes live unproven", Urgency.PAGE),
    Kind.STARTED: Telling("Rollout State Change", "rollout started", Urgency.INFORM),
    Kind.SUCCEEDED: Telling("Rollout State Change", "rollout succeeded", Urgency.INFORM),
    Kind.FAILED: Telling("Rollout State Change", "rollout failed", Urgency.INFORM),
    Kind.ABORT: Telling("Rollout State Change", "rollout is being aborted", Urgency.INFORM),
    Kind.ABORTED: Telling("Rollout State Change", "rollout aborted", Urgency.INFORM),
    Kind.SUPERSEDED: Telling("Rollout State Change", "rollout superseded", Urgency.INFORM),
    Kind.VERSION_FAILED: Telling("Version Failed", "version failed", Urgency.INFORM),
    Kind.SPEC_FAILED: Telling("Spec State Change", "changed spec failed", Urgency.INFORM),
    Kind.BLOCKED: Telling("Rollout Blocked", "blocked", Urgency.PAGE),
    Kind.WAITING: Telling("Rollout Held", "waits for AWS", Urgency.INFORM),
    Kind.PAUSED: Telling("Rollout Held", "held by a pause or a freeze", Urgency.INFORM),
    Kind.FOREIGN: Telling("Group State Change", "endpoint is not ours", Urgency.PAGE),
    Kind.HALTED: Telling("Group State Change", "halted", Urgency.PAGE),
    Kind.WITHDRAWN: Telling("Group State Change", "withdrawn", Urgency.PAGE),
    Kind.SPEC: Telling("Spec State Change", "spec changed", Urgency.QUIET),
    Kind.UNMANAGED: Telling("Group State Change", "no longer managed", Urgency.INFORM),
    Kind.PAUSE: Telling("Pause Changed", "paused", Urgency.INFORM),
    Kind.RESUME: Telling("Pause Changed", "resumed", Urgency.INFORM),
    Kind.RETRY: Telling("Retry Requested", "another try asked for", Urgency.INFORM),
    Kind.ADOPTED: Telling("Group State Change", "endpoint adopted", Urgency.INFORM),
    Kind.PENDING: Telling("Version Pending", "waits for a decision", Urgency.INFORM),
    Kind.REMINDER: Telling("Review Reminder", "still waits for a decision", Urgency.INFORM),
    Kind.EXPIRED: Telling("Review Expired", "nobody decided", Urgency.INFORM),
    Kind.DRIFT: Telling("Drift State Change", "drift", Urgency.INFORM),
    Kind.MONITORING: Telling("Monitoring State Change", "monitoring follows the live version", Urgency.QUIET),
    Kind.UNMONITORED: Telling("Monitoring State Change", "not monitored", Urgency.INFORM),
    Kind.RETRAIN_STARTED: Telling("Retraining State Change", "retraining started", Urgency.INFORM),
    Kind.RETRAIN_SUCCEEDED: Telling("Retraining State Change", "retraining ended", Urgency.INFORM),
    Kind.RETRAIN_FAILED: Telling("Retraining State Change", "retraining failed", Urgency.PAGE),
    Kind.RETRAIN_HELD: Telling("Retraining State Change", "retraining is held", Urgency.INFORM),
    Kind.BREAK_GLASS: Telling("Break Glass Used", "break-glass was used", Urgency.PAGE),
}


@dataclass(frozen=True)
class Announcement:
    """A ledger entry, read. `at` in epoch seconds; `data` holds JSON values only."""

    group: str
    seq: int
    hash: str
    kind: Kind
    at: float
    reason: str
    version: int | None
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The same however often the entry is announced."""
        return f"{self.group}/{self.seq}"

    @property
    def telling(self) -> Telling:
        """How it is told."""
        return TELLINGS[self.kind]


def read(entry: Entry) -> Announcement:
    """Read an entry.

    Raises:
        Malformed: it is not what was written, or cannot be read.
    """
    where = f"entry {entry.seq} of group {entry.group}"
    if not intact(entry):
        raise Malformed(
            f"{where}: its hash is not that of its content; `greenlight history --verify` says more"
        )
    try:
        event = event_of(entry)
        return Announcement(
            group=entry.group,
            seq=entry.seq,
            hash=entry.hash,
            kind=event.kind,
            at=_time(event.at),
            reason=str(event.reason),
            version=None if event.version is None else int(event.version),
            data=dict(event.data),
        )
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed(f"{where} cannot be read: {type(error).__name__}: {error}") from error


def _time(at: object) -> float:
    """Epoch seconds of which a date can be made."""
    datetime.fromtimestamp(seconds := float(str(at)), UTC)
    return seconds


def urgency_of(one: Announcement, chosen: Mapping[Kind, Urgency]) -> Urgency:
    """How urgent it is; what goes on by itself, as CloudTrail's answer is awaited, pages nobody.

    Args:
        one: the announcement.
        chosen: by kind, where the account wants it otherwise than the table.
    """
    usual = chosen.get(one.kind, one.telling.urgency)
    return Urgency.INFORM if usual is Urgency.PAGE and "awaited" in one.data else usual


def chosen_text(chosen: Mapping[Kind, Urgency]) -> str:
    """Urgencies by kind as the text that `chosen_from` reads."""
    return json.dumps({kind.value: urgency.value for kind, urgency in chosen.items()}, sort_keys=True)


def chosen_from(text: str) -> dict[Kind, Urgency]:
    """What `chosen_text` wrote.

    Raises:
        Malformed: it is no such text.
    """
    try:
        return {Kind(kind): Urgency(urgency) for kind, urgency in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise Malformed(f"urgencies {quoted(text)} cannot be read: {error}; infra writes them") from error
