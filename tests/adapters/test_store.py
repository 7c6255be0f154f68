"""Record and ledger change together or not at all, and only on the revision that was read."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from lambdas.adapters.store import Store, Swept, entry_of
from lambdas.core.errors import Conflict, Malformed, Permanent, Throttled
from lambdas.core.identity import Identity
from lambdas.core.ledger import Event, Kind, chain, first_broken
from lambdas.core.record import Approval, Decided, Head, Phase, Record
from lambdas.core.spec import EndpointSpec, GroupSpec
from tests.adapters.conftest import Stubbed

SPEC = GroupSpec("fraud", EndpointSpec("fraud-endpoint", "ml.m5.large"), "arn:aws:iam::123456789012:role/x")
EVENTS = [
    Event(Kind.ONBOARDED, 1.0, "first look"),
    Event(Kind.DECISION, 2.5, "v1: approved", 1, {"by": "jo"}),
]


@pytest.fixture
def store(moto: None) -> Store:
    dynamodb = boto3.client("dynamodb")
    key = [{"AttributeName": "group", "KeyType": "HASH"}]
    dynamodb.create_table(
        TableName="state",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=key,  # type: ignore[arg-type] # a literal list
        AttributeDefinitions=[
            {"AttributeName": "group", "AttributeType": "S"},
            {"AttributeName": "endpoint", "AttributeType": "S"},
            {"AttributeName": "unsettled", "AttributeType": "S"},
            {"AttributeName": "since", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "endpoint",
                "KeySchema": [{"AttributeName": "endpoint", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "unsettled",
                "KeySchema": [
                    {"AttributeName": "unsettled", "KeyType": "HASH"},
                    {"AttributeName": "since", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    dynamodb.create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[*key, {"AttributeName": "seq", "KeyType": "RANGE"}],  # type: ignore[list-item] # a literal list
        AttributeDefinitions=[
            {"AttributeName": "group", "AttributeType": "S"},
            {"AttributeName": "seq", "AttributeType": "N"},
        ],
    )
    return Store(dynamodb, "state", "ledger")


def record(**changes: object) -> Record:
    return replace(Record(group="fraud", spec=SPEC), **changes)  # type: ignore[arg-type] # any field


def test_there_is_no_record_before_the_first_commit(store: Store) -> None:
    assert store.load("fraud") is None


def test_what_is_committed_is_what_is_loaded(store: Store) -> None:
    versions = {3: Decided(Approval.APPROVED, 12.345, by=Identity("jo", "josephine"), failures=1)}
    entries, head = chain("fraud", Head(), EVENTS)
    committed = store.commit(
        record(versions=versions, phase=Phase.ROLLING, head=head), entries, unsettled=True
    )
    assert committed.revision == 1
    assert store.load("fraud") == committed
    assert list(store.history("fraud")) == list(entries)
    assert list(store.history("fraud", after=1)) == list(entries[1:])
    assert first_broken("fraud", store.history("fraud"), head) is None


def test_a_commit_on_an_old_revision_changes_nothing(store: Store) -> None:
    first = store.commit(record(), (), unsettled=False)
    newer = store.commit(replace(first, reason="newer"), (), unsettled=False)
    entries, _ = chain("fraud", Head(), EVENTS)
    with pytest.raises(Conflict, match="committing revision 2 of group fraud"):
        store.commit(replace(first, reason="too late"), entries, unsettled=False)
    assert store.load("fraud") == newer
    assert list(store.history("fraud")) == []


def test_two_first_commits_of_a_group_conflict(store: Store) -> None:
    store.commit(record(reason="one"), (), unsettled=False)
    with pytest.raises(Conflict):
        store.commit(record(reason="two"), (), unsettled=False)


def test_a_ledger_entry_is_never_overwritten(store: Store) -> None:
    entries, _ = chain("fraud", Head(), EVENTS)
    first = store.commit(record(), entries, unsettled=False)
    others, _ = chain("fraud", Head(), [Event(Kind.HALTED, 9.0, "another first entry")])
    with pytest.raises(Conflict):
        store.commit(first, others, unsettled=False)
    assert list(store.history("fraud")) == list(entries)


def test_more_entries_than_a_transaction_holds_are_refused_with_the_limit(store: Store) -> None:
    entries, _ = chain("fraud", Head(), [Event(Kind.DECISION, 1.0, str(n)) for n in range(100)])
    with pytest.raises(Permanent, match="100 entries at once; 99 fit"):
        store.commit(record(), entries, unsettled=False)


def test_the_ninety_nine_entries_that_fit_are_written(store: Store) -> None:
    entries, head = chain("fraud", Head(), [Event(Kind.DECISION, 1.0, str(n)) for n in range(99)])
    store.commit(record(), entries, unsettled=False)
    assert first_broken("fraud", store.history("fraud"), head) is None


def test_an_item_that_is_no_entry_is_told() -> None:
    with pytest.raises(Malformed, match="an item of the ledger is no entry: KeyError: 'seq'"):
        entry_of({"group": {"S": "fraud"}})


class Tokens:
    """A DynamoDB client that only keeps the tokens of the transactions it is given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def transact_write_items(self, **request: Any) -> None:
        self.seen.append(request["ClientRequestToken"])


