"""CloudWatch, SSM and SQS, against moto."""

import json
from typing import Any

import boto3
import pytest

from lambdas.adapters.alarms import Alarms
from lambdas.adapters.concurrently import concurrently
from lambdas.adapters.queue import DeadLetters, Queue, RetrainQueue, redrive
from lambdas.adapters.specs import Specs
from lambdas.core import actions as do
from lambdas.core.errors import Denied, Gone, Throttled
from lambdas.core.facts import AlarmState, Hint, SpecRead, Started
from lambdas.core.hints import read_message
from lambdas.core.spec import Calendar, EndpointSpec, GroupSpec, Recurring, spec_to_json
from tests.adapters.conftest import Stubbed

SPEC = GroupSpec("fraud", EndpointSpec("fraud", "ml.m5.large"), "arn:aws:iam::123456789012:role/x")


def guardrail(name: str, metric: str = "Invocation5XXErrors", statistic: str = "Average") -> do.PutGuardrail:
    return do.PutGuardrail(
        name, "fraud", "fraud-v1-0123456789", metric, statistic, 0.05, {"greenlight:group": "fraud"}
    )


@pytest.mark.parametrize(
    ("metric", "statistic", "field"),
    [("Invocation5XXErrors", "Average", "Statistic"), ("ModelLatency", "p99", "ExtendedStatistic")],
)
def test_a_guardrail_watches_the_fleet_of_one_config(
    moto: None, metric: str, statistic: str, field: str
) -> None:
    cloudwatch = boto3.client("cloudwatch")
    Alarms(cloudwatch).put_guardrail(guardrail("greenlight/fraud/c/x", metric, statistic))
    alarm: Any = cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {
        "EndpointName": "fraud",
        "VariantName": "AllTraffic",
        "EndpointConfigName": "fraud-v1-0123456789",
    }
    assert (alarm[field], alarm["MetricName"], alarm["TreatMissingData"]) == (
        statistic,
        metric,
        "notBreaching",
    )


def test_states_are_read_and_missing_alarms_named(moto: None) -> None:
    cloudwatch = boto3.client("cloudwatch")
    alarms = Alarms(cloudwatch)
    names = [f"greenlight/fraud/{number}" for number in range(120)]
    for name in (names[0], names[110]):
        alarms.put_guardrail(guardrail(name))
    cloudwatch.set_alarm_state(AlarmName=names[110], StateValue="ALARM", StateReason="x")
    states = alarms.states(names)
    assert states[names[110]] is AlarmState.ALARM
    assert states[names[0]] in {AlarmState.OK, AlarmState.INSUFFICIENT_DATA}
    assert states[names[1]] is AlarmState.MISSING


def test_the_abort_metric_is_put_for_the_group(moto: None) -> None:
    cloudwatch = boto3.client("cloudwatch")
    alarms = Alarms(cloudwatch)
    alarms.trip("fraud")
    alarms.clear("fraud")
    metric: Any = cloudwatch.list_metrics(Namespace="Greenlight")["Metrics"][0]
    assert (metric["MetricName"], metric["Dimensions"]) == ("Abort", [{"Name": "Group", "Value": "fraud"}])


def test_deleting_no_alarms_asks_nothing() -> None:
    stubbed = Stubbed("cloudwatch")
    Alarms(stubbed.client).delete(())


def test_the_abort_metric_is_put_at_high_resolution() -> None:
    stubbed = Stubbed("cloudwatch")
    for value in (1.0, 0.0):
        datum = {
            "MetricName": "Abort",
            "Dimensions": [{"Name": "Group", "Value": "fraud"}],
            "Value": value,
            "StorageResolution": 1,
        }
        stubbed.answers("put_metric_data", None, Namespace="Greenlight", MetricData=[datum])
    alarms = Alarms(stubbed.client)
    alarms.trip("fraud")
    alarms.clear("fraud")
    stubbed.done()


def test_a_composite_alarm_has_a_state_too() -> None:
    stubbed = Stubbed("cloudwatch")
    stubbed.answers(
        "describe_alarms",
        {"CompositeAlarms": [{"AlarmName": "team/all", "StateValue": "ALARM"}]},
        AlarmNames=["team/all"],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        MaxRecords=100,
    )
    assert Alarms(stubbed.client).states(["team/all"]) == {"team/all": AlarmState.ALARM}


