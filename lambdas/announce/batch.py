"""Entries in their order: a batch of the ledger's stream, or a part of the ledger that is announced again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.adapters.store import entry_of
from lambdas.announce.herald import Herald
from lambdas.core.errors import GreenlightError, Malformed
from lambdas.core.ledger import Entry

MOST_AT_ONCE = 200  # entries announced again by one call, of three calls to AWS at most each


class Ledger(Protocol):
    """The ledger, read."""

    def history(self, group: str, after: int = 0) -> Iterable[Entry]: ...


@dataclass(frozen=True)
class Range:
    """What to announce again: a group's entries, from number `first` to `last` or the end."""

    group: str
    first: int = 1
    last: int | None = None


def process(records: Sequence[dict[str, Any]], herald: Herald) -> list[str]:
    """Announce a batch of the ledger's stream, in its order.

    It stops at the first entry that cannot be announced now: none is passed over, and a group's order holds. Lambda
    sends that one and all after it again [Lambda guide, "Partial batch response with DynamoDB"].

    Args:
        records: of DynamoDB Streams: eventName, dynamodb.Keys, .NewImage, .SequenceNumber.
        herald: announces each.

    Returns:
        The sequence number of the first that was not announced, alone; or nothing.
    """
    for record in records:
        try:
            _take(record, herald)
        except GreenlightError as error:
            herald.logger.warning("again later, from %s on: %s", _key(record), error)
            return [str(record["dynamodb"]["SequenceNumber"])]
    return []


def again(asked: Range, ledger: Ledger, herald: Herald) -> dict[str, Any]:
    """Announce a part of a group's ledger again, in its order, under the same ids.

    Returns:
        announced, set_aside: how many entries were; next: the number of the first that was not yet, or None; error: why
        it stopped there, or None: because these are enough for one call.
    """
    announced = set_aside = 0
    for entry in ledger.history(asked.group, after=asked.first - 1):
        if asked.last is not None and entry.seq > asked.last:
            break
        if announced + set_aside == MOST_AT_ONCE:
            return _told(announced, set_aside, entry.seq)
        try:
            done = herald.announce(entry)
        except GreenlightError as error:
            return _told(announced, set_aside, entry.seq, str(error))
        announced, set_aside = announced + done, set_aside + (not done)
    return _told(announced, set_aside, None)


def _take(record: dict[str, Any], herald: Herald) -> None:
    try:
        entry = _added(record)
    except Malformed as error:
        herald.set_aside(*_key(record), str(error))
        return
    herald.announce(entry)


def _added(record: dict[str, Any]) -> Entry:
    """The entry that a record of the stream tells of."""
    if record["eventName"] != "INSERT":
        told = record["eventName"].lower()
        raise Malformed(
            f"an entry is only ever added, and this is a {told}: see the runbook, 'Is the ledger whole?'"
        )
    return entry_of(record["dynamodb"]["NewImage"])


def _key(record: dict[str, Any]) -> tuple[str, int]:
    keys = record["dynamodb"]["Keys"]
    return keys["group"]["S"], int(keys["seq"]["N"])


def _told(announced: int, set_aside: int, following: int | None, error: str | None = None) -> dict[str, Any]:
    return {"announced": announced, "set_aside": set_aside, "next": following, "error": error}
