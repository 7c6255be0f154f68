"""Functions run as on AWS: their own process, role, variables, time limit, log, and event source."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from local.server import function_process
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from local.aws import LocalAws

AWS_SETS = {
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ", "_HANDLER",
}  # fmt: skip


def invoke(aws: LocalAws, **event: object) -> tuple[str | None, Any]:
    answer = aws.client("lambda").invoke(FunctionName="small-inspect", Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


def send(aws: LocalAws, group: str, **body: object) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="small.fifo")["QueueUrl"]
    body = {**body, "nonce": uuid.uuid4().hex}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), MessageGroupId=group)


def handled(aws: LocalAws, name: str) -> dict[str, Any]:
    item: dict[str, Any] = (
        aws.client("dynamodb").get_item(TableName="small", Key={"name": {"S": name}}).get("Item", {})
    )
    return item


def wait_for(aws: LocalAws, name: str) -> dict[str, Any]:
    return eventually(lambda: handled(aws, name))


def test_a_function_sees_its_variables_and_what_aws_sets_and_nothing_else(aws: LocalAws) -> None:
    _, seen = invoke(aws)
    assert seen["environment"].keys() - AWS_SETS == {"TABLE", "AWS_ENDPOINT_URL", "LC_CTYPE"}
    assert seen["importable"] == ["boto3"]
    assert not [entry for entry in seen["path"] if entry.startswith("/work") or "site-packages" in entry]


def test_a_function_acts_as_its_role_and_iam_holds(aws: LocalAws) -> None:
    _, seen = invoke(aws)
    assert ":assumed-role/small-inspect" in seen["identity"]
    error, said = invoke(aws, action="scan")
    assert error == "Unhandled"
    assert said["errorType"] == "ClientError"
    assert "dynamodb:Scan" in said["errorMessage"]


def test_a_process_is_used_again_even_after_an_error(aws: LocalAws) -> None:
    first = invoke(aws)[1]["process"]
    error, said = invoke(aws, action="raise")
    assert (error, said["errorType"], said["errorMessage"]) == ("Unhandled", "LookupError", "not here")
    assert invoke(aws)[1]["process"] == first


def test_the_time_limit_holds(aws: LocalAws) -> None:
    started = time.monotonic()
    error, said = invoke(aws, action="sleep", seconds=60)
    assert time.monotonic() - started > 1.9
    assert error == "Unhandled"
    assert "Task timed out after 2.00 seconds" in said["errorMessage"]
    assert 0 < invoke(aws)[1]["remaining"] <= 2000


def test_a_process_that_exits_is_an_error_and_is_replaced(aws: LocalAws) -> None:
    error, said = invoke(aws, action="exit")
    assert (error, said["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(aws)[0] is None


def test_a_tables_stream_reaches_its_function_and_a_poisoned_record_is_given_up_after_its_retries(
    aws: LocalAws,
) -> None:
    for name in ("poison", "streamed"):
        aws.client("dynamodb").put_item(TableName="small", Item={"name": {"S": name}, "group": {"S": "g"}})

    def lines() -> list[str]:
        logs = aws.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/small-stream")["logGroups"]:
            return []
        events = logs.filter_log_events(logGroupName="/aws/lambda/small-stream")["events"]
        said = [event["message"] for event in events if event["message"].startswith("saw INSERT")]
        return said if "saw INSERT streamed" in said else []

    assert eventually(lines).count("saw INSERT poison") == 3


def test_order_within_a_group_holds_while_others_run_beside_it(aws: LocalAws) -> None:
    for number in range(6):
        for group in ("order-a", "order-b", "order-c"):
            send(aws, group, name=f"{group}-{number:02}")
    names = [f"{group}-{number:02}" for group in ("order-a", "order-b", "order-c") for number in range(6)]
    times = {name: float(wait_for(aws, name)["at"]["N"]) for name in names}
    for group in ("order-a", "order-b", "order-c"):
        of_group = [times[name] for name in names if name.startswith(group)]
        assert of_group == sorted(of_group)


def test_what_a_function_prints_is_in_its_log(aws: LocalAws) -> None:
    invoke(aws)
    events = aws.client("logs").filter_log_events(logGroupName="/aws/lambda/small-inspect")["events"]
    lines = [event["message"] for event in events]
    assert "inspecting" in lines
    assert [line for line in lines if line.startswith("REPORT RequestId")]


def test_one_group_never_delays_another(aws: LocalAws) -> None:
    send(aws, "slow", name="slow", action="sleep", seconds=1.5)
    time.sleep(0.2)
    send(aws, "quick", name="quick")
    quick, slow = wait_for(aws, "quick"), wait_for(aws, "slow")
    assert float(quick["at"]["N"]) < float(slow["at"]["N"])


def test_a_failed_message_is_tried_again_then_goes_to_the_dlq_and_the_others_of_its_batch_do_not(
    aws: LocalAws,
) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="small.fifo")["QueueUrl"]
    bodies = [{"name": "bad", "action": "fail"}, {"name": "good"}]
    entries = [
        {
            "Id": str(number),
            "MessageBody": json.dumps(body | {"nonce": uuid.uuid4().hex}),
            "MessageGroupId": body["name"],
        }
        for number, body in enumerate(bodies)
    ]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    dlq = sqs.get_queue_url(QueueName="small-dlq.fifo")["QueueUrl"]
    found = eventually(lambda: sqs.receive_message(QueueUrl=dlq).get("Messages"))
    assert [json.loads(message["Body"])["name"] for message in found] == ["bad"]
    assert wait_for(aws, "good")["group"]["S"] == "good"
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_function_that_is_ended_while_its_files_are_made_keeps_them_until_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Removed under way, its code was not found, and a batch of events failed for no reason of its own."""
    under_way, ended = threading.Event(), threading.Event()
    process = function_process.FunctionProcess("small", {}, b"")

    def make(_content: bytes, archive: Path, _folder: Path) -> None:
        archive.write_bytes(b"")
        under_way.set()
        assert not ended.wait(0.2)
        archive.unlink()
        raise ValueError("made")

    monkeypatch.setattr(function_process, "_unzip", make)

    def kill() -> None:
        under_way.wait()
        process.kill()
        ended.set()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ValueError, match="made"):
        process._spawn()
    killer.join()
    assert process._folder is None