def test_more_alarms_than_one_call_takes_are_deleted_and_gone_ones_are_no_error() -> None:
    stubbed = Stubbed("cloudwatch")
    names = [f"greenlight/fraud/{number}" for number in range(120)]
    stubbed.refuses("delete_alarms", "ResourceNotFound", "greenlight/fraud/7", 404)
    stubbed.answers("delete_alarms", None, AlarmNames=names[100:])
    Alarms(stubbed.client).delete(names)
    stubbed.done()


def test_alarms_that_may_not_be_deleted_are_denied() -> None:
    stubbed = Stubbed("cloudwatch")
    stubbed.refuses("delete_alarms", "AccessDenied", status=403)
    with pytest.raises(Denied, match="deleting alarms greenlight/fraud/x"):
        Alarms(stubbed.client).delete(["greenlight/fraud/x"])


def test_a_spec_is_read_with_its_time(moto: None) -> None:
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/greenlight/groups/fraud", Value=spec_to_json(SPEC), Type="String")
    read = Specs(ssm).read("fraud")
    assert read.spec == SPEC
    assert read.modified > 0


def test_a_group_without_a_spec_has_none(moto: None) -> None:
    assert Specs(boto3.client("ssm")).read("fraud") == SpecRead(None, 0.0)


def test_the_names_of_all_groups_are_read_page_by_page_from_wherever_one_was_left(moto: None) -> None:
    ssm = boto3.client("ssm")
    names = {f"group-{number:02}" for number in range(12)}
    for name in names:
        ssm.put_parameter(Name=f"/greenlight/groups/{name}", Value="{}", Type="String")
    (first, rest), *others = Specs(ssm).pages()
    assert rest is not None
    assert {*first, *(name for page, _ in others for name in page)} == names == set(Specs(ssm).groups())
    assert list(Specs(ssm).pages(rest)) == others


@pytest.mark.parametrize("code", ["InvalidNextToken", "ValidationException"])
def test_a_place_that_aws_has_forgotten_is_told_and_not_taken_for_the_beginning(code: str) -> None:
    stubbed = Stubbed("ssm")
    stubbed.refuses("get_parameters_by_path", code)
    with pytest.raises(Gone, match="goes on"):
        list(Specs(stubbed.client).pages("old"))


def test_a_parameter_that_is_no_spec_is_told_and_not_raised(moto: None) -> None:
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/greenlight/groups/fraud", Value="{}", Type="String")
    read = Specs(ssm).read("fraud")
    assert read.spec is None
    assert read.problem is not None
    assert "parameter /greenlight/groups/fraud: " in read.problem
    assert "lacks endpoint, execution_role, name" in read.problem


def test_acts_and_the_accounts_freeze_windows_are_read_with_the_spec(moto: None) -> None:
    ssm = boto3.client("ssm")
    pause = '{"reason": "incident 7"}'
    calendar = '{"recurring_freeze": [{"cron": "0 17 * * 5", "minutes": 60, "timezone": "UTC", "reason": "weekend"}]}'
    ssm.put_parameter(Name="/greenlight/acts/fraud/pause", Value=pause, Type="String")
    ssm.put_parameter(Name="/greenlight/freeze", Value=calendar, Type="String")
    read = Specs(ssm).read("fraud")
    assert [(act.kind, act.text) for act in read.acts] == [("pause", pause)]
    assert read.calendar == Calendar(recurring_freeze=(Recurring("0 17 * * 5", 60, "UTC", "weekend"),))
    ssm.put_parameter(Name="/greenlight/acts/fraud/pause", Value=pause, Type="String", Overwrite=True)
    assert Specs(ssm).read("fraud").acts[0].stamp != read.acts[0].stamp


def test_an_act_whose_name_goes_up_or_deeper_stays_unread(moto: None) -> None:
    """An approver may write anything below the own group's name: it is of no other group, nor any act of this one."""
    ssm = boto3.client("ssm")
    below = ("../churn/pause", "pause/..", "./pause", "..", "pause/retry", "pause.")
    for name in below:
        ssm.put_parameter(Name=f"/greenlight/acts/fraud/{name}", Value='{"reason": "x"}', Type="String")
    assert Specs(ssm).read("fraud").acts == Specs(ssm).read("churn").acts == ()
    assert Specs(ssm).actors("fraud") == Specs(ssm).actors("churn") == {}


