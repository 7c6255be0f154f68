"""The real function `dashboard` in a local AWS, over tables, registry and endpoints that hold what a test says."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from infra.constructs.asset import build_asset
from lambdas.adapters.store import Store
from lambdas.core.settings import to_environment
from lambdas.core.spec import VARIANT
from tests.local.server.test_sagemaker import artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdas.core.record import Approval, Record
    from lambdas.dashboard.settings import DashboardSettings
    from local.aws import LocalAws

_READS = ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "sagemaker:List*", "sagemaker:Describe*"]
_CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 3600,  # the most that AWS takes
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        }
    }
}
_QUICK, _SLOW = 600, 20  # AWS seconds per wall second


def packed() -> bytes:
    """The function's asset, as it is uploaded."""
    folder, _ = build_asset("lambdas.dashboard.handler")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def function(aws: LocalAws, name: str, code: bytes, settings: DashboardSettings) -> str:
    """Make the function; its ARN."""
    role = role_of(aws, name, "lambda", _READS)
    made = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="lambdas.dashboard.handler.handler",
        Code={"ZipFile": code},
        Timeout=30,
        Environment={"Variables": to_environment(settings)},
    )
    return str(made["FunctionArn"])


def tables(aws: LocalAws, settings: DashboardSettings) -> Store:
    """Make both tables, empty and without the indexes that the page does not read."""
    dynamodb = aws.client("dynamodb")
    group = {"AttributeName": "group", "KeyType": "HASH"}
    names = {settings.state_table: [group]}
    names[settings.ledger_table] = [group, {"AttributeName": "seq", "KeyType": "RANGE"}]
    kinds = {"group": "S", "seq": "N"}
    for table, keys in names.items():
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=keys,
            AttributeDefinitions=[
                {"AttributeName": key["AttributeName"], "AttributeType": kinds[key["AttributeName"]]}
                for key in keys
            ],
        )
    return Store(dynamodb, **asdict(settings))


def dashboard(aws: LocalAws, name: str, function_arn: str, **params: object) -> str:
    """Make a dashboard of the one widget; the address of its page."""
    properties = {"endpoint": function_arn, "title": "Model groups", "params": params}
    widget = {"type": "custom", "width": 24, "height": 16, "properties": properties}
    aws.client("cloudwatch").put_dashboard(
        DashboardName=name, DashboardBody=json.dumps({"widgets": [widget]})
    )
    return f"{aws.page}?dashboard={name}"


def drawn(aws: LocalAws, function_arn: str, **asked: object) -> str:
    """The HTML that the function returns, before any browser cleans it."""
    said = aws.client("lambda").invoke(FunctionName=function_arn, Payload=json.dumps(asked))
    html = json.load(said["Payload"])
    assert isinstance(html, str), html
    return html


def register(aws: LocalAws, group: str, versions: Iterable[Approval]) -> None:
    """Make a group with these versions, oldest first."""
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for approval in versions:
        sagemaker.create_model_package(ModelPackageGroupName=group, ModelApprovalStatus=approval.value)


def serve(aws: LocalAws, settled: Record, rolling: Record) -> None:
    """Make both groups' endpoints on what is live, and take the second one's rollout to where its canary bakes.

    There it stays for three minutes of ours: a step takes as long as time was slow when it began.
    """
    sagemaker = aws.client("sagemaker")
    assert rolling.rollout is not None
    _make_configs(aws, {placement.config for placement in rolling.kept})
    aws.control(time_scale=_QUICK)
    for record in (settled, rolling):
        sagemaker.create_endpoint(EndpointName=record.group, EndpointConfigName=record.live)
    for record in (settled, rolling):
        _until(aws, record.group, "EndpointStatus", "InService")
    sagemaker.update_endpoint(
        EndpointName=rolling.group,
        EndpointConfigName=rolling.rollout.config,
        DeploymentConfig=_CANARY,
    )
    aws.control(time_scale=_SLOW)
    _until(aws, rolling.group, "Status", "Baking")


def _make_configs(aws: LocalAws, names: set[str]) -> None:
    """One model on all of them."""
    sagemaker, s3 = aws.client("sagemaker"), aws.client("s3")
    role = role_of(aws, "serving", "sagemaker", ["s3:GetObject", "s3:ListBucket"])
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=artifact("def model_fn(model_dir): return 0"))
    container = {"Image": "scorer:1", "ModelDataUrl": "s3://models/model.tar.gz"}
    sagemaker.create_model(ModelName="scorer", ExecutionRoleArn=role, PrimaryContainer=container)
    hardware = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
    for name in names:
        variant = {"VariantName": VARIANT, "ModelName": "scorer", **hardware}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def _until(aws: LocalAws, endpoint: str, member: str, value: str) -> None:
    """Wait until this stands somewhere in what DescribeEndpoint tells."""
    deadline = time.monotonic() + 300
    said = ""
    while f'"{member}": "{value}"' not in said:
        assert time.monotonic() < deadline, f"endpoint {endpoint} never had {member} {value}: {said}"
        time.sleep(0.05)
        said = json.dumps(aws.client("sagemaker").describe_endpoint(EndpointName=endpoint), default=str)


def role_of(aws: LocalAws, name: str, service: str, actions: list[str]) -> str:
    """Make a role of a service that may do this on everything; its ARN."""
    iam = aws.client("iam")
    trusted = {"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trusted))
    iam.put_role_policy(
        RoleName=name, PolicyName="may", PolicyDocument=_document({"Action": actions, "Resource": "*"})
    )
    return str(role["Role"]["Arn"])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
