"""Alarms change state on the scaled clock, on the data of their own metric, and say so."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from local.aws import LocalAws


def put(aws: LocalAws, namespace: str = "Small", **values: float) -> None:
    data = [{"MetricName": name, "Value": value} for name, value in values.items()]
    aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def alarm(aws: LocalAws, name: str) -> dict[str, Any]:
    answer = aws.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return dict((answer["MetricAlarms"] + answer["CompositeAlarms"])[0])


def reaches(aws: LocalAws, name: str, state: str) -> None:
    eventually(lambda: alarm(aws, name)["StateValue"] == state)


def make(aws: LocalAws, name: str, **settings: object) -> None:
    defaults: dict[str, object] = {
        "Namespace": "Made", "MetricName": name, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **(defaults | settings))


def test_metric_math_from_a_template_trips_and_recovers(aws: LocalAws) -> None:
    reaches(aws, "small-error-rate", "OK")
    put(aws, Errors=1, Calls=100)
    time.sleep(0.8)
    assert alarm(aws, "small-error-rate")["StateValue"] == "OK"
    put(aws, Errors=20, Calls=100)
    reaches(aws, "small-error-rate", "ALARM")
    reaches(aws, "small-any", "ALARM")
    reaches(aws, "small-error-rate", "OK")
    assert len(alarm(aws, "small-error-rate")["Metrics"]) == 3


def test_a_high_resolution_percentile_trips_within_its_ten_seconds_and_keeps_its_state_without_data(
    aws: LocalAws,
) -> None:
    for _ in range(3):
        put(aws, Latency=900)
    reaches(aws, "small-latency", "ALARM")
    time.sleep(1)
    assert alarm(aws, "small-latency")["StateValue"] == "ALARM"
    put(aws, Latency=100)
    reaches(aws, "small-latency", "OK")


def test_data_of_other_dimensions_does_not_trip_an_alarm(aws: LocalAws) -> None:
    make(aws, "mine", Dimensions=[{"Name": "Fleet", "Value": "new"}], TreatMissingData="notBreaching")
    for fleet in ("old", "new"):
        data = {
            "MetricName": "mine",
            "Value": 1 if fleet == "old" else 0,
            "Dimensions": [{"Name": "Fleet", "Value": fleet}],
        }
        aws.client("cloudwatch").put_metric_data(Namespace="Made", MetricData=[data])
    put(aws, "Made", mine=1)
    reaches(aws, "mine", "OK")
    time.sleep(0.8)
    assert alarm(aws, "mine")["StateValue"] == "OK"


def test_without_data_an_alarm_is_what_its_treatment_says(aws: LocalAws) -> None:
    treatments = {
        "missing": "INSUFFICIENT_DATA",
        "ignore": "INSUFFICIENT_DATA",
        "breaching": "ALARM",
        "notBreaching": "OK",
    }
    for treatment in treatments:
        make(aws, f"no-data-{treatment}", TreatMissingData=treatment)
    reaches(aws, "no-data-breaching", "ALARM")
    reaches(aws, "no-data-notBreaching", "OK")
    assert {name: alarm(aws, f"no-data-{name}")["StateValue"] for name in treatments} == treatments


def test_set_alarm_state_does_not_hold(aws: LocalAws) -> None:
    make(aws, "set", TreatMissingData="notBreaching")
    reaches(aws, "set", "OK")
    aws.client("cloudwatch").set_alarm_state(AlarmName="set", StateValue="ALARM", StateReason="a test")
    reaches(aws, "set", "OK")


def test_each_change_is_an_event(aws: LocalAws) -> None:
    make(aws, "told", TreatMissingData="notBreaching", AlarmDescription="what it is for")
    reaches(aws, "told", "OK")
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="parameter-changes")["QueueUrl"]

    def event() -> dict[str, Any]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            if body["detail"].get("alarmName") == "told":
                return dict(body)
        return {}

    found = eventually(event)
    assert (found["source"], found["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert found["resources"] == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:told"]
    assert found["detail"]["state"]["value"] == "OK"
    assert found["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert found["detail"]["configuration"]["description"] == "what it is for"
    assert found["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == "told"


def test_a_message_in_a_dlq_trips_the_alarm_on_it(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="rule-dlq")["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)  # what other tests have left there
    reaches(aws, "small-dlq-depth", "OK")
    sqs.send_message(QueueUrl=url, MessageBody="dead")
    reaches(aws, "small-dlq-depth", "ALARM")
    sqs.purge_queue(QueueUrl=url)
    reaches(aws, "small-dlq-depth", "OK")


def test_an_expression_that_cannot_be_evaluated_is_refused(aws: LocalAws) -> None:
    metric = {"Metric": {"Namespace": "Made", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": metric, "ReturnData": False},
        {"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1)", "ReturnData": True},
    ]
    with pytest.raises(ClientError, match="ANOMALY_DETECTION_BAND"):
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName="odd",
            Metrics=queries,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
