"""DynamoDB's calls on the ledger and on the state table.

What they let through does no harm: a write has a condition that nothing fulfils, and is of
nobody's partition.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.e2e.matrix.stage import A, B, Stage
from tests.e2e.matrix.tried import Call, Part

_NEVER = "attribute_exists(#g) AND attribute_not_exists(#g)"
_WORDS = {"#g": "group"}
_GUARD = {"ConditionExpression": _NEVER, "ExpressionAttributeNames": _WORDS}
_CHANGE = {"UpdateExpression": "SET #g2 = :x", "ExpressionAttributeValues": {":x": {"S": "tried"}}}
_CHANGE_NAMES = {"ExpressionAttributeNames": {**_WORDS, "#g2": "tried"}}
_HELD = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"
_NOT_DONE = "ValidationException|ConditionalCheckFailed"
_INSERTED = " VALUE {'group': 1}"
_KEYS = {"the sweep's item": "#sweep", "a group's item": "#matrix"}
_OWN = {"A": A, "B": B}


def _key(table: str, group: str) -> dict[str, Any]:
    key: dict[str, Any] = {"group": {"S": group}}
    return {**key, "seq": {"N": "1"}} if table == "LedgerTable" else key


def _tables(request: Callable[[str, str], dict[str, Any]]) -> dict[str, Part]:
    """Both tables; `request` takes a table's name, and its output's."""

    def one(output: str) -> Part:
        return Part(lambda stage: request(stage.outputs[output], output))

    return {"ledger": one("LedgerTable"), "state": one("StateTable")}


def _items(member: str, more: dict[str, Any]) -> dict[str, Part]:
    """An item of each table, as the parameter `member`, by whose it is."""

    def one(output: str, group: str) -> Part:
        return Part(lambda stage: {"TableName": stage.outputs[output], member: _key(output, group), **more})

    own = {f"state, {words}": one("StateTable", group) for words, group in _KEYS.items()}
    return {"ledger": one("LedgerTable", "#matrix"), **own}


def _items_of_groups() -> dict[str, Part]:
    """What the tables have of groups that there are."""

    def one(output: str, group: str) -> Part:
        return Part(lambda stage: {"TableName": stage.outputs[output], "Key": _key(output, group)})

    tables = {"ledger, entry": "LedgerTable", "state, item": "StateTable"}
    return {
        f"{words} of {letter}": one(output, group)
        for words, output in tables.items()
        for letter, group in _OWN.items()
    }


def _entries_of(group: str) -> dict[str, Any]:
    """All entries of a group, or all that the state table has of it."""
    return {
        "KeyConditionExpression": "#g = :g",
        "ExpressionAttributeNames": _WORDS,
        "ExpressionAttributeValues": {":g": {"S": group}},
    }


def _named(**more: Any) -> dict[str, Part]:
    return _tables(lambda table, _: {"TableName": table, **more})


def _writes(member: str) -> Callable[[str, str], dict[str, Any]]:
    """One write of a transaction."""

    def request(table: str, output: str) -> dict[str, Any]:
        key = "Item" if member == "Put" else "Key"
        change = {**_CHANGE, **_CHANGE_NAMES} if member == "Update" else {}
        write = {"TableName": table, key: _key(output, "#matrix"), **_GUARD, **change}
        return {"TransactItems": [{member: write}]}

    return request


def _transactions() -> dict[str, Part]:
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    found = {}
    for member, action in actions.items():
        for words, one in _tables(_writes(member)).items():
            found[f"{words}, {member}"] = Part(one.request, (f"dynamodb:{action}",), _CANCELLED)
    return found


def _batches() -> dict[str, Part]:
    """A batch takes no condition; what is put into the state table is of nobody's partition."""

    def put(table: str, output: str) -> dict[str, Any]:
        return {"RequestItems": {table: [{"PutRequest": {"Item": _key(output, "#matrix")}}]}}

    return _tables(put)


def _statements() -> dict[str, Part]:
    """PartiQL; what is changed is not there, and what is inserted is refused for the type of its key."""
    texts = {
        "select": ("Select", "SELECT * FROM "),
        "insert": ("Insert", "INSERT INTO "),
        "update": ("Update", "UPDATE "),
        "delete": ("Delete", "DELETE FROM "),
    }
    found = {}
    for verb, (action, begins) in texts.items():
        for words, one in _tables(_statement(verb, begins)).items():
            found[f"{words}, {verb}"] = Part(one.request, (f"dynamodb:PartiQL{action}",), _NOT_DONE)
    return found


def _statement(verb: str, begins: str) -> Callable[[str, str], dict[str, Any]]:
    def request(table: str, output: str) -> dict[str, Any]:
        key = " AND seq = 1" if output == "LedgerTable" else ""
        rest = f"{' SET tried = 1' if verb == 'update' else ''} WHERE \"group\" = '#nobody'{key}"
        return {"Statement": f'{begins}"{table}"{_INSERTED if verb == "insert" else rest}'}

    return request


def _query(index: str) -> Part:
    def request(stage: Stage) -> dict[str, Any]:
        return {
            "TableName": stage.outputs["StateTable"],
            "IndexName": index,
            "KeyConditionExpression": "#i = :i",
            "ExpressionAttributeNames": {"#i": index},
            "ExpressionAttributeValues": {":i": {"S": "#matrix"}},
        }

    return Part(request)


def _policies(more: dict[str, Any]) -> dict[str, Part]:
    def ledger(stage: Stage) -> dict[str, Any]:
        return {"ResourceArn": stage.table_arn("LedgerTable"), "ExpectedRevisionId": "none", **more}

    return {"ledger": Part(ledger)}


CALLS: dict[str, Call] = {
    "GetItem": Call("dynamodb", on={**_items("Key", {}), **_items_of_groups()}),
    "PutItem": Call("dynamodb", on=_items("Item", _GUARD), bounce=_HELD),
    "UpdateItem": Call("dynamodb", on=_items("Key", {**_GUARD, **_CHANGE, **_CHANGE_NAMES}), bounce=_HELD),
    "DeleteItem": Call("dynamodb", on=_items("Key", _GUARD), bounce=_HELD),
    "BatchWriteItem": Call("dynamodb", on=_batches()),
    "TransactWriteItems": Call("dynamodb", on=_transactions()),
    "ExecuteStatement": Call("dynamodb", on=_statements()),
    "Query": Call(
        "dynamodb",
        on={
            **_named(**_entries_of("#matrix")),
            **{
                f"ledger, entries of {letter}": _named(**_entries_of(group))["ledger"]
                for letter, group in _OWN.items()
            },
            **{f"state, index {index}": _query(index) for index in ("endpoint", "unsettled")},
        },
    ),
    "Scan": Call("dynamodb", on=_named(Limit=1)),
    "UpdateTimeToLive": Call(
        "dynamodb", on=_named(TimeToLiveSpecification={"Enabled": True, "AttributeName": "tried"})
    ),
    "UpdateTable": Call("dynamodb", on=_named(DeletionProtectionEnabled=True)),
    "UpdateContinuousBackups": Call(
        "dynamodb", on=_named(PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    ),
    "DeleteTable": Call("dynamodb", on=_named(), bounce="deletion protection"),
    "PutResourcePolicy": Call(
        "dynamodb",
        on=_policies({"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})}),
        bounce="PolicyNotFoundException",
    ),
    "DeleteResourcePolicy": Call("dynamodb", on=_policies({}), bounce="PolicyNotFoundException"),
    "GetResourcePolicy": Call(
        "dynamodb", on={"ledger": Part(lambda stage: {"ResourceArn": stage.table_arn("LedgerTable")})}
    ),
}