def test_other_parameters_below_a_groups_name_do_not_hide_who_wrote_its_acts(moto: None) -> None:
    ssm = boto3.client("ssm")
    for name in (*(f"a{number}" for number in range(60)), "pause"):
        ssm.put_parameter(Name=f"/greenlight/acts/fraud/{name}", Value='{"reason": "x"}', Type="String")
    assert set(Specs(ssm).actors("fraud")) == {"pause"}


def test_however_many_parameters_are_below_a_groups_name_asking_who_wrote_its_acts_ends() -> None:
    stubbed = Stubbed("ssm")
    asked = {
        "ParameterFilters": [{"Key": "Name", "Option": "BeginsWith", "Values": ["/greenlight/acts/fraud/"]}],
        "MaxResults": 50,
    }
    for rest in ({}, *[{"NextToken": "more"}] * 19):
        stubbed.answers("describe_parameters", {"Parameters": [], "NextToken": "more"}, **asked, **rest)
    assert Specs(stubbed.client).actors("fraud") == {}


def test_freeze_windows_that_cannot_be_read_are_none(moto: None) -> None:
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/greenlight/freeze", Value="[]", Type="String")
    assert Specs(ssm).read("fraud").calendar is None


def test_who_wrote_the_acts_of_a_group_is_told() -> None:
    stubbed = Stubbed("ssm")
    stubbed.answers(
        "describe_parameters",
        {"Parameters": [{"Name": "/greenlight/acts/fraud/pause", "LastModifiedUser": "arn:ann"}]},
        ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/greenlight/acts/fraud/"]}],
        MaxResults=50,
    )
    assert Specs(stubbed.client).actors("fraud") == {"pause": "arn:ann"}


def test_all_groups_with_a_spec_are_listed(moto: None) -> None:
    ssm = boto3.client("ssm")
    for number in range(23):
        ssm.put_parameter(Name=f"/greenlight/groups/g{number}", Value="{}", Type="String")
    assert sorted(Specs(ssm).groups()) == sorted(f"g{number}" for number in range(23))


def fifo(name: str) -> tuple[Any, str]:
    sqs = boto3.client("sqs")
    created = sqs.create_queue(
        QueueName=name, Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )
    return sqs, created["QueueUrl"]


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages"):
        found += messages
    return found


def test_each_group_is_sent_in_its_own_message_group(moto: None) -> None:
    sqs, url = fifo("reconcile.fifo")
    Queue(sqs, url).send((f"g{number}" for number in range(23)), source="sweep", at=5.0)
    messages = received(sqs, url)
    groups = sorted(f"g{number}" for number in range(23))
    assert sorted(message["Attributes"]["MessageGroupId"] for message in messages) == groups
    assert sorted(json.loads(message["Body"])["greenlight"]["group"] for message in messages) == groups


def test_the_same_look_asked_for_twice_is_one_message_whatever_the_queue_is_set_to(moto: None) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="plain.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue = Queue(sqs, url)
    for at in (5.0, 5.0, 6.0):
        queue.send(["fraud"], source="sweep", at=at)
    assert (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessages"
        ]
        == "2"
    )


