"""`governance.yaml`: what it may say, and how it is told what is wrong with it."""

from pathlib import Path

import pytest

from infra.config.governance import GovernanceConfig, load_governance
from infra.config.problems import ConfigError
from lambdas.core.announcements import Urgency
from lambdas.core.ledger import Kind
from lambdas.core.spec import Calendar, Recurring
from tests.infra.conftest import ROOT

AUDIT = "arn:aws:iam::111122223333:role/InternalAudit"


def load(folder: Path, text: str) -> GovernanceConfig:
    (folder / "governance.yaml").write_text(text)
    return load_governance(folder / "governance.yaml", required=True)


def test_the_file_of_the_project_says_nothing_and_can_be_uncommented(tmp_path: Path) -> None:
    text = (ROOT / "governance.yaml").read_text()
    assert load(tmp_path, text) == GovernanceConfig()
    lines = [line.removeprefix("# ") for line in text.splitlines()[2:]]
    config = load(tmp_path, "\n".join(lines))
    assert config.auditors
    assert config.break_glass is not None
    assert config.freeze
    assert config.recurring_freeze
    assert config.messages.urgencies
    assert config.messages.mail


def test_without_the_default_file_nothing_is_configured(tmp_path: Path) -> None:
    assert load_governance(tmp_path / "governance.yaml", required=False) == GovernanceConfig()


def test_the_freeze_windows_are_what_reconcile_reads(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        'recurring_freeze: [{cron: "0 17 * * 5", minutes: 60, timezone: Europe/Berlin, reason: weekend}]\n'
        "freeze: [{start: 2026-12-23T00:00:00Z, end: 2026-12-24T00:00:00Z, reason: Christmas}]",
    )
    assert config.calendar.recurring_freeze == (Recurring("0 17 * * 5", 60, "Europe/Berlin", "weekend"),)
    assert config.calendar.freeze[0].end - config.calendar.freeze[0].start == 86_400
    assert GovernanceConfig().calendar == Calendar()


def test_messages_are_as_urgent_as_the_account_says(tmp_path: Path) -> None:
    config = load(tmp_path, "messages: {page: [rollout.failed], inform: [spec], quiet: [decision, waiting]}")
    assert config.messages.urgencies == {
        Kind.FAILED: Urgency.PAGE,
        Kind.SPEC: Urgency.INFORM,
        Kind.DECISION: Urgency.QUIET,
        Kind.WAITING: Urgency.QUIET,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("auditors: ['*']", 'auditors.0 is "*": must not have a wildcard'),
        ("auditors: ['arn:aws:iam::111122223333:root']", "must not be a whole account"),
        ("auditors: [anna]", "must be the ARN of one role or user"),
        (f"auditors: [{AUDIT}, {AUDIT}]", "auditors.1"),
        ("break_glass: {principals: []}", "break_glass.principals"),
        ("break_glass: {}", "break_glass.principals: is required"),
        ("break_glass: true", "break_glass"),
        ("auditor: []", "known are auditors, break_glass, freeze, recurring_freeze, messages"),
        ("freeze: [{start: 2026-12-24T00:00:00Z, end: 2026-12-23T00:00:00Z, reason: x}]", "after its start"),
        (
            "messages: {page: [explosion]}",
            "messages.page.0 is \"explosion\": must be 'onboarded', 'decision'",
        ),
        (
            "messages: {page: [blocked], quiet: [blocked]}",
            'messages.quiet.0 is "blocked": is said already, by messages.page.0',
        ),
        ("messages: {inform: [blocked, blocked]}", "messages.inform.1"),
        ("messages: {mail: [ann]}", 'messages.mail.0 is "ann": must be a mail address'),
        ("messages: {mail: [a@example.com, A@example.com]}", "messages.mail.1"),
        ("messages: {pages: [blocked]}", "known are page, inform, quiet, mail"),
        ("- a", "must hold keys and values"),
        ("auditors: [", "governance.yaml:1"),
    ],
)
def test_what_is_wrong_is_told_by_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert says in str(caught.value)
    assert "governance.yaml" in str(caught.value)
