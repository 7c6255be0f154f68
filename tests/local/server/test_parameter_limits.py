"""The local AWS refuses items and parameters that AWS refuses for their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.aws import LocalAws


def test_a_standard_parameter_has_at_most_4_kb_and_an_advanced_one_8(aws: LocalAws) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/limits/p", Type="String", Value="x" * 4096)
    with pytest.raises(ClientError, match="maximum parameter value of 4096"):
        ssm.put_parameter(Name="/limits/p", Type="String", Value="x" * 4097, Overwrite=True)
    assert len(ssm.get_parameter(Name="/limits/p")["Parameter"]["Value"]) == 4096
    ssm.put_parameter(Name="/limits/q", Type="String", Value="x" * 8192, Tier="Advanced")


def test_an_item_in_a_transaction_has_at_most_400_kb(aws: LocalAws) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName="limits",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "1"}, "body": {"S": "x" * 410_000}}
    with pytest.raises(ClientError, match="maximum allowed size"):
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "limits", "Item": item}}])
