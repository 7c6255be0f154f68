"""Model package groups and their resource policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import conflict, invalid
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.state import Group, bare, find_group
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields

_SORTED_BY = {"Name": "ModelPackageGroupName", "CreationTime": "CreationTime"}
_SUMMARY = (
    "ModelPackageGroupName",
    "ModelPackageGroupArn",
    "ModelPackageGroupDescription",
    "CreationTime",
    "ModelPackageGroupStatus",
    "ManagedConfiguration",
)


def group_arn(account: Account, name_or_arn: str) -> str:
    """A group's ARN, in the casing that the switch says."""
    name = name_or_arn.split("/", 1)[1] if name_or_arn.startswith("arn:") else name_or_arn
    return account.arn(
        "model-package-group", name.lower() if account.switches.package_arn_lower_case else name
    )


def the_group(account: Account, name_or_arn: str) -> Group:
    """A group that must be there."""
    return find_group(account.state, name_or_arn, group_arn(account, name_or_arn))


def create_group(account: Account, request: Fields, caller: Caller) -> Fields:
    """CreateModelPackageGroup."""
    name = request["ModelPackageGroupName"]
    arn = group_arn(account, name)
    if name.lower() in account.state.groups:
        raise invalid(f"Model Package Group already exists: {arn}")
    kept = {
        member: copied(request[member])
        for member in ("ModelPackageGroupDescription", "ManagedConfiguration")
        if member in request
    }
    fields = kept | {
        "ModelPackageGroupName": name,
        "ModelPackageGroupArn": arn,
        "ModelPackageGroupStatus": "Completed",
        "CreationTime": account.now,
        "CreatedBy": caller.user_context(identity=account.switches.iam_identity_present),
    }
    account.state.groups[name.lower()] = Group(name, arn, account.now, fields, given(request))
    return {"ModelPackageGroupArn": arn}


def describe_group(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeModelPackageGroup."""
    return copied(the_group(account, request["ModelPackageGroupName"]).fields)


def list_groups(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListModelPackageGroups."""
    items: list[dict[str, Any]] = [
        {member: copied(group.fields[member]) for member in _SUMMARY if member in group.fields}
        for group in account.state.groups.values()
    ]
    found = chosen(items, request, name="ModelPackageGroupName")
    in_order = ordered(found, request, _SORTED_BY, ascending=True)
    return page(in_order, request, "ListModelPackageGroups", "ModelPackageGroupSummaryList")


def delete_group(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteModelPackageGroup: only an empty one."""
    group = the_group(account, request["ModelPackageGroupName"])
    versions = sum(package.group is group for package in account.state.packages.values())
    if versions:
        raise conflict(
            f"Model Package Group {group.arn} cannot be deleted: it still contains {versions} Model Package(s)."
        )
    del account.state.groups[bare(group.name)]
    return {}


def put_policy(account: Account, request: Fields, _caller: Caller) -> Fields:
    """PutModelPackageGroupPolicy."""
    group = the_group(account, request["ModelPackageGroupName"])
    effects = _effects(request["ResourcePolicy"])
    if "Deny" in effects and not account.switches.group_policy_deny_accepted:
        raise invalid("Invalid ResourcePolicy: only Effect Allow is supported.")
    group.policy = request["ResourcePolicy"]
    return {"ModelPackageGroupArn": group.arn}


def get_policy(account: Account, request: Fields, _caller: Caller) -> Fields:
    """GetModelPackageGroupPolicy."""
    group = the_group(account, request["ModelPackageGroupName"])
    if group.policy is None:
        raise invalid(f"Cannot find Model Package Group Policy: {group.arn}")
    return {"ResourcePolicy": group.policy}


def delete_policy(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteModelPackageGroupPolicy: without one it is no error."""
    the_group(account, request["ModelPackageGroupName"]).policy = None
    return {}


def _effects(text: str) -> set[str]:
    """The effects of a policy's statements. ValidationException for what is no policy."""
    try:
        statements = json.loads(text)["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        effects = {statement["Effect"] for statement in listed}
    except (ValueError, TypeError, KeyError) as error:
        raise invalid("Invalid ResourcePolicy: it is not a policy document.") from error
    if not effects or not effects <= {"Allow", "Deny"}:
        raise invalid("Invalid ResourcePolicy: each statement needs Effect Allow or Deny.")
    return effects
