"""`announce`: nothing that was recorded is lost, hidden or put out of order, wherever it fails or is killed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from lambdas.announce.batch import MOST_AT_ONCE, Range, again, process
from lambdas.announce.herald import Herald
from lambdas.core.announcements import TELLINGS, Urgency
from lambdas.core.errors import Denied, GreenlightError, Refused, Throttled
from lambdas.core.events import DomainEvent
from lambdas.core.ledger import Entry, Event, Kind, chain
from lambdas.core.messages import Message
from lambdas.core.record import Head

import json  # isort: skip

KINDS = (Kind.ONBOARDED, Kind.DECISION, Kind.WITNESS, Kind.STARTED, Kind.BLOCKED)


class KilledError(BaseException):
    """The function's process ends here."""


@dataclass
class World:
    """Bus, topics and queue, and the stream with its event source mapping; `fate` is called before each call.

    `told`: what was taken, in order, as (outlet, id).
    """

    fate: Callable[[int], None] = lambda _: None
    told: list[tuple[str, str]] = field(default_factory=list)
    aside: list[tuple[str, int, str]] = field(default_factory=list)
    calls: int = 0
    chosen: dict[Kind, Urgency] = field(default_factory=dict)

    def take(self, outlet: str, identifier: str) -> None:
        self.calls += 1
        self.fate(self.calls)
        self.told.append((outlet, identifier))

    def herald(self) -> Herald:
        world = self

        class Bus:
            def put(self, event: DomainEvent) -> None:
                world.take("bus", json.loads(event.detail)["id"])

        class Topic:
            def __init__(self, name: str) -> None:
                self._name = name

            def publish(self, one: Message) -> None:
                world.take(self._name, one.attributes["id"])

        class Unannounced:
            def set_aside(self, group: str, seq: int, reason: str) -> None:
                world.calls += 1
                world.fate(world.calls)
                world.aside.append((group, seq, reason))

        logger = Logger(service="test", level="CRITICAL")
        return Herald(Bus(), Topic("messages"), Topic("pages"), Unannounced(), self.chosen, logger)

    def of(self, outlet: str) -> list[str]:
        return [identifier for where, identifier in self.told if where == outlet]


def entries(group: str = "churn", kinds: tuple[Kind, ...] = KINDS) -> list[Entry]:
    made, _ = chain(group, Head(), [Event(kind, 1.7e9, "because", 1) for kind in kinds])
    return list(made)


def record(entry: Entry, number: int, **changes: Any) -> dict[str, Any]:
    """As DynamoDB Streams tells of an entry."""
    image = {
        "group": {"S": entry.group},
        "seq": {"N": str(entry.seq)},
        "previous": {"S": entry.previous},
        "hash": {"S": entry.hash},
        "body": {"S": entry.body},
        "kind": {"S": "any"},
        "at": {"N": "1.0"},
    }
    keys = {name: image[name] for name in ("group", "seq")}
    told = {"Keys": keys, "NewImage": image, "SequenceNumber": str(number)} | changes.pop("dynamodb", {})
    return {"eventName": "INSERT", "dynamodb": told, **changes}


def stream(*groups: list[Entry]) -> list[dict[str, Any]]:
    return [record(entry, number) for number, entry in enumerate((e for g in groups for e in g), start=100)]


def delivered(world: World, records: list[dict[str, Any]], tries: int = 50) -> None:
    """As Lambda does it: a batch comes again from where it failed, all of it if the function was killed."""
    left = records
    for _ in range(tries):
        try:
            failed = process(left, world.herald())
        except KilledError:
            continue
        if not failed:
            return
        numbers = [one["dynamodb"]["SequenceNumber"] for one in left]
        left = left[numbers.index(failed[0]) :]
    raise AssertionError("it comes to no end")


def once(at: int, error: BaseException) -> Callable[[int], None]:
    """A fate that strikes at the call of this number, once."""

    def strike(call: int) -> None:
        if call == at:
            raise error

    return strike


def firsts(heard: list[str]) -> list[str]:
    return list(dict.fromkeys(heard))


def ids(group: str, kinds: tuple[Kind, ...], *urgencies: Urgency) -> list[str]:
    return [f"{group}/{n}" for n, kind in enumerate(kinds, start=1) if TELLINGS[kind].urgency in urgencies]


def test_every_entry_is_an_event_what_informs_is_a_message_and_what_pages_goes_to_the_pager() -> None:
    world = World()
    assert process(stream(entries()), world.herald()) == []
    assert world.of("bus") == ids("churn", KINDS, *Urgency)
    assert (
        world.of("messages")
        == ids("churn", KINDS, Urgency.INFORM, Urgency.PAGE)
        == [
            "churn/1",
            "churn/2",
            "churn/4",
            "churn/5",
        ]
    )
    assert world.of("pages") == ["churn/5"]


def test_machines_who_know_repeats_are_told_first_and_the_pager_last() -> None:
    world = World()
    process(stream(entries(kinds=(Kind.BLOCKED,))), world.herald())
    assert [outlet for outlet, _ in world.told] == ["bus", "messages", "pages"]


def test_the_account_chooses_what_pages_and_what_is_quiet() -> None:
    world = World(chosen={Kind.BLOCKED: Urgency.QUIET, Kind.STARTED: Urgency.PAGE})
    process(stream(entries()), world.herald())
    assert world.of("messages") == ["churn/1", "churn/2", "churn/4"]
    assert world.of("pages") == ["churn/4"]


