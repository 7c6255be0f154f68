"""Boundary and organisation policy, each met by real signed calls on the local AWS.

The local AWS has no organisation: its policy stands among a role's own, where a denial counts the same.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infra.constructs.boundary import boundary
from infra.policies.denials import denials
from infra.policies.organization import organization_policy
from local.aws import LocalAws
from tests.infra.templates import ACCOUNT, REGION
from tests.local.server.iam_parts import assume, client_of, document, refused, statement, trust

pytestmark = pytest.mark.e2e

GROUP = "everything"
QUEUE, SPEC, LEDGER = (
    "greenlight-reconcile.fifo",
    f"/greenlight/groups/{GROUP}",
    "Greenlight-State-Ledger-1A2B3C",
)
IMAGE = {"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}], "SupportedContentTypes": ["text/csv"],
         "SupportedResponseMIMETypes": ["text/csv"]}  # fmt: skip
TRUST = document(trust("sts:AssumeRole"))
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS with something of each kind that the policies are about."""
    with LocalAws() as local:
        local.client("sagemaker").create_model_package_group(
            ModelPackageGroupName=GROUP, Tags=[{"Key": "greenlight:group", "Value": GROUP}]
        )
        local.client("ssm").put_parameter(Name=SPEC, Value="{}", Type="String")
        local.client("sqs").create_queue(QueueName=QUEUE, Attributes={"FifoQueue": "true"})
        local.client("dynamodb").create_table(
            TableName=LEDGER,
            KeySchema=[{"AttributeName": "group", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        local.client("iam").create_role(
            RoleName="greenlight-reconcile", Path="/greenlight/", AssumeRolePolicyDocument=TRUST
        )
        local.client("iam").create_role(
            RoleName=f"cdk-hnb659fds-deploy-role-{ACCOUNT}-{REGION}", AssumeRolePolicyDocument=TRUST
        )
        serving = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        }
        local.client("iam").create_role(RoleName="serving", AssumeRolePolicyDocument=document(serving))
        yield local


@pytest.fixture(scope="module")
def bound(aws: LocalAws) -> str:
    """The boundary as a stack makes it; its ARN."""
    stack = cdk.Stack(cdk.App(), "Greenlight-Boundary", synthesizer=cdk.LegacyStackSynthesizer())
    boundary(stack)
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="Greenlight-Boundary",
        TemplateBody=json.dumps(Template.from_stack(stack).to_json()),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="Greenlight-Boundary", WaiterConfig={"Delay": 1}
    )
    return f"arn:aws:iam::{ACCOUNT}:policy/greenlight/greenlight-boundary"


@pytest.fixture(scope="module", params=["boundary", "organisation"])
def administrator(request: pytest.FixtureRequest, aws: LocalAws, bound: str) -> Client:
    """Clients of a role that is allowed everything, within the one policy or the other."""
    if request.param == "boundary":
        return _clients(aws, "bounded-admin", PermissionsBoundary=bound)
    return _clients(aws, "organized-admin", *_organization())


def _organization() -> list[object]:
    return list(organization_policy()["Statement"])


def _clients(aws: LocalAws, name: str, *limits: object, path: str = "/", **more: Any) -> Client:
    iam = aws.client("iam")
    arn = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST, **more)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(statement("*"), *limits))
    credentials = assume(aws.client("sts"), arn)
    return lambda service: client_of(aws, credentials, service)


def _registered(sagemaker: Any, status: str) -> str:
    return str(
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP, InferenceSpecification=IMAGE, ModelApprovalStatus=status
        )["ModelPackageArn"]
    )


def test_an_administrator_registers_but_decides_nothing(administrator: Client) -> None:
    sagemaker = administrator("sagemaker")
    version = _registered(sagemaker, "PendingManualApproval")
    for status in ("Approved", "Rejected"):
        with refused("UpdateModelPackage .*explicit deny"):
            sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus=status)
        with refused("CreateModelPackage .*explicit deny"):
            _registered(sagemaker, status)
    with refused("CreateModelPackage .*explicit deny"):
        sagemaker.create_model_package(ModelPackageGroupName=GROUP, InferenceSpecification=IMAGE)
    with refused("DeleteModelPackage .*explicit deny"):
        sagemaker.delete_model_package(ModelPackageName=version)
    sagemaker.update_model_package(ModelPackageArn=version, CustomerMetadataProperties={"a": "b"})