def test_a_batch_sent_in_part_is_an_error_that_names_the_group() -> None:
    stubbed = Stubbed("sqs")
    refused = {"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "try again"}
    stubbed.stub.add_response("send_message_batch", {"Successful": [], "Failed": [refused]})
    with pytest.raises(Throttled, match=r"1 of 2 messages .* group churn: InternalError: try again"):
        Queue(stubbed.client, "https://queue").send(["fraud", "churn"], source="sweep", at=5.0)


@pytest.mark.parametrize(
    ("wanted", "taken"), [(-1, 0), (0, 0), (900, 900), (43_200, 43_200), (50_000, 43_200)]
)
def test_a_message_is_put_off_for_no_longer_than_sqs_allows(wanted: int, taken: int) -> None:
    stubbed = Stubbed("sqs")
    stubbed.answers(
        "change_message_visibility",
        None,
        QueueUrl="https://queue",
        ReceiptHandle="handle",
        VisibilityTimeout=taken,
    )
    Queue(stubbed.client, "https://queue").retry_later("handle", wanted)
    stubbed.done()


def test_a_message_is_put_off_and_comes_back(moto: None) -> None:
    sqs, url = fifo("reconcile.fifo")
    queue = Queue(sqs, url)
    queue.send(["fraud"], source="sweep", at=5.0)
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    queue.retry_later(handle, 600)
    assert sqs.receive_message(QueueUrl=url).get("Messages") is None
    queue.retry_later(handle, 0)
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_a_run_is_asked_for_on_a_standard_queue(moto: None) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retrain")["QueueUrl"]
    RetrainQueue(sqs, url).ask("fraud", "fraud-run-7")
    (message,) = received(sqs, url)
    assert json.loads(message["Body"]) == {
        "greenlight": {"source": "retrain", "group": "fraud", "run": "fraud-run-7"}
    }


@pytest.mark.parametrize(
    ("outcome", "started"),
    [
        ({"execution": "arn:e"}, Started("fraud-run-7", execution="arn:e")),
        ({"problem": "no pipeline"}, Started("fraud-run-7", problem="no pipeline")),
    ],
)
def test_what_came_of_a_run_is_told_in_its_groups_order_and_understood(
    moto: None, outcome: dict[str, str], started: Started
) -> None:
    sqs, url = fifo("reconcile.fifo")
    for _ in range(2):
        Queue(sqs, url).tell("fraud", "fraud-run-7", 5.0, **outcome)
    (message,) = received(sqs, url)
    assert message["Attributes"]["MessageGroupId"] == "fraud"
    read = read_message(message["Body"])
    assert (read.group, read.hint) == ("fraud", Hint("retrain", started=started))


def test_a_buried_message_carries_its_reason(moto: None) -> None:
    sqs, url = fifo("dead.fifo")
    DeadLetters(sqs, url).bury("not json", "fraud", "the message is not JSON", "id-1")
    message = received(sqs, url)[0]
    assert message["Body"] == "not json"
    assert message["MessageAttributes"]["Reason"]["StringValue"] == "the message is not JSON"
    assert message["MessageAttributes"]["OriginalMessageId"]["StringValue"] == "id-1"


def test_concurrent_calls_keep_their_order_and_the_first_error_is_raised_when_all_ended() -> None:
    ended: list[int] = []

    def fails() -> int:
        raise ValueError("first")

    def ends() -> int:
        ended.append(1)
        return 1

    assert concurrently(lambda: 1, lambda: 2, lambda: 3) == [1, 2, 3]
    assert concurrently() == []
    with pytest.raises(ValueError, match="first"):
        concurrently(fails, ends, ends)
    assert ended == [1, 1]


def test_dead_letters_are_moved_back_by_sqs_itself() -> None:
    stubbed = Stubbed("sqs")
    names = ["QueueArn", "ApproximateNumberOfMessages"]
    lying = {"QueueArn": "arn:dead", "ApproximateNumberOfMessages": "3"}
    stubbed.answers("get_queue_attributes", {"Attributes": lying}, QueueUrl="dead", AttributeNames=names)
    work = {"Attributes": {"QueueArn": "arn:work"}}
    stubbed.answers("get_queue_attributes", work, QueueUrl="work", AttributeNames=["QueueArn"])
    stubbed.answers(
        "start_message_move_task", {"TaskHandle": "h"}, SourceArn="arn:dead", DestinationArn="arn:work"
    )
    assert redrive(stubbed.client, "dead", "work") == 3
    stubbed.done()


def test_an_empty_dead_letter_queue_moves_nothing() -> None:
    stubbed = Stubbed("sqs")
    names = ["QueueArn", "ApproximateNumberOfMessages"]
    lying = {"QueueArn": "arn:dead", "ApproximateNumberOfMessages": "0"}
    stubbed.answers("get_queue_attributes", {"Attributes": lying}, QueueUrl="dead", AttributeNames=names)
    assert redrive(stubbed.client, "dead", "work") == 0
    stubbed.done()
