"""The function of the small app: echoes, fails, sleeps or shows itself, as the message says."""

import json
import os
import sys
import time
from typing import Any

import boto3


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A batch from SQS: each record's body says what to do; anything else is answered with what it was."""
    if "Records" not in event:
        return {"event": event, "function": context.function_name}
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        name = body.get("name") or body.get("detail", {}).get("name", "")
        print("handling", record["messageId"], name, body.get("action", ""))
        if body.get("action") == "fail":
            failed.append({"itemIdentifier": record["messageId"]})
        if body.get("action") == "sleep":
            time.sleep(body["seconds"])
        if name:
            boto3.client("dynamodb").put_item(
                TableName=os.environ["TABLE"],
                Item={
                    "name": {"S": name},
                    "at": {"N": str(time.time())},
                    "group": {"S": record["attributes"].get("MessageGroupId", "")},
                },
            )
    return {"batchItemFailures": failed}


def stream(event: dict[str, Any], context: Any) -> None:
    """Prints the names that a table's stream tells of."""
    for record in event["Records"]:
        name = record["dynamodb"]["Keys"]["name"]["S"]
        print("saw", record["eventName"], name)
        if name.startswith("poison"):
            raise ValueError(name)


def inspect(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What the function's process sees; or an error, a crash, an overlong sleep."""
    action = event.get("action")
    if action == "raise":
        raise LookupError("not here")
    if action == "exit":
        os._exit(3)
    if action == "sleep":
        time.sleep(event["seconds"])
    if action == "scan":
        boto3.client("dynamodb").scan(TableName=os.environ["TABLE"])
    print("inspecting")
    importable = []
    for package in ("boto3", "ministack", "moto", "pytest", "yaml"):
        try:
            __import__(package)
        except ImportError:
            continue
        importable.append(package)
    return {
        "environment": dict(os.environ),
        "path": sys.path,
        "importable": importable,
        "identity": boto3.client("sts").get_caller_identity()["Arn"],
        "process": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
    }
