"""A table's own policy, what each item of a transaction needs, and conditions on keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from local.server.table_access import statement_check
from tests.local.server.iam_parts import ACCOUNT, assume, client_of, document, make_role, refused, statement
from tests.local.server.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Call = Callable[[Any, str], object]

TABLES = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table"
DENIED = "with an explicit deny in a resource-based policy"
KEY, NEW = {"name": {"S": "a"}}, {"name": {"S": "new"}}
REMOVE = "DELETE FROM \"{table}\" WHERE name = 'a'"
CHECK = {"ConditionExpression": "attribute_not_exists(gone)"}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own."""
    with LocalAws() as local:
        yield local


def make_table(aws: LocalAws, name: str) -> str:
    """A table with an item and an index by group; its ARN."""
    table = aws.client("dynamodb")
    arn: str = table.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("name", "group")],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-group",
                "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )["TableDescription"]["TableArn"]
    table.put_item(TableName=name, Item=KEY)
    return arn


def put_policy(aws: LocalAws, arn: str, *statements: object) -> None:
    aws.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=document(*statements))


def deny(resource: object, actions: object, **more: object) -> dict[str, object]:
    return {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resource, **more}


def session(aws: LocalAws, *policy: object) -> Any:
    """A DynamoDB client in a session of a role with these statements."""
    return client_of(aws, assume(aws.client("sts"), make_role(aws, *policy)), "dynamodb")


def transact(table: Any, *items: Mapping[str, object]) -> object:
    return table.transact_write_items(TransactItems=list(items))


def partiql(text: str) -> Call:
    return lambda client, table: client.execute_statement(Statement=text.format(table=table))


