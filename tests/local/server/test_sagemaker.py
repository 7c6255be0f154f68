"""SageMaker over HTTP: IAM, events, a real model behind an endpoint, its metrics, and what scales it."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws

ACCOUNT = "123456789012"
PREFIX = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
SCRIPT = """
import json

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(data, model):
    if data.get("break"):
        raise ValueError("the model broke")
    return {"doubled": 2 * data["value"]}

def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""


def artifact(script: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("code/inference.py")
        info.size = len(script.encode())
        archive.addfile(info, io.BytesIO(script.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def execution_role(aws: LocalAws) -> str:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    iam = aws.client("iam")
    arn: str = iam.create_role(
        RoleName="small-endpoint", Path="/greenlight/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="small-endpoint", PolicyName="p", PolicyDocument=document)
    return arn


@pytest.fixture(scope="module")
def model_data(aws: LocalAws) -> str:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="small-models")
    s3.put_object(Bucket="small-models", Key="model.tar.gz", Body=artifact(SCRIPT))
    return "s3://small-models/model.tar.gz"


@pytest.fixture(scope="module")
def endpoint(aws: LocalAws, execution_role: str, model_data: str) -> str:
    """An endpoint in service, named small."""
    sagemaker = aws.client("sagemaker")
    container = {"Image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/sklearn:1", "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName="small", ExecutionRoleArn=execution_role, PrimaryContainer=container)
    variant = {
        "VariantName": "all", "ModelName": "small", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
    }  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="small-1", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="small", EndpointConfigName="small-1")
    in_service(aws)
    return "small"


def in_service(aws: LocalAws) -> None:
    def settled() -> str:
        status = str(aws.client("sagemaker").describe_endpoint(EndpointName="small")["EndpointStatus"])
        return "" if status in ("Creating", "Updating") else status

    assert eventually(settled) == "InService"


def ask(aws: LocalAws, **content: object) -> dict[str, Any]:
    return dict(
        aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="small", ContentType="application/json", Body=json.dumps(content)
        )
    )


def role_with(aws: LocalAws, name: str, *statements: dict[str, object]) -> str:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    iam = aws.client("iam")
    arn: str = iam.create_role(
        RoleName=name, Path="/greenlight/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return arn


def register(aws: LocalAws, **more: object) -> str:
    specification = {
        "Containers": [{"Image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/sklearn:1"}],
        "SupportedContentTypes": ["application/json"], "SupportedResponseMIMETypes": ["application/json"],
    }  # fmt: skip
    answer = aws.client("sagemaker").create_model_package(
        ModelPackageGroupName="small", InferenceSpecification=specification, **more
    )
    return str(answer["ModelPackageArn"])


def test_a_group_made_by_a_template_has_its_tags(aws: LocalAws) -> None:
    group = aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName="small")
    tags = aws.client("sagemaker").list_tags(ResourceArn=group["ModelPackageGroupArn"])["Tags"]
    assert {"Key": "greenlight:group", "Value": "small"} in tags


def test_approving_needs_the_permission_for_that_status_and_is_told_as_who_did_it(aws: LocalAws) -> None:
    arn = register(aws, ModelApprovalStatus="PendingManualApproval")
    update: dict[str, object] = {"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": "*"}
    only_reject = {"Condition": {"StringEquals": {"sagemaker:ModelApprovalStatus": "Rejected"}}}
    rejecter = aws.client("sagemaker", role=role_with(aws, "rejecter", update | only_reject))
    with pytest.raises(
        ClientError, match=r"AccessDeniedException.*not authorized to perform: sagemaker:UpdateModelPackage"
    ):
        rejecter.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    rejecter.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    approver = aws.client("sagemaker", role=role_with(aws, "approver", update), session_name="ann")
    approver.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    who = aws.client("sagemaker").describe_model_package(ModelPackageName=arn)["LastModifiedBy"][
        "IamIdentity"
    ]
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/approver/ann"


def test_a_decision_is_an_event_on_the_default_bus(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="parameter-changes")["QueueUrl"]
    arn = register(aws, ModelApprovalStatus="Approved")

    def event() -> dict[str, Any]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            if body["detail"].get("ModelPackageArn") == arn:
                return dict(body)
        return {}

    found = eventually(event)
    assert (found["source"], found["detail-type"]) == (
        "aws.sagemaker",
        "SageMaker Model Package State Change",
    )
    assert found["detail"]["ModelApprovalStatus"] == "Approved"


def test_passing_a_role_needs_the_permission_to_pass_it(
    aws: LocalAws, execution_role: str, model_data: str
) -> None:
    allow: dict[str, object] = {"Effect": "Allow", "Action": "sagemaker:CreateModel", "Resource": "*"}
    sagemaker = aws.client("sagemaker", role=role_with(aws, "no-pass", allow))
    container = {"Image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/sklearn:1", "ModelDataUrl": model_data}
    with pytest.raises(ClientError, match="iam:PassRole"):
        sagemaker.create_model(ModelName="other", ExecutionRoleArn=execution_role, PrimaryContainer=container)


def test_an_endpoint_answers_with_its_model(aws: LocalAws, endpoint: str) -> None:
    answer = ask(aws, value=21)
    assert json.load(answer["Body"]) == {"doubled": 42}
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "all")


def test_a_model_that_fails_is_a_model_error(aws: LocalAws, endpoint: str) -> None:
    with pytest.raises(ClientError) as caught:
        ask(aws, **{"break": True})
    error: Any = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert error["OriginalStatusCode"] == 500
    assert "the model broke" in error["OriginalMessage"]


def test_invocations_are_counted_for_the_variant_and_for_the_fleet(aws: LocalAws, endpoint: str) -> None:
    start = time.time()
    ask(aws, value=1)
    with pytest.raises(ClientError):
        ask(aws, **{"break": True})
    variant = [{"Name": "EndpointName", "Value": "small"}, {"Name": "VariantName", "Value": "all"}]
    for dimensions in (variant, [*variant, {"Name": "EndpointConfigName", "Value": "small-1"}]):
        sums = {}
        for name in ("Invocations", "Invocation5XXErrors", "Invocation4XXErrors", "ModelLatency"):
            points = aws.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/SageMaker", MetricName=name, Dimensions=dimensions, StartTime=start,
                EndTime=time.time() + 1, Period=3600, Statistics=["Sum"],
            )["Datapoints"]  # fmt: skip
            sums[name] = sum(point["Sum"] for point in points)
        assert sums.pop("ModelLatency") > 0
        assert sums == {"Invocations": 2, "Invocation5XXErrors": 1, "Invocation4XXErrors": 0}


