"""Model packages: versions registered, looked at, changed and deleted."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import conflict, invalid
from local.sagemaker.events import package_event
from local.sagemaker.groups import the_group
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.shapes import members, output_members
from local.sagemaker.state import Package, bare
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields, Group

_MOST_PROPERTIES = 50
_MOST_ADDITIONAL = 15
_SORTED_BY = {"Name": "ModelPackageName", "CreationTime": "CreationTime"}
_REPLACED = (
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
_CARD_METADATA = ("model_overview", "model_package_details")


def the_package(account: Account, name_or_arn: str) -> Package:
    """A package that must be there: by ARN, by `group/version`, or an unversioned one by name."""
    arn = name_or_arn if name_or_arn.startswith("arn:") else account.arn("model-package", name_or_arn)
    if found := account.state.packages.get(arn.lower()):
        return found
    raise invalid(f"ModelPackage {arn} does not exist.")


def create_package(account: Account, request: Fields, caller: Caller) -> Fields:
    """CreateModelPackage; with a ClientToken that was used before, what it made then."""
    token = request.get("ClientToken")
    if token is not None and token in account.state.tokens:
        return {"ModelPackageArn": account.state.tokens[token]}
    group = _group_of(account, request)
    _check_content(request, group)
    arn, identity = _identity(account, request, group)
    if arn.lower() in account.state.packages:
        raise conflict(f"Model Package already exists: {arn}")
    fields = {name: copied(request[name]) for name in request if name in members("ModelPackage")}
    fields.pop("Tags", None)
    fields |= identity | {
        "ModelPackageArn": arn,
        "ModelPackageStatus": "Pending",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": request.get("CertifyForMarketplace", False),
        "CreationTime": account.now,
        "LastModifiedTime": account.now,
        "CreatedBy": caller.user_context(identity=account.switches.iam_identity_present),
    }
    _add_digests(fields)
    tags = given(request) if group is None else group.tags
    package = Package(arn, fields, group, tags)
    account.state.packages[arn.lower()] = package
    account.state.plan(package, account.after(account.timings.package_pending))
    if token is not None:
        account.state.tokens[token] = arn
    package_event(account, package)
    return {"ModelPackageArn": arn}


def step_package(account: Account, package: Package) -> None:
    """The next step of a new package on its way to Completed; called when it is due."""
    fault = account.faults.packages.get(package.group.name) if package.group else None
    package.due = None
    if package.fields["ModelPackageStatus"] == "Pending":
        package.fields["ModelPackageStatus"] = "InProgress"
        if fault != "InProgress":
            account.state.plan(package, account.after(account.timings.package_check))
    elif fault == "Failed":
        package.fields["ModelPackageStatus"] = "Failed"
        package.fields["ModelPackageStatusDetails"]["ValidationStatuses"] = [
            {
                "Name": "Validation",
                "Status": "Failed",
                "FailureReason": "The model package could not be validated.",
            }
        ]
    else:
        package.fields["ModelPackageStatus"] = "Completed"
    package.fields["LastModifiedTime"] = account.now
    package_event(account, package)


def describe_package(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeModelPackage."""
    package = the_package(account, request["ModelPackageName"])
    fields = {
        name: copied(value)
        for name, value in package.fields.items()
        if name in output_members("DescribeModelPackage")
    }
    if request.get("IncludedData") == "MetadataOnly" and "ModelCard" in fields:
        fields["ModelCard"]["ModelCardContent"] = _card_metadata(fields["ModelCard"]["ModelCardContent"])
    return fields


def update_package(account: Account, request: Fields, caller: Caller) -> Fields:
    """UpdateModelPackage: customer properties are merged, additional specifications added, the rest replaced."""
    package = the_package(account, request["ModelPackageArn"])
    if package.group is None and "ModelApprovalStatus" in request:
        raise invalid("ModelApprovalStatus applies to versioned Model Packages only.")
    changed = {name: copied(request[name]) for name in _REPLACED if name in request}
    if "CustomerMetadataProperties" in request or "CustomerMetadataPropertiesToRemove" in request:
        changed["CustomerMetadataProperties"] = _merged_properties(package, request)
    if "AdditionalInferenceSpecificationsToAdd" in request:
        changed["AdditionalInferenceSpecifications"] = _more_specifications(package, request)
    package.fields |= changed
    if not package.fields.get("CustomerMetadataProperties", True):
        del package.fields["CustomerMetadataProperties"]
    _add_digests(package.fields)
    package.fields["LastModifiedTime"] = account.now
    package.fields["LastModifiedBy"] = caller.user_context(identity=account.switches.iam_identity_present)
    package_event(account, package, updated=tuple(changed))
    return {"ModelPackageArn": package.arn}


