"""The roles of the whole account: break-glass is recorded and decides nothing; the auditor reads everything."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.core.names import ACCOUNT_WIDE, AUDITOR, BREAK_GLASS
from local.aws import LocalAws
from tests.e2e.conftest import AUDITORS, RELIABILITY
from tests.e2e.scene import Scene

Make = Callable[..., Scene]
MFA = {"SerialNumber": "arn:aws:iam::123456789012:mfa/eve", "TokenCode": "123456"}


def step_in(aws: LocalAws, company_role: str, role: str, **asked: str) -> Callable[[str], Any]:
    """Clients of somebody who steps into a role of the account."""
    sts = aws.client("sts", role=company_role, session_name="eve")
    arn = f"arn:aws:iam::{aws.account}:role/greenlight/{role}"
    given = sts.assume_role(RoleArn=arn, RoleSessionName="eve", **asked)["Credentials"]
    session = boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=aws.region,
    )
    return lambda service: session.client(service, endpoint_url=aws.endpoint)  # type: ignore[call-overload] # any service


def account_ledger(scene: Scene) -> list[str]:
    """What the account's own ledger says."""
    answer = scene.aws.client("dynamodb").query(
        TableName=scene.watch.ledger_table(),
        KeyConditionExpression="#group = :group",
        ExpressionAttributeNames={"#group": "group"},
        ExpressionAttributeValues={":group": {"S": ACCOUNT_WIDE}},
    )
    return [str(json.loads(item["body"]["S"])["reason"]) for item in answer["Items"]]


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(ClientError, match="AccessDenied"):
        yield


def test_break_glass_takes_a_second_factor_and_a_source_identity(scene: Make) -> None:
    aws = scene("break-glass").aws
    for asked in ({}, MFA, {"SourceIdentity": "eve"}):
        with refused():
            step_in(aws, RELIABILITY, BREAK_GLASS, **asked)


def test_each_use_of_break_glass_is_in_the_accounts_ledger_and_it_decides_nothing(scene: Make) -> None:
    s = scene("break-glass")
    version = s.go_live()
    eve = step_in(s.aws, RELIABILITY, BREAK_GLASS, SourceIdentity="eve", **MFA)
    sagemaker = eve("sagemaker")
    with refused():
        sagemaker.update_model_package(ModelPackageArn=s.arns[version], ModelApprovalStatus="Rejected")
    with refused():
        eve("dynamodb").put_item(
            TableName=s.watch.ledger_table(), Item={"group": {"S": s.group}, "seq": {"N": "99"}}
        )
    sagemaker.delete_endpoint(EndpointName=s.group)

    def told() -> list[str] | None:
        found = [line for line in account_ledger(s) if "/eve" in line]
        calls = [
            one for one in ("AssumeRole", "DeleteEndpoint") if any(f"called {one}" in line for line in found)
        ]
        return found if len(calls) == 2 else None

    said = s.until("the account's ledger to tell of both", told)
    assert any("assumed-role/greenlight-break-glass/eve" in line and s.group in line for line in said)


def test_the_auditor_reads_the_ledger_the_registry_and_the_endpoints_and_writes_nothing(scene: Make) -> None:
    s = scene("break-glass")
    audit = step_in(s.aws, AUDITORS, AUDITOR)
    table, sagemaker = s.watch.ledger_table(), audit("sagemaker")
    assert audit("dynamodb").scan(TableName=table)["Items"]
    assert audit("cloudformation").describe_stacks(StackName="Greenlight-State")["Stacks"]
    assert audit("ssm").get_parameter(Name=f"/greenlight/groups/{s.group}")["Parameter"]
    assert "ModelPackageSummaryList" in sagemaker.list_model_packages(ModelPackageGroupName=s.group)
    assert "Endpoints" in sagemaker.list_endpoints()
    assert "Events" in audit("cloudtrail").lookup_events()
    for call, request in (
        (sagemaker.delete_endpoint, {"EndpointName": s.group}),
        (sagemaker.delete_model_package_group, {"ModelPackageGroupName": s.group}),
        (audit("ssm").delete_parameter, {"Name": f"/greenlight/groups/{s.group}"}),
        (audit("dynamodb").delete_table, {"TableName": table}),
    ):
        with refused():
            call(**request)
