"""Whether a run is to be started, and with what: facts of the record."""

import json
from typing import Any

import pytest

from lambdas.core.errors import Malformed
from lambdas.core.record import Cause, Record, Retraining, Run
from lambdas.core.running import Asked, Start, asked_in, to_start, why_not_started
from lambdas.core.spec import RetrainingSpec
from tests.builders import GROUP, a_record, a_spec

ASKED_AT = 1_700_000_000.0  # 2023-11-14T22:13:20Z
RUN = "churn-run-9"


def waiting(spec: RetrainingSpec | None = None, **changes: Any) -> Record:
    """A group whose run waits to be started."""
    wanted = spec or RetrainingSpec("retrain-churn")
    run = Run(
        **{
            "id": RUN,
            "cause": Cause.DRIFT,
            "reason": "in ALARM: greenlight/churn/drift",
            "at": ASKED_AT,
            "live": 3,
            "since": ASKED_AT - 86400,
            "asked_at": ASKED_AT,
            "pipeline": wanted.pipeline,
            "parameters": wanted.parameters,
            **changes,
        }
    )
    return a_record(spec=a_spec(retraining=wanted), retraining=Retraining(run=run))


def started(record: Record, now: float = ASKED_AT + 1) -> Start:
    start = to_start(record, RUN, now)
    assert isinstance(start, Start)
    return start


def test_a_run_that_waits_is_started_with_what_its_pipeline_must_know() -> None:
    assert started(waiting()) == Start(
        "retrain-churn",
        RUN,
        "Greenlight starts this for drift: in ALARM: greenlight/churn/drift",
        {
            "GreenlightGroup": GROUP,
            "GreenlightRun": RUN,
            "GreenlightLiveVersion": "3",
            "GreenlightReason": "drift: in ALARM: greenlight/churn/drift",
            "GreenlightWindowStart": "2023-11-13T22:13:20Z",
            "GreenlightWindowEnd": "2023-11-14T22:13:20Z",
        },
    )


def test_a_group_without_a_live_version_says_none_as_aws_takes_no_empty_value() -> None:
    assert started(waiting(live=None)).parameters["GreenlightLiveVersion"] == "none"


def test_parameters_of_the_spec_go_along_and_cannot_take_the_place_of_ours() -> None:
    spec = RetrainingSpec("retrain-churn", parameters={"Rows": "10", "GreenlightRun": "another"})
    parameters = started(waiting(spec)).parameters
    assert (parameters["Rows"], parameters["GreenlightRun"]) == ("10", RUN)


def test_words_of_people_fit_into_what_aws_takes() -> None:
    start = started(waiting(cause=Cause.PERSON, reason="a\nb\x1b" + "c" * 5000))
    assert len(start.description) == 3072
    assert len(start.parameters["GreenlightReason"]) == 1024
    assert start.parameters["GreenlightReason"].startswith("person: a b�c")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (None, "churn-run-9 is not under way"),
        (a_record(), "churn-run-9 is not under way"),
        (waiting(id="churn-run-10"), "churn-run-9 is not under way"),
        (waiting(execution="arn:execution"), "churn-run-9 was started already"),
    ],
)
def test_a_run_that_does_not_wait_is_not_started(record: Record | None, why: str) -> None:
    assert to_start(record, RUN, ASKED_AT + 1) == why


def test_a_message_that_lay_for_five_minutes_starts_nothing() -> None:
    assert isinstance(to_start(waiting(), RUN, ASKED_AT + 299), Start)
    assert to_start(waiting(), RUN, ASKED_AT + 300) == (
        "churn-run-9 was asked for 300 s ago; if it still is to start, it is asked for again"
    )


def test_a_run_starts_the_pipeline_that_the_ledger_names_whatever_the_spec_says_by_now() -> None:
    changed = a_spec(retraining=RetrainingSpec("another", parameters={"Rows": "1"}))
    record = a_record(spec=changed, retraining=waiting().retraining)
    start = started(record)
    assert (start.pipeline, "Rows" in start.parameters) == ("retrain-churn", False)


def test_a_message_of_reconcile_asks_for_a_run() -> None:
    body = json.dumps({"greenlight": {"source": "retrain", "group": "fraud", "run": "fraud-run-7"}})
    assert asked_in(body) == Asked("fraud", "fraud-run-7")


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        json.dumps({"greenlight": {"source": "sweep", "group": "fraud"}}),
        json.dumps({"greenlight": {"source": "retrain", "group": "fraud"}}),
    ],
)
def test_any_other_message_is_unreadable(body: str) -> None:
    with pytest.raises(Malformed):
        asked_in(body)


def test_a_parameter_that_the_pipeline_does_not_declare_is_named() -> None:
    refusal = "ValidationException: Unknown pipeline parameters: [GreenlightRun, Rows]"
    spec = RetrainingSpec("retrain-churn", parameters={"Rows": "10", "Row": "1"})
    told = why_not_started(started(waiting(spec)), refusal)
    assert told.startswith(
        f"{refusal}. Pipeline retrain-churn does not declare Rows, GreenlightRun, it seems"
    )


def test_where_aws_names_no_parameter_all_of_ours_may_be_it() -> None:
    told = why_not_started(started(waiting()), "ValidationException: a parameter is not defined")
    assert "GreenlightGroup, GreenlightRun, GreenlightLiveVersion, GreenlightReason" in told


def test_a_refusal_that_is_not_about_parameters_stays_as_it_is() -> None:
    refusal = "AccessDenied: not authorized to perform sagemaker:StartPipelineExecution"
    assert why_not_started(started(waiting()), refusal) == refusal
