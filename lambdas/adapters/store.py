"""Record and ledger in DynamoDB, changed together in one revision-checked transaction."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lambdas.adapters.aws import aws_errors
from lambdas.core.errors import Malformed, Permanent
from lambdas.core.ledger import Entry
from lambdas.core.record import (
    LOOK,
    Failing,
    Record,
    failing_from_json,
    failing_to_json,
    record_from_json,
    record_to_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

_MOST_ENTRIES = 99  # a transaction holds 100 items, and one is the record
_MOST_BYTES = (
    3_500_000  # of their bodies: a transaction takes 4 MB, and the record and each entry's names are in it
)
_SWEEP_KEY = "#sweep"  # no group's name begins with a number sign


@dataclass(frozen=True)
class Swept:
    """How far sweeps came: when the last one began that came to its end, epoch seconds (0: none did), and where a full
    pass goes on (None: it came to its end)."""

    at: float = 0.0
    rest: str | None = None


class Store:
    """The state table and the ledger table."""

    def __init__(self, dynamodb: DynamoDBClient, state_table: str, ledger_table: str) -> None:
        self._dynamodb, self._state, self._ledger = dynamodb, state_table, ledger_table

    def load(self, group: str) -> Record | None:
        """A group's record, as last committed by anyone; None: there is none yet."""
        item = self._item(group)
        if item is None:
            return None
        return _record_of(item)

    def records(self) -> Iterator[Record]:
        """Every group's record, in no order; each as last committed, or shortly before."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._state, FilterExpression="attribute_exists(body)"
        )
        with aws_errors("reading the records of all groups"):
            for page in pages:
                yield from map(_record_of, page["Items"])

    def commit(self, record: Record, entries: Sequence[Entry], unsettled: bool) -> Record:
        """Write record and entries, all or nothing; returns the record with its new revision.

        Args:
            record: with the revision it was loaded with, 0 if it is the group's first.
            entries: new ledger entries, in order.
            unsettled: whether the sweep should look at the group.

        Raises:
            Conflict: somebody else changed the record since it was loaded.
        """
        if len(entries) > _MOST_ENTRIES:
            raise Permanent(f"group {record.group}: {len(entries)} entries at once; {_MOST_ENTRIES} fit")
        if (size := sum(len(entry.body) for entry in entries)) > _MOST_BYTES:
            raise Permanent(f"group {record.group}: entries of {size} bytes at once; {_MOST_BYTES} fit")
        written = replace(record, revision=record.revision + 1)
        items: list[Any] = [
            self._put_record(written, record.revision, unsettled=unsettled),
            *map(self._put_entry, entries),
        ]
        with aws_errors(f"committing revision {written.revision} of group {record.group}"):
            self._dynamodb.transact_write_items(TransactItems=items, ClientRequestToken=_token(items))
        return written

    def note_failing(self, group: str, now: float, reason: str) -> None:
        """Remember, beside a group's record, that its looks fail, and let the sweep look at it; nothing if it has none.

        Args:
            group: whose look failed.
            now: epoch seconds; remembered as the beginning if it did not fail before.
            reason: in words.
        """
        item = self._item(group)
        if item is None or "body" not in item:
            return
        known = failing_from_json(item["failing"]["S"]) if "failing" in item else {}
        since = known[LOOK].since if LOOK in known else now
        failing = failing_to_json({**known, LOOK: Failing(since, reason)})
        noted = {"since": {"N": repr(now)}, **item, "failing": {"S": failing}, "unsettled": {"S": "yes"}}
        # The revision stays: what another look has read of the record is still so.
        put: Any = self._put_where(noted, int(item["revision"]["N"]))
        with aws_errors(f"noting that looks at group {group} fail"):
            self._dynamodb.transact_write_items(TransactItems=[put])

    def group_of_endpoint(self, name: str) -> str | None:
        """The group that an endpoint belongs to, by the index `endpoint`; None: it is none of ours."""
        with aws_errors(f"looking up the group of endpoint {name}"):
            answer = self._dynamodb.query(
                TableName=self._state,
                IndexName="endpoint",
                KeyConditionExpression="endpoint = :name",
                ExpressionAttributeValues={":name": {"S": name}},
                Limit=1,
            )
        return next((item["group"]["S"] for item in answer["Items"]), None)

    def unsettled(self) -> Iterator[str]:
        """Groups that the sweep must look at, longest waiting first, by the sparse index `unsettled`."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._state,
            IndexName="unsettled",
            KeyConditionExpression="unsettled = :yes",
            ExpressionAttributeValues={":yes": {"S": "yes"}},
        )
        with aws_errors("listing unsettled groups"):
            for page in pages:
                yield from (item["group"]["S"] for item in page["Items"])

    def history(self, group: str, after: int = 0) -> Iterator[Entry]:
        """A group's ledger from the entry after this number on, oldest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._ledger,
            KeyConditionExpression="#group = :group AND #seq > :after",
            ExpressionAttributeNames={"#group": "group", "#seq": "seq"},
            ExpressionAttributeValues={":group": {"S": group}, ":after": {"N": str(after)}},
            ConsistentRead=True,
        )
        with aws_errors(f"reading the ledger of group {group}"):
            for page in pages:
                yield from map(entry_of, page["Items"])

    def latest(self, group: str, most: int) -> list[Entry]:
        """The last entries of a group's ledger, oldest first; what was written this moment may be missing."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._ledger,
            KeyConditionExpression="#group = :group",
            ExpressionAttributeNames={"#group": "group"},
            ExpressionAttributeValues={":group": {"S": group}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": most, "PageSize": most},
        )
        with aws_errors(f"reading the end of the ledger of group {group}"):
            return [entry_of(item) for page in pages for item in page["Items"]][::-1]

    def swept(self) -> Swept:
        """How far sweeps came."""
        item = self._item(_SWEEP_KEY)
        return Swept(float(item["at"]["N"]), item.get("rest", {}).get("S")) if item else Swept()

    def mark_swept(self, swept: Swept) -> None:
        """Remember how far sweeps came."""
        item = {"group": {"S": _SWEEP_KEY}, "at": {"N": repr(swept.at)}}
        with aws_errors("marking the sweep"):
            self._dynamodb.put_item(
                TableName=self._state, Item=item | ({"rest": {"S": swept.rest}} if swept.rest else {})
            )

    def _item(self, key: str) -> dict[str, Any] | None:
        with aws_errors(f"loading {key} from {self._state}"):
            answer = self._dynamodb.get_item(
                TableName=self._state, Key={"group": {"S": key}}, ConsistentRead=True
            )
        return answer.get("Item")

    def _put_record(self, record: Record, expected: int, *, unsettled: bool) -> dict[str, Any]:
        item: dict[str, Any] = {
            "group": {"S": record.group},
            "revision": {"N": str(record.revision)},
            "phase": {"S": record.phase.value},
            "body": {"S": record_to_json(record)},
        }
        if record.spec is not None:
            item["endpoint"] = {"S": record.spec.endpoint.name}
        if record.failing:
            item["failing"] = {"S": failing_to_json(record.failing)}
        if unsettled or record.failing:
            item |= {"unsettled": {"S": "yes"}, "since": {"N": repr(record.since)}}
        return self._put_where(item, expected)

    def _put_where(self, item: dict[str, Any], expected: int) -> dict[str, Any]:
        """A put that holds only as long as the record has this revision; 0: there is none."""
        put: dict[str, Any] = {
            "TableName": self._state,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#group)",
            "ExpressionAttributeNames": {"#group": "group"},
        }
        if expected:
            put |= {
                "ConditionExpression": "#revision = :expected",
                "ExpressionAttributeNames": {"#revision": "revision"},
                "ExpressionAttributeValues": {":expected": {"N": str(expected)}},
            }
        return {"Put": put}

    def _put_entry(self, entry: Entry) -> dict[str, Any]:
        content = json.loads(entry.body)
        return {
            "Put": {
                "TableName": self._ledger,
                "Item": {
                    "group": {"S": entry.group},
                    "seq": {"N": str(entry.seq)},
                    "previous": {"S": entry.previous},
                    "hash": {"S": entry.hash},
                    "body": {"S": entry.body},
                    "kind": {"S": content["kind"]},
                    "at": {"N": repr(content["at"])},
                },
                "ConditionExpression": "attribute_not_exists(seq)",
            }
        }


def entry_of(item: Mapping[str, Any]) -> Entry:
    """A ledger entry, as DynamoDB and its streams have it.

    Raises:
        Malformed: it lacks what each entry has.
    """
    try:
        return Entry(
            group=item["group"]["S"],
            seq=int(item["seq"]["N"]),
            previous=item["previous"]["S"],
            hash=item["hash"]["S"],
            body=item["body"]["S"],
        )
    except (KeyError, ValueError) as error:
        raise Malformed(f"an item of the ledger is no entry: {type(error).__name__}: {error}") from error


def _record_of(item: Mapping[str, Any]) -> Record:
    failing = failing_from_json(item["failing"]["S"]) if "failing" in item else {}
    return replace(record_from_json(item["body"]["S"]), revision=int(item["revision"]["N"]), failing=failing)


def _token(items: list[Any]) -> str:
    """The same transaction sent again within ten minutes is recognised by DynamoDB and does nothing (36 characters)."""
    return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()[:36]