CALLS: dict[str, tuple[str, Call]] = {
    "get": ("GetItem", lambda c, t: c.get_item(TableName=t, Key=KEY)),
    "put": ("PutItem", lambda c, t: c.put_item(TableName=t, Item=KEY)),
    "update": ("UpdateItem", lambda c, t: c.update_item(TableName=t, Key=KEY)),
    "delete": ("DeleteItem", lambda c, t: c.delete_item(TableName=t, Key=KEY)),
    "scan": ("Scan", lambda c, t: c.scan(TableName=t)),
    "by arn": ("Scan", lambda c, t: c.scan(TableName=f"{TABLES}/{t}")),
    "query": (
        "Query",
        lambda c, t: c.query(
            TableName=t, KeyConditionExpression="#n = :n",
            ExpressionAttributeNames={"#n": "name"}, ExpressionAttributeValues={":n": {"S": "a"}},
        ),
    ),
    "batch write": (
        "BatchWriteItem",
        lambda c, t: c.batch_write_item(RequestItems={t: [{"DeleteRequest": {"Key": KEY}}]}),
    ),
    "batch get": ("BatchGetItem", lambda c, t: c.batch_get_item(RequestItems={t: {"Keys": [KEY]}})),
    "put in a transaction": ("PutItem", lambda c, t: transact(c, {"Put": {"TableName": t, "Item": KEY}})),
    "update in a transaction": (
        "UpdateItem",
        lambda c, t: transact(c, {"Update": {"TableName": t, "Key": KEY, "UpdateExpression": "REMOVE x"}}),
    ),
    "delete in a transaction": (
        "DeleteItem", lambda c, t: transact(c, {"Delete": {"TableName": t, "Key": KEY}}),
    ),
    "check in a transaction": (
        "ConditionCheckItem",
        lambda c, t: transact(c, {"ConditionCheck": {"TableName": t, "Key": KEY, **CHECK}}),
    ),
    "get in a transaction": (
        "GetItem", lambda c, t: c.transact_get_items(TransactItems=[{"Get": {"TableName": t, "Key": KEY}}]),
    ),
    "select": ("PartiQLSelect", partiql("SELECT * FROM \"{table}\" WHERE name = 'a'")),
    "insert": ("PartiQLInsert", partiql("INSERT INTO \"{table}\" VALUE {{'name': 'new'}}")),
    "set": ("PartiQLUpdate", partiql("UPDATE \"{table}\" SET x = 1 WHERE name = 'a'")),
    "remove": ("PartiQLDelete", partiql(REMOVE)),
    "remove in a batch": (
        "PartiQLDelete",
        lambda c, t: c.batch_execute_statement(
            Statements=[{"Statement": REMOVE.format(table=t)}]
        ),
    ),
    "remove in a transaction of statements": (
        "PartiQLDelete",
        lambda c, t: c.execute_transaction(
            TransactStatements=[{"Statement": REMOVE.format(table=t)}]
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_refused_by_the_tables_deny_and_needs_its_own_action(aws: LocalAws, name: str) -> None:
    """Root and a role that may do everything are refused; the action alone is enough, all others are not."""
    action, call = CALLS[name]
    table = name.replace(" ", "-")
    arn = make_table(aws, table)
    call(session(aws, statement(f"dynamodb:{action}", arn)), table)
    aws.client("dynamodb").put_item(TableName=table, Item=KEY)
    with refused(f"dynamodb:{action}"):
        call(session(aws, {"Effect": "Allow", "NotAction": f"dynamodb:{action}", "Resource": "*"}), table)
    put_policy(aws, arn, deny(arn, f"dynamodb:{action}"))
    for client in (aws.client("dynamodb"), session(aws, statement("dynamodb:*"))):
        with refused(f"AccessDeniedException.*dynamodb:{action} on resource: {arn} {DENIED}"):
            call(client, table)
    aws.client("dynamodb").delete_resource_policy(ResourceArn=arn)
    aws.client("dynamodb").delete_item(TableName=table, Key=NEW)
    call(aws.client("dynamodb"), table)


def test_a_transaction_is_refused_whole_for_one_item_that_is_not_allowed(aws: LocalAws) -> None:
    state, ledger = make_table(aws, "state"), make_table(aws, "ledger")
    put_policy(aws, ledger, deny(ledger, ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]))
    client = session(aws, statement("dynamodb:*", [state, ledger]))
    change = {"Update": {"TableName": "state", "Key": KEY, "UpdateExpression": "REMOVE x"}}
    transact(client, change, {"Put": {"TableName": "ledger", "Item": {"name": {"S": "b"}}}})
    with refused(f"dynamodb:DeleteItem on resource: {ledger} {DENIED}"):
        transact(client, change, {"Delete": {"TableName": "ledger", "Key": KEY}})


def test_a_deny_may_except_a_role_and_holds_for_indexes(aws: LocalAws) -> None:
    arn = make_table(aws, "excepting")
    reader = make_role(aws, statement("dynamodb:*"))
    put_policy(aws, arn, deny([arn, f"{arn}/index/*"], "dynamodb:Query",
        Condition={"ArnNotLike": {"aws:PrincipalArn": reader}}))  # fmt: skip
    query = {
        "TableName": "excepting", "IndexName": "by-group", "KeyConditionExpression": "#g = :g",
        "ExpressionAttributeNames": {"#g": "group"}, "ExpressionAttributeValues": {":g": {"S": "x"}},
    }  # fmt: skip
    client_of(aws, assume(aws.client("sts"), reader), "dynamodb").query(**query)
    with refused(f"dynamodb:Query on resource: {arn}/index/by-group {DENIED}"):
        aws.client("dynamodb").query(**query)


def test_an_allow_in_the_tables_policy_adds_to_identity_policies(aws: LocalAws) -> None:
    arn = make_table(aws, "shared")
    named = make_role(aws)
    put_policy(aws, arn, {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "dynamodb:GetItem",
        "Resource": arn})  # fmt: skip
    assert client_of(aws, assume(aws.client("sts"), named), "dynamodb").get_item(TableName="shared", Key=KEY)
    with refused("dynamodb:GetItem"):
        session(aws).get_item(TableName="shared", Key=KEY)


@pytest.mark.parametrize(
    "operation", ["put_resource_policy", "delete_resource_policy", "get_resource_policy"]
)
def test_a_call_on_a_policy_is_asked_for_its_table(aws: LocalAws, operation: str) -> None:
    arn = make_table(aws, operation.replace("_", "-"))
    put_policy(aws, arn, deny(arn, "dynamodb:Scan"))
    action = "dynamodb:" + "".join(part.capitalize() for part in operation.split("_"))
    more = {"Policy": document(deny(arn, "dynamodb:Query"))} if operation.startswith("put") else {}
    getattr(session(aws, statement(action, arn)), operation)(ResourceArn=arn, **more)
    with refused(action):
        getattr(session(aws, statement(action, f"{TABLES}/other")), operation)(ResourceArn=arn, **more)


def test_a_template_makes_changes_and_takes_away_a_tables_policy(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")

    def deploy(call: Any, done: str, *statements: object) -> None:
        policy = {"ResourcePolicy": {"PolicyDocument": json.loads(document(*statements))}}
        properties = {
            "TableName": "templated", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "name", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
            **(policy if statements else {}),
        }  # fmt: skip
        table = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
        call(StackName="templated", TemplateBody=json.dumps({"Resources": {"Table": table}}))
        eventually(
            lambda: cloudformation.describe_stacks(StackName="templated")["Stacks"][0]["StackStatus"] == done
        )

    table = aws.client("dynamodb")
    deploy(cloudformation.create_stack, "CREATE_COMPLETE", deny("*", "dynamodb:PutItem"))
    with refused(DENIED):
        table.put_item(TableName="templated", Item=KEY)
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE", deny("*", "dynamodb:DeleteItem"))
    table.put_item(TableName="templated", Item=KEY)
    with refused(DENIED):
        table.delete_item(TableName="templated", Key=KEY)
    deploy(cloudformation.update_stack, "UPDATE_COMPLETE")
    table.delete_item(TableName="templated", Key=KEY)


# --- dynamodb:LeadingKeys


KEYED = {"get", "put", "update", "delete", "query", "batch write", "batch get", "put in a transaction",
    "update in a transaction", "delete in a transaction", "check in a transaction", "get in a transaction"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(KEYED))
def test_an_allow_for_some_keys_allows_no_others(aws: LocalAws, name: str) -> None:
    action, call = CALLS[name]
    table = f"keyed-{name.replace(' ', '-')}"
    arn = make_table(aws, table)
    for key, allowed in (("a", True), ("b", False)):
        condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [key]}}
        client = session(aws, statement(f"dynamodb:{action}", arn, Condition=condition))
        if allowed:
            call(client, table)
        else:
            with refused(f"dynamodb:{action}"):
                call(client, table)


def test_the_keys_of_a_transaction_are_those_of_each_table(aws: LocalAws) -> None:
    mine, yours = make_table(aws, "mine"), make_table(aws, "yours")
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}
    client = session(
        aws, statement("dynamodb:PutItem", mine, Condition=condition), statement("dynamodb:PutItem", yours)
    )
    other = {"name": {"S": "other"}}
    transact(
        client, {"Put": {"TableName": "mine", "Item": KEY}}, {"Put": {"TableName": "yours", "Item": other}}
    )
    with refused("dynamodb:PutItem"):
        transact(client, {"Put": {"TableName": "mine", "Item": other}})


