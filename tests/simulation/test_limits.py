"""The account in memory refuses what AWS refuses for its size or its form."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.parameters import Parameters
from tests.simulation.aws.queue import Queue
from tests.simulation.aws.tables import Tables


def tables() -> Tables:
    made = Tables(lambda: 0.0)
    made.make("t", "group", "seq")
    return made


def put(number: int, size: int) -> dict[str, Any]:
    item = {"group": {"S": "g"}, "seq": {"N": str(number)}, "body": {"S": "x" * size}}
    return {"Put": {"TableName": "t", "Item": item}}


@pytest.mark.parametrize(
    ("sizes", "fits"),
    [
        ((400_000,), True),
        ((410_000,), False),
        ((390_000,) * 10, True),
        ((390_000,) * 11, False),
        ((1,) * 101, False),
    ],
)
def test_a_transaction_takes_100_items_of_400_kb_and_4_mb_in_all(
    sizes: tuple[int, ...], *, fits: bool
) -> None:
    request = {"TransactItems": [put(number, size) for number, size in enumerate(sizes)]}
    made = tables()
    if not fits:
        with pytest.raises(ClientError, match="ValidationException"):
            made.call("TransactWriteItems", request)
        assert made.items("t") == []
        return
    made.call("TransactWriteItems", request)
    assert len(made.items("t")) == len(sizes)


def test_a_parameter_has_at_most_4_kb() -> None:
    parameters = Parameters(lambda: 0.0, lambda *_: None)
    parameters.put("/p", "x" * 4096, "ann")
    with pytest.raises(ClientError, match="maximum parameter value of 4096"):
        parameters.put("/p", "x" * 4097, "ann")


@pytest.mark.parametrize("group", ["", "two words", "x" * 129, "greenlight/é"])
def test_a_message_group_has_1_to_128_characters_and_no_space(group: str) -> None:
    queue = Queue(lambda: 0.0, lambda _: None)
    queue.send("{}", "x" * 128)
    with pytest.raises(ClientError, match="MessageGroupId"):
        queue.send("{}", group)
