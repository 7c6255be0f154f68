"""The circle as people ask for it, and as the page draws it: by the record alone."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.circle import Circle, Registered, Watched, circle
from lambdas.core.facts import VersionSummary
from lambdas.core.page.group import Shown, group_page
from lambdas.core.page.markup import written
from lambdas.core.record import Approval, Cause, Decided, Monitored, Record, Retraining, Run
from lambdas.core.spec import Monitor, MonitoringSpec, MonitorSpec, RetrainingSpec
from tests.builders import APPROVER, NOW, a_record, a_spec, package, placed

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-dashboard"
HOSTILE = "<script>alert(1)</script>"
MONITOR = MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")
ONE, FIVE = package(1), package(5)


def monitored(*monitors: Monitor, **known: Monitored) -> Record:
    """A group whose spec asks for schedules, and what is known of them."""
    spec = MonitoringSpec("arn:role", "s3://b/reports", dict.fromkeys(monitors, MONITOR))
    return a_record(
        spec=a_spec(monitoring=spec), monitored={Monitor(name): one for name, one in known.items()}
    )


def run(number: int = 9, **changes: Any) -> Run:
    return Run(
        **{
            "id": f"churn-run-{number}",
            "cause": Cause.DRIFT,
            "reason": "in ALARM: x",
            "at": NOW,
            "live": 1,
            **changes,
        }
    )


def retrained(*past: Run, record: Record | None = None, **changes: Any) -> Record:
    """A group with a pipeline, and its runs."""
    known = record or a_record()
    return replace(
        known,
        spec=a_spec(retraining=RetrainingSpec("retrain-churn")),
        retraining=Retraining(past=past, **changes),
    )


def page(record: Record, *pending: int) -> str:
    """The page of the group, with versions that wait."""
    versions = [
        VersionSummary(number, f"arn/{number}", Approval.PENDING, "Completed", NOW) for number in pending
    ]
    return written(group_page(Shown(record, versions, (), None), FUNCTION))


def test_a_group_without_monitoring_and_pipeline_has_no_circle_and_no_part_of_the_page() -> None:
    assert circle(a_record()) == Circle()
    assert "Drift and retraining" not in page(a_record())


@pytest.mark.parametrize(
    ("known", "version", "problem"),
    [
        (None, None, "it begins once a version is verified live"),
        (Monitored(3, "w", "churn-v3-d", done=True), 3, None),
        (Monitored(3, "w", "churn-v3-d"), None, "its schedule is being moved to v3"),
        (Monitored(3, "w", "churn-v3-d", problem="a quota"), None, "a quota"),
        (Monitored(3, "w", None, "it has no baseline", done=True), None, "it has no baseline"),
        (
            Monitored(3, "w", "d", done=True, failing="the runs of churn-mon-bias fail: no data"),
            3,
            "the runs of churn-mon-bias fail: no data",
        ),
        (
            Monitored(3, "w", "d", done=True, failing="schedule churn-mon-bias is Stopped"),
            3,
            "schedule churn-mon-bias is Stopped",
        ),
    ],
)
def test_each_schedule_that_is_asked_for_says_what_it_watches_or_why_not(
    known: Monitored | None, version: int | None, problem: str | None
) -> None:
    record = monitored(Monitor.BIAS, **({} if known is None else {"bias": known}))
    assert circle(record).watched == (Watched("bias", "churn-mon-bias", version, problem),)


def test_a_schedule_that_nobody_asks_for_any_more_is_told_until_it_is_gone() -> None:
    record = monitored(data_quality=Monitored(3, "", None, old=("churn-v3-d",)))
    (one,) = circle(record).watched
    assert one.problem == "its schedule is being deleted"


@pytest.mark.parametrize(
    ("known", "outcome", "failed"),
    [
        (run(), "waits to be started", False),
        (run(execution="arn:e"), "under way", False),
        (run(execution="arn:e", ended=NOW + 60, versions=(5, 6)), "registered v5, v6", False),
        (run(ended=NOW + 60, problem="step Train failed"), "failed: step Train failed", True),
    ],
)
def test_a_run_says_how_it_ended(known: Run, outcome: str, failed: bool) -> None:
    (told,) = circle(retrained(known)).past
    assert (told.outcome, told.failed) == (outcome, failed)


def test_runs_are_told_youngest_first_beside_the_one_under_way_and_what_holds_the_next() -> None:
    told = circle(retrained(run(2), run(5), run=run(9), stopped="run churn-run-5 failed", held="cooldown"))
    assert told.running is not None
    assert [told.running.run, *(one.run for one in told.past)] == [
        "churn-run-9",
        "churn-run-5",
        "churn-run-2",
    ]
    assert told.held == "run churn-run-5 failed"


def test_what_a_run_registered_is_told_with_its_decision_and_what_became_of_it() -> None:
    live = placed(FIVE, live_at=NOW)
    record = a_record(ONE, FIVE, kept=(live,), live=live.config)
    (told,) = circle(retrained(run(versions=(5, 6), ended=NOW), record=record)).past
    approved, pending = told.versions
    assert (approved.version, approved.status, approved.by, approved.became) == (
        5,
        "Approved",
        str(APPROVER),
        "live",
    )
    assert pending == Registered(6, "PendingManualApproval")


def test_the_page_leads_from_drift_over_the_run_to_its_version_the_decision_and_what_became_of_it() -> None:
    live = placed(FIVE, live_at=NOW)
    record = a_record(ONE, FIVE, kept=(live,), live=live.config)
    ended = run(versions=(5, 6), ended=NOW + 60)
    text = page(retrained(ended, record=record, drift=NOW - 60, calm=NOW), 6)
    assert "<dt>Drift</dt><dd>▲ since 2023-11-16 01:59Z, quiet since 2023-11-16 02:00Z</dd>" in text
    assert "churn-run-9</span>" in text
    assert "drift: in ALARM: x" in text
    assert "v1 was live → registered v5, v6, 2023-11-16 02:01Z" in text
    assert "→ v5 → Approved by " in text
    assert ", 2023-11-14 22:21Z → live" in text
    assert 'aria-label="Look at v6">v6</button>' in text
    assert " waits for a decision" in text


def test_the_page_says_what_is_watched_and_why_something_is_not() -> None:
    record = monitored(
        Monitor.DATA_QUALITY,
        Monitor.BIAS,
        data_quality=Monitored(3, "w", "d", done=True),
        bias=Monitored(3, "w", None, "it has no baseline", done=True),
    )
    rows = page(record).partition("Problem</th>")[2].partition("</table>")[0].split("<tr>")
    assert '<th scope="row">data quality</th><td class="gl-short">v3</td><td>churn-mon-data</td>' in rows[1]
    assert '<td class="gl-short">none</td>' in rows[2]
    assert "▲ it has no baseline" in rows[2]


def test_the_page_says_that_a_group_without_a_pipeline_is_not_retrained() -> None:
    assert "none is named, so nothing is retrained" in page(monitored(Monitor.BIAS))


def test_a_run_under_way_and_what_holds_the_next_stand_above_the_runs() -> None:
    assert "<dt>Under way</dt><dd>churn-run-9, since 2023-11-16 02:00Z</dd>" in page(retrained(run=run()))
    held = page(retrained(run(ended=NOW, problem="x"), stopped="run churn-run-9 failed"))
    assert "<dt>Held</dt><dd>run churn-run-9 failed</dd>" in held
    assert "▲ churn-run-9</span>" in held


def test_a_version_that_a_run_registered_names_it_in_the_table() -> None:
    assert '<div class="gl-why">churn-run-9</div>' in page(retrained(run(versions=(5,))), 5)


def test_only_the_last_runs_are_drawn_and_the_page_says_where_the_others_are() -> None:
    text = page(retrained(*(run(number) for number in range(12))))
    assert text.count("gl-kind") == 10
    assert "2 older runs are not shown" in text


def test_what_somebody_wrote_is_text() -> None:
    hostile = run(reason=HOSTILE, cause=Cause.PERSON, by=HOSTILE, ended=NOW, problem=HOSTILE, versions=(5,))
    decided = Decided(Approval.REJECTED, NOW, by=APPROVER, reason=HOSTILE, failed=HOSTILE)
    record = retrained(hostile, record=a_record(versions={5: decided}), stopped=HOSTILE)
    monitoring = MonitoringSpec("arn:role", "s3://b", {Monitor.BIAS: MONITOR})
    assert record.spec is not None
    record = replace(
        record,
        spec=replace(record.spec, monitoring=monitoring),
        monitored={Monitor.BIAS: Monitored(3, "w", None, HOSTILE)},
    )
    text = page(record)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 5
