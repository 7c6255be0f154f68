"""What must never be lost is kept, protected and encrypted."""

import json

from tests.infra.conftest import Assembly

STACK = "Greenlight-State"


def test_the_tables_are_put_out_by_name(assembly: Assembly) -> None:
    assert {"StateTable", "LedgerTable"} <= set(json.loads(assembly.text(STACK))["Outputs"])


def test_both_tables_are_retained_protected_recoverable_and_on_demand(assembly: Assembly) -> None:
    tables = assembly.resources(STACK, "AWS::DynamoDB::Table")
    assert len(tables) == 2
    for table in tables:
        assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
        properties = table["Properties"]
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["SSESpecification"]["SSEType"] == "KMS"


def test_state_has_one_item_a_group_and_two_indexes_that_hold_keys_only(assembly: Assembly) -> None:
    (state,) = (t for t in assembly.properties(STACK, "AWS::DynamoDB::Table") if len(t["KeySchema"]) == 1)
    assert state["KeySchema"] == [{"AttributeName": "group", "KeyType": "HASH"}]
    indexes = {index["IndexName"]: index for index in state["GlobalSecondaryIndexes"]}
    assert indexes["endpoint"]["KeySchema"] == [{"AttributeName": "endpoint", "KeyType": "HASH"}]
    assert indexes["unsettled"]["KeySchema"] == [
        {"AttributeName": "unsettled", "KeyType": "HASH"},
        {"AttributeName": "since", "KeyType": "RANGE"},
    ]
    assert {index["Projection"]["ProjectionType"] for index in indexes.values()} == {"KEYS_ONLY"}


def test_ledger_is_in_order_of_sequence_and_streams_what_was_put(assembly: Assembly) -> None:
    (ledger,) = (t for t in assembly.properties(STACK, "AWS::DynamoDB::Table") if len(t["KeySchema"]) == 2)
    assert [key["AttributeName"] for key in ledger["KeySchema"]] == ["group", "seq"]
    assert ledger["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert {"AttributeName": "seq", "AttributeType": "N"} in ledger["AttributeDefinitions"]


def test_the_key_rotates_and_is_retained(assembly: Assembly) -> None:
    (key,) = assembly.resources(STACK, "AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "Retain"


def test_the_registrys_events_are_archived_for_good(assembly: Assembly) -> None:
    (archive,) = assembly.resources(STACK, "AWS::Events::Archive")
    assert archive["DeletionPolicy"] == "Retain"
    assert archive["Properties"]["RetentionDays"] == 0
    assert archive["Properties"]["EventPattern"]["source"] == ["aws.sagemaker"]
    assert "Model Package" in json.dumps(archive["Properties"]["EventPattern"])
