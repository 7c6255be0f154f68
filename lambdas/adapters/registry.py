"""The SageMaker Model Registry: versions of a group, one version in full, what changed lately."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from lambdas.adapters.aws import aws_errors, not_found
from lambdas.adapters.baselines import baselines
from lambdas.core.content import container_of
from lambdas.core.facts import VersionDetail, VersionSummary
from lambdas.core.identity import Identity
from lambdas.core.record import Approval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_sagemaker import SageMakerClient

_PAGE = 100  # the most that ListModelPackages and Search give at once [B]


class Registry:
    """Reads the registry; what people decide is written by `Decisions`."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def has_group(self, group: str) -> bool:
        """Whether there is such a group (DescribeModelPackageGroup)."""
        with aws_errors(f"describing group {group}"):
            try:
                self._sagemaker.describe_model_package_group(ModelPackageGroupName=group)
            except ClientError as error:
                if not_found(error):
                    return False
                raise
        return True

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        """All versions of a group, newest first (ListModelPackages); none if there is no such group."""
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group,
            SortBy="CreationTime",
            SortOrder="Descending",
            PaginationConfig={"PageSize": _PAGE},
        )
        with aws_errors(f"listing the versions of group {group}"):
            try:
                return tuple(_summary(item) for page in pages for item in page["ModelPackageSummaryList"])
            except ClientError as error:
                if not_found(error):
                    return ()
                raise

    def detail(self, arn: str) -> VersionDetail | None:
        """One version in full but for its model card (DescribeModelPackage); None: it is not there."""
        with aws_errors(f"describing version {arn}"):
            try:
                return _detail(
                    self._sagemaker.describe_model_package(ModelPackageName=arn, **self._without_card())
                )
            except ClientError as error:
                if not_found(error):
                    return None
                raise

    def changed_since(self, epoch: float) -> Iterator[str]:
        """Groups with a version written after this time (Search; it may lag behind by minutes)."""
        for found in self._search("ModelPackage", epoch):
            if group := found.get("ModelPackage", {}).get("ModelPackageGroupName"):
                yield str(group)

    def endpoints_changed_since(self, epoch: float) -> Iterator[str]:
        """Names of endpoints that changed after this time (Search)."""
        for found in self._search("Endpoint", epoch):
            yield str(found["Endpoint"]["EndpointName"])

    def _without_card(self) -> dict[str, Any]:
        """Leave out the model card: one that its owners encrypted would ask us for kms:Decrypt on their key.

        The boto3 of the Lambda runtime may be too old to know the parameter; then the card comes along.
        """
        request = self._sagemaker.meta.service_model.operation_model("DescribeModelPackage").input_shape
        known = request is not None and "IncludedData" in request.members
        return {"IncludedData": "MetadataOnly"} if known else {}

    def _search(
        self, resource: Literal["ModelPackage", "Endpoint"], epoch: float
    ) -> Iterator[Mapping[str, Any]]:
        since = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        pages = self._sagemaker.get_paginator("search").paginate(
            Resource=resource,
            SearchExpression={
                "Filters": [{"Name": "LastModifiedTime", "Operator": "GreaterThanOrEqualTo", "Value": since}]
            },
            SortBy="LastModifiedTime",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": _PAGE},
        )
        with aws_errors(f"searching for {resource} changed since {since}"):
            for page in pages:
                yield from page["Results"]


class Decisions:
    """Writes people's decisions into the registry, with their own credentials; no function of ours may."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def decide(self, arn: str, approval: Approval, reason: str) -> None:
        """Set a version's approval status, with a reason (UpdateModelPackage).

        Args:
            arn: of the version.
            approval: APPROVED or REJECTED.
            reason: at most 1024 characters (ApprovalDescription [B]).
        """
        with aws_errors(f"setting version {arn} to {approval.value}"):
            self._sagemaker.update_model_package(
                ModelPackageArn=arn,
                ModelApprovalStatus=approval.value,  # type: ignore[arg-type] # DELETED is never written
                ApprovalDescription=reason,
            )


def _summary(item: Mapping[str, Any]) -> VersionSummary:
    return VersionSummary(
        version=int(item["ModelPackageVersion"]),
        arn=item["ModelPackageArn"],
        approval=Approval(item.get("ModelApprovalStatus", Approval.PENDING.value)),
        status=item["ModelPackageStatus"],
        created=item["CreationTime"].timestamp(),
    )


def _detail(answer: Mapping[str, Any]) -> VersionDetail:
    specification = answer.get("InferenceSpecification", {})
    # A version that nobody has written to since its registration has no LastModifiedTime: who registered it wrote last.
    modified = answer.get("LastModifiedTime", answer["CreationTime"])
    writer = answer.get("LastModifiedBy") or (
        None if "LastModifiedTime" in answer else answer.get("CreatedBy")
    )
    return VersionDetail(
        version=int(answer["ModelPackageVersion"]),
        arn=answer["ModelPackageArn"],
        approval=Approval(answer.get("ModelApprovalStatus", Approval.PENDING.value)),
        status=answer["ModelPackageStatus"],
        modified=modified.timestamp(),
        containers=tuple(container_of(item) for item in specification.get("Containers", ())),
        author=_identity(writer),
        registrant=_identity(answer.get("CreatedBy")),
        reason=answer.get("ApprovalDescription", ""),
        metadata=answer.get("CustomerMetadataProperties", {}),
        evaluation=answer.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri"),
        lineage={name: value for name, value in answer.get("MetadataProperties", {}).items() if value},
        has_card="ModelCard" in answer,
        stage=_stage(answer.get("ModelLifeCycle")),
        sample=answer.get("SamplePayloadUrl"),
        content_types=tuple(specification.get("SupportedContentTypes", ())),
        baselines=baselines(answer),
    )


def _stage(life_cycle: Mapping[str, str] | None) -> tuple[str, str] | None:
    return (life_cycle["Stage"], life_cycle["StageStatus"]) if life_cycle else None


def _identity(context: Mapping[str, Any] | None) -> Identity | None:
    """The caller in a UserContext; each part of it is optional [B]."""
    who = (context or {}).get("IamIdentity", {})
    return Identity(str(who["Arn"]), who.get("SourceIdentity") or None) if who.get("Arn") else None
