"""The roles of the whole account: break-glass is recorded and decides nothing; the auditor reads everything."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.core.names import ACCOUNT_WIDE, AUDITOR, BREAK_GLASS, CONTROLLER_STACK
from local.aws import LocalAws
from local.demo.watch import Watch
from tests.e2e.conftest import AUDITORS, ON_CALL, RELIABILITY
from tests.e2e.scene import Scene

Make = Callable[..., Scene]
MFA = {"SerialNumber": "arn:aws:iam::123456789012:mfa/eve", "TokenCode": "123456"}


def step_in(
    aws: LocalAws, company_role: str, role: str, name: str = "", **asked: str
) -> Callable[[str], Any]:
    """Clients of somebody who steps into a role of the account; `name`: their source identity from signing in."""
    signed_in = {"SourceIdentity": name} if name else {}
    company = aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{aws.account}:role/{company_role}", RoleSessionName="eve", **signed_in
    )["Credentials"]
    return _assumed(aws, _clients(aws, company)("sts"), role, **asked)


def _assumed(aws: LocalAws, sts: Any, role: str, **asked: str) -> Callable[[str], Any]:
    arn = f"arn:aws:iam::{aws.account}:role/greenlight/{role}"
    return _clients(aws, sts.assume_role(RoleArn=arn, RoleSessionName="eve", **asked)["Credentials"])


def _clients(aws: LocalAws, given: dict[str, Any]) -> Callable[[str], Any]:
    session = boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given.get("SecretAccessKey"),
        aws_session_token=given.get("SessionToken"),
        region_name=aws.region,
    )
    return lambda service: session.client(service, endpoint_url=aws.endpoint)  # type: ignore[call-overload] # any service


def account_ledger(scene: Scene) -> list[str]:
    """What the account's own ledger says."""
    return [line.reason for line in Watch(scene.aws, ACCOUNT_WIDE).ledger()]


_USES = ("AssumeRole", "DeleteEndpoint")  # the local AWS's trail has SageMaker and STS only


def pager_of(aws: LocalAws) -> str:
    """The URL of a queue that gets what the topic for people gets."""
    topic, arn = aws.outputs(CONTROLLER_STACK)["AlarmTopic"], f"arn:aws:sqs:{aws.region}:{aws.account}:pager"
    lets_in = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [lets_in]})
    made = aws.client("sqs").create_queue(QueueName="pager", Attributes={"Policy": policy})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(made["QueueUrl"])


def rings(aws: LocalAws, queue: str) -> list[str]:
    """What has come since the last time."""
    sqs, found = aws.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(str(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def switch_reconcile(aws: LocalAws, eve: Callable[[str], Any]) -> None:
    """Switch reconcile off, and on again, as docs/operations.md says."""
    lambda_ = eve("lambda")
    function = aws.outputs(CONTROLLER_STACK)["ReconcileFunction"]
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    for enabled in (False, True):
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
        found = aws.client("lambda").get_event_source_mapping(UUID=mapping["UUID"])
        assert found["State"].startswith("Enabl" if enabled else "Disabl")


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(ClientError, match="AccessDenied"):
        yield


def test_a_role_steps_into_break_glass_with_the_source_identity_that_it_signed_in_with(scene: Make) -> None:
    aws = scene("break-glass").aws
    for asked in ({}, MFA, {"SourceIdentity": "eve"}):
        with refused():
            step_in(aws, RELIABILITY, BREAK_GLASS, **asked)
    for asked in (MFA, {"SourceIdentity": "somebody-else"}):
        with refused():
            step_in(aws, RELIABILITY, BREAK_GLASS, name="eve", **asked)
    eve = step_in(aws, RELIABILITY, BREAK_GLASS, name="eve")
    assert f"assumed-role/{BREAK_GLASS}/eve" in eve("sts").get_caller_identity()["Arn"]


def test_a_user_steps_into_break_glass_by_the_own_name_and_with_a_second_factor(scene: Make) -> None:
    aws = scene("break-glass").aws
    sts = _clients(aws, aws.client("iam").create_access_key(UserName=ON_CALL)["AccessKey"])("sts")
    own = {"SourceIdentity": ON_CALL}
    for asked in ({}, MFA, own, {**MFA, "SourceIdentity": "eve"}):
        with refused():
            _assumed(aws, sts, BREAK_GLASS, **asked)
    olga = _assumed(aws, sts, BREAK_GLASS, **MFA, **own)
    assert f"assumed-role/{BREAK_GLASS}/eve" in olga("sts").get_caller_identity()["Arn"]


def test_each_use_of_break_glass_is_in_the_accounts_ledger_and_it_decides_nothing(scene: Make) -> None:
    s = scene("break-glass")
    pager = pager_of(s.aws)
    version = s.go_live()
    eve = step_in(s.aws, RELIABILITY, BREAK_GLASS, name="eve")
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
        return found if all(any(f"called {one}" in line for line in found) for one in _USES) else None

    said = s.until("the account's ledger to tell of both", told)
    # Not before: a message that is being worked on then would come back only after minutes.
    switch_reconcile(s.aws, eve)
    paged: list[str] = []

    def rung() -> bool | None:
        paged.extend(rings(s.aws, pager))
        return all(any(f"called {one}" in text for text in paged) for one in _USES) or None

    assert s.until("the pager to tell of both", rung)
    assert all(
        "break-glass was used" in text and "/eve" in text for text in paged if "DeleteEndpoint" in text
    )
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
