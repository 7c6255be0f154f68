"""Search finds what its expression says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.sagemaker.world import Sim


@pytest.fixture
def full(aws: Sim) -> Sim:
    """Two groups; three versions of one and one of the other, a minute apart."""
    aws.group("fraud", Tags=[{"Key": "greenlight:group", "Value": "fraud"}])
    aws.group("churn")
    for number in range(3):
        aws.version(
            "fraud",
            status="Approved" if number else "Rejected",
            CustomerMetadataProperties={"n.x": str(number)},
        )
        aws.wait(55)
    aws.version("churn", image="image:churn")
    return aws


def found(aws: Sim, *filters: dict[str, Any], **more: Any) -> list[str]:
    """The versions found, as group/number."""
    expression = {"Filters": list(filters)} if filters else {}
    results = aws("Search", Resource="ModelPackage", SearchExpression=expression | more)["Results"]
    return [
        f"{result['ModelPackage']['ModelPackageGroupName']}/{result['ModelPackage']['ModelPackageVersion']}"
        for result in results
    ]


def where(name: str, operator: str, value: str | None = None) -> dict[str, Any]:
    """A filter."""
    return {"Name": name, "Operator": operator} | ({"Value": value} if value is not None else {})


def test_everything_is_found_newest_change_first(full: Sim) -> None:
    assert found(full) == ["churn/1", "fraud/3", "fraud/2", "fraud/1"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("ModelPackageGroupName", "Equals", "fraud"), ["fraud/3", "fraud/2", "fraud/1"]),
        (where("ModelApprovalStatus", "NotEquals", "Approved"), ["fraud/1"]),
        (where("ModelPackageVersion", "GreaterThanOrEqualTo", "2"), ["fraud/3", "fraud/2"]),
        (where("ModelPackageVersion", "LessThan", "2"), ["churn/1", "fraud/1"]),
        (where("ModelPackageGroupName", "Contains", "rau"), ["fraud/3", "fraud/2", "fraud/1"]),
        (where("ModelPackageGroupName", "In", "churn, other"), ["churn/1"]),
        (where("CustomerMetadataProperties.n.x", "Equals", "2"), ["fraud/3"]),
        (where("CustomerMetadataProperties", "NotExists"), ["churn/1"]),
        (where("Tags.greenlight:group", "Equals", "fraud"), ["fraud/3", "fraud/2", "fraud/1"]),
        (where("Tags.greenlight:group", "Exists"), ["fraud/3", "fraud/2", "fraud/1"]),
        (where("InferenceSpecification.Containers.Image", "Equals", "image:churn"), ["churn/1"]),
    ],
)
def test_a_filter_finds_what_it_says(full: Sim, condition: dict[str, Any], expected: list[str]) -> None:
    assert found(full, condition) == expected


def test_what_changed_since_a_time_is_found(full: Sim) -> None:
    since = datetime.fromtimestamp(full.clock.now() - 30, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert found(full, where("LastModifiedTime", "GreaterThan", since)) == ["churn/1"]


@pytest.mark.parametrize("suffix", ["Z", "+00:00", ".000"])
def test_a_time_in_another_form_than_the_documented_one_is_refused(full: Sim, suffix: str) -> None:
    expression = {"Filters": [where("LastModifiedTime", "GreaterThan", f"2026-01-02T03:04:05{suffix}")]}
    refused = full.refused("Search", Resource="ModelPackage", SearchExpression=expression)
    assert "Invalid value" in refused.message


def test_expressions_are_joined_and_nested(full: Sim) -> None:
    rejected, churn = (
        where("ModelApprovalStatus", "Equals", "Rejected"),
        where("ModelPackageGroupName", "Equals", "churn"),
    )
    assert found(full, rejected, churn) == []
    assert found(full, rejected, churn, Operator="Or") == ["churn/1", "fraud/1"]
    assert found(full, rejected, SubExpressions=[{"Filters": [churn]}], Operator="Or") == [
        "churn/1",
        "fraud/1",
    ]
    containers = "InferenceSpecification.Containers"
    nested = {
        "NestedPropertyName": containers,
        "Filters": [
            where(f"{containers}.Image", "Equals", "image:churn"),
            where(f"{containers}.ModelDataUrl", "Contains", "models"),
        ],
    }
    assert found(full, NestedFilters=[nested]) == ["churn/1"]


@pytest.mark.parametrize(
    "condition",
    [
        where("Nonsense", "Equals", "1"),
        where("ModelPackageGroupName", "GreaterThan", "a"),
        where("ModelPackageVersion", "Contains", "1"),
        where("LastModifiedTime", "GreaterThan", "yesterday"),
        where("ModelPackageVersion", "Equals"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(full: Sim, condition: dict[str, Any]) -> None:
    expression = {"Filters": [condition]}
    assert (
        full.refused("Search", Resource="ModelPackage", SearchExpression=expression).code
        == "ValidationException"
    )


def test_results_come_in_pages_and_order(full: Sim) -> None:
    request: dict[str, Any] = {
        "Resource": "ModelPackage",
        "SortBy": "ModelPackageVersion",
        "SortOrder": "Ascending",
        "MaxResults": 3,
    }
    first = full("Search", **request)
    rest = full("Search", **request, NextToken=first["NextToken"])
    numbers = [item["ModelPackage"]["ModelPackageVersion"] for item in first["Results"] + rest["Results"]]
    assert numbers == [1, 1, 2, 3]
    assert first["TotalHits"] == {"Value": 4, "Relation": "EqualTo"}
    assert "NextToken" not in rest


def test_groups_and_endpoints_are_found_too(full: Sim) -> None:
    full.endpoint("one", Tags=[{"Key": "greenlight:group", "Value": "fraud"}])
    tagged = {"Filters": [where("Tags.greenlight:group", "Equals", "fraud")]}
    (group,) = full("Search", Resource="ModelPackageGroup", SearchExpression=tagged)["Results"]
    (endpoint,) = full("Search", Resource="Endpoint", SearchExpression=tagged)["Results"]
    assert group["ModelPackageGroup"]["ModelPackageGroupName"] == "fraud"
    assert endpoint["Endpoint"]["EndpointStatus"] == "InService"
    assert "PendingDeploymentSummary" not in endpoint["Endpoint"]
    assert full.refused("Search", Resource="TrainingJob").code == "ValidationException"
