"""A function's settings survive the environment, so that infra and handler agree by construction."""

from typing import Any

import pytest

from lambdas.announce.settings import AnnounceSettings
from lambdas.core.errors import Malformed
from lambdas.core.settings import from_environment, to_environment
from lambdas.reconcile.settings import ReconcileSettings
from lambdas.retrain.settings import RetrainSettings
from lambdas.sweep.settings import SweepSettings

ALL = [
    ReconcileSettings("state", "ledger", "https://sqs/queue", "https://sqs/dead", "https://sqs/retrain"),
    RetrainSettings("state", "https://sqs/queue"),
    SweepSettings("state", "https://sqs/queue"),
    AnnounceSettings("ledger", "bus", "arn:messages", "arn:alarms", "https://sqs/unannounced", "{}"),
]


@pytest.mark.parametrize("settings", ALL)
def test_settings_survive_the_environment(settings: Any) -> None:
    assert from_environment(type(settings), to_environment(settings)) == settings


@pytest.mark.parametrize("settings", ALL)
def test_other_variables_do_not_matter(settings: Any) -> None:
    assert from_environment(type(settings), {**to_environment(settings), "PATH": "/bin"}) == settings


def test_the_variables_are_named_after_the_settings() -> None:
    assert to_environment(SweepSettings("state", "url")) == {
        "GREENLIGHT_STATE_TABLE": "state",
        "GREENLIGHT_QUEUE_URL": "url",
    }


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(Malformed) as error:
        from_environment(ReconcileSettings, {"GREENLIGHT_STATE_TABLE": "state", "GREENLIGHT_QUEUE_URL": ""})
    assert str(error.value) == (
        "environment lacks GREENLIGHT_LEDGER_TABLE, GREENLIGHT_QUEUE_URL, GREENLIGHT_DEAD_LETTER_URL,"
        " GREENLIGHT_RETRAIN_URL; infra sets them from ReconcileSettings"
    )
