"""A topic takes from a service what its policy and its key's policy let in, as the SNS guide says for each service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from local.aws import LocalAws

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
HERE = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
USES = ["kms:Decrypt", "kms:GenerateDataKey"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def lets(service: str, actions: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": "*",
    }  # fmt: skip
    return statement | ({"Condition": condition} if condition else {})


def topic_of(aws: LocalAws, name: str, policy: str, key_policy: str | None) -> tuple[str, str]:
    """A topic, and the URL of the queue that gets what it takes."""
    sns, sqs, kms = aws.client("sns"), aws.client("sqs"), aws.client("kms")
    attributes = {"Policy": policy}
    if key_policy is not None:
        attributes["KmsMasterKeyId"] = kms.create_key(Policy=key_policy)["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    open_queue = document({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": open_queue})["QueueUrl"]
    endpoint = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    return topic, url


@pytest.mark.parametrize(
    ("case", "topic_condition", "key_statement", "arrives"),
    [
        ("no-key", None, None, True),
        ("key", None, lets(EVENTS, USES), True),
        ("key-of-account", None, lets(EVENTS, USES, HERE), False),
        ("key-of-another", None, lets(ALARMS, USES), False),
        ("key-half", None, lets(EVENTS, USES[:1]), False),
        ("topic-of-account", HERE, lets(EVENTS, USES), True),
    ],
)
def test_eventbridge_uses_a_topics_key_under_no_condition_on_its_source(
    aws: LocalAws,
    case: str,
    topic_condition: dict[str, Any] | None,
    key_statement: dict[str, Any] | None,
    arrives: bool,
) -> None:
    name, events, sqs = f"rule-{case}", aws.client("events"), aws.client("sqs")
    key_policy = None if key_statement is None else document(key_statement)
    topic, url = topic_of(aws, name, document(lets(EVENTS, ["sns:Publish"], topic_condition)), key_policy)
    dead = sqs.create_queue(
        QueueName=f"{name}-dead", Attributes={"Policy": document(lets(EVENTS, ["sqs:SendMessage"]))}
    )["QueueUrl"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    dead_arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}-dead"
    target = {"Id": "t", "Arn": topic, "DeadLetterConfig": {"Arn": dead_arn}}
    events.put_targets(Rule=name, Targets=[target])
    events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])
    where = url if arrives else dead
    assert eventually(lambda: sqs.receive_message(QueueUrl=where).get("Messages"))
    other = dead if arrives else url
    assert "Messages" not in sqs.receive_message(QueueUrl=other)


@pytest.mark.parametrize(
    ("case", "key_statement", "arrives"),
    [
        ("no-key", None, True),
        ("key-of-account", lets(ALARMS, USES, HERE), True),
        ("key-of-another", lets(EVENTS, USES), False),
    ],
)
def test_an_alarm_tells_a_topic_whose_key_lets_cloudwatch_in(
    aws: LocalAws, case: str, key_statement: dict[str, Any] | None, arrives: bool
) -> None:
    name, cloudwatch, sqs = f"alarm-{case}", aws.client("cloudwatch"), aws.client("sqs")
    key_policy = None if key_statement is None else document(key_statement)
    closed, url = topic_of(aws, name, document(lets(ALARMS, ["sns:Publish"], HERE)), key_policy)
    open_, seen = topic_of(aws, f"{name}-open", document(lets(ALARMS, ["sns:Publish"], HERE)), None)
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
        AlarmActions=[closed, open_],
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    assert eventually(lambda: sqs.receive_message(QueueUrl=seen).get("Messages"))
    assert ("Messages" in sqs.receive_message(QueueUrl=url)) is arrives