def test_invoking_needs_its_permission_and_an_endpoint(aws: LocalAws, endpoint: str) -> None:
    nobody = aws.client(
        "sagemaker-runtime", role=role_with(aws, "nobody", {"Effect": "Deny", "Action": "*", "Resource": "*"})
    )
    with pytest.raises(ClientError, match=r"sagemaker:InvokeEndpoint.*explicit deny"):
        nobody.invoke_endpoint(EndpointName="small", Body=b"{}")
    with pytest.raises(ClientError, match="ValidationError"):
        aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="missing", Body=b"{}")


def test_the_lower_bound_of_a_scalable_target_is_held(aws: LocalAws, endpoint: str) -> None:
    scaling = aws.client("application-autoscaling")
    of = {
        "ServiceNamespace": "sagemaker", "ResourceId": "endpoint/small/variant/all",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }  # fmt: skip
    scaling.register_scalable_target(**of, MinCapacity=2, MaxCapacity=3, Tags={"team": "risk"})
    target = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 3)
    assert scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"] == {"team": "risk"}
    in_service(aws)
    variant = aws.client("sagemaker").describe_endpoint(EndpointName="small")["ProductionVariants"][0]
    assert variant["DesiredInstanceCount"] == 2
    tracking = {
        "TargetValue": 100.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    scaling.put_scaling_policy(
        **of,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policies[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 100.0
    scaling.delete_scaling_policy(**of, PolicyName="load")
    scaling.deregister_scalable_target(**of)
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.deregister_scalable_target(**of)


def test_a_burstable_variant_is_not_scaled(aws: LocalAws, endpoint: str) -> None:
    sagemaker, scaling = aws.client("sagemaker"), aws.client("application-autoscaling")
    variant = {
        "VariantName": "all", "ModelName": "small", "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1,
    }  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="burst-1", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="burst", EndpointConfigName="burst-1")
    eventually(lambda: sagemaker.describe_endpoint(EndpointName="burst").get("ProductionVariants"))
    with pytest.raises(ClientError, match=r"ml\.t2\.medium of endpoint/burst/variant/all is not supported"):
        scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            ResourceId="endpoint/burst/variant/all",
            MinCapacity=1,
            MaxCapacity=2,
        )
    sagemaker.delete_endpoint(EndpointName="burst")


def test_a_target_that_is_no_variant_and_a_caller_who_may_not_are_refused(
    aws: LocalAws, endpoint: str
) -> None:
    of = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    bounds = {"MinCapacity": 1, "MaxCapacity": 2}
    with pytest.raises(ClientError, match="ValidationException"):
        aws.client("application-autoscaling").register_scalable_target(
            **of, **bounds, ResourceId="endpoint/small/variant/none"
        )
    scaling = aws.client(
        "application-autoscaling",
        role=role_with(aws, "no-scale", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
    )
    with pytest.raises(ClientError, match="application-autoscaling:RegisterScalableTarget"):
        scaling.register_scalable_target(**of, **bounds, ResourceId="endpoint/small/variant/all")


def test_switches_and_faults_are_set_by_name(aws: LocalAws) -> None:
    assert aws.control(switches={"iam_identity_present": False})["switches"]["iam_identity_present"] is False
    arn = register(aws)
    created = aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert "IamIdentity" not in created.get("CreatedBy", {})
    aws.control(switches={"iam_identity_present": True}, faults={"failing": {"ListEndpoints": {"times": 1}}})
    with pytest.raises(ClientError, match="ThrottlingException"):
        aws.client("sagemaker").list_endpoints()
    aws.client("sagemaker").list_endpoints()
    assert aws.control(faults={})["faults"]["failing"] == {}


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://small-captured/here/",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


@pytest.fixture
def capturing(aws: LocalAws, endpoint: str) -> Iterator[None]:
    """The endpoint on a config that captures all, into a bucket that is there."""
    sagemaker = aws.client("sagemaker")
    aws.client("s3").create_bucket(Bucket="small-captured")
    variant = sagemaker.describe_endpoint_config(EndpointConfigName="small-1")["ProductionVariants"]
    sagemaker.create_endpoint_config(
        EndpointConfigName="small-capturing", ProductionVariants=variant, DataCaptureConfig=CAPTURE
    )
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="small-capturing")
    in_service(aws)
    yield
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="small-1")
    in_service(aws)