def list_packages(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListModelPackages: a group's versions, or all packages of a type (unversioned, unless said otherwise)."""
    packages: Iterable[Package] = account.state.packages.values()
    if "ModelPackageGroupName" in request:
        group = the_group(account, request["ModelPackageGroupName"])
        packages = (package for package in packages if package.group is group)
    else:
        kind = request.get("ModelPackageType", "Unversioned")
        packages = (
            p for p in packages if kind in {"Both", "Unversioned" if p.group is None else "Versioned"}
        )
    if "ModelApprovalStatus" in request:
        wanted = request["ModelApprovalStatus"]
        packages = (p for p in packages if p.fields.get("ModelApprovalStatus") == wanted)
    items: list[dict[str, Any]] = [_summary(package, "ModelPackageSummary") for package in packages]
    found = chosen(items, request, name="ModelPackageName")
    return page(
        ordered(found, request, _SORTED_BY, ascending=True),
        request,
        "ListModelPackages",
        "ModelPackageSummaryList",
    )


def batch_describe_packages(account: Account, request: Fields, _caller: Caller) -> Fields:
    """BatchDescribeModelPackage: those that are there, and an error for each that is not."""
    summaries: dict[str, Fields] = {}
    errors: dict[str, Fields] = {}
    for arn in request["ModelPackageArnList"]:
        package = account.state.packages.get(arn.lower())
        if package is None:
            errors[arn] = {
                "ErrorCode": "ValidationException",
                "ErrorResponse": f"ModelPackage {arn} does not exist.",
            }
        else:
            summaries[arn] = {"InferenceSpecification": {"Containers": []}} | _summary(
                package, "BatchDescribeModelPackageSummary"
            )
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


def delete_package(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteModelPackage: at once; its number is never used again."""
    package = the_package(account, request["ModelPackageName"])
    del account.state.packages[package.arn.lower()]
    package.due = None
    package.fields["ModelPackageStatus"] = "Deleting"
    package.fields["LastModifiedTime"] = account.now
    package_event(account, package)
    return {}


def _group_of(account: Account, request: Fields) -> Group | None:
    """The group of a new version; None for a package on its own."""
    if "ModelPackageName" in request and "ModelPackageGroupName" in request:
        raise invalid(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if "ModelPackageGroupName" not in request:
        if "ModelPackageName" not in request:
            raise invalid("Missing ARN.")
        return None
    group = account.state.groups.get(bare(request["ModelPackageGroupName"]))
    if group is None:
        raise invalid("Model Package Group does not exist.")
    return group


def _check_content(request: Fields, group: Group | None) -> None:
    if group is not None and request.get("Tags"):
        raise invalid("Tags cannot be given for a versioned Model Package: it has those of its group.")
    if group is not None and request.get("CertifyForMarketplace"):
        raise invalid("CertifyForMarketplace does not apply to versioned Model Packages.")
    if group is None and "ModelApprovalStatus" in request:
        raise invalid("ModelApprovalStatus applies to versioned Model Packages only.")


def _identity(account: Account, request: Fields, group: Group | None) -> tuple[str, Fields]:
    """A new package's ARN, and the fields that say which it is; takes the group's next number."""
    if group is None:
        name = request["ModelPackageName"]
        return account.arn("model-package", name), {"ModelPackageName": name}
    group.last_version += 1
    name = group.arn.split("/", 1)[1]
    return account.arn("model-package", f"{name}/{group.last_version}"), {
        "ModelPackageName": group.name,
        "ModelPackageGroupName": group.name,
        "ModelPackageVersion": group.last_version,
        "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
    }


def _add_digests(fields: Fields) -> None:
    """AWS resolves each image to its digest; here the digest is that of the image's name."""
    for container in fields.get("InferenceSpecification", {}).get("Containers", []):
        if "Image" in container:
            container.setdefault(
                "ImageDigest", "sha256:" + hashlib.sha256(container["Image"].encode()).hexdigest()
            )


def _merged_properties(package: Package, request: Fields) -> dict[str, str]:
    merged: dict[str, str] = {
        **package.fields.get("CustomerMetadataProperties", {}),
        **request.get("CustomerMetadataProperties", {}),
    }
    for key in request.get("CustomerMetadataPropertiesToRemove", []):
        merged.pop(key, None)
    if len(merged) > _MOST_PROPERTIES:
        raise invalid(
            f"{package.arn} would have {len(merged)} customer metadata properties; the most are {_MOST_PROPERTIES}."
        )
    return merged


def _more_specifications(package: Package, request: Fields) -> list[Fields]:
    all_of_them = [
        *package.fields.get("AdditionalInferenceSpecifications", []),
        *copied(request["AdditionalInferenceSpecificationsToAdd"]),
    ]
    if len(all_of_them) > _MOST_ADDITIONAL:
        raise invalid(f"{package.arn} would have {len(all_of_them)} additional inference specifications.")
    if len({one["Name"] for one in all_of_them}) != len(all_of_them):
        raise invalid(f"{package.arn} would have two additional inference specifications of one name.")
    return all_of_them


def _summary(package: Package, shape: str) -> Fields:
    return {name: copied(value) for name, value in package.fields.items() if name in members(shape)}


def _card_metadata(content: str) -> str:
    """The part of a model card that is not encrypted; the documentation names no fields, these are the known ones."""
    try:
        card = json.loads(content)
    except ValueError:
        return "{}"
    return json.dumps({name: card[name] for name in _CARD_METADATA if name in card})
