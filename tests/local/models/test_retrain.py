"""The demo's retraining, by the local AWS: on captured requests and labels, to a pending version and its numbers."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.demo.traffic import truth
from local.models import CONTENT_TYPE, CSV, build, labels, requests
from local.models.retrain import ON_NEW_DATA, definition
from local.sagemaker.capture import Exchange, line, place
from local.sagemaker.ports import Fleet
from local.server import data_quality
from tests.local.server.waiting import eventually

GROUP, BUCKET, IMAGE = (
    "tumor-screening",
    "greenlight-demo-models",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/s:1",
)
PLACE, CAPTURED = f"s3://{BUCKET}/{GROUP}", f"s3://{BUCKET}/{GROUP}/captured"
FLEET = Fleet("id", GROUP, "config", "AllTraffic", "model", (), "ml.m5.large", 1)
CAPTURE = {"CaptureOptions": [{"CaptureMode": "Input"}]}
ASKED = 228
PIPELINE, ROLE = f"{GROUP}-retrain", "arn:aws:iam::123456789012:role/retraining"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS with the group, its registrant role, the pipeline, and v2 as its live version."""
    with LocalAws(pipelines={PIPELINE: "local.models.retrain:run"}) as local:
        service = {"Service": "sagemaker.amazonaws.com"}
        own = f"arn:aws:s3:::{BUCKET}"
        role(
            local, "retraining", "/", service,
            {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{own}/{GROUP}/*"},
            {"Action": "s3:ListBucket", "Resource": own},
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/greenlight/*-registrant"},
        )  # fmt: skip
        pending = {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
        undecided = {"Null": {"sagemaker:ModelApprovalStatus": "true"}}
        role(
            local, f"{GROUP}-registrant", "/greenlight/", {"AWS": ROLE},
            {"Action": "sagemaker:DescribeModelPackage", "Resource": "*"},
            {"Action": "sagemaker:CreateModelPackage", "Resource": "*", "Condition": pending},
            {"Action": "sagemaker:UpdateModelPackage", "Resource": "*", "Condition": undecided},
        )  # fmt: skip
        local.client("s3").create_bucket(Bucket=BUCKET)
        live = build("v2")
        local.client("s3").put_object(Bucket=BUCKET, Key=f"{GROUP}/v2/model.tar.gz", Body=live.model_tar)
        sagemaker = local.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP, ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"accuracy": "0.97"},
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": f"{PLACE}/v2/model.tar.gz"}],
                "SupportedContentTypes": [CONTENT_TYPE], "SupportedResponseMIMETypes": [CONTENT_TYPE],
            },
        )  # fmt: skip
        sagemaker.create_pipeline(
            PipelineName=PIPELINE, RoleArn=ROLE, ClientRequestToken="t" * 32,
            PipelineDefinition=definition(PLACE, CAPTURED, IMAGE),
        )  # fmt: skip
        yield local


def role(aws: LocalAws, name: str, path: str, trusted: dict[str, str], *allowed: dict[str, Any]) -> None:
    """A role with these permissions."""
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    aws.client("iam").create_role(
        RoleName=name,
        Path=path,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in allowed]}
    )
    aws.client("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)


def ended(aws: LocalAws, run: str, since: datetime) -> dict[str, Any]:
    """The end of a run that looks at what was captured since then."""
    told = {
        "GreenlightGroup": GROUP,
        "GreenlightRun": run,
        "GreenlightLiveVersion": "1",
        "GreenlightWindowStart": since.isoformat(timespec="seconds"),
        "GreenlightWindowEnd": (since + timedelta(hours=1)).isoformat(timespec="seconds"),
    }
    arn = aws.client("sagemaker").start_pipeline_execution(
        PipelineName=PIPELINE,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in told.items()],
    )["PipelineExecutionArn"]

    def look() -> dict[str, Any] | None:
        said = aws.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
        return None if said["PipelineExecutionStatus"] == "Executing" else dict(said)

    return eventually(look) or {}


def version(aws: LocalAws, number: int) -> dict[str, Any]:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}/{number}"
    return dict(aws.client("sagemaker").describe_model_package(ModelPackageName=arn))


def test_without_labels_nothing_is_trained_and_the_run_says_so(aws: LocalAws) -> None:
    end = ended(aws, f"{GROUP}-r0", datetime.now(UTC) - timedelta(minutes=1))
    assert end["PipelineExecutionStatus"] == "Failed"
    assert "0 tumours have a label; at least 40 are needed" in end["FailureReason"]
    with pytest.raises(ClientError):
        version(aws, 2)


def test_what_the_new_device_reports_is_learnt_and_the_live_version_compared_on_it(aws: LocalAws) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    s3 = aws.client("s3")
    tell = truth(s3, BUCKET, GROUP)
    for number, (body, label) in enumerate(
        islice(zip(requests(diameters=True), labels(), strict=True), ASKED)
    ):
        exchange = Exchange(f"e{number}", time.time(), body, CONTENT_TYPE, b"", CONTENT_TYPE, f"i{number}")
        bucket, key = place(CAPTURED, FLEET, exchange)
        s3.put_object(Bucket=bucket, Key=key, Body=line(CAPTURE, exchange).encode())
        tell(f"i{number}", label)
    # Smoke tests send several tumours at once, and other clients CSV or what is no request at all; none has a label.
    others = (build("v2").sample_request, next(requests(content_type=CSV)), b"ping")
    for number, body in enumerate(others):
        exchange = Exchange(f"o{number}", time.time(), body, CSV, b"", CONTENT_TYPE)
        bucket, key = place(CAPTURED, FLEET, exchange)
        s3.put_object(Bucket=bucket, Key=key, Body=line(CAPTURE, exchange).encode())
    end = ended(aws, f"{GROUP}-r1", since)
    assert end["PipelineExecutionStatus"] == "Succeeded", end.get("FailureReason")
    live, new = version(aws, 1), version(aws, 2)
    before, after = (float(one["CustomerMetadataProperties"][ON_NEW_DATA]) for one in (live, new))
    assert before < 0.8
    assert after > 0.95
    assert live["ModelApprovalStatus"] == "Approved"
    assert live["CustomerMetadataProperties"]["accuracy"] == "0.97"
    assert new["ModelApprovalStatus"] == "PendingManualApproval"
    assert new["MetadataProperties"]["GeneratedBy"] == end["PipelineExecutionArn"]
    assert new["CustomerMetadataProperties"]["greenlight:run"] == f"{GROUP}-r1"
    assert "assumed-role/tumor-screening-registrant" in new["CreatedBy"]["IamIdentity"]["Arn"]
    quality = new["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    report = read(aws, quality)["binary_classification_metrics"]
    assert f"{report['accuracy']['value']:.4f}" == new["CustomerMetadataProperties"][ON_NEW_DATA]
    assert violations(aws, new, diameters=True) == set()
    assert {"mean radius", "worst radius"} <= violations(aws, new, diameters=False)


def read(aws: LocalAws, uri: str) -> Any:
    """JSON in S3."""
    key = uri.removeprefix(f"s3://{BUCKET}/")
    return json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def violations(aws: LocalAws, of: dict[str, Any], *, diameters: bool) -> set[str]:
    """The features in which requests violate a version's own baseline."""
    given = of["DriftCheckBaselines"]["ModelDataQuality"]
    against = data_quality.baseline(
        *(read(aws, given[what]["S3Uri"]) for what in ("Statistics", "Constraints"))
    )
    bodies = islice(requests(diameters=diameters), ASKED)
    rows = [tumour for body in bodies for tumour in json.loads(body)["tumours"]]
    return {
        one["feature_name"] for one in data_quality.violations(against, data_quality.measure(against, rows))
    }