@pytest.mark.usefixtures("capturing")
def test_what_is_asked_and_answered_is_captured_in_s3_if_the_execution_role_may_write_it(
    aws: LocalAws, execution_role: str
) -> None:
    def captured() -> list[str]:
        found = aws.client("s3").list_objects_v2(Bucket="small-captured").get("Contents", [])
        return [one["Key"] for one in found]

    ask(aws, value=1)
    assert eventually(lambda: "not captured" in aws.log() and "AccessDenied" in aws.log())
    assert captured() == []
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::small-captured/here/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    role = execution_role.rpartition("/")[2]
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="capture", PolicyDocument=document)
    answer = ask(aws, value=2)["Body"].read().decode()
    (key,) = eventually(captured)
    assert re.fullmatch(r"here/small/all/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl", key)
    line = json.loads(aws.client("s3").get_object(Bucket="small-captured", Key=key)["Body"].read())
    assert line["captureData"]["endpointInput"] == {
        "observedContentType": "application/json", "mode": "INPUT", "data": '{"value": 2}', "encoding": "JSON",
    }  # fmt: skip
    assert line["captureData"]["endpointOutput"]["data"] == answer
    assert line["eventMetadata"]["eventId"] in key


# --- other modes of endpoints ----------------------------------------------------------------------------


def served(aws: LocalAws, name: str, variant: dict[str, object], **more: object) -> str:
    """An endpoint of the small model in service."""
    sagemaker = aws.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-1",
        ProductionVariants=[{"VariantName": "all", "ModelName": "small", **variant}],
        **more,
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-1")

    def status() -> bool:
        return bool(sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")

    assert eventually(status)
    return name


def test_a_serverless_endpoint_is_served_by_a_process_without_instances(aws: LocalAws, endpoint: str) -> None:
    size = {"MemorySizeInMB": 1024, "MaxConcurrency": 2}
    name = served(aws, "sleepy", {"ServerlessConfig": size})
    runtime = aws.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=b'{"value": 4}')
    assert json.load(answer["Body"]) == {"doubled": 8}
    with pytest.raises(ClientError, match="cannot be asked by InvokeEndpointAsync"):
        runtime.invoke_endpoint_async(EndpointName=name, Body=b"{}")


