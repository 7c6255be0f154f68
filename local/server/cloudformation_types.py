"""The resource types of CloudWatch, EventBridge, Scheduler and DynamoDB that ministack lacks or makes incompletely."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.cloudformation import ResourceType, pattern_text, require, tag_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.server.cloudformation import Made, Properties

_LONGEST_LOG_GROUP = 512


def types() -> list[ResourceType]:
    """Every type of this module."""
    return [
        ResourceType(
            "AWS::Events::Archive",
            "ArchiveName",
            _make_archive,
            _change_archive,
            _drop_archive,
            name_length=48,
            replacing=("SourceArn",),
        ),
        ResourceType(
            "AWS::CloudWatch::CompositeAlarm",
            "AlarmName",
            _put_composite,
            _change_composite,
            _drop_composite,
            name_length=255,
            tagged=True,
        ),
        ResourceType(
            "AWS::Scheduler::Schedule",
            "Name",
            _make_schedule,
            _change_schedule,
            _drop_schedule,
            name_length=64,
            replacing=("GroupName",),
        ),
    ]


# --- AWS::Events::Archive (ministack has none)


def _make_archive(name: str, properties: Properties) -> Made:
    hooks.private("services.eventbridge._ensure_default_bus")()
    require(
        hooks.private("services.eventbridge._create_archive")(_archive(name, properties)), f"archive {name}"
    )
    return name, {
        "Arn": hooks.private("services.eventbridge._archives")[name]["ArchiveArn"],
        "ArchiveName": name,
    }


def _change_archive(name: str, old: Properties, new: Properties) -> Made:
    del old
    require(hooks.private("services.eventbridge._update_archive")(_archive(name, new)), f"archive {name}")
    return name, {
        "Arn": hooks.private("services.eventbridge._archives")[name]["ArchiveArn"],
        "ArchiveName": name,
    }


def _drop_archive(name: str, properties: Properties) -> None:
    del properties
    hooks.private("services.eventbridge._archives").pop(name, None)


def _archive(name: str, properties: Properties) -> dict[str, Any]:
    return {
        "ArchiveName": name,
        "EventSourceArn": properties["SourceArn"],
        "Description": properties.get("Description", ""),
        "EventPattern": pattern_text(properties.get("EventPattern")),
        "RetentionDays": int(properties.get("RetentionDays", 0)),
        "KmsKeyIdentifier": properties.get("KmsKeyIdentifier", ""),
    }


# --- AWS::CloudWatch::CompositeAlarm (ministack has none)


def _put_composite(name: str, properties: Properties) -> Made:
    request = {key: value for key, value in properties.items() if key != "Tags"} | {"AlarmName": name}
    put = hooks.private("services.cloudwatch._put_composite_alarm")
    require(put({}, request, False, True), f"composite alarm {name}")
    alarm = hooks.private("services.cloudwatch._composite_alarms")[name]
    # Beside the API, whose PutCompositeAlarm takes no aws:cloudformation: tags and no tags on an update.
    hooks.private("services.cloudwatch._resource_tags")[alarm["AlarmArn"]] = tag_map(properties.get("Tags"))
    return name, {"Arn": alarm["AlarmArn"]}


def _change_composite(name: str, old: Properties, new: Properties) -> Made:
    del old
    return _put_composite(name, new)


def _drop_composite(name: str, properties: Properties) -> None:
    del properties
    hooks.private("services.cloudwatch._composite_alarms").pop(name, None)


# --- AWS::Scheduler::Schedule (ministack drops dates, time zone, key; an update makes a new schedule)


def _make_schedule(name: str, properties: Properties) -> Made:
    require(hooks.private("services.scheduler._create_schedule")(name, dict(properties)), f"schedule {name}")
    return name, {"Arn": hooks.private("services.scheduler._schedule_arn")(_group(properties), name)}


def _change_schedule(name: str, old: Properties, new: Properties) -> Made:
    del old
    require(hooks.private("services.scheduler._update_schedule")(name, dict(new)), f"schedule {name}")
    return name, {"Arn": hooks.private("services.scheduler._schedule_arn")(_group(new), name)}


def _drop_schedule(name: str, properties: Properties) -> None:
    hooks.private("services.scheduler._schedules").pop(f"{_group(properties)}/{name}", None)


def _group(properties: Properties) -> str:
    return str(properties.get("GroupName", "default"))


# --- AWS::Logs::LogGroup (ministack names them below /aws/cloudformation/)


def mend_log_groups() -> None:
    """Name a log group as CloudFormation names what its template does not: after its stack and its logical id."""
    handlers = hooks.private("services.cloudformation.provisioners._RESOURCE_HANDLERS")
    original = dict(handlers["AWS::Logs::LogGroup"])

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name = hooks.private("services.cloudformation.provisioners._physical_name")(
            stack_name, logical_id, max_len=_LONGEST_LOG_GROUP
        )
        made: Made = original["create"](logical_id, {"LogGroupName": name, **properties}, stack_name)
        return made

    def update(
        ref: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Made:
        named = {"LogGroupName": ref, **new} if old.get("LogGroupName") == new.get("LogGroupName") else new
        made: Made = original["update"](ref, {"LogGroupName": ref, **old}, named, stack_name, logical_id)
        return made

    handlers["AWS::Logs::LogGroup"] = {**original, "create": create, "update": update}


# --- AWS::DynamoDB::Table (ministack drops encryption, recovery, time to live, policy, and the protection)


def mend_tables() -> None:
    """Make tables as their template says, and refuse to delete a protected one."""
    handlers = hooks.private("services.cloudformation.provisioners._RESOURCE_HANDLERS")
    original = dict(handlers["AWS::DynamoDB::Table"])

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name, attributes = original["create"](logical_id, properties, stack_name)
        _finish_table(name, {}, properties)
        return name, attributes

    def update(
        ref: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Made:
        name, attributes = original["update"](ref, old, new, stack_name, logical_id)
        _finish_table(name, old, new)
        return name, attributes

    def delete(name: str, properties: Properties) -> None:
        table = hooks.private("services.dynamodb._tables").get(name)
        if table and table.get("DeletionProtectionEnabled"):
            raise ValueError(
                f"Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                f"protection first: table {name}"
            )
        original["delete"](name, properties)
        if table:
            hooks.private("services.dynamodb._resource_policies").pop(table["TableArn"], None)

    handlers["AWS::DynamoDB::Table"] = {**original, "create": create, "update": update, "delete": delete}


def _finish_table(name: str, old: Properties, new: Properties) -> None:
    steps: tuple[tuple[str, str, Callable[[Any], dict[str, Any]]], ...] = (
        ("SSESpecification", "_update_table", lambda value: {"SSESpecification": _encryption(value)}),
        (
            "PointInTimeRecoverySpecification",
            "_update_continuous_backups",
            lambda value: {
                "PointInTimeRecoverySpecification": value or {"PointInTimeRecoveryEnabled": False}
            },
        ),
        (
            "TimeToLiveSpecification",
            "_update_ttl",
            lambda value: {
                "TimeToLiveSpecification": value
                or {**(old.get("TimeToLiveSpecification") or {}), "Enabled": False}
            },
        ),
    )
    for prop, operation, request in steps:
        if old.get(prop) != new.get(prop):
            answer = hooks.private(f"services.dynamodb.{operation}")(
                {"TableName": name, **request(new.get(prop))}
            )
            require(answer, f"table {name} {prop}")
    if old.get("ResourcePolicy") != new.get("ResourcePolicy"):
        _set_table_policy(name, new.get("ResourcePolicy"))


def _set_table_policy(name: str, policy: Properties | None) -> None:
    arn = hooks.private("services.dynamodb._tables")[name]["TableArn"]
    if policy is None:
        hooks.private("services.dynamodb._resource_policies").pop(arn, None)
        return
    put = hooks.private("services.dynamodb._put_resource_policy")
    document = policy["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    require(put({"ResourceArn": arn, "Policy": text}), f"table {name} ResourcePolicy")


def _encryption(specification: Properties | None) -> dict[str, Any]:
    """A template's SSESpecification as the API's: SSEEnabled is Enabled there."""
    if not specification:
        return {"Enabled": False}
    return {("Enabled" if key == "SSEEnabled" else key): value for key, value in specification.items()}