CALLS = 15  # two groups' batch needs this many and more; the count is asserted below


def test_the_calls_at_which_it_is_struck_below_are_all_that_there_are() -> None:
    world = World()
    delivered(world, stream(entries(), entries("fraud", KINDS[:3])))
    assert world.calls == CALLS


@pytest.mark.parametrize("error", [Throttled("later"), Denied("not you"), KilledError()], ids=repr)
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_struck_at_any_call_it_loses_nothing_hides_nothing_and_keeps_the_order(
    at: int, error: BaseException
) -> None:
    undisturbed, world = World(), World(once(at, error))
    records = stream(entries(), entries("fraud", KINDS[:3]))
    delivered(undisturbed, records)
    delivered(world, records)
    for outlet in ("bus", "messages", "pages"):
        assert firsts(world.of(outlet)) == undisturbed.of(outlet)
    assert world.aside == []


def test_it_stops_at_the_first_that_fails_and_names_it_alone() -> None:
    world = World(once(3, Throttled("later")))
    assert process(stream(entries()), world.herald()) == ["101"]
    assert world.of("bus") == ["churn/1"]


def _refused(call: int) -> None:
    if call == 3:  # the event of the second entry
        raise Refused("MalformedDetail")


def _broken(call: int) -> None:
    if call == 3:
        raise LookupError("a fault of ours")


@pytest.mark.parametrize("fate", [_refused, _broken])
def test_what_is_refused_for_itself_or_fails_by_a_fault_of_ours_is_set_aside_and_the_rest_goes_on(
    fate: Callable[[int], None],
) -> None:
    world = World(fate)
    assert process(stream(entries()), world.herald()) == []
    assert [(group, seq) for group, seq, _ in world.aside] == [("churn", 2)]
    assert world.of("bus") == ["churn/1", "churn/3", "churn/4", "churn/5"]


POISON: list[tuple[dict[str, Any], str]] = [
    ({"eventName": "MODIFY"}, "an entry is only ever added, and this is a modify"),
    ({"eventName": "REMOVE", "dynamodb": {"NewImage": None}}, "this is a remove"),
    (
        {"dynamodb": {"NewImage": {"group": {"S": "churn"}}}},
        "an item of the ledger is no entry: KeyError: 'seq'",
    ),
    (
        {
            "dynamodb": {
                "NewImage": {
                    "group": {"S": "churn"},
                    "seq": {"N": "2"},
                    "previous": {"S": ""},
                    "hash": {"S": "x"},
                    "body": {"S": "{"},
                }
            }
        },
        "its hash is not that of its content",
    ),
]


@pytest.mark.parametrize(("changes", "says"), POISON, ids=[says for _, says in POISON])
def test_an_entry_that_nobody_can_read_is_set_aside_with_its_reason_and_holds_up_no_other(
    changes: dict[str, Any], says: str
) -> None:
    made = entries()
    records = [record(made[0], 1), record(made[1], 2, **dict(changes)), *stream(made[2:])]
    world = World()
    assert process(records, world.herald()) == []
    ((group, seq, reason),) = world.aside
    assert (group, seq) == ("churn", 2)
    assert says in reason
    assert world.of("bus") == ["churn/1", "churn/3", "churn/4", "churn/5"]


def test_an_entry_that_cannot_even_be_set_aside_comes_again() -> None:
    made = entries()
    records = [record(made[0], 1, eventName="MODIFY"), record(made[1], 2)]
    world = World(once(1, Throttled("later")))
    assert process(records, world.herald()) == ["1"]
    assert world.told == []


class Ledger:
    """A ledger of this many decisions."""

    def __init__(self, count: int) -> None:
        self._entries = entries(kinds=(Kind.DECISION,) * count)

    def history(self, group: str, after: int = 0) -> Iterator[Entry]:
        assert group == "churn"
        return iter(self._entries[after:])


def test_a_part_of_the_ledger_is_announced_again_under_the_same_ids() -> None:
    world = World()
    answer = again(Range("churn", 2, 4), Ledger(6), world.herald())
    assert answer == {"announced": 3, "set_aside": 0, "next": None, "error": None}
    assert world.of("bus") == ["churn/2", "churn/3", "churn/4"]


def test_of_many_one_call_announces_some_and_says_where_to_go_on() -> None:
    world = World()
    answer = again(Range("churn"), Ledger(MOST_AT_ONCE + 3), world.herald())
    assert answer == {"announced": MOST_AT_ONCE, "set_aside": 0, "next": MOST_AT_ONCE + 1, "error": None}
    answer = again(Range("churn", MOST_AT_ONCE + 1), Ledger(MOST_AT_ONCE + 3), world.herald())
    assert (answer["announced"], answer["next"]) == (3, None)


@pytest.mark.parametrize("error", [Throttled("later"), Denied("not you")])
def test_where_it_cannot_go_on_it_says_where_and_why(error: GreenlightError) -> None:
    world = World(once(4, error))
    answer = again(Range("churn"), Ledger(6), world.herald())
    assert answer == {"announced": 1, "set_aside": 0, "next": 2, "error": str(error)}


def test_what_cannot_be_announced_again_either_is_set_aside_again() -> None:
    world = World(_refused)
    answer = again(Range("churn"), Ledger(3), world.herald())
    assert (answer["announced"], answer["set_aside"], answer["next"]) == (2, 1, None)
