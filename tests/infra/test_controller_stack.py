"""Queues, rules, schedules, functions and alarms of the controller."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from infra.constructs.rules import _HINTS, OWN_ID
from infra.limits import BATCH, CONCURRENCY, RETRAIN_SECONDS, RETRAIN_TRIES, RETRAIN_VISIBILITY_SECONDS
from lambdas.announce.settings import AnnounceSettings
from lambdas.core.announcements import Urgency, chosen_from
from lambdas.core.hints import read_message
from lambdas.core.ledger import Kind
from lambdas.core.names import OBSERVABILITY_STACK, run_name, schedule_name
from lambdas.core.retraining import FRESH
from lambdas.core.settings import HANDLER, from_environment
from lambdas.core.spec import Monitor
from lambdas.reconcile.settings import ReconcileSettings
from lambdas.retrain.settings import RetrainSettings
from lambdas.sweep.settings import SweepSettings
from tests.infra.conftest import Assembly, synthesize
from tests.infra.policies import text

STACK = "Greenlight-Controller"


def functions(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """By the folder of the handlers that they get ready."""
    found = assembly.properties(STACK, "AWS::Lambda::Function")
    return {p["Environment"]["Variables"][HANDLER].split(".")[1]: p for p in found}


def mappings(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """By what they call."""
    found = assembly.properties(STACK, "AWS::Lambda::EventSourceMapping")
    names = ("announce", "reconcile", "retrain")
    return {name: m for m in found for name in names if name in text(m["FunctionName"]).lower()}


def test_what_others_need_to_find_is_put_out_by_name(assembly: Assembly) -> None:
    outputs = json.loads(assembly.text(STACK))["Outputs"]
    assert {
        "AlarmTopic",
        "AnnounceFunction",
        "DeadLetterUrl",
        "EventBus",
        "MessageTopic",
        "QueueUrl",
        "ReconcileFunction",
        "RetrainDeadLetterUrl",
        "RetrainFunction",
        "RetrainUrl",
        "SweepFunction",
        "UnannouncedUrl",
    } <= set(outputs)


def queues(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """By name."""
    return {str(queue["QueueName"]): queue for queue in assembly.properties(STACK, "AWS::SQS::Queue")}


def test_the_queue_is_fifo_and_gives_up_after_eight_tries(assembly: Assembly) -> None:
    queue = queues(assembly)["greenlight-reconcile.fifo"]
    assert queue["FifoQueue"] is True
    assert queue["ContentBasedDeduplication"] is True
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 8
    assert queue["VisibilityTimeout"] > functions(assembly)["reconcile"]["Timeout"]


def test_a_run_that_cannot_be_started_is_given_up_before_it_is_asked_for_anew(assembly: Assembly) -> None:
    """`retrain` takes no message that is five minutes old: tries that came later would all look like success."""
    queue = queues(assembly)["greenlight-retrain"]
    assert "FifoQueue" not in queue
    assert queue["RedrivePolicy"]["maxReceiveCount"] == RETRAIN_TRIES
    assert "RetrainDeadLetters" in text(queue["RedrivePolicy"]["deadLetterTargetArn"])
    assert queue["VisibilityTimeout"] == RETRAIN_VISIBILITY_SECONDS
    assert queue["VisibilityTimeout"] >= functions(assembly)["retrain"]["Timeout"] == RETRAIN_SECONDS
    assert RETRAIN_TRIES * RETRAIN_VISIBILITY_SECONDS < FRESH


def test_as_many_batches_run_at_once_as_the_simulation_of_storms_assumes() -> None:
    assert json.loads(Path("cdk.json").read_text())["context"]["concurrency"] == CONCURRENCY


def test_dead_letters_are_kept_for_fourteen_days(assembly: Assembly) -> None:
    dead = [q for q in assembly.properties(STACK, "AWS::SQS::Queue") if "RedrivePolicy" not in q]
    assert sorted(bool(q.get("FifoQueue")) for q in dead) == [False, False, False, True]
    assert {q["MessageRetentionPeriod"] for q in dead} == {14 * 86_400}


def test_queues_are_encrypted_and_refuse_plain_http(assembly: Assembly) -> None:
    found = queues(assembly)
    assert all(queue["SqsManagedSseEnabled"] for queue in found.values())
    assert len(assembly.properties(STACK, "AWS::SQS::QueuePolicy")) == len(found) == 6
    for policy in assembly.properties(STACK, "AWS::SQS::QueuePolicy"):
        assert '"aws:SecureTransport": "false"' in json.dumps(policy)


def test_every_rule_delivers_by_message_group_with_a_day_of_retries_and_a_dead_letter_queue(
    assembly: Assembly,
) -> None:
    rules = assembly.properties(STACK, "AWS::Events::Rule")
    assert len(rules) == len(_HINTS) + 2  # and the two of break-glass
    for rule in rules:
        (target,) = [target for target in rule["Targets"] if target["Id"] == "reconcile"]
        assert target["SqsParameters"]["MessageGroupId"] in {OWN_ID, *MESSAGE_GROUPS}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
        assert "Undelivered" in json.dumps(target["DeadLetterConfig"])


NAMED = {
    "CloudWatch Alarm State Change": "alarmName",
    "Parameter Store Change": "name",
}


def test_every_event_that_a_rule_sends_is_one_that_reconcile_reads() -> None:
    for hint in _HINTS:
        field = NAMED.get(hint.detail_type, hint.group_path.removeprefix("$.detail."))
        event = {"detail-type": hint.detail_type, "detail": {field: "greenlight/x/abort"}}
        read_message(json.dumps(event))


def test_a_decision_is_heard_whatever_it_is(assembly: Assembly) -> None:
    rules = assembly.properties(STACK, "AWS::Events::Rule")
    (rule,) = (r for r in rules if "Model Package State Change" in json.dumps(r))
    assert set(rule["EventPattern"]["detail"]["ModelApprovalStatus"]) == {
        "Approved",
        "Rejected",
        "PendingManualApproval",
    }


def test_cloudtrail_tells_who_wrote_a_status_and_nothing_else(assembly: Assembly) -> None:
    patterns = [r["EventPattern"] for r in assembly.properties(STACK, "AWS::Events::Rule")]
    heard = {
        call: pattern["detail"]["requestParameters"]["modelApprovalStatus"]
        for pattern in patterns
        if pattern["detail-type"] == ["AWS API Call via CloudTrail"]
        and pattern["source"] == ["aws.sagemaker"]
        for call in pattern["detail"]["eventName"]
        if pattern["detail"]["errorCode"] == [{"exists": False}]
    }
    assert heard == {
        "UpdateModelPackage": ["Approved", "Rejected", "PendingManualApproval"],
        "CreateModelPackage": ["Approved", "Rejected"],
    }


def test_the_end_of_a_run_is_heard_by_its_name_and_of_no_other(assembly: Assembly) -> None:
    (pattern,) = (p for p in patterns(assembly) if "Pipeline Execution Status" in p["detail-type"][0])
    (name,) = pattern["detail"]["pipelineExecutionDisplayName"]
    assert fnmatchcase(run_name("lonely", 7), name["wildcard"])
    assert not fnmatchcase("nightly", name["wildcard"])
    assert set(pattern["detail"]["currentPipelineExecutionStatus"]) == {"Failed", "Stopped", "Succeeded"}


def test_the_end_of_a_monitoring_job_is_heard_and_of_no_other_job(assembly: Assembly) -> None:
    (pattern,) = (p for p in patterns(assembly) if "Processing Job" in p["detail-type"][0])
    (schedule,) = pattern["detail"]["MonitoringScheduleArn"]
    for monitor in Monitor:
        arn = (
            f"arn:aws:sagemaker:us-east-1:123456789012:monitoring-schedule/{schedule_name('lonely', monitor)}"
        )
        assert fnmatchcase(arn, schedule["wildcard"])
    assert pattern["detail"]["ProcessingJobStatus"] == ["Completed", "Failed", "Stopped"]


MESSAGE_GROUPS = {
    "$.detail.ModelPackageGroupName": "EntityName",
    "$.detail.EndpointName": "EndpointName",
    "$.detail.pipelineExecutionDisplayName": "PipelineExecutionName",
    "$.detail.ProcessingJobName": "ProcessingJobName",
    "$.detail.eventID": None,
}
"""What of an event becomes a message group, and its shape in SageMaker's API; CloudTrail's eventID is a GUID."""


def test_what_becomes_a_message_group_is_the_events_own_id_or_a_name_that_always_fits() -> None:
    """1 to 128 characters without a space [SQS, MessageGroupId], and a path of at most 100 [EventBridge]."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    for path in {hint.group_path for hint in _HINTS} - {OWN_ID}:
        assert path in MESSAGE_GROUPS, f"{path} is a name that somebody composes: take {OWN_ID}"
        assert len(path) <= 100
        if (shape := MESSAGE_GROUPS[path]) is not None:
            assert shapes[shape]["max"] <= 128
            assert shapes[shape]["pattern"].startswith("[a-zA-Z0-9](")


