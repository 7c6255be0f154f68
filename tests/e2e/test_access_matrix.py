"""Each cell of docs/access-matrix.md, tried by a signed call; and that the table is whole, and can be found wrong."""

from itertools import chain
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.e2e.matrix.calls import CALLS
from tests.e2e.matrix.compare import Cell, Matrix
from tests.e2e.matrix.sessions import ADMINISTRATOR, COLUMNS, OFFICES
from tests.e2e.matrix.table import PATH, Row, TableError, read
from tests.e2e.matrix.tried import attempt

TEXT = PATH.read_text()
TABLE = read(TEXT, COLUMNS)
ACTIONS = Path(__file__).parents[1] / "infra" / "actions.txt"
_ROLES = {
    "everything-approver": "approver",
    "everything-endpoint": "endpoint",
    "everything-registrant": "registrant",
}

_NO_TAGGING = "the local AWS asks for TagResource of CloudWatch on no resource"
_LOG_NAMES = (
    "the local AWS names log groups otherwise than CloudFormation does, by which the policy bounds them"
)
_LOG_STAR = "the local AWS does not take the `:*` of a log group's ARN for its streams"
_MAPPINGS = "the local AWS does not know lambda:FunctionArn"
_LINKED = "the local AWS asks for CreateServiceLinkedRole on no resource and without iam:AWSServiceName"
KNOWN: dict[Cell, str] = {
    (("TagResource", "guardrail of A", ""), "reconcile"): _NO_TAGGING,
    (("TagResource", "guardrail of A", ""), "break-glass"): _NO_TAGGING,
    (("CreateServiceLinkedRole", "endpoint scaling", ""), "reconcile"): _LINKED,
    (("CreateLogStream", "reconcile's logs", ""), "reconcile"): _LOG_STAR,
    (("PutLogEvents", "reconcile's logs", ""), "reconcile"): _LOG_STAR,
    **{
        ((call, "reconcile's logs", ""), role): _LOG_NAMES
        for call in ("DescribeLogStreams", "FilterLogEvents", "GetLogEvents")
        for role in ("auditor", "break-glass")
    },
    (("GetEventSourceMapping", "reconcile's queue", ""), "break-glass"): _MAPPINGS,
    (("UpdateEventSourceMapping", "reconcile's queue", ""), "break-glass"): _MAPPINGS,
}
"""Cells that come out wrong; each is tried, and has to go from here when it comes out right."""


@pytest.fixture(scope="module")
def matrix(aws: LocalAws) -> Matrix:
    return Matrix(aws)


def _named(row: Row) -> str:
    return " ".join(filter(None, row.key))


@pytest.mark.parametrize("row", TABLE.rows, ids=_named)
def test_iam_does_what_the_table_says(matrix: Matrix, row: Row) -> None:
    assert matrix.deviations([row], KNOWN) == []


@pytest.mark.parametrize(
    ("row", "column"),
    [
        pytest.param(
            row,
            column,
            id=f"{_named(row)}, {column}",
            marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=KNOWN[row.key, column]),
        )
        for row in TABLE.rows
        for column in row.cells
        if (row.key, column) in KNOWN
    ],
)
def test_what_is_known_to_come_out_wrong(matrix: Matrix, row: Row, column: str) -> None:
    assert matrix.outcome(row.key, column) == row.cells[column]


@pytest.mark.parametrize(
    ("call", "having", "column", "was", "flipped"),
    [
        ("UpdateModelPackage", "status Approved", "registrant", "no", "yes"),
        ("UpdateModelPackage", "status Approved", "approver", "yes", "no"),
        ("CreateModelPackage", "status Approved", "reconcile", "no", "yes"),
    ],
)
def test_one_wrong_cell_is_found_and_it_alone(
    matrix: Matrix, *, call: str, having: str, column: str, was: str, flipped: str
) -> None:
    row = next(row for row in TABLE.rows if row.key[0] == call and row.key[2] == having)
    lines = TEXT.splitlines()
    cells = lines[row.line - 1].split("|")
    place = 4 + list(row.cells).index(column)
    assert cells[place].strip() == was
    cells[place] = f" {flipped} "
    lines[row.line - 1] = "|".join(cells)
    registry = [
        one for one in read("\n".join(lines), COLUMNS).rows if one.key[0] in {"CreateModelPackage", call}
    ]
    (found,) = matrix.deviations(registry, KNOWN)
    assert found == f"{row.named(column)}: the table says {flipped}, IAM says {was}"


