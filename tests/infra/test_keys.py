"""Which AWS service may use which key, and under which condition: a table with its sources, held on every template."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.conftest import Assembly
from tests.infra.templates import Document, Templates, listed

# By service: the condition keys that hold where it asks KMS, and what a key's policy must allow it at least.
# events: SNS guide, "Configuring Amazon SNS topic encryption": no condition on the source for EventBridge.
# cloudwatch: the same page: aws:SourceArn and aws:SourceAccount hold.
# logs: CloudWatch Logs guide, "Encrypt log data": the context is the log group's ARN; DescribeKey has none.
_ALLOWED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "events.amazonaws.com": (frozenset(), frozenset({"kms:Decrypt", "kms:GenerateDataKey"})),
    "cloudwatch.amazonaws.com": (
        frozenset({"aws:SourceAccount", "aws:SourceArn"}),
        frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
    ),
    "logs.us-east-1.amazonaws.com": (
        frozenset({"kms:EncryptionContext:aws:logs:arn"}),
        frozenset(
            {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}
        ),
    ),
}


def used(documents: list[Document]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, by which service, by which statement a key may be used."""
    for document in documents:
        if document.kind != "KeyPolicy":
            continue
        for statement in document.statements:
            principal = statement.get("Principal", {})
            services = listed(principal.get("Service", [])) if isinstance(principal, dict) else []
            for service in services:
                yield document.where, service, statement


@pytest.fixture(scope="module")
def uses(assembly: Assembly) -> list[tuple[str, str, dict[str, Any]]]:
    return list(used(Templates(assembly).documents()))


def test_no_service_uses_a_key_under_a_condition_that_it_does_not_meet(
    uses: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for where, service, statement in uses:
        assert service in _ALLOWED, (
            f"{where}: what does {service} tell KMS? The table says it, with the source"
        )
        asked = {key for keys in statement.get("Condition", {}).values() for key in keys}
        assert asked <= _ALLOWED[service][0], f"{where}: {service} does not meet {asked}"


def test_each_service_may_do_all_that_it_does_with_a_key(
    uses: list[tuple[str, str, dict[str, Any]]],
) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for where, service, statement in uses:
        found.setdefault((where, service), set()).update(listed(statement["Action"]))
    assert {service for _, service in found} == set(_ALLOWED)
    for (where, service), actions in found.items():
        assert actions >= _ALLOWED[service][1], f"{where}: {service}"


def test_the_ledgers_stream_is_read_under_no_condition_on_the_way_to_the_key(assembly: Assembly) -> None:
    """Whether KMS sees the reading of a stream as DynamoDB's is not documented."""
    for document in Templates(assembly).documents():
        for statement in document.statements:
            if statement.get("Sid") == "LedgerKey":
                assert "Condition" not in statement
                return
    pytest.fail("nothing reads the ledger's key")


def test_whoever_reads_objects_may_decrypt_those_under_a_customers_key(assembly: Assembly) -> None:
    """By way of S3, and as far as the keys' own policies let them."""
    readers = 0
    for role in Templates(assembly).roles():
        allowed = [one for one in role.statements if one["Effect"] == "Allow"]
        if not any("s3:GetObject" in listed(one.get("Action", [])) for one in allowed):
            continue
        readers += 1
        via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
        assert any(
            "kms:Decrypt" in listed(one["Action"]) and one.get("Condition") == via for one in allowed
        ), role.name
    assert readers > 10
