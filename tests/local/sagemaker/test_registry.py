"""The registry does as AWS's does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.sagemaker.service import Switches
from tests.local.sagemaker.world import ANN, BEN, START, Sim, specification


def test_a_group_is_described_as_it_was_made(aws: Sim) -> None:
    arn = aws.group(ModelPackageGroupDescription="Card fraud")
    found = aws("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
    assert (
        found["ModelPackageGroupArn"]
        == arn
        == "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/fraud"
    )
    assert found["ModelPackageGroupDescription"] == "Card fraud"
    assert found["ModelPackageGroupStatus"] == "Completed"
    assert found["CreationTime"] == START
    assert aws("DescribeModelPackageGroup", ModelPackageGroupName=arn) == found


def test_a_group_is_made_once_whatever_the_case_of_its_name(aws: Sim) -> None:
    aws.group("fraud")
    assert "already exists" in aws.refused("CreateModelPackageGroup", ModelPackageGroupName="Fraud").message


def test_a_group_that_is_not_there_is_named(aws: Sim) -> None:
    error = aws.refused("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
    assert (error.code, error.status) == ("ValidationException", 400)
    assert error.message.endswith("model-package-group/fraud does not exist.")
    made = aws.refused("CreateModelPackage", ModelPackageGroupName="fraud")
    assert made.message == "Model Package Group does not exist."


def test_a_group_with_versions_is_not_deleted(aws: Sim) -> None:
    aws.group()
    arn = aws.version()
    assert aws.refused("DeleteModelPackageGroup", ModelPackageGroupName="fraud").code == "ConflictException"
    aws("DeleteModelPackage", ModelPackageName=arn)
    aws("DeleteModelPackageGroup", ModelPackageGroupName="fraud")
    assert aws("ListModelPackageGroups")["ModelPackageGroupSummaryList"] == []


@pytest.mark.parametrize("accepted", [True, False])
def test_a_group_policy_may_hold_a_deny_as_the_switch_says(*, accepted: bool) -> None:
    aws = Sim(Switches(group_policy_deny_accepted=accepted))
    aws.group()
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
    put: dict[str, Any] = {"ModelPackageGroupName": "fraud", "ResourcePolicy": policy}
    if not accepted:
        assert "Allow" in aws.refused("PutModelPackageGroupPolicy", **put).message
        return
    aws("PutModelPackageGroupPolicy", **put)
    assert aws("GetModelPackageGroupPolicy", ModelPackageGroupName="fraud")["ResourcePolicy"] == policy
    aws("DeleteModelPackageGroupPolicy", ModelPackageGroupName="fraud")
    assert "Cannot find" in aws.refused("GetModelPackageGroupPolicy", ModelPackageGroupName="fraud").message


def test_what_is_no_policy_is_refused(aws: Sim) -> None:
    aws.group()
    put: dict[str, Any] = {"ModelPackageGroupName": "fraud"}
    for text in ("no json", "[]", '{"Statement": []}', '{"Statement": [{"Effect": "Maybe"}]}'):
        assert (
            aws.refused("PutModelPackageGroupPolicy", **put, ResourcePolicy=text).code
            == "ValidationException"
        )


def test_a_version_completes_by_the_clock_and_each_step_is_an_event(aws: Sim) -> None:
    aws.group()
    arn = aws("CreateModelPackage", ModelPackageGroupName="fraud", InferenceSpecification=specification())[
        "ModelPackageArn"
    ]
    statuses = []
    for _ in range(3):
        statuses.append(aws("DescribeModelPackage", ModelPackageName=arn)["ModelPackageStatus"])
        aws.wait(2)
    assert statuses == ["Pending", "InProgress", "Completed"]
    events = aws.world.details("Model Package")
    assert [event["ModelPackageStatus"] for event in events] == statuses
    assert {event["ModelApprovalStatus"] for event in events} == {"PendingManualApproval"}
    assert events[0]["CreationTime"] == "2027-01-15T08:00:00Z"
    assert events[0]["ModelPackageGroupName"] == "fraud"
    assert events[0]["InferenceSpecification"]["Containers"][0]["ImageDigest"].startswith("sha256:")
    assert not {"CreatedBy", "LastModifiedBy", "UpdatedModelPackageFields"} & events[0].keys()


@pytest.mark.parametrize("end", ["InProgress", "Failed"])
def test_a_version_can_be_made_to_stay_in_progress_or_to_fail(aws: Sim, end: str) -> None:
    aws.group()
    aws.sagemaker.faults.packages["fraud"] = end  # type: ignore[assignment] # one of the two
    arn = aws.version()
    assert aws("DescribeModelPackage", ModelPackageName=arn)["ModelPackageStatus"] == end
    assert (
        "status " + end
        in aws.refused("CreateModel", ModelName="m", Containers=[{"ModelPackageName": arn}]).message
    )


def test_numbers_are_never_used_again(aws: Sim) -> None:
    aws.group()
    aws("DeleteModelPackage", ModelPackageName=aws.version())
    assert aws.version().endswith("/fraud/2")
    assert "does not exist" in aws.refused("DescribeModelPackage", ModelPackageName="fraud/1").message


def test_registering_again_with_the_same_token_makes_nothing(aws: Sim) -> None:
    aws.group()
    first, second = aws.version(ClientToken="abc"), aws.version(ClientToken="abc")
    assert first == second
    assert len(aws("ListModelPackages", ModelPackageGroupName="fraud")["ModelPackageSummaryList"]) == 1


def test_a_version_takes_its_groups_tags_and_none_of_its_own(aws: Sim) -> None:
    aws.group(Tags=[{"Key": "team", "Value": "risk"}])
    arn = aws.version()
    assert aws("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]
    tags = [{"Key": "a", "Value": "b"}]
    assert "Tags" in aws.refused("CreateModelPackage", ModelPackageGroupName="fraud", Tags=tags).message


def test_an_update_merges_properties_and_replaces_the_rest(aws: Sim) -> None:
    aws.group()
    arn = aws.version(status="PendingManualApproval", CustomerMetadataProperties={"a": "1", "b": "2"})
    aws(
        "UpdateModelPackage",
        by=ANN,
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="Better on recall",
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a"],
        InferenceSpecification=specification("image:2"),
    )
    found = aws("DescribeModelPackage", ModelPackageName=arn)
    assert found["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert found["InferenceSpecification"]["Containers"][0]["Image"] == "image:2"
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "Better on recall")


def test_who_made_and_who_last_wrote_a_version_is_told(aws: Sim) -> None:
    aws.group()
    arn = aws.version(by=BEN)
    aws("UpdateModelPackage", by=ANN, ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    found = aws("DescribeModelPackage", ModelPackageName=arn)
    assert found["CreatedBy"] == {"IamIdentity": {"Arn": BEN.arn, "PrincipalId": "AIDABEN"}}
    assert found["LastModifiedBy"]["IamIdentity"] == {
        "Arn": ANN.arn,
        "PrincipalId": "AROA:ann",
        "SourceIdentity": "ann@example.com",
    }


def test_the_switch_keeps_identities_back() -> None:
    aws = Sim(Switches(iam_identity_present=False))
    aws.group()
    arn = aws.version()
    assert aws("DescribeModelPackage", ModelPackageName=arn)["CreatedBy"] == {}


@pytest.mark.parametrize("present", [True, False])
def test_an_update_is_one_event_that_names_what_was_updated_as_the_switch_says(*, present: bool) -> None:
    aws = Sim(Switches(updated_fields_present=present))
    aws.group()
    arn = aws.version()
    before = len(aws.world.events)
    aws("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={"a": "1"})
    (event,) = [detail for _, _, detail in aws.world.events[before:]]
    assert event["ModelApprovalStatus"] == "Approved"
    expected = ["CustomerMetadataProperties"] if present else None
    assert event.get("UpdatedModelPackageFields") == expected


def test_more_than_fifty_properties_are_refused(aws: Sim) -> None:
    aws.group()
    arn = aws.version(CustomerMetadataProperties={str(n): "x" for n in range(50)})
    assert (
        "50"
        in aws.refused(
            "UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={"x": "x"}
        ).message
    )


@pytest.mark.parametrize("lower", [True, False])
def test_arns_have_the_case_that_the_switch_says_and_are_found_in_any(*, lower: bool) -> None:
    aws = Sim(Switches(package_arn_lower_case=lower))
    aws.group("Fraud")
    arn = aws.version("Fraud")
    assert arn.endswith("/fraud/1" if lower else "/Fraud/1")
    prefix = arn.rpartition(":")[0]
    for name in ("Fraud", "fraud", "FRAUD"):
        found = aws("DescribeModelPackage", ModelPackageName=f"{prefix}:model-package/{name}/1")
        assert found["ModelPackageGroupName"] == "Fraud"


def test_versions_are_listed_by_group_status_and_page(aws: Sim) -> None:
    aws.group("fraud")
    aws.group("churn")
    for number in range(5):
        aws.version("fraud", status="Approved" if number % 2 else "Rejected")
    aws.version("churn")
    request: dict[str, Any] = {"ModelPackageGroupName": "fraud", "MaxResults": 2, "SortOrder": "Descending"}
    numbers: list[list[int]] = []
    token: dict[str, Any] = {}
    while True:
        found = aws("ListModelPackages", **request, **token)
        numbers.append([item["ModelPackageVersion"] for item in found["ModelPackageSummaryList"]])
        if "NextToken" not in found:
            break
        token = {"NextToken": found["NextToken"]}
    assert numbers == [[5, 4], [3, 2], [1]]
    approved = aws("ListModelPackages", ModelPackageGroupName="fraud", ModelApprovalStatus="Approved")
    assert [item["ModelPackageVersion"] for item in approved["ModelPackageSummaryList"]] == [2, 4]
    assert aws.refused("ListModelPackages", **request, NextToken="forged").message == "Invalid NextToken."
    assert aws("ListModelPackages")["ModelPackageSummaryList"] == []  # unversioned ones, by default
    both = aws("ListModelPackages", ModelPackageType="Both", CreationTimeAfter=START)
    assert len(both["ModelPackageSummaryList"]) == 5


def test_a_batch_tells_what_is_there_and_what_is_not(aws: Sim) -> None:
    aws.group()
    arn = aws.version()
    found = aws("BatchDescribeModelPackage", ModelPackageArnList=[arn, arn[:-1] + "9"])
    assert list(found["ModelPackageSummaries"]) == [arn]
    assert list(found["BatchDescribeModelPackageErrorMap"]) == [arn[:-1] + "9"]


def test_a_package_on_its_own_has_a_name_and_tags_and_no_approval(aws: Sim) -> None:
    made = aws("CreateModelPackage", ModelPackageName="alone", Tags=[{"Key": "a", "Value": "b"}])
    found = aws("DescribeModelPackage", ModelPackageName="alone")
    assert found["ModelPackageArn"] == made["ModelPackageArn"]
    assert "ModelApprovalStatus" not in found
    assert aws("ListTags", ResourceArn=made["ModelPackageArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    assert (
        "versioned"
        in aws.refused(
            "UpdateModelPackage", ModelPackageArn=made["ModelPackageArn"], ModelApprovalStatus="Approved"
        ).message
    )
    assert (
        "Both" in aws.refused("CreateModelPackage", ModelPackageName="a", ModelPackageGroupName="b").message
    )
    assert aws.refused("CreateModelPackage").message == "Missing ARN."


def test_metadata_only_hides_the_cards_content(aws: Sim) -> None:
    aws.group()
    content = json.dumps({"model_overview": {"model_creator": "ben"}, "intended_uses": {"purpose": "secret"}})
    arn = aws.version(ModelCard={"ModelCardContent": content, "ModelCardStatus": "Draft"})
    card = aws("DescribeModelPackage", ModelPackageName=arn, IncludedData="MetadataOnly")["ModelCard"]
    assert "secret" not in card["ModelCardContent"]
    assert aws("DescribeModelPackage", ModelPackageName=arn)["ModelCard"]["ModelCardContent"] == content


def test_tags_are_added_listed_and_removed(aws: Sim) -> None:
    arn = aws.group()
    aws("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    aws("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    aws("DeleteTags", ResourceArn=arn, TagKeys=["b", "never"])
    assert aws("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]
    assert "reserved" in aws.refused("AddTags", ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}]).message
    assert (
        "Duplicate" in aws.refused("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": ""}] * 2).message
    )
    assert "Could not find" in aws.refused("ListTags", ResourceArn=arn + "x").message


def test_additional_specifications_are_added_under_names_of_their_own(aws: Sim) -> None:
    aws.group()
    arn = aws.version()
    more: dict[str, Any] = {
        "ModelPackageArn": arn,
        "AdditionalInferenceSpecificationsToAdd": [{"Name": "neo", **specification()}],
    }
    aws("UpdateModelPackage", **more)
    (added,) = aws("DescribeModelPackage", ModelPackageName=arn)["AdditionalInferenceSpecifications"]
    assert added["Name"] == "neo"
    assert "one name" in aws.refused("UpdateModelPackage", **more).message
    many = [{"Name": f"neo-{number}", **specification()} for number in range(15)]
    request: dict[str, Any] = {"ModelPackageArn": arn, "AdditionalInferenceSpecificationsToAdd": many}
    assert "16 additional" in aws.refused("UpdateModelPackage", **request).message


def test_a_name_of_a_package_on_its_own_is_used_once(aws: Sim) -> None:
    aws("CreateModelPackage", ModelPackageName="alone")
    assert aws.refused("CreateModelPackage", ModelPackageName="alone").code == "ConflictException"


def test_a_version_is_not_certified_for_the_marketplace(aws: Sim) -> None:
    aws.group()
    request: dict[str, Any] = {"ModelPackageGroupName": "fraud", "CertifyForMarketplace": True}
    assert "versioned" in aws.refused("CreateModelPackage", **request).message


def test_more_than_fifty_tags_are_refused(aws: Sim) -> None:
    arn = aws.group(Tags=[{"Key": str(number), "Value": ""} for number in range(50)])
    assert "50" in aws.refused("AddTags", ResourceArn=arn, Tags=[{"Key": "x", "Value": ""}]).message


def test_a_card_that_is_no_json_shows_nothing_as_metadata(aws: Sim) -> None:
    aws.group()
    arn = aws.version(ModelCard={"ModelCardContent": "plain words", "ModelCardStatus": "Draft"})
    card = aws("DescribeModelPackage", ModelPackageName=arn, IncludedData="MetadataOnly")["ModelCard"]
    assert card["ModelCardContent"] == "{}"


def test_a_version_deleted_while_it_is_pending_changes_no_more(aws: Sim) -> None:
    aws.group()
    arn = aws("CreateModelPackage", ModelPackageGroupName="fraud")["ModelPackageArn"]
    aws("DeleteModelPackage", ModelPackageName=arn)
    assert aws.sagemaker.next_change_at() is None
    aws.settle()
    told = [detail["ModelPackageStatus"] for detail in aws.world.details("Model Package")]
    assert told == ["Pending", "Deleting"]


def test_versions_complete_in_the_order_in_which_they_were_registered(aws: Sim) -> None:
    for name in ("b", "a", "c"):
        aws.group(name)
        aws("CreateModelPackage", ModelPackageGroupName=name)
    aws.clock.advance(60)
    aws.sagemaker.tick()
    details = aws.world.details("Model Package")
    done = [one["ModelPackageGroupName"] for one in details if one["ModelPackageStatus"] == "Completed"]
    assert done == ["b", "a", "c"]
    assert aws.sagemaker.next_change_at() is None


def test_an_answer_is_a_copy_that_can_be_changed_without_harm(aws: Sim) -> None:
    aws.group()
    before = aws("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
    who = before["CreatedBy"]["IamIdentity"]["Arn"]
    before["CreatedBy"]["IamIdentity"].clear()
    after = aws("DescribeModelPackageGroup", ModelPackageGroupName="fraud")
    assert after["CreatedBy"]["IamIdentity"]["Arn"] == who
