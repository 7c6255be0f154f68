"""What `doctor` reads of the account, as AWS answers it."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.adapters.checkup import Checkup, epoch

TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"


@pytest.mark.parametrize(
    ("selectors", "writes"),
    [
        ({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}, True),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]}, False),
        ({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": False}]}, False),
        (
            {
                "AdvancedEventSelectors": [
                    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
                ]
            },
            True,
        ),
        (
            {
                "AdvancedEventSelectors": [
                    {
                        "FieldSelectors": [
                            {"Field": "eventCategory", "Equals": ["Management"]},
                            {"Field": "readOnly", "Equals": ["true"]},
                        ]
                    }
                ]
            },
            False,
        ),
    ],
)
def test_a_trail_is_told_with_whether_it_has_what_writes(
    moto: None, selectors: dict[str, Any], writes: bool
) -> None:
    cloudtrail = boto3.client("cloudtrail")
    with Stubber(cloudtrail) as stub:
        stub.add_response("describe_trails", {"trailList": [{"Name": "main", "TrailARN": TRAIL}]})
        stub.add_response("get_trail_status", {"IsLogging": True}, {"Name": TRAIL})
        stub.add_response("get_event_selectors", selectors, {"TrailName": TRAIL})
        aws: Any = SimpleNamespace(cloudtrail=cloudtrail)
        assert list(Checkup(aws).trails()) == [("main", True, writes)]


def test_quotas_are_those_of_endpoints(moto: None) -> None:
    quotas = boto3.client("service-quotas")
    with Stubber(quotas) as stub:
        found = [
            {"QuotaName": "ml.m5.large for endpoint usage", "Value": 4.0},
            {"QuotaName": "ml.m5.large for training job usage", "Value": 9.0},
        ]
        stub.add_response("list_service_quotas", {"Quotas": found}, {"ServiceCode": "sagemaker"})
        aws: Any = SimpleNamespace(service_quotas=quotas)
        assert Checkup(aws).quotas() == {"ml.m5.large": 4.0}


def test_only_our_stacks_that_are_there_are_told(moto: None) -> None:
    cloudformation = boto3.client("cloudformation")
    made = {"CreationTime": 0}
    with Stubber(cloudformation) as stub:
        found = [
            {"StackName": "Greenlight-State", "StackStatus": "CREATE_COMPLETE", **made},
            {"StackName": "Greenlight-Group-old", "StackStatus": "DELETE_COMPLETE", **made},
            {"StackName": "other", "StackStatus": "CREATE_COMPLETE", **made},
        ]
        stub.add_response("list_stacks", {"StackSummaries": found})
        aws: Any = SimpleNamespace(cloudformation=cloudformation)
        assert Checkup(aws).stacks() == {"Greenlight-State": "CREATE_COMPLETE"}


def test_https_date_is_a_time() -> None:
    assert epoch("Thu, 01 Jan 1970 00:01:00 GMT") == 60.0
