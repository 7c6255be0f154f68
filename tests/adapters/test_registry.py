"""The registry as read: every page, every optional field, and what is not there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.adapters.registry import Registry
from lambdas.core.content import Container
from lambdas.core.errors import Throttled
from lambdas.core.facts import Baseline, VersionSummary
from lambdas.core.identity import Identity
from lambdas.core.record import Approval
from lambdas.core.spec import Monitor
from tests.adapters.conftest import Stubbed

AT = datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/"
LISTED = {
    "ModelPackageGroupName": "fraud",
    "SortBy": "CreationTime",
    "SortOrder": "Descending",
    "MaxResults": 100,
}


def listed(version: int, approval: str = "Approved") -> dict[str, Any]:
    return {
        "ModelPackageGroupName": "fraud",
        "ModelPackageVersion": version,
        "ModelPackageArn": f"{ARN}{version}",
        "CreationTime": AT,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": approval,
    }


def asked(version: int) -> dict[str, Any]:
    return {"ModelPackageName": f"{ARN}{version}", "IncludedData": "MetadataOnly"}


def described(**more: Any) -> dict[str, Any]:
    return {
        "ModelPackageName": "fraud",
        **listed(3),
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        **more,
    }


def test_all_pages_of_versions_are_read(sagemaker: Stubbed) -> None:
    page = {"ModelPackageSummaryList": [listed(2)], "NextToken": "more"}
    sagemaker.answers("list_model_packages", page, **LISTED)
    last = {"ModelPackageSummaryList": [listed(1, "Rejected")]}
    sagemaker.answers("list_model_packages", last, **LISTED, NextToken="more")
    assert Registry(sagemaker.client).versions("fraud") == (
        VersionSummary(2, f"{ARN}2", Approval.APPROVED, "Completed", AT.timestamp()),
        VersionSummary(1, f"{ARN}1", Approval.REJECTED, "Completed", AT.timestamp()),
    )


def test_a_group_that_does_not_exist_has_no_versions(sagemaker: Stubbed) -> None:
    sagemaker.refuses(
        "list_model_packages", "ValidationException", "Model Package Group fraud does not exist."
    )
    assert Registry(sagemaker.client).versions("fraud") == ()


def test_a_version_is_read_in_full(sagemaker: Stubbed) -> None:
    container = {
        "Image": "repo:1",
        "ImageDigest": "sha256:1",
        "ModelDataUrl": "s3://b/k",
        "ModelDataETag": "e",
        "Environment": {"A": "b"},
    }
    answer = described(
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": [],
            "SupportedResponseMIMETypes": [],
        },
        LastModifiedTime=AT,
        LastModifiedBy={"IamIdentity": {"Arn": "arn:approver", "SourceIdentity": "ann"}},
        CreatedBy={"IamIdentity": {"Arn": "arn:registrant"}},
        ApprovalDescription="beats v2",
        MetadataProperties={"CommitId": "9f2c1e7", "Repository": ""},
    )
    sagemaker.answers("describe_model_package", answer, **asked(3))
    detail = Registry(sagemaker.client).detail(f"{ARN}3")
    assert detail is not None
    assert detail.containers == (Container("repo:1", "sha256:1", "s3://b/k", "e", {"A": "b"}),)
    assert (detail.author, detail.registrant) == (Identity("arn:approver", "ann"), Identity("arn:registrant"))
    assert detail.reason == "beats v2"
    assert detail.lineage == {"CommitId": "9f2c1e7"}
    assert (detail.approval, detail.modified) == (Approval.APPROVED, AT.timestamp())


def _file(name: str) -> dict[str, str]:
    return {"ContentType": "application/json", "S3Uri": f"s3://b/{name}"}


def _baselines(sagemaker: Stubbed, **members: Any) -> Any:
    sagemaker.answers("describe_model_package", described(**members), **asked(3))
    detail = Registry(sagemaker.client).detail(f"{ARN}3")
    assert detail is not None
    return detail.baselines


def test_a_versions_baselines_are_those_that_were_kept_for_it(sagemaker: Stubbed) -> None:
    kept = {
        "ModelDataQuality": {"Constraints": _file("dc"), "Statistics": _file("ds")},
        "ModelQuality": {"Constraints": _file("mc")},
        "Bias": {
            "ConfigFile": {"S3Uri": "s3://b/bias"},
            "PreTrainingConstraints": _file("pre"),
            "PostTrainingConstraints": _file("post"),
        },
        "Explainability": {"ConfigFile": {"S3Uri": "s3://b/shap"}, "Constraints": _file("ec")},
    }
    measured = {"ModelDataQuality": {"Constraints": _file("other"), "Statistics": _file("other")}}
    assert _baselines(sagemaker, DriftCheckBaselines=kept, ModelMetrics=measured) == {
        Monitor.DATA_QUALITY: Baseline("s3://b/dc", "s3://b/ds"),
        Monitor.MODEL_QUALITY: Baseline("s3://b/mc"),
        Monitor.BIAS: Baseline("s3://b/post", config="s3://b/bias"),
        Monitor.EXPLAINABILITY: Baseline("s3://b/ec", config="s3://b/shap"),
    }


def test_what_a_pipeline_measured_is_the_baseline_of_a_kind_that_has_none_kept(sagemaker: Stubbed) -> None:
    kept = {"ModelQuality": {"Constraints": _file("mc")}, "ModelDataQuality": {"Statistics": _file("alone")}}
    measured = {
        "ModelDataQuality": {"Constraints": _file("dc"), "Statistics": _file("ds")},
        "ModelQuality": {"Constraints": _file("other")},
    }
    assert _baselines(sagemaker, DriftCheckBaselines=kept, ModelMetrics=measured) == {
        Monitor.DATA_QUALITY: Baseline("s3://b/dc", "s3://b/ds"),
        Monitor.MODEL_QUALITY: Baseline("s3://b/mc"),
    }


def test_reports_and_mere_statistics_are_no_baselines(sagemaker: Stubbed) -> None:
    measured = {
        "ModelQuality": {"Statistics": _file("ms")},
        "Bias": {"Report": _file("b"), "PostTrainingReport": _file("p")},
        "Explainability": {"Report": _file("e")},
    }
    assert _baselines(sagemaker, ModelMetrics=measured) == {}


def test_a_version_without_identities_or_containers_is_read_too(sagemaker: Stubbed) -> None:
    sagemaker.answers("describe_model_package", described(LastModifiedBy={}), **asked(3))
    detail = Registry(sagemaker.client).detail(f"{ARN}3")
    assert detail is not None
    assert (detail.author, detail.registrant, detail.containers) == (None, None, ())
    assert detail.modified == AT.timestamp()


def test_who_registered_a_version_is_not_taken_for_who_wrote_to_it_since(sagemaker: Stubbed) -> None:
    registered = {"CreatedBy": {"IamIdentity": {"Arn": "arn:registrant"}}}
    sagemaker.answers("describe_model_package", described(**registered), **asked(3))
    sagemaker.answers("describe_model_package", described(**registered, LastModifiedTime=AT), **asked(3))
    untouched, written = (Registry(sagemaker.client).detail(f"{ARN}3") for _ in range(2))
    assert untouched is not None
    assert written is not None
    assert untouched.author == Identity("arn:registrant")
    assert (written.author, written.registrant) == (None, Identity("arn:registrant"))


def test_a_boto3_that_cannot_leave_out_the_model_card_is_not_asked_to(sagemaker: Stubbed) -> None:
    """The Lambda runtime brings its own boto3, which may be older than the parameter."""
    operation = sagemaker.client.meta.service_model.operation_model("DescribeModelPackage")
    del operation.input_shape.members["IncludedData"]
    sagemaker.answers("describe_model_package", described(), ModelPackageName=f"{ARN}3")
    assert Registry(sagemaker.client).detail(f"{ARN}3") is not None


def test_a_version_that_is_not_there_is_none(sagemaker: Stubbed) -> None:
    sagemaker.refuses("describe_model_package", "ValidationException", f"ModelPackage {ARN}3 does not exist.")
    assert Registry(sagemaker.client).detail(f"{ARN}3") is None


def search(resource: str) -> dict[str, Any]:
    since = {"Name": "LastModifiedTime", "Operator": "GreaterThanOrEqualTo", "Value": "2026-01-02T03:04:05"}
    return {
        "Resource": resource,
        "SearchExpression": {"Filters": [since]},
        "SortBy": "LastModifiedTime",
        "SortOrder": "Ascending",
        "MaxResults": 100,
    }


def test_groups_with_changed_versions_are_found_by_one_search(sagemaker: Stubbed) -> None:
    found = [
        {"ModelPackage": {"ModelPackageGroupName": "fraud"}},
        {"ModelPackage": {"ModelPackageName": "single"}},
    ]
    sagemaker.answers("search", {"Results": found}, **search("ModelPackage"))
    assert list(Registry(sagemaker.client).changed_since(AT.timestamp())) == ["fraud"]


def test_all_pages_of_a_search_are_read(sagemaker: Stubbed) -> None:
    for group, more in (("fraud", {}), ("churn", {"NextToken": "more"})):
        answer: dict[str, Any] = {"Results": [{"ModelPackage": {"ModelPackageGroupName": group}}]}
        if not more:
            answer["NextToken"] = "more"
        sagemaker.answers("search", answer, **search("ModelPackage"), **more)
    assert list(Registry(sagemaker.client).changed_since(AT.timestamp())) == ["fraud", "churn"]


def test_changed_endpoints_are_found_by_one_search(sagemaker: Stubbed) -> None:
    found = [{"Endpoint": {"EndpointName": "fraud", **_endpoint()}}]
    sagemaker.answers("search", {"Results": found}, **search("Endpoint"))
    assert list(Registry(sagemaker.client).endpoints_changed_since(AT.timestamp())) == ["fraud"]


def _endpoint() -> dict[str, Any]:
    return {
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/fraud",
        "EndpointConfigName": "c",
        "EndpointStatus": "InService",
        "CreationTime": AT,
        "LastModifiedTime": AT,
    }


def test_a_throttled_search_is_said_to_be(sagemaker: Stubbed) -> None:
    sagemaker.refuses("search", "ThrottlingException")
    with pytest.raises(Throttled, match="searching for ModelPackage changed since 2026-01-02T03:04:05"):
        list(Registry(sagemaker.client).changed_since(AT.timestamp()))


def test_whether_there_is_a_group_is_told(sagemaker: Stubbed) -> None:
    answer = {
        "ModelPackageGroupName": "fraud",
        "ModelPackageGroupArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/fraud",
        "CreationTime": datetime(2026, 1, 2, tzinfo=UTC),
        "CreatedBy": {},
        "ModelPackageGroupStatus": "Completed",
    }
    sagemaker.answers("describe_model_package_group", answer, ModelPackageGroupName="fraud")
    assert Registry(sagemaker.client).has_group("fraud")
    sagemaker.refuses(
        "describe_model_package_group", "ValidationException", "ModelPackageGroup fruad does not exist."
    )
    assert not Registry(sagemaker.client).has_group("fruad")
