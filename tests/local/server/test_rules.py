"""Rules, schedules and AWS's own events reach their targets as on AWS, or their DLQ."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:small.fifo"


@pytest.fixture
def settings_restored(aws: LocalAws) -> Iterator[None]:
    """Settings go back to what they are by default."""
    yield
    aws.control(message_group_id="resolved", failing_targets={}, event_faults={})


def put_event(aws: LocalAws, **detail: object) -> None:
    entry = {"Source": "small.test", "DetailType": "Small", "Detail": json.dumps(detail)}
    assert aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def received(aws: LocalAws, queue: str) -> list[dict[str, Any]]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    messages: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def undelivered(aws: LocalAws, **detail: Any) -> dict[str, Any]:
    """The event of this detail in the rule's dead-letter queue, which other tests use too."""
    (message,) = eventually(
        lambda: [one for one in received(aws, "rule-dlq") if _detail(one["Body"]) == detail]
    )
    return message


def _detail(body: str) -> object:
    """Of an event; None: it is none."""
    try:
        return json.loads(body)["detail"]
    except ValueError:
        return None


def bodies(aws: LocalAws, queue: str) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in received(aws, queue)]


def group_of(aws: LocalAws, name: str) -> str:
    def item() -> dict[str, Any]:
        return dict(
            aws.client("dynamodb").get_item(TableName="small", Key={"name": {"S": name}}).get("Item", {})
        )

    return str(eventually(item)["group"]["S"])


def test_the_message_group_is_taken_from_the_event(aws: LocalAws) -> None:
    name = f"group-{uuid.uuid4().hex}"
    put_event(aws, name=name)
    assert group_of(aws, name) == name


def test_the_message_group_is_taken_literally_when_the_switch_says_so(
    aws: LocalAws, settings_restored: None
) -> None:
    aws.control(message_group_id="literal")
    name = f"literal-{uuid.uuid4().hex}"
    put_event(aws, name=name)
    assert group_of(aws, name) == "$.detail.name"


def test_an_event_that_lacks_its_message_group_goes_to_the_targets_dlq_with_the_reason(aws: LocalAws) -> None:
    put_event(aws, other=1)
    message = undelivered(aws, other=1)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "INVALID_PARAMETER"
    assert told["RULE_ARN"].endswith(":rule/small-rule")
    assert json.loads(message["Body"])["detail"] == {"other": 1}


def test_a_failing_target_is_tried_again_then_given_up_to_the_dlq(
    aws: LocalAws, settings_restored: None
) -> None:
    aws.control(failing_targets={QUEUE: 2})
    name = f"retry-{uuid.uuid4().hex}"
    put_event(aws, name=name)
    assert group_of(aws, name) == name
    aws.control(failing_targets={QUEUE: 3})
    put_event(aws, name="given-up")
    message = undelivered(aws, name="given-up")
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (told["RETRY_ATTEMPTS"], told["EXHAUSTED_RETRY_CONDITION"]) == ("2", "MaximumRetryAttempts")


def test_a_queue_whose_policy_does_not_allow_the_rule_gets_nothing(aws: LocalAws) -> None:
    sqs, events = aws.client("sqs"), aws.client("events")
    closed = sqs.create_queue(QueueName="closed")["QueueUrl"]
    events.put_rule(Name="closed", EventPattern=json.dumps({"source": ["closed.test"]}))
    dlq = f"arn:aws:sqs:us-east-1:{ACCOUNT}:closed-dlq"
    dlq_url = sqs.create_queue(QueueName="closed-dlq")["QueueUrl"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": dlq,
    }
    sqs.set_queue_attributes(
        QueueUrl=dlq_url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    )
    target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:closed", "DeadLetterConfig": {"Arn": dlq}}
    events.put_targets(Rule="closed", Targets=[target])
    events.put_events(Entries=[{"Source": "closed.test", "DetailType": "Closed", "Detail": "{}"}])
    message = eventually(lambda: received(aws, "closed-dlq"))[0]
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert "Messages" not in sqs.receive_message(QueueUrl=closed)


def test_a_function_needs_a_permission_and_then_is_invoked(aws: LocalAws) -> None:
    events, functions = aws.client("events"), aws.client("lambda")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:small-inspect"
    events.put_rule(Name="invoke", EventPattern=json.dumps({"source": ["invoke.test"]}))
    events.put_targets(Rule="invoke", Targets=[{"Id": "1", "Arn": arn}])
    entry = {"Source": "invoke.test", "DetailType": "Invoke", "Detail": "{}"}
    mark = f"{time.time()}"

    def invocations() -> list[str]:
        logs = aws.client("logs")
        name = "/aws/lambda/small-inspect"
        if not logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
            return []  # a function's first invocation makes its log group
        log = logs.filter_log_events(logGroupName=name, startTime=int(float(mark) * 1000))
        return [event["message"] for event in log["events"] if event["message"] == "inspecting"]

    events.put_events(Entries=[entry])
    time.sleep(0.3)
    assert not invocations()
    functions.add_permission(
        FunctionName="small-inspect", StatementId="rule", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/invoke",
    )  # fmt: skip
    events.put_events(Entries=[entry])
    assert eventually(invocations)