def test_nobody_who_was_let_into_a_role_for_a_moment_stays_let_in(aws: LocalAws, matrix: Matrix) -> None:
    for column, office in OFFICES.items():
        matrix.sessions.client(column, "sts")
        trust = aws.client("iam").get_role(RoleName=office.role)["Role"]["AssumeRolePolicyDocument"]
        assert f"arn:aws:iam::{aws.account}:root" not in str(trust)


def test_every_row_has_a_call_and_every_call_a_row() -> None:
    for row in TABLE.rows:
        try:
            attempt(CALLS, row.key)
        except KeyError as unknown:
            pytest.fail(f"line {row.line}: no call knows {unknown}; the row is {_named(row)!r}")
    rows = {row.key for row in TABLE.rows}
    tried = {(call, on) for call, on, _ in rows} | {(call, having) for call, _, having in rows}
    known = {(call, words) for call, parts in CALLS.items() for words in chain(parts.on, parts.having)}
    assert known - tried == set()


def test_every_role_of_the_table_has_a_column() -> None:
    assert TABLE.columns() == COLUMNS


def test_every_action_that_a_role_is_allowed_or_denied_is_tried_or_has_a_reason() -> None:
    tried = {action for row in TABLE.rows for action in attempt(CALLS, row.key).actions}
    listed = {column: _actions(role) for column, role in _listed().items()}
    missing = {column: actions - tried - set(TABLE.exceptions) for column, actions in listed.items()}
    assert {column: actions for column, actions in missing.items() if actions} == {}
    assert set(TABLE.exceptions) <= set(chain.from_iterable(listed.values())), (
        "an exception that nobody needs"
    )
    assert not set(TABLE.exceptions) & tried, "an exception that a row tries"


def _listed() -> dict[str, str]:
    """Each column's role in `actions.txt`; those of groups are listed for the groups of the infra tests."""
    own = {column: office.role for column, office in OFFICES.items() if column not in _ROLES.values()}
    account = {column: role for column, role in own.items() if not column.startswith("approver of")}
    return {**account, **{column: role for role, column in _ROLES.items()}}


def _actions(role: str) -> set[str]:
    """The actions of a role's block: names, then lines of effect and action."""
    blocks = [block.splitlines() for block in ACTIONS.read_text().split("\n\n")]
    (block,) = [block for block in blocks if role in block]
    return {line.split()[1] for line in block if line.startswith("  ")}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("| yes |", "| maybe |", r"line \d+: registrant is 'maybe'"),
        ("| yes |", "| — |", r"line \d+: a cell is not tried; say why"),
        ("| registrant |", "| janitor |", r"line \d+: there is no column 'janitor'"),
        ("| registrant |", "| approver |", r"line \d+: a role is there twice"),
        ("| yes |", "|", r"line \d+: 11 cells; the header has 12"),
        ("status Rejected", "status Approved", r"line \d+: the same row is on line"),
        ("| note |", "| remark |", r"line \d+: a header is call, on, with"),
    ],
)
def test_the_reader_names_the_line_of_what_it_does_not_understand(old: str, new: str, error: str) -> None:
    assert old in TEXT
    with pytest.raises(TableError, match=error):
        read(TEXT.replace(old, new, 1), COLUMNS)


def test_an_administrator_is_tried_where_a_resources_policy_is_the_last_word() -> None:
    asked = {row.key[0] for row in TABLE.rows if ADMINISTRATOR in row.cells}
    assert {"PutItem", "UpdateItem", "DeleteItem", "UpdateModelPackage", "CreateModelPackage"} <= asked