@pytest.fixture(scope="module")
def patient(aws: LocalAws, endpoint: str) -> str:
    """An asynchronous endpoint that tells a queue what it has done; its role may do what it must."""
    aws.client("s3").create_bucket(Bucket="small-answers")
    sqs, sns, iam = aws.client("sqs"), aws.client("sns"), aws.client("iam")
    queue = sqs.create_queue(QueueName="small-answers")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may_send = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="small-answers")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    allow = {"Effect": "Allow", "Action": ["s3:PutObject", "sns:Publish"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="small-endpoint", PolicyName="answers", PolicyDocument=document)
    return served(
        aws,
        "patient",
        {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1},
        AsyncInferenceConfig={
            "OutputConfig": {
                "S3OutputPath": "s3://small-answers/out",
                "S3FailurePath": "s3://small-answers/failures",
                "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
            }
        },
    )


def ask_later(aws: LocalAws, **request: object) -> dict[str, Any]:
    return dict(
        aws.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName="patient", ContentType="application/json", **request
        )
    )


def object_at(aws: LocalAws, uri: str) -> bytes:
    """What lies there, nothing if it does not lie there yet."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return bytes(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except aws.client("s3").exceptions.NoSuchKey:
        return b""


def test_an_asynchronous_endpoint_answers_into_s3_what_came_with_the_call_or_lies_there(
    aws: LocalAws, patient: str
) -> None:
    aws.client("s3").put_object(Bucket="small-answers", Key="in/1.json", Body=b'{"value": 5}')
    asked = [
        (ask_later(aws, Body=b'{"value": 4}'), b'{"doubled": 8}'),
        (ask_later(aws, InputLocation="s3://small-answers/in/1.json"), b'{"doubled": 10}'),
    ]
    for answer, wanted in asked:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert answer["OutputLocation"].startswith("s3://small-answers/out/")
        assert eventually(partial(object_at, aws, answer["OutputLocation"])) == wanted


def test_what_fails_is_said_below_the_failures_and_counted_but_not_as_an_invocation(
    aws: LocalAws, patient: str
) -> None:
    start = time.time()
    answer = ask_later(aws, Body=b'{"break": true}')
    assert b"the model broke" in eventually(lambda: object_at(aws, answer["FailureLocation"]))
    missing = ask_later(aws, InputLocation="s3://small-answers/in/none.json")
    assert b"cannot be read" in eventually(lambda: object_at(aws, missing["FailureLocation"]))
    fleet = [
        {"Name": "EndpointName", "Value": "patient"},
        {"Name": "VariantName", "Value": "all"},
        {"Name": "EndpointConfigName", "Value": "patient-1"},
    ]

    def points(name: str) -> float:
        found = aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName=name, Dimensions=fleet, StartTime=start,
            EndTime=time.time() + 1, Period=3600, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in found))

    assert points("Invocation5XXErrors") == 1
    assert points("Invocations") == 0


def test_who_wants_to_know_is_told_by_a_topic(aws: LocalAws, patient: str) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="small-answers")["QueueUrl"]
    asked = ask_later(aws, Body=b'{"value": 1}', InferenceId="number-one")

    def message() -> dict[str, Any]:
        for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            told = json.loads(one["Body"])
            if told["inferenceId"] == "number-one":
                return dict(told)
        return {}

    told = eventually(message)
    assert told["invocationStatus"] == "Completed"
    assert told["responseParameters"]["outputLocation"] == asked["OutputLocation"]


def test_asking_later_needs_its_permission_one_payload_and_an_asynchronous_endpoint(
    aws: LocalAws, patient: str
) -> None:
    runtime = aws.client("sagemaker-runtime")
    nobody = role_with(aws, "nobody-later", {"Effect": "Deny", "Action": "*", "Resource": "*"})
    with pytest.raises(ClientError, match=r"sagemaker:InvokeEndpointAsync.*explicit deny"):
        aws.client("sagemaker-runtime", role=nobody).invoke_endpoint_async(EndpointName=patient, Body=b"{}")
    with pytest.raises(ClientError, match="exactly one of InputLocation and Body"):
        runtime.invoke_endpoint_async(EndpointName=patient)
    with pytest.raises(ClientError, match="more than 128000 bytes"):
        runtime.invoke_endpoint_async(EndpointName=patient, Body=b"x" * 128_001)
    with pytest.raises(ClientError, match="cannot be asked by InvokeEndpoint: it is only"):
        runtime.invoke_endpoint(EndpointName=patient, Body=b"{}")
    with pytest.raises(ClientError, match="ValidationError"):
        runtime.invoke_endpoint_async(EndpointName="missing", Body=b"{}")
