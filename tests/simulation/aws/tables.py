"""DynamoDB, as far as the functions use it: consistent gets, conditional puts in transactions, queries, two indexes."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.simulation.fate import refusal

Item = dict[str, Any]
MOST_ITEM, MOST_TRANSACTION = 400 * 1024, 4 * 1024 * 1024  # bytes (developer guide, "Quotas in DynamoDB")
_MOST_PUTS = 100
_TOKEN_SECONDS = 600.0


class Tables:
    """Tables by name, each with a partition key and perhaps a sort key; indexes may lag behind.

    Args:
        now: the time.
        lag: seconds until an index shows a write.
    """

    def __init__(self, now: Callable[[], float], lag: float = 0.0) -> None:
        self._now, self._lag = now, lag
        self._keys: dict[str, tuple[str, str | None]] = {}
        self._items: dict[str, dict[tuple[str, str], Item]] = {}
        self._seen: list[tuple[float, str, Item]] = []  # what indexes still show of before: until when
        self._tokens: dict[str, float] = {}

    def make(self, name: str, partition: str, sort: str | None = None) -> None:
        """Make a table."""
        self._keys[name], self._items[name] = (partition, sort), {}

    def items(self, table: str) -> list[Item]:
        """Everything in a table, by key."""
        return [item for _, item in sorted(self._items[table].items(), key=lambda one: _order(one[0]))]

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """GetItem, PutItem, Query or TransactWriteItems."""
        match operation:
            case "GetItem":
                found = self._items[request["TableName"]].get(self._key(request["TableName"], request["Key"]))
                return {"Item": found} if found is not None else {}
            case "PutItem":
                self._put(request["TableName"], request["Item"])
                return {}
            case "Query":
                return self._query(request)
            case "TransactWriteItems":
                return self._transact(request)
        raise AssertionError(f"the simulation has no dynamodb:{operation}")

    def _key(self, table: str, item: Item) -> tuple[str, str]:
        partition, sort = self._keys[table]
        return _plain(item[partition]), _plain(item[sort]) if sort else ""

    def _put(self, table: str, item: Item) -> None:
        _check_size("PutItem", item)
        key = self._key(table, item)
        before = self._items[table].get(key)
        if self._lag:
            self._seen.append((self._now() + self._lag, table, before or {**item, "_absent": True}))
        self._items[table][key] = item

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        table, name = request["TableName"], request["KeyConditionExpression"].split(" = ")[0]
        name = request.get("ExpressionAttributeNames", {}).get(name, name)
        (value,) = request["ExpressionAttributeValues"].values()
        shown = self._shown(table) if "IndexName" in request else self._items[table].values()
        found = [item for item in shown if item.get(name) == value]
        found.sort(key=lambda item: _order(self._key(table, item)))
        if "since" in (found[0] if found else {}):
            found.sort(key=lambda item: float(item["since"]["N"]))
        return {"Items": found[: request.get("Limit", len(found))]}

    def _shown(self, table: str) -> Iterable[Item]:
        """What an index shows: writes of late not yet."""
        self._seen = [one for one in self._seen if one[0] > self._now()]
        if not self._seen:
            return self._items[table].values()
        old: dict[tuple[str, str], Item] = {}
        for _, name, item in reversed(self._seen):
            if name == table:
                old[self._key(table, item)] = item
        now = {self._key(table, item): item for item in self.items(table)}
        return [item for item in {**now, **old}.values() if "_absent" not in item]

    def _transact(self, request: dict[str, Any]) -> dict[str, Any]:
        token = request.get("ClientRequestToken")
        if token and self._tokens.get(token, -1.0) > self._now():
            return {}
        puts = [one["Put"] for one in request["TransactItems"]]
        if len(puts) > _MOST_PUTS:
            raise refusal("TransactWriteItems", "ValidationException", f"{len(puts)} items in a transaction")
        if (size := sum(_size(put["Item"]) for put in puts)) > MOST_TRANSACTION:
            raise refusal("TransactWriteItems", "ValidationException", f"{size} bytes in a transaction")
        for put in puts:
            _check_size("TransactWriteItems", put["Item"])
        kept = [self._holds(put) for put in puts]
        if not all(kept):
            reasons = [{"Code": "None" if fine else "ConditionalCheckFailed"} for fine in kept]
            raise refusal(
                "TransactWriteItems", "TransactionCanceledException", "", CancellationReasons=reasons
            )
        for put in puts:
            self._put(put["TableName"], put["Item"])
        if token:
            self._tokens[token] = self._now() + _TOKEN_SECONDS
        return {}

    def _holds(self, put: dict[str, Any]) -> bool:
        """The two conditions that there are: nothing is there, or what is there has this value."""
        there = self._items[put["TableName"]].get(self._key(put["TableName"], put["Item"]))
        condition = put.get("ConditionExpression")
        if condition is None:
            return True
        if condition.startswith("attribute_not_exists("):
            return there is None
        name, _, value = condition.partition(" = ")
        name = put["ExpressionAttributeNames"][name]
        return there is not None and there.get(name) == put["ExpressionAttributeValues"][value]


def _check_size(operation: str, item: Item) -> None:
    if (size := _size(item)) > MOST_ITEM:
        reason = f"Item size has exceeded the maximum allowed size: {size} bytes"
        raise refusal(operation, "ValidationException", reason)


def _size(item: Item) -> int:
    """Names and values in UTF-8; numbers take less than their digits."""
    return sum(len(name.encode()) + len(_plain(value).encode()) for name, value in item.items())


def _plain(value: dict[str, str]) -> str:
    (plain,) = value.values()
    return plain


def _order(key: tuple[str, str]) -> tuple[str, float]:
    return key[0], float(key[1] or 0)