def test_an_indexs_leading_key_is_its_own(aws: LocalAws) -> None:
    arn = make_table(aws, "indexed")
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["x"]}}
    client = session(aws, statement("dynamodb:Query", f"{arn}/index/by-group", Condition=condition))
    for group, allowed in (("x", True), ("y", False)):
        query = {
            "TableName": "indexed", "IndexName": "by-group",
            "KeyConditions": {"group": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": group}]}},
        }  # fmt: skip
        if allowed:
            client.query(**query)
        else:
            with refused("dynamodb:Query"):
                client.query(**query)


@pytest.mark.parametrize(
    ("text", "action", "resource"),
    [
        ("select x from music", "PartiQLSelect", "music"),
        ('SELECT * FROM "Music.Old"."by-group" WHERE x = \'y\'', "PartiQLSelect", "Music.Old/index/by-group"),
        ("EXISTS(SELECT * FROM \"m\" WHERE x = 'y')", "PartiQLSelect", "m"),
        ('UPDATE "m" SET x = \'DELETE FROM "n"\'', "PartiQLUpdate", "m"),
        ("\n insert\ninto m value {'x': 1}", "PartiQLInsert", "m"),
        ('DELETE FROM "m"', "PartiQLDelete", "m"),
    ],
)
def test_a_statement_has_an_action_and_a_table(text: str, action: str, resource: str) -> None:
    assert statement_check(text, "us-east-1", ACCOUNT) == (f"dynamodb:{action}", f"{TABLES}/{resource}")


def test_what_is_no_statement_has_none() -> None:
    assert statement_check("DROP TABLE m", "us-east-1", ACCOUNT) is None