def test_a_queues_policy_has_no_more_conditions_than_sqs_takes(assembly: Assembly) -> None:
    """At most 10, 20 statements and 8,192 bytes [SQS developer guide, "Quotas related to policies"]."""
    for policy in assembly.properties(STACK, "AWS::SQS::QueuePolicy"):
        statements = policy["PolicyDocument"]["Statement"]
        assert sum(len(keys) for one in statements for keys in one.get("Condition", {}).values()) <= 10
        assert len(statements) <= 20
        assert len(json.dumps(policy["PolicyDocument"])) <= 8192


def patterns(assembly: Assembly) -> list[dict[str, Any]]:
    """What each rule hears."""
    return [rule["EventPattern"] for rule in assembly.properties(STACK, "AWS::Events::Rule")]


def test_alarms_and_parameters_of_others_are_not_heard(assembly: Assembly) -> None:
    rules = {r["EventPattern"]["source"][0]: r for r in assembly.properties(STACK, "AWS::Events::Rule")}
    assert rules["aws.cloudwatch"]["EventPattern"]["detail"] == {"alarmName": [{"prefix": "greenlight/"}]}
    ours = [{"prefix": "/greenlight/groups/"}, {"prefix": "/greenlight/acts/"}]
    assert rules["aws.ssm"]["EventPattern"]["detail"] == {"name": ours}


