"""What must never be lost is kept, protected and encrypted."""

import json

import pytest

from tests.infra.conftest import Assembly
from tests.infra.policies import allowed

STACK = "Greenlight-State"
RECONCILE = "arn:aws:iam::123456789012:role/greenlight/greenlight-reconcile"
ADMIN = "arn:aws:iam::123456789012:role/Admin"


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


def test_record_and_ledger_have_keys_of_their_own_that_rotate_and_are_retained(assembly: Assembly) -> None:
    keys = assembly.resources(STACK, "AWS::KMS::Key")
    assert len(keys) == 2
    for key in keys:
        assert key["Properties"]["EnableKeyRotation"] is True
        assert key["DeletionPolicy"] == "Retain"
    tables = assembly.properties(STACK, "AWS::DynamoDB::Table")
    assert len({json.dumps(table["SSESpecification"]["KMSMasterKeyId"]) for table in tables}) == 2


def test_the_stack_is_protected_from_being_destroyed(assembly: Assembly) -> None:
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    assert manifest["artifacts"][STACK]["properties"]["terminationProtection"] is True


@pytest.mark.parametrize(
    "action",
    [
        "BatchWriteItem",
        "DeleteItem",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLUpdate",
        "UpdateItem",
        "UpdateTimeToLive",
    ],
)
def test_the_ledger_itself_refuses_changes_to_everybody(assembly: Assembly, action: str) -> None:
    for principal in (RECONCILE, ADMIN):
        assert _refuses(assembly, action, principal)


def test_the_ledger_itself_refuses_additions_to_everybody_but_reconcile(assembly: Assembly) -> None:
    assert not _refuses(assembly, "PutItem", RECONCILE)
    for other in (ADMIN, RECONCILE.replace("/greenlight/", "/"), f"{RECONCILE}-too", RECONCILE[:-1] + "*"):
        assert _refuses(assembly, "PutItem", other)
    assert _refuses(assembly, "PutItem", None)


def test_the_ledger_can_be_read_by_whom_iam_lets(assembly: Assembly) -> None:
    for action in ("GetItem", "Query", "Scan", "DescribeTable", "GetRecords"):
        assert not _refuses(assembly, action, ADMIN)


def _refuses(assembly: Assembly, action: str, principal: str | None) -> bool:
    """Whether the ledger's policy denies an action to a role, by its ARN; or to one that has none."""
    (ledger,) = (t for t in assembly.properties(STACK, "AWS::DynamoDB::Table") if len(t["KeySchema"]) == 2)
    statements = ledger["ResourcePolicy"]["PolicyDocument"]["Statement"]
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    context = {} if principal is None else {"aws:PrincipalArn": principal}
    assert all(s["Principal"] == {"AWS": "*"} for s in statements)
    return not allowed([anything, *statements], f"dynamodb:{action}", "table", context)


def test_the_registrys_events_are_archived_for_good(assembly: Assembly) -> None:
    (archive,) = assembly.resources(STACK, "AWS::Events::Archive")
    assert archive["DeletionPolicy"] == "Retain"
    assert archive["Properties"]["RetentionDays"] == 0
    assert archive["Properties"]["EventPattern"]["source"] == ["aws.sagemaker"]
    assert "Model Package" in json.dumps(archive["Properties"]["EventPattern"])
