"""The command `retrain`: shows what is known, asks by the group's parameter, refuses plainly, and may watch the end."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdas.adapters.store import Store
from lambdas.core.ledger import Event, Kind, chain
from lambdas.core.names import act_parameter
from lambdas.core.record import Cause, Record, Retraining, Run
from lambdas.core.spec import EndpointSpec, GroupSpec, RetrainingSpec
from tests.adapters.conftest import Stubbed
from tests.cli.running import greenlight

AT = datetime(2026, 11, 23, tzinfo=UTC)
SPEC = GroupSpec("fraud", EndpointSpec("fraud", "ml.m5.large"), "arn:role")
WITH_PIPELINE = replace(SPEC, retraining=RetrainingSpec("retrain-fraud"))
ENDED = Run("fraud-run-2", Cause.DRIFT, "x", 1.0, ended=2.0, versions=(5,))
ASKED = ("retrain", "fraud", "--reason", "the data is complete")


def known(store: Store, spec: GroupSpec = WITH_PIPELINE, **retraining: Any) -> Record:
    """What the record has of the group."""
    return store.commit(Record("fraud", spec=spec, retraining=Retraining(**retraining)), (), unsettled=False)


def there(registry: Stubbed) -> None:
    """The group is in the registry."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/fraud"
    answer = {"ModelPackageGroupName": "fraud", "ModelPackageGroupArn": arn, "CreationTime": AT}
    answer |= {"CreatedBy": {}, "ModelPackageGroupStatus": "Completed"}
    registry.answers("describe_model_package_group", answer, ModelPackageGroupName="fraud")


def written() -> dict[str, Any]:
    """What was asked for."""
    found = boto3.client("ssm").get_parameter(Name=act_parameter("fraud", "retrain"))
    value: dict[str, Any] = json.loads(found["Parameter"]["Value"])
    return value


def nothing_was_asked_for() -> bool:
    return not boto3.client("ssm").describe_parameters()["Parameters"]


def test_it_shows_the_last_runs_and_asks_for_another(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    known(store, past=(ENDED,), stopped="run fraud-run-2 failed")
    there(registry)
    assert greenlight(*ASKED) == 0
    said = capsys.readouterr().out
    assert said.startswith("pipeline retrain-fraud\n")
    assert "fraud-run-2  drift  1970-01-01 00:00:01Z  registered v5" in said
    assert said.endswith("asked for; `greenlight status fraud` tells what comes of it\n")
    assert written() == {"reason": "the data is complete"}


def test_programs_get_one_document(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    known(store, past=(ENDED,))
    there(registry)
    assert greenlight(*ASKED, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["group"], told["act"], told["pipeline"]) == ("fraud", "retrain", "retrain-fraud")
    assert [one["run"] for one in told["past"]] == ["fraud-run-2"]


def test_a_group_without_a_pipeline_is_refused_with_the_way_out(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    known(store, SPEC)
    assert greenlight(*ASKED) == 2
    assert "group fraud names no pipeline; add `retraining: {pipeline: NAME}`" in capsys.readouterr().err
    assert nothing_was_asked_for()


@pytest.mark.parametrize(("execution", "how"), [(None, "waits to be started"), ("arn:e", "is under way")])
def test_beside_a_run_that_is_under_way_none_is_asked_for(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str], execution: str | None, how: str
) -> None:
    known(store, run=Run("fraud-run-9", Cause.DRIFT, "x", 1.0, execution=execution))
    assert greenlight(*ASKED) == 2
    said = capsys.readouterr().err
    assert f"run fraud-run-9 of group fraud {how}, for drift, since 1970-01-01 00:00:01Z" in said
    assert nothing_was_asked_for()


def test_a_reason_is_asked_for_and_must_say_something(store: Store, registry: Stubbed) -> None:
    assert greenlight("retrain", "fraud") == 2
    assert greenlight("retrain", "fraud", "--reason", "") == 2
    assert nothing_was_asked_for()


@pytest.mark.parametrize("kind", [Kind.RETRAIN_SUCCEEDED, Kind.RETRAIN_FAILED])
def test_it_is_watched_until_the_run_has_ended(
    store: Store,
    registry: Stubbed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
) -> None:
    record = known(store)
    there(registry)
    run = {"run": "fraud-run-1"}
    events = [
        Event(Kind.RETRAIN_STARTED, 5.0, "run fraud-run-1 starts", None, {**run, "cause": "person"}),
        Event(kind, 6.0, f"run fraud-run-1 {kind.value}", None, run),
    ]

    def goes_on(_seconds: float) -> None:
        """Between two looks, reconcile does its part."""
        entries, head = chain("fraud", record.head, events)
        store.commit(replace(record, head=head), entries, unsettled=False)

    monkeypatch.setattr(time, "sleep", goes_on)
    assert greenlight(*ASKED, "--watch") == (0 if kind is Kind.RETRAIN_SUCCEEDED else 1)
    told = capsys.readouterr()
    assert "run fraud-run-1 starts" in told.err
    assert told.out.endswith(f"run fraud-run-1 {kind.value}\n")


def test_a_watch_that_takes_too_long_says_how_far_it_came(
    store: Store, registry: Stubbed, capsys: pytest.CaptureFixture[str]
) -> None:
    known(store)
    there(registry)
    assert greenlight(*ASKED, "--watch", "--minutes", "0") == 1
    assert "after 0 minutes: the controller has not seen it yet; it goes on without you" in (
        capsys.readouterr().out
    )
