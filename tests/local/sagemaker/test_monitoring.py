"""Model Monitor: schedules that are made, moved and deleted, and the runs that begin by their expressions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from local.sagemaker.service import Switches, Timings
from tests.local.sagemaker.world import ACCOUNT, ROLE, START, Sim

HOURLY = "cron(0 * ? * * *)"
HOUR = 3600.0
PROCESSING = "Processing Job"


def definition(name: str = "fraud-v1-aa", kind: str = "DataQuality", **given: Any) -> dict[str, Any]:
    output = {"S3Uri": "s3://models/out", "LocalPath": "/opt/ml/processing/output"}
    more = {"ConfigUri": "s3://models/config.json"} if kind in {"ModelBias", "ModelExplainability"} else {}
    truth = (
        {"GroundTruthS3Input": {"S3Uri": "s3://models/truth"}}
        if kind in {"ModelQuality", "ModelBias"}
        else {}
    )
    return {
        "JobDefinitionName": name,
        f"{kind}AppSpecification": {"ImageUri": "monitor:1", **more},
        f"{kind}JobInput": {"EndpointInput": {"EndpointName": "fraud", "LocalPath": "/in", **given}, **truth},
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
        },
        "RoleArn": ROLE,
    }


def config(name: str = "fraud-v1-aa", expression: str = HOURLY, kind: str = "DataQuality") -> dict[str, Any]:
    return {
        "ScheduleConfig": {"ScheduleExpression": expression},
        "MonitoringJobDefinitionName": name,
        "MonitoringType": kind,
    }


@pytest.fixture
def watched(aws: Sim) -> Sim:
    """The endpoint "fraud", and an hourly schedule on it."""
    return watch(aws)


def watch(aws: Sim, **given: Any) -> Sim:
    aws.endpoint()
    aws("CreateDataQualityJobDefinition", **definition(**given), Tags=[{"Key": "group", "Value": "fraud"}])
    aws("CreateMonitoringSchedule", MonitoringScheduleName="fraud-mon", MonitoringScheduleConfig=config())
    return aws


def describe(aws: Sim) -> dict[str, Any]:
    return aws("DescribeMonitoringSchedule", MonitoringScheduleName="fraud-mon")


def runs(aws: Sim) -> list[dict[str, Any]]:
    listed = aws("ListMonitoringExecutions", MonitoringScheduleName="fraud-mon", SortBy="ScheduledTime")
    return list(listed["MonitoringExecutionSummaries"])


def test_a_schedule_is_pending_then_runs_each_hour_on_what_came_since_the_run_before(watched: Sim) -> None:
    assert describe(watched)["MonitoringScheduleStatus"] == "Pending"
    watched.wait(2 * HOUR)
    assert describe(watched)["MonitoringScheduleStatus"] == "Scheduled"
    first, second = watched.world.inspections
    assert (second.scheduled - first.scheduled, second.window) == (HOUR, (first.scheduled, second.scheduled))
    assert first.scheduled % HOUR == 0
    assert second.definition["JobDefinitionName"] == "fraud-v1-aa"


@pytest.mark.parametrize(
    ("expression", "every"), [("cron(0 7 ? * * *)", 24), ("cron(0 0/6 ? * * *)", 6), (HOURLY, 1)]
)
def test_schedules_run_daily_or_every_few_hours(watched: Sim, expression: str, every: int) -> None:
    watched.wait(10)
    watched(
        "UpdateMonitoringSchedule",
        MonitoringScheduleName="fraud-mon",
        MonitoringScheduleConfig=config(expression=expression),
    )
    watched.wait(72 * HOUR)
    times = [run.scheduled for run in watched.world.inspections]
    assert {b - a for a, b in pairwise(times)} == {every * HOUR}


@pytest.mark.parametrize("expression", ["cron(5 * ? * * *)", "rate(1 hour)", "NOW", "cron(0 24 ? * * *)"])
def test_other_expressions_are_refused(watched: Sim, expression: str) -> None:
    watched.wait(10)
    error = watched.refused(
        "UpdateMonitoringSchedule",
        MonitoringScheduleName="fraud-mon",
        MonitoringScheduleConfig=config(expression=expression),
    )
    assert "Invalid ScheduleExpression" in error.message


@pytest.mark.parametrize(
    ("status", "reason", "job", "says"),
    [
        ("Completed", None, "Completed", "Completed: Job completed successfully."),
        ("CompletedWithViolations", "2 violations", "Completed", "CompletedWithViolations: 2 violations"),
        ("Failed", "no data", "Failed", "no data"),
    ],
)
def test_a_run_ends_as_the_world_says_and_an_event_tells(
    watched: Sim, status: str, reason: str | None, job: str, says: str
) -> None:
    watched.wait(HOUR)
    (run,) = watched.world.inspections
    watched.sagemaker.inspection_ended(run.schedule, run.scheduled, status, reason)
    watched.sagemaker.inspection_ended(run.schedule, run.scheduled, "Failed", "again")
    (listed,) = runs(watched)
    assert listed["MonitoringExecutionStatus"] == status
    assert listed.get("FailureReason") == (reason if status == "Failed" else None)
    began, event = watched.world.details(PROCESSING)
    assert (began["ProcessingJobStatus"], began.keys() & {"ExitMessage", "FailureReason"}) == (
        "InProgress",
        set(),
    )
    assert (event["ProcessingJobStatus"], event.get("ExitMessage", event.get("FailureReason"))) == (job, says)
    assert event["MonitoringScheduleArn"].endswith(":monitoring-schedule/fraud-mon")


def test_the_event_names_no_schedule_if_the_switch_says_so() -> None:
    aws = watch(Sim(Switches(processing_event_names_schedule=False)))
    aws.wait(HOUR)
    (run,) = aws.world.inspections
    aws.sagemaker.inspection_ended(run.schedule, run.scheduled, "Completed", None)
    assert "MonitoringScheduleArn" not in aws.world.details(PROCESSING)[0]


def test_offsets_say_what_is_looked_at(aws: Sim) -> None:
    watch(aws, StartTimeOffset="-P1DT2H", EndTimeOffset="-PT30M")
    aws.wait(HOUR)
    (run,) = aws.world.inspections
    assert run.window == (run.scheduled - 26 * HOUR, run.scheduled - HOUR / 2)


def test_a_schedule_changes_neither_while_it_is_pending_nor_goes_while_it_runs(watched: Sim) -> None:
    request: dict[str, Any] = {"MonitoringScheduleName": "fraud-mon"}
    error = watched.refused("UpdateMonitoringSchedule", **request, MonitoringScheduleConfig=config())
    assert "in status Pending" in error.message
    watched.wait(HOUR)
    assert "in-progress" in watched.refused("DeleteMonitoringSchedule", **request).message
    (run,) = watched.world.inspections
    watched.sagemaker.inspection_ended(run.schedule, run.scheduled, "Completed", None)
    watched("DeleteMonitoringSchedule", **request)
    assert watched("ListMonitoringSchedules")["MonitoringScheduleSummaries"] == []
    watched.sagemaker.inspection_ended(run.schedule, run.scheduled, "Completed", None)


def test_a_schedule_that_was_stopped_runs_no_more_until_it_is_started(watched: Sim) -> None:
    request: dict[str, Any] = {"MonitoringScheduleName": "fraud-mon"}
    watched.wait(HOUR)
    assert len(runs(watched)) == 1
    watched("StopMonitoringSchedule", **request)
    watched.wait(3 * HOUR)
    assert watched("DescribeMonitoringSchedule", **request)["MonitoringScheduleStatus"] == "Stopped"
    assert len(runs(watched)) == 1
    watched("StartMonitoringSchedule", **request)
    watched.wait(HOUR)
    assert watched("DescribeMonitoringSchedule", **request)["MonitoringScheduleStatus"] == "Scheduled"
    assert len(runs(watched)) == 2


def test_a_definition_that_a_schedule_uses_stays(watched: Sim) -> None:
    request: dict[str, Any] = {"JobDefinitionName": "fraud-v1-aa"}
    assert watched.refused("DeleteDataQualityJobDefinition", **request).code == "ResourceInUse"
    watched("DeleteMonitoringSchedule", MonitoringScheduleName="fraud-mon")
    watched("DeleteDataQualityJobDefinition", **request)
    assert watched.refused("DescribeDataQualityJobDefinition", **request).code == "ResourceNotFound"


@pytest.mark.parametrize("kind", ["DataQuality", "ModelQuality", "ModelBias", "ModelExplainability"])
def test_each_kind_has_definitions_of_its_own(aws: Sim, kind: str) -> None:
    aws.endpoint()
    aws(f"Create{kind}JobDefinition", **definition(kind=kind))
    assert aws.refused(f"Create{kind}JobDefinition", **definition(kind=kind)).code == "ResourceInUse"
    found = aws(f"Describe{kind}JobDefinition", JobDefinitionName="fraud-v1-aa")
    assert found["RoleArn"] == ROLE
    aws("CreateMonitoringSchedule", MonitoringScheduleName="m", MonitoringScheduleConfig=config(kind=kind))
    assert aws("DescribeMonitoringSchedule", MonitoringScheduleName="m")["MonitoringType"] == kind


def test_an_endpoint_or_definition_that_is_not_there_is_refused(aws: Sim) -> None:
    assert "Could not find endpoint" in aws.refused("CreateDataQualityJobDefinition", **definition()).message
    made = {"MonitoringScheduleName": "m", "MonitoringScheduleConfig": config("none")}
    assert aws.refused("CreateMonitoringSchedule", **made).code == "ResourceNotFound"


def test_a_run_of_an_endpoint_that_is_gone_fails_and_nobody_looks(aws: Sim) -> None:
    unheld = watch(Sim(Switches(schedules_hold_endpoint=False)))
    unheld("DeleteEndpoint", EndpointName="fraud")
    unheld.wait(HOUR)
    (run,) = runs(unheld)
    assert (run["MonitoringExecutionStatus"], unheld.world.inspections) == ("Failed", [])
    assert "Could not find endpoint" in run["FailureReason"]


def test_runs_outlive_their_schedule(watched: Sim) -> None:
    watched.wait(HOUR)
    (run,) = watched.world.inspections
    watched.sagemaker.inspection_ended(run.schedule, run.scheduled, "CompletedWithViolations", None)
    watched("DeleteMonitoringSchedule", MonitoringScheduleName="fraud-mon")
    assert [one["MonitoringExecutionStatus"] for one in runs(watched)] == ["CompletedWithViolations"]
    watched("CreateMonitoringSchedule", MonitoringScheduleName="fraud-mon", MonitoringScheduleConfig=config())
    assert len(runs(watched)) == 1


def test_of_a_schedule_that_never_was_no_runs_are_listed(aws: Sim) -> None:
    assert (
        aws("ListMonitoringExecutions", MonitoringScheduleName="none")["MonitoringExecutionSummaries"] == []
    )


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ({}, [3, 2, 1]),
        ({"SortBy": "ScheduledTime", "SortOrder": "Ascending"}, [1, 2, 3]),
        ({"ScheduledTimeAfter": START + HOUR}, [3, 2]),
        ({"ScheduledTimeBefore": START + 2 * HOUR, "CreationTimeAfter": START}, [1]),
        ({"StatusEquals": "Completed"}, [1]),
        ({"EndpointName": "FRAUD", "MonitoringJobDefinitionName": "fraud-v1-aa"}, [3, 2, 1]),
        ({"EndpointName": "other"}, []),
        ({"MonitoringJobDefinitionName": "other"}, []),
        ({"MonitoringTypeEquals": "ModelBias"}, []),
        ({"MonitoringScheduleName": "other"}, []),
    ],
)
def test_runs_are_listed_as_the_filters_ask(watched: Sim, asked: dict[str, Any], hours: list[int]) -> None:
    watched.wait(3 * HOUR + 1)
    first, *_ = watched.world.inspections
    watched.sagemaker.inspection_ended(first.schedule, first.scheduled, "Completed", None)
    listed = watched("ListMonitoringExecutions", **asked)["MonitoringExecutionSummaries"]
    assert [(one["ScheduledTime"] - START) / HOUR for one in listed] == hours


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"EndpointName": "fraud"}, 1),
        ({"EndpointName": "other"}, 0),
        ({"MonitoringJobDefinitionName": "fraud-v1-aa", "MonitoringTypeEquals": "DataQuality"}, 1),
        ({"MonitoringJobDefinitionName": "other"}, 0),
        ({"MonitoringTypeEquals": "ModelQuality"}, 0),
        ({"StatusEquals": "Scheduled"}, 0),
        ({"NameContains": "mon"}, 1),
    ],
)
def test_schedules_are_listed_as_the_filters_ask(watched: Sim, asked: dict[str, Any], found: int) -> None:
    assert len(watched("ListMonitoringSchedules", **asked)["MonitoringScheduleSummaries"]) == found


def test_the_account_may_have_so_many_schedules(watched: Sim) -> None:
    watched.sagemaker.faults.most_schedules = 1
    made = {"MonitoringScheduleName": "second", "MonitoringScheduleConfig": config()}
    assert watched.refused("CreateMonitoringSchedule", **made).code == "ResourceLimitExceeded"


def test_a_schedule_runs_when_it_is_told_to(aws: Sim) -> None:
    quiet = watch(Sim(timings=Timings(monitoring_by_cron=False)))
    quiet.wait(3 * HOUR)
    assert quiet.world.inspections == []
    quiet.sagemaker.run_schedule("fraud-mon")
    assert len(quiet.world.inspections) == 1
    assert quiet.sagemaker.next_change_at() is None


def test_tags_are_those_it_was_made_with(watched: Sim) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:data-quality-job-definition/fraud-v1-aa"
    assert watched("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "group", "Value": "fraud"}]
    schedule = describe(watched)["MonitoringScheduleArn"]
    watched("AddTags", ResourceArn=schedule, Tags=[{"Key": "a", "Value": "b"}])
    assert watched("ListTags", ResourceArn=schedule)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_making_a_definition_passes_its_role_and_its_tags_need_add_tags(aws: Sim) -> None:
    asked = aws.sagemaker.checks(
        "CreateDataQualityJobDefinition", {**definition(), "Tags": [{"Key": "a", "Value": "b"}]}
    )
    assert [one.action for one in asked] == [
        "sagemaker:CreateDataQualityJobDefinition",
        "sagemaker:AddTags",
        "iam:PassRole",
    ]
    assert asked[0].resource_arn.endswith(":data-quality-job-definition/fraud-v1-aa")
    assert asked[0].context["sagemaker:InstanceTypes"] == ["ml.m5.large"]


def test_calls_on_a_schedule_meet_its_tags(watched: Sim) -> None:
    arn = describe(watched)["MonitoringScheduleArn"]
    watched("AddTags", ResourceArn=arn, Tags=[{"Key": "group", "Value": "fraud"}])
    (check,) = watched.sagemaker.checks("DeleteMonitoringSchedule", {"MonitoringScheduleName": "Fraud-mon"})
    assert check.resource_arn.lower() == arn
    assert check.context["aws:ResourceTag/group"] == "fraud"


def test_a_faster_clock_makes_hours_and_windows_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = Sim()
    monkeypatch.setattr(fast.clock, "scale", lambda: 60.0)
    watch(fast, StartTimeOffset="-PT2H", EndTimeOffset="-PT1H").wait(3 * 60)
    runs_ = fast.world.inspections
    assert {b.scheduled - a.scheduled for a, b in pairwise(runs_)} == {60.0}
    assert runs_[-1].window == (runs_[-1].scheduled - 120, runs_[-1].scheduled - 60)
