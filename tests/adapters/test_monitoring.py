"""The exact requests to Model Monitor, validated by botocore, and what its answers mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.adapters.monitoring import Monitoring
from lambdas.core import actions as do
from lambdas.core.errors import Busy, Denied, NotOurs, QuotaExceeded, Refused
from lambdas.core.facts import Baseline, Inspection
from lambdas.core.spec import Monitor, MonitorSpec
from tests.adapters.conftest import Stubbed

AT = datetime(2026, 11, 23, tzinfo=UTC)
SCHEDULE, DEFINITION = "fraud-mon-data", "fraud-v3-0123456789"
PREFIX = "arn:aws:sagemaker:us-east-1:123456789012"
SCHEDULE_ARN = f"{PREFIX}:monitoring-schedule/{SCHEDULE}"
DEFINITION_ARN = f"{PREFIX}:data-quality-job-definition/{DEFINITION}"
ROLE = "arn:aws:iam::123456789012:role/greenlight/fraud-monitor"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
TAGS = {"greenlight:group": "fraud", "team": "risk"}
TAG_LIST = [{"Key": "greenlight:group", "Value": "fraud"}, {"Key": "team", "Value": "risk"}]
CRON = "cron(0 * ? * * *)"
SPEC = MonitorSpec(IMAGE, CRON, "ml.m5.large")
BASELINE = Baseline("s3://b/constraints.json", "s3://b/statistics.json", "s3://b/analysis.json")
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}}
ENDPOINT = {"EndpointName": "fraud", "LocalPath": "/opt/ml/processing/input/endpoint"}
CONSTRAINTS = {"ConstraintsResource": {"S3Uri": "s3://b/constraints.json"}}
TRUTH = {"GroundTruthS3Input": {"S3Uri": "s3://b/truth"}}
METRICS = {"publish_cloudwatch_metrics": "Enabled"}


def put(monitor: Monitor = Monitor.DATA_QUALITY, **changes: Any) -> do.PutMonitoring:
    values: dict[str, Any] = {
        "schedule": SCHEDULE,
        "monitor": monitor,
        "definition": DEFINITION,
        "endpoint": "fraud",
        "wanted": SPEC,
        "role": ROLE,
        "output": "s3://b/reports/",
        "kms_key": None,
        "baseline": BASELINE,
        "tags": TAGS,
    }
    return do.PutMonitoring(**(values | changes))


def output(schedule: str = SCHEDULE) -> dict[str, Any]:
    where = {
        "S3Uri": f"s3://b/reports/{schedule}",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    return {"MonitoringOutputs": [{"S3Output": where}]}


def made(sagemaker: Stubbed, kind: str, call: str, **members: Any) -> None:
    """The job definition is made by exactly this request; `members`: without the kind in front."""
    sagemaker.answers(
        f"create_{call}_job_definition",
        {"JobDefinitionArn": DEFINITION_ARN},
        JobDefinitionName=DEFINITION,
        JobResources=RESOURCES,
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
        RoleArn=ROLE,
        Tags=TAG_LIST,
        **{f"{kind}{name}": value for name, value in members.items()},
    )


def made_for_data_quality(sagemaker: Stubbed) -> None:
    made(
        sagemaker,
        "DataQuality",
        "data_quality",
        BaselineConfig={**CONSTRAINTS, "StatisticsResource": {"S3Uri": "s3://b/statistics.json"}},
        AppSpecification={"ImageUri": IMAGE, "Environment": METRICS},
        JobInput={"EndpointInput": ENDPOINT},
        JobOutputConfig=output(),
    )


def no_schedule(sagemaker: Stubbed) -> None:
    sagemaker.refuses("describe_monitoring_schedule", "ResourceNotFound", "MonitoringSchedule not found")


def config(definition: str = DEFINITION, cron: str = CRON, kind: str = "DataQuality") -> dict[str, Any]:
    return {
        "ScheduleConfig": {"ScheduleExpression": cron},
        "MonitoringJobDefinitionName": definition,
        "MonitoringType": kind,
    }


def scheduled(sagemaker: Stubbed, kind: str = "DataQuality") -> None:
    """The schedule is not there, and made."""
    no_schedule(sagemaker)
    sagemaker.answers(
        "create_monitoring_schedule",
        {"MonitoringScheduleArn": SCHEDULE_ARN},
        MonitoringScheduleName=SCHEDULE,
        MonitoringScheduleConfig=config(kind=kind),
        Tags=TAG_LIST,
    )


def there(sagemaker: Stubbed, status: str = "Scheduled", tags: Any = None, **pointed: str) -> None:
    """The schedule is there, ours unless `tags` says otherwise."""
    described(sagemaker, status, **pointed)
    sagemaker.answers("list_tags", {"Tags": TAG_LIST if tags is None else tags}, ResourceArn=SCHEDULE_ARN)


def described(sagemaker: Stubbed, status: str = "Scheduled", **pointed: str) -> None:
    sagemaker.answers(
        "describe_monitoring_schedule",
        {
            "MonitoringScheduleArn": SCHEDULE_ARN,
            "MonitoringScheduleName": SCHEDULE,
            "MonitoringScheduleStatus": status,
            "CreationTime": AT,
            "LastModifiedTime": AT,
            "MonitoringScheduleConfig": config(**pointed),
        },
        MonitoringScheduleName=SCHEDULE,
    )


def moved(sagemaker: Stubbed) -> None:
    sagemaker.answers(
        "update_monitoring_schedule",
        {"MonitoringScheduleArn": SCHEDULE_ARN},
        MonitoringScheduleName=SCHEDULE,
        MonitoringScheduleConfig=config(),
    )


def test_data_quality_is_watched_by_the_versions_constraints_and_statistics(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    scheduled(sagemaker)
    Monitoring(sagemaker.client).put(put())


def test_model_quality_is_watched_with_what_was_right_and_how_to_read_answers(sagemaker: Stubbed) -> None:
    wanted = MonitorSpec(
        IMAGE,
        CRON,
        "ml.m5.large",
        ground_truth="s3://b/truth",
        problem_type="MulticlassClassification",
        inference="cultivar",
        probability="scores",
        start_offset="-PT3H",
        end_offset="-PT1H",
        environment={"analysis_start": "x"},
    )
    read = {
        "InferenceAttribute": "cultivar",
        "ProbabilityAttribute": "scores",
        "StartTimeOffset": "-PT3H",
        "EndTimeOffset": "-PT1H",
    }
    made(
        sagemaker,
        "ModelQuality",
        "model_quality",
        BaselineConfig=CONSTRAINTS,
        AppSpecification={
            "ImageUri": IMAGE,
            "ProblemType": "MulticlassClassification",
            "Environment": {**METRICS, "analysis_start": "x"},
        },
        JobInput={"EndpointInput": {**ENDPOINT, **read}, **TRUTH},
        JobOutputConfig={**output(), "KmsKeyId": "key"},
    )
    scheduled(sagemaker, "ModelQuality")
    Monitoring(sagemaker.client).put(put(Monitor.MODEL_QUALITY, wanted=wanted, kms_key="key"))


def test_bias_is_watched_by_its_analysis_with_what_was_right(sagemaker: Stubbed) -> None:
    wanted = MonitorSpec(IMAGE, CRON, "ml.m5.large", ground_truth="s3://b/truth")
    made(
        sagemaker,
        "ModelBias",
        "model_bias",
        BaselineConfig=CONSTRAINTS,
        AppSpecification={"ImageUri": IMAGE, "ConfigUri": "s3://b/analysis.json", "Environment": METRICS},
        JobInput={"EndpointInput": ENDPOINT, **TRUTH},
        JobOutputConfig=output(),
    )
    scheduled(sagemaker, "ModelBias")
    Monitoring(sagemaker.client).put(put(Monitor.BIAS, wanted=wanted))


def test_explainability_is_watched_by_its_analysis(sagemaker: Stubbed) -> None:
    made(
        sagemaker,
        "ModelExplainability",
        "model_explainability",
        BaselineConfig=CONSTRAINTS,
        AppSpecification={"ImageUri": IMAGE, "ConfigUri": "s3://b/analysis.json", "Environment": METRICS},
        JobInput={"EndpointInput": ENDPOINT},
        JobOutputConfig=output(),
    )
    scheduled(sagemaker, "ModelExplainability")
    Monitoring(sagemaker.client).put(put(Monitor.EXPLAINABILITY))


def test_an_analysis_without_its_config_is_refused_before_aws_is_asked(sagemaker: Stubbed) -> None:
    with pytest.raises(Refused, match="DriftCheckBaselines"):
        Monitoring(sagemaker.client).put(put(Monitor.BIAS, baseline=Baseline("s3://b/constraints.json")))


def test_metrics_are_not_published_if_the_spec_says_so(sagemaker: Stubbed) -> None:
    wanted = MonitorSpec(IMAGE, CRON, "ml.m5.large", environment={"publish_cloudwatch_metrics": "Disabled"})
    made(
        sagemaker,
        "DataQuality",
        "data_quality",
        BaselineConfig=CONSTRAINTS,
        AppSpecification={
            "ImageUri": IMAGE,
            "Environment": {"publish_cloudwatch_metrics": "Disabled"},
        },
        JobInput={"EndpointInput": ENDPOINT},
        JobOutputConfig=output(),
    )
    scheduled(sagemaker)
    Monitoring(sagemaker.client).put(put(wanted=wanted, baseline=Baseline("s3://b/constraints.json")))


def definition_is_there(sagemaker: Stubbed, tags: Any) -> None:
    sagemaker.refuses("create_data_quality_job_definition", "ResourceInUse", "It already exists")
    sagemaker.answers(
        "describe_data_quality_job_definition",
        {
            "JobDefinitionArn": DEFINITION_ARN,
            "JobDefinitionName": DEFINITION,
            "CreationTime": AT,
            "DataQualityAppSpecification": {"ImageUri": IMAGE},
            "DataQualityJobInput": {"EndpointInput": ENDPOINT},
            "DataQualityJobOutputConfig": output(),
            "JobResources": RESOURCES,
            "RoleArn": ROLE,
        },
        JobDefinitionName=DEFINITION,
    )
    sagemaker.answers("list_tags", {"Tags": tags}, ResourceArn=DEFINITION_ARN)


def test_a_definition_of_ours_that_is_there_already_is_the_same(sagemaker: Stubbed) -> None:
    definition_is_there(sagemaker, TAG_LIST)
    scheduled(sagemaker)
    Monitoring(sagemaker.client).put(put())


@pytest.mark.parametrize("tags", [[], [{"Key": "greenlight:group", "Value": "churn"}]])
def test_a_definition_of_that_name_that_is_not_ours_is_told(sagemaker: Stubbed, tags: Any) -> None:
    definition_is_there(sagemaker, tags)
    with pytest.raises(
        NotOurs,
        match=f"job definition {DEFINITION} has the name of ours and not our tag greenlight:group=fraud",
    ):
        Monitoring(sagemaker.client).put(put())


def test_a_schedule_is_moved_and_then_the_old_definitions_go(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, definition="fraud-v2-abcdefabcd")
    moved(sagemaker)
    sagemaker.answers("delete_data_quality_job_definition", None, JobDefinitionName="fraud-v2-abcdefabcd")
    sagemaker.refuses("delete_data_quality_job_definition", "ResourceNotFound", "gone")
    Monitoring(sagemaker.client).put(put(old=("fraud-v2-abcdefabcd", "fraud-v1-abcdefabcd")))


def test_a_schedule_that_points_there_already_is_left_even_while_it_is_pending(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, "Pending")
    Monitoring(sagemaker.client).put(put())


@pytest.mark.parametrize("pointed", [{"cron": "cron(0 0 ? * * *)"}, {"definition": "fraud-v2-abcdefabcd"}])
def test_a_schedule_is_moved_for_another_time_as_for_another_definition(
    sagemaker: Stubbed, pointed: dict[str, str]
) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, **pointed)
    moved(sagemaker)
    Monitoring(sagemaker.client).put(put())


def test_a_schedule_that_failed_is_set_anew(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, "Failed")
    moved(sagemaker)
    Monitoring(sagemaker.client).put(put())


def test_a_schedule_that_is_pending_is_not_moved_yet(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, "Pending", definition="fraud-v2-abcdefabcd")
    with pytest.raises(Busy, match="Pending"):
        Monitoring(sagemaker.client).put(put())


NOT_OUR_SCHEDULE = f"schedule {SCHEDULE} has the name of ours and not our tag greenlight:group=fraud"


def test_a_schedule_of_that_name_that_is_not_ours_is_not_moved(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, tags=[{"Key": "team", "Value": "risk"}], definition="other")
    with pytest.raises(NotOurs, match=NOT_OUR_SCHEDULE):
        Monitoring(sagemaker.client).put(put())


def test_a_schedule_of_that_name_that_is_not_ours_is_not_deleted(sagemaker: Stubbed) -> None:
    there(sagemaker, tags=[{"Key": "greenlight:group", "Value": "churn"}])
    with pytest.raises(NotOurs, match=NOT_OUR_SCHEDULE):
        Monitoring(sagemaker.client).remove(removal())


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("ValidationException", "Monitoring schedule in status Pending", Busy),
        ("ValidationException", "There are executions InProgress", Busy),
        ("ResourceInUse", "It is in use", Busy),
        ("ResourceLimitExceeded", "The account-level limit of 250 schedules is reached", QuotaExceeded),
        ("ValidationException", "ScheduleExpression is not valid", Refused),
        ("ValidationException", "Role arn:aws:iam::1:role/in use/x is wrong", Refused),
        ("AccessDeniedException", "no", Denied),
    ],
)
def test_what_passes_by_itself_is_told_from_what_does_not(
    sagemaker: Stubbed, code: str, text: str, kind: type[Exception]
) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker, definition="fraud-v2-abcdefabcd")
    sagemaker.refuses("update_monitoring_schedule", code, text)
    with pytest.raises(kind):
        Monitoring(sagemaker.client).put(put())


def test_an_old_definition_that_is_still_held_is_tried_again(sagemaker: Stubbed) -> None:
    made_for_data_quality(sagemaker)
    there(sagemaker)
    text = "Job definition fraud-v2-abcdefabcd is associated with monitoring schedule"
    sagemaker.refuses("delete_data_quality_job_definition", "ValidationException", text)
    with pytest.raises(Busy):
        Monitoring(sagemaker.client).put(put(old=("fraud-v2-abcdefabcd",)))


def removal() -> do.RemoveMonitoring:
    return do.RemoveMonitoring(SCHEDULE, Monitor.DATA_QUALITY, ("fraud-v2-abcdefabcd",))


def test_a_schedule_is_deleted_before_its_definitions(sagemaker: Stubbed) -> None:
    there(sagemaker)
    sagemaker.answers("delete_monitoring_schedule", None, MonitoringScheduleName=SCHEDULE)
    sagemaker.answers("delete_data_quality_job_definition", None, JobDefinitionName="fraud-v2-abcdefabcd")
    Monitoring(sagemaker.client).remove(removal())


def test_what_is_gone_already_is_removed(sagemaker: Stubbed) -> None:
    """IAM lets us delete by tag only, so of what is gone it may say no before SageMaker can say that it is gone."""
    no_schedule(sagemaker)
    sagemaker.refuses("delete_data_quality_job_definition", "AccessDeniedException", "no")
    sagemaker.refuses("describe_data_quality_job_definition", "ResourceNotFound", "gone")
    Monitoring(sagemaker.client).remove(removal())


def test_a_pending_schedule_is_deleted_later(sagemaker: Stubbed) -> None:
    there(sagemaker, "Pending")
    with pytest.raises(Busy):
        Monitoring(sagemaker.client).remove(removal())


def run(status: str, hour: int, failure: str | None = None) -> dict[str, Any]:
    at = datetime(2026, 11, 23, hour, tzinfo=UTC)
    reason = {"FailureReason": failure} if failure else {}
    return {
        "MonitoringScheduleName": SCHEDULE,
        "ScheduledTime": at,
        "CreationTime": at,
        "LastModifiedTime": at,
        "MonitoringExecutionStatus": status,
        **reason,
    }


LISTED = {
    "MonitoringScheduleName": SCHEDULE,
    "SortBy": "ScheduledTime",
    "SortOrder": "Descending",
    "MaxResults": 10,
}


def test_the_last_run_is_the_youngest_that_ended_beside_how_the_schedule_stands(sagemaker: Stubbed) -> None:
    described(sagemaker, "Scheduled", definition="another")
    page = {"MonitoringExecutionSummaries": [run("Pending", 12), run("InProgress", 11)], "NextToken": "more"}
    sagemaker.answers("list_monitoring_executions", page, **LISTED)
    rest = [run("Failed", 10, "no data"), run("Completed", 9)]
    sagemaker.answers(
        "list_monitoring_executions", {"MonitoringExecutionSummaries": rest}, **LISTED, NextToken="more"
    )
    at = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
    found = Monitoring(sagemaker.client).last(SCHEDULE)
    assert found == Inspection(SCHEDULE, "Failed", at, "no data", definition="another", state="Scheduled")


def test_a_schedule_whose_runs_have_not_ended_has_no_last_run(sagemaker: Stubbed) -> None:
    described(sagemaker, "Stopped")
    page = {"MonitoringExecutionSummaries": [run("Stopping", 12)]}
    sagemaker.answers("list_monitoring_executions", page, **LISTED)
    assert Monitoring(sagemaker.client).last(SCHEDULE) == Inspection(
        SCHEDULE, definition=DEFINITION, state="Stopped"
    )


def test_a_schedule_that_is_not_there_uses_no_definition(sagemaker: Stubbed) -> None:
    no_schedule(sagemaker)
    assert Monitoring(sagemaker.client).last(SCHEDULE) == Inspection(SCHEDULE)
