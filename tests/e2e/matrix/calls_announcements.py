"""The calls by which the ledger's stream is read, and what it records is told.

What they let through does no harm: events and messages are about nobody.
"""

from collections.abc import Callable
from typing import Any

from lambdas.core.names import EVENT_BUS
from tests.e2e.matrix.stage import Stage
from tests.e2e.matrix.tried import Call, Part, part

_BUSES = {"Greenlight's bus": EVENT_BUS, "default bus": "default"}
_TOPICS = {"message topic": "MessageTopic", "alarm topic": "AlarmTopic"}


def _event(bus: str) -> dict[str, Any]:
    entry = {"Source": "tried", "DetailType": "Tried", "Detail": "{}", "EventBusName": bus}
    return {"Entries": [entry]}


def _topics() -> dict[str, Part]:
    def one(output: str) -> Part:
        return Part(lambda stage: {"TopicArn": stage.outputs[output], "Message": "tried"})

    return {words: one(output) for words, output in _TOPICS.items()}


def _stream(bounce: str = "", request: Callable[[Stage], dict[str, Any]] = lambda _: {}) -> dict[str, Part]:
    return {
        "ledger's stream": Part(
            lambda stage: {"StreamArn": stage.stream_arn(), **request(stage)}, bounce=bounce
        )
    }


CALLS: dict[str, Call] = {
    "PutEvents": Call("events", on={words: part(_event(bus)) for words, bus in _BUSES.items()}),
    "Publish": Call("sns", on=_topics()),
    "ListStreams": Call("dynamodbstreams", on={"all": part({})}),
    "DescribeStream": Call("dynamodbstreams", on=_stream()),
    "GetShardIterator": Call(
        "dynamodbstreams",
        on=_stream(request=lambda stage: {"ShardId": stage.shard(), "ShardIteratorType": "LATEST"}),
    ),
    "GetRecords": Call(
        "dynamodbstreams", on={"ledger's stream": Part(lambda stage: {"ShardIterator": stage.iterator()})}
    ),
}
