"""The CDK CLI deploys, changes and destroys what Greenlight's stacks are made of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.local.server.waiting import eventually


def test_a_table_has_what_its_template_says(aws: LocalAws) -> None:
    table = aws.client("dynamodb").describe_table(TableName="small")["Table"]
    assert table["SSEDescription"]["SSEType"] == "KMS"
    assert table["DeletionProtectionEnabled"] is True
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-group"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    backups = aws.client("dynamodb").describe_continuous_backups(TableName="small")[
        "ContinuousBackupsDescription"
    ]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    ttl = aws.client("dynamodb").describe_time_to_live(TableName="small")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "gone")


def test_a_schedule_has_what_its_template_says(aws: LocalAws) -> None:
    schedule = aws.client("scheduler").get_schedule(Name="small-schedule")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")


def test_a_log_group_without_a_name_is_called_after_its_stack(aws: LocalAws) -> None:
    def kept(days: int) -> str:
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}}
        return json.dumps({"Resources": {"Log": group}})

    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="Chatty", TemplateBody=kept(1))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="Chatty", WaiterConfig={"Delay": 1})
    found = cloudformation.describe_stack_resources(StackName="Chatty")["StackResources"]
    (name,) = [one["PhysicalResourceId"] for one in found]
    assert name.startswith("Chatty-Log-")
    cloudformation.update_stack(StackName="Chatty", TemplateBody=kept(3))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="Chatty", WaiterConfig={"Delay": 1})
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix="Chatty")["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (name, 3)


def test_a_type_that_is_not_known_fails_the_stack(aws: LocalAws) -> None:
    template = {"Resources": {"Odd": {"Type": "AWS::SageMaker::NoSuchThing", "Properties": {}}}}
    with pytest.raises(ClientError, match="NoSuchThing"):
        aws.client("cloudformation").create_stack(StackName="odd", TemplateBody=json.dumps(template))


def test_a_protected_table_fails_the_deletion_of_its_stack(aws: LocalAws) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "protected",
            "DeletionProtectionEnabled": True,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="protected", TemplateBody=json.dumps({"Resources": {"Table": table}})
    )

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName="protected")["Stacks"][0]["StackStatus"])

    eventually(lambda: status() == "CREATE_COMPLETE")
    cloudformation.delete_stack(StackName="protected")
    eventually(lambda: status() == "DELETE_FAILED")
    assert "protected" in aws.client("dynamodb").list_tables()["TableNames"]


def changed(assembly: Path, folder: Path) -> Path:
    """A copy of the small app's assembly with another parameter and without the table's protection."""
    copy = Path(shutil.copytree(assembly, folder / "changed"))
    template = copy / "small.template.json"
    text = template.read_text()
    template.write_text(
        text.replace('"DeletionProtectionEnabled": true', '"DeletionProtectionEnabled": false').replace(
            '{\\"instances\\": 1}', '{\\"instances\\": 2}'
        )
    )
    # The CLI uploads a template under its hash, and not again what is there.
    (old,) = set(re.findall(r"([0-9a-f]{64})\.json", (copy / "manifest.json").read_text()))
    for index in (copy / "manifest.json", copy / "small.assets.json"):
        index.write_text(index.read_text().replace(old, "0" * 64))
    return copy


def test_a_changed_template_changes_what_is_deployed_and_destroy_takes_it_away(
    aws: LocalAws, assembly: Path, tmp_path: Path
) -> None:
    """In a local AWS of its own, so that the others' app stays."""
    del aws  # has made the assembly
    with LocalAws() as own:
        own.bootstrap()
        options = ("--all", "--require-approval", "never")
        own.cdk("deploy", "--app", str(assembly), *options, cwd=tmp_path)
        after = changed(assembly, tmp_path)
        own.cdk("deploy", "--app", str(after), *options, cwd=tmp_path)
        value = own.client("ssm").get_parameter(Name="/greenlight/groups/small")["Parameter"]
        assert (json.loads(value["Value"]), value["Version"]) == ({"instances": 2}, 2)
        table = own.client("dynamodb").describe_table(TableName="small")["Table"]
        assert table["DeletionProtectionEnabled"] is False
        own.cdk("destroy", "--app", str(after), "--all", "--force", cwd=tmp_path)
        assert own.client("dynamodb").list_tables()["TableNames"] == []
        assert own.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