def test_a_commit_sent_again_carries_the_token_by_which_dynamodb_knows_it() -> None:
    """DynamoDB answers a transaction it has applied, sent again with its token, with success."""
    tokens: Any = Tokens()
    store = Store(tokens, "state", "ledger")
    entries, _ = chain("fraud", Head(), EVENTS)
    for reason in ("one", "one", "two"):
        store.commit(record(reason=reason), entries, unsettled=False)
    store.commit(record(reason="one"), (), unsettled=False)
    first, again, other, without_entries = tokens.seen
    assert first == again
    assert len({first, other, without_entries}) == 3
    assert len(first) == 36


def test_a_transaction_still_running_is_transient() -> None:
    stubbed = Stubbed("dynamodb")
    stubbed.refuses("transact_write_items", "TransactionInProgressException")
    with pytest.raises(Throttled, match="committing revision 1 of group fraud"):
        Store(stubbed.client, "state", "ledger").commit(record(), (), unsettled=False)


def test_an_endpoint_leads_to_its_group(store: Store) -> None:
    store.commit(record(), (), unsettled=False)
    assert store.group_of_endpoint("fraud-endpoint") == "fraud"
    assert store.group_of_endpoint("fraud") is None


def test_only_unsettled_groups_are_listed_longest_waiting_first(store: Store) -> None:
    for name, since, unsettled in (("late", 9.0, True), ("calm", 1.0, False), ("early", 2.0, True)):
        store.commit(Record(group=name, since=since), (), unsettled=unsettled)
    assert list(store.unsettled()) == ["early", "late"]


def test_a_group_that_settles_leaves_the_list(store: Store) -> None:
    first = store.commit(record(), (), unsettled=True)
    store.commit(replace(first, reason="done"), (), unsettled=False)
    assert list(store.unsettled()) == []


def test_the_sweep_is_remembered(store: Store) -> None:
    assert store.swept() == Swept(0.0, None)
    for swept in (Swept(1700000000.25, "token"), Swept(1700000300.5)):
        store.mark_swept(swept)
        assert store.swept() == swept
    assert list(store.unsettled()) == []


def test_all_records_are_read_and_the_sweeps_mark_is_none_of_them(store: Store) -> None:
    written = [store.commit(Record(f"group-{number}"), (), unsettled=False) for number in range(3)]
    store.mark_swept(Swept(12.5))
    assert sorted(store.records(), key=lambda record: record.group) == written


def test_the_last_entries_are_read_oldest_first_and_no_more_than_asked_for(store: Store) -> None:
    entries, _ = chain("fraud", Head(), [Event(Kind.DECISION, float(n), "x", n) for n in range(7)])
    store.commit(record(), entries, unsettled=False)
    assert store.latest("fraud", 3) == list(entries[-3:])
    assert store.latest("fraud", 10) == list(entries)
    assert store.latest("nobody", 10) == []