def test_an_administrator_makes_models_but_none_of_ours(administrator: Client) -> None:
    sagemaker = administrator("sagemaker")
    model = {"ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/serving", "PrimaryContainer": {"Image": "i"}}
    with refused("explicit deny"):
        sagemaker.create_model(
            ModelName="forged", Tags=[{"Key": "greenlight:group", "Value": GROUP}], **model
        )
    sagemaker.create_model(ModelName="own", Tags=[{"Key": "team", "Value": "other"}], **model)
    with refused("explicit deny"):
        sagemaker.add_tags(
            ResourceArn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/own",
            Tags=[{"Key": "greenlight:group", "Value": GROUP}],
        )
    sagemaker.delete_model(ModelName="own")


def test_an_administrator_changes_nothing_that_reconcile_goes_by(administrator: Client) -> None:
    with refused("explicit deny"):
        administrator("ssm").put_parameter(Name=SPEC, Value="{}", Type="String", Overwrite=True)
    with refused("explicit deny"):
        administrator("dynamodb").put_item(TableName=LEDGER, Item={"group": {"S": GROUP}})
    assert administrator("dynamodb").scan(TableName=LEDGER)["Items"] == []
    sqs = administrator("sqs")
    with refused("explicit deny"):
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], MessageBody="x", MessageGroupId="x"
        )
    for namespace in ("Greenlight", "Other"):
        metric = {"Namespace": namespace, "MetricData": [{"MetricName": "Abort", "Value": 1.0}]}
        if namespace == "Other":
            administrator("cloudwatch").put_metric_data(**metric)
        else:
            with refused("explicit deny"):
                administrator("cloudwatch").put_metric_data(**metric)
    with refused("explicit deny"):
        administrator("cloudwatch").set_alarm_state(
            AlarmName=f"greenlight/{GROUP}/abort", StateValue="OK", StateReason="x"
        )


def test_an_administrator_becomes_nobody_of_ours(administrator: Client) -> None:
    iam, sts = administrator("iam"), administrator("sts")
    with refused("explicit deny"):
        iam.create_role(RoleName="own-approver", Path="/greenlight/", AssumeRolePolicyDocument=TRUST)
    with refused("explicit deny"):
        iam.update_assume_role_policy(RoleName="greenlight-reconcile", PolicyDocument=TRUST)
    for role in ("greenlight/greenlight-reconcile", f"cdk-hnb659fds-deploy-role-{ACCOUNT}-{REGION}"):
        with refused("explicit deny"):
            assume(sts, f"arn:aws:iam::{ACCOUNT}:role/{role}")
    with refused("explicit deny"):
        administrator("cloudformation").delete_stack(StackName="Greenlight-Boundary")


def test_the_boundary_stays_on_and_is_handed_on(aws: LocalAws, bound: str) -> None:
    iam = _clients(aws, "handing-on", PermissionsBoundary=bound)("iam")
    with refused("explicit deny"):
        iam.create_role(RoleName="free", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=bound)
    with refused("explicit deny"):
        iam.delete_role_permissions_boundary(RoleName="mine")
    with refused("explicit deny"):
        iam.delete_role_permissions_boundary(RoleName="handing-on")
    with refused("explicit deny"):
        iam.update_assume_role_policy(RoleName="mine", PolicyDocument=TRUST)
    aws.client("iam").create_role(RoleName="unbound", AssumeRolePolicyDocument=TRUST)
    with refused("explicit deny"):
        iam.put_role_policy(RoleName="unbound", PolicyName="p", PolicyDocument=document(statement("*")))
    iam.put_role_policy(RoleName="mine", PolicyName="p", PolicyDocument=document(statement("*")))


def test_an_approver_in_the_organisation_decides(aws: LocalAws) -> None:
    version = _registered(aws.client("sagemaker"), "PendingManualApproval")
    approver = _clients(aws, f"{GROUP}-approver", *_organization(), path="/greenlight/")("sagemaker")
    approver.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    impostor = _clients(aws, "impostor-approver", *_organization())("sagemaker")
    with refused("explicit deny"):
        impostor.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")


def test_cloudformations_role_still_makes_the_roles(aws: LocalAws) -> None:
    assert {denial.sid for denial in denials("*")} == {
        each["Sid"] for each in organization_policy()["Statement"]
    }
    executor = _clients(aws, f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}", *_organization())
    executor("iam").create_role(RoleName="new-approver", Path="/greenlight/", AssumeRolePolicyDocument=TRUST)
    executor("ssm").put_parameter(Name=SPEC, Value="{}", Type="String", Overwrite=True)
    with refused("explicit deny"):
        _registered(executor("sagemaker"), "Approved")