def test_only_our_rules_may_send_to_the_queue(assembly: Assembly) -> None:
    for policy in assembly.properties(STACK, "AWS::SQS::QueuePolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                assert statement["Principal"] == {"Service": "events.amazonaws.com"}
                assert "aws:SourceArn" in statement["Condition"]["ArnEquals"]


def test_functions_run_on_arm_with_the_settings_that_they_read(assembly: Assembly) -> None:
    found = functions(assembly)
    settings = {
        "announce": AnnounceSettings,
        "reconcile": ReconcileSettings,
        "retrain": RetrainSettings,
        "sweep": SweepSettings,
    }
    assert set(found) == set(settings)
    for name, kind in settings.items():
        function = found[name]
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        environment = {k: json.dumps(v) for k, v in function["Environment"]["Variables"].items()}
        from_environment(kind, environment)


def test_logs_do_not_pile_up(assembly: Assembly) -> None:
    groups = assembly.properties(STACK, "AWS::Logs::LogGroup")
    assert len(groups) == 4
    assert all(group["RetentionInDays"] for group in groups)


def test_logs_are_encrypted_with_a_key_that_cloudwatch_may_use_for_log_groups_of_functions(
    assembly: Assembly,
) -> None:
    (key,) = assembly.properties(STACK, "AWS::KMS::Key")
    (statement,) = (s for s in key["KeyPolicy"]["Statement"] if "StringLike" in s.get("Condition", {}))
    assert text(statement["Principal"]["Service"]) == "logs.us-east-1.amazonaws.com"
    (arns,) = statement["Condition"]["StringLike"].values()
    assert [text(arn) for arn in arns] == [
        f"arn:aws:logs:us-east-1:123456789012:log-group:{stack}-*" for stack in (STACK, OBSERVABILITY_STACK)
    ]
    for group in assembly.properties(STACK, "AWS::Logs::LogGroup"):
        assert "Key" in text(group["KmsKeyId"])


def test_the_functions_roles_have_names_that_other_policies_can_tell(assembly: Assembly) -> None:
    roles = assembly.properties(STACK, "AWS::IAM::Role")
    named = {role["Path"] + role["RoleName"] for role in roles if "RoleName" in role}
    assert named == {
        f"/greenlight/greenlight-{name}" for name in ("announce", "reconcile", "retrain", "sweep")
    }


def test_a_sweep_that_fails_every_try_is_kept_and_others_leave_that_to_their_queues(
    assembly: Assembly,
) -> None:
    found = functions(assembly)
    assert "Undelivered" in text(found["sweep"]["DeadLetterConfig"]["TargetArn"])
    assert "DeadLetterConfig" not in found["reconcile"]
    assert "DeadLetterConfig" not in found["retrain"]


def test_reconcile_reads_batches_and_names_the_messages_that_failed(assembly: Assembly) -> None:
    mapping = mappings(assembly)["reconcile"]
    assert mapping["BatchSize"] == BATCH
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": CONCURRENCY}


def test_retrain_starts_one_run_at_a_time_and_few_at_once(assembly: Assembly) -> None:
    mapping = mappings(assembly)["retrain"]
    assert "QueuesRetrain" in text(mapping["EventSourceArn"])
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_announce_reads_the_ledgers_stream_from_its_beginning_in_order_and_loses_sight_of_nothing(
    assembly: Assembly,
) -> None:
    mapping = mappings(assembly)["announce"]
    assert "Ledger" in text(mapping["EventSourceArn"])
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping.get("ParallelizationFactor", 1) == 1
    assert 0 < mapping["MaximumRetryAttempts"] <= 10_000
    assert mapping["MaximumRecordAgeInSeconds"] < 24 * 3600, (
        "the stream forgets first, and nobody hears of it"
    )
    assert "Unannounced" in text(mapping["DestinationConfig"]["OnFailure"]["Destination"])
    assert "FilterCriteria" not in mapping


def test_only_announce_publishes_to_the_topic_for_people_whatever_else_is_allowed(assembly: Assembly) -> None:
    (policy,) = (
        p
        for p in assembly.properties(STACK, "AWS::SNS::TopicPolicy")
        if "OnlyAnnouncePublishes" in json.dumps(p)
    )
    (statement,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == "OnlyAnnouncePublishes")
    assert (statement["Effect"], statement["Action"]) == ("Deny", "sns:Publish")
    ((operator, keys),) = statement["Condition"].items()
    assert operator == "ArnNotEquals"
    arn = "arn:aws:iam::123456789012:role/greenlight/greenlight-announce"
    assert {key: text(value) for key, value in keys.items()} == {"aws:PrincipalArn": arn}


def test_mails_go_to_whom_the_account_names_and_urgencies_are_what_it_chose(
    assembly: Assembly, plain: Assembly
) -> None:
    (subscription,) = assembly.properties(STACK, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "risk-ml@example.com")
    assert plain.properties(STACK, "AWS::SNS::Subscription") == []
    told = functions(assembly)["announce"]["Environment"]["Variables"]["GREENLIGHT_URGENCIES"]
    assert chosen_from(told) == {Kind.FAILED: Urgency.PAGE}


def test_the_sweep_runs_every_five_minutes_and_in_full_every_hour(assembly: Assembly) -> None:
    schedules = assembly.properties(STACK, "AWS::Scheduler::Schedule")
    assert {s["ScheduleExpression"]: json.loads(s["Target"]["Input"]) for s in schedules} == {
        "rate(5 minutes)": {"full": False},
        "rate(1 hour)": {"full": True},
    }
    for schedule in schedules:
        assert schedule["Target"]["DeadLetterConfig"]
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_every_way_to_fail_silently_has_an_alarm_that_reaches_people(assembly: Assembly) -> None:
    alarms = assembly.properties(STACK, "AWS::CloudWatch::Alarm")
    assert {alarm["AlarmName"].removeprefix("greenlight-controller-") for alarm in alarms} == {
        "announce-errors",
        "announce-late",
        "announce-lost",
        "announce-throttles",
        "break-glass-entered",
        "break-glass-used",
        "dead-letters",
        "needs-a-person",
        "queue-age",
        "reconcile-errors",
        "reconcile-throttles",
        "retrain-dead-letters",
        "retrain-errors",
        "retrain-throttles",
        "sweep-errors",
        "sweep-silent",
        "sweep-throttles",
        "unannounced",
        "undelivered",
    }
    for alarm in alarms:
        assert alarm["AlarmActions"] == alarm["OKActions"] != []
        assert not alarm["AlarmName"].startswith("greenlight/")


def test_what_needs_a_person_is_an_alarm_on_the_metric_that_reconcile_counts_it_by(
    assembly: Assembly,
) -> None:
    alarms = {a["AlarmName"]: a for a in assembly.properties(STACK, "AWS::CloudWatch::Alarm")}
    alarm = alarms["greenlight-controller-needs-a-person"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Greenlight", "needs-a-person")
    assert alarm["Dimensions"] == [{"Name": "Function", "Value": "reconcile"}]
    assert (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) == ("Sum", 300, 1)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_sweep_that_never_ran_is_an_alarm(assembly: Assembly) -> None:
    alarms = {a["AlarmName"]: a for a in assembly.properties(STACK, "AWS::CloudWatch::Alarm")}
    assert alarms["greenlight-controller-sweep-silent"]["TreatMissingData"] == "breaching"


def test_the_topics_are_encrypted_with_a_key_that_cloudwatch_may_use(assembly: Assembly) -> None:
    topics = assembly.properties(STACK, "AWS::SNS::Topic")
    assert len(topics) == 2
    assert all(topic["KmsMasterKeyId"] for topic in topics)
    (key,) = assembly.properties(STACK, "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    assert "cloudwatch.amazonaws.com" in json.dumps(key["KeyPolicy"])
    policies = [json.dumps(policy) for policy in assembly.properties(STACK, "AWS::SNS::TopicPolicy")]
    assert len([policy for policy in policies if "cloudwatch.amazonaws.com" in policy]) == 1
    assert all('"aws:SecureTransport": "false"' in policy for policy in policies)


def test_with_snap_start_queues_feed_versions_that_have_snapshots(tmp_path: Path) -> None:
    folder = tmp_path / "groups"
    folder.mkdir()
    with_it = synthesize(tmp_path / "out", folder, snap_start="true")
    fed = {"announce", "reconcile", "retrain"}
    started = {name for name, function in functions(with_it).items() if "SnapStart" in function}
    assert started == fed
    called = [m["FunctionName"] for m in with_it.properties(STACK, "AWS::Lambda::EventSourceMapping")]
    assert len(called) == len(fed)
    assert all('":live"' in json.dumps(name) for name in called)
    versions = with_it.properties(STACK, "AWS::Lambda::Version")
    aliases = with_it.properties(STACK, "AWS::Lambda::Alias")
    assert (len(versions), [alias["Name"] for alias in aliases]) == (len(fed), ["live"] * len(fed))


def test_without_snap_start_there_are_no_versions_to_pay_for(assembly: Assembly) -> None:
    assert not assembly.resources(STACK, "AWS::Lambda::Version")
    assert not [one for one in functions(assembly).values() if "SnapStart" in one]