def test_parameters_send_events_when_created_updated_and_deleted(aws: LocalAws) -> None:
    ssm, name = aws.client("ssm"), f"/greenlight/groups/{uuid.uuid4().hex}"
    ssm.put_parameter(Name=name, Value="1", Type="String")
    ssm.put_parameter(Name=name, Value="2", Type="String", Overwrite=True)
    ssm.delete_parameter(Name=name)
    seen: list[tuple[str, str]] = []

    def operations() -> list[str]:
        seen.extend(
            (body["detail"]["name"], body["detail"]["operation"])
            for body in bodies(aws, "parameter-changes")
            if body["source"] == "aws.ssm"
        )
        found = [operation for of, operation in seen if of == name]
        return found if len(found) == 3 else []

    assert sorted(eventually(operations)) == ["Create", "Delete", "Update"]


def test_events_of_aws_can_be_doubled_and_lost(aws: LocalAws, settings_restored: None) -> None:
    ssm = aws.client("ssm")
    aws.control(event_faults={"doubled": 1.0, "delay": 10, "seed": 1})
    ssm.put_parameter(Name="/doubled", Value="1", Type="String")
    aws.control(event_faults={"lost": 1.0})
    ssm.put_parameter(Name="/lost", Value="1", Type="String")
    aws.control(event_faults={})
    ssm.put_parameter(Name="/kept", Value="1", Type="String")
    seen: list[str] = []

    def names() -> bool:
        seen.extend(body["detail"].get("name", "") for body in bodies(aws, "parameter-changes"))
        return "/kept" in seen and seen.count("/doubled") == 2

    assert eventually(names)
    assert "/lost" not in seen


def test_a_schedule_fires_on_the_scaled_clock_with_its_input(aws: LocalAws) -> None:
    assert eventually(lambda: bodies(aws, "ticks"))[0] == {"tick": "tock"}
    assert eventually(lambda: bodies(aws, "ticks"))[0] == {"tick": "tock"}


def test_the_archive_keeps_events_and_replays_them(aws: LocalAws) -> None:
    events = aws.client("events")
    name = f"replayed-{uuid.uuid4().hex}"
    start = time.time() - 5
    put_event(aws, name=name)
    group_of(aws, name)
    aws.client("dynamodb").delete_item(TableName="small", Key={"name": {"S": name}})
    archive = events.describe_archive(ArchiveName="small-archive")
    assert archive["EventCount"] >= 1
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    events.start_replay(
        ReplayName=f"r-{uuid.uuid4().hex}"[:20], EventSourceArn=archive["ArchiveArn"], Destination={"Arn": bus},
        EventStartTime=start, EventEndTime=time.time() + 5,
    )  # fmt: skip
    assert group_of(aws, name) == name


def test_aws_sources_are_not_for_everyone(aws: LocalAws) -> None:
    entry = {"Source": "aws.sagemaker", "DetailType": "Forged", "Detail": "{}"}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize("name", ["x" * 129, "two words"])
def test_an_event_whose_message_group_sqs_does_not_take_goes_to_the_targets_dlq(
    aws: LocalAws, name: str
) -> None:
    put_event(aws, name=name)
    message = undelivered(aws, name=name)
    told = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "INVALID_PARAMETER"
    assert "MessageGroupId can only include alphanumeric and punctuation characters" in told["ERROR_MESSAGE"]
    assert json.loads(message["Body"])["detail"] == {"name": name}


@pytest.mark.parametrize(
    ("group", "fits"), [("x" * 128, True), ("x" * 129, False), ("a b", False), ("ä", False)]
)
def test_a_message_is_sent_only_with_a_message_group_that_sqs_takes(
    aws: LocalAws, group: str, fits: bool
) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="small.fifo")["QueueUrl"]
    name = uuid.uuid4().hex
    entry = {"MessageBody": json.dumps({"detail": {"name": name}}), "MessageGroupId": group}
    one = {"Id": "1", **entry, "MessageDeduplicationId": name}
    if fits:
        sqs.send_message(QueueUrl=url, **entry, MessageDeduplicationId=name)
        return
    with pytest.raises(ClientError, match="MessageGroupId can only include"):
        sqs.send_message(QueueUrl=url, **entry, MessageDeduplicationId=name)
    (failed,) = sqs.send_message_batch(QueueUrl=url, Entries=[one])["Failed"]
    assert failed["Code"] == "InvalidParameterValue"
