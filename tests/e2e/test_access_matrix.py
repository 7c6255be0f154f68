"""Each cell of docs/access-matrix.md, tried by a signed call; and that the table is whole, and can be found wrong."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.e2e.matrix.calls import CALLS
from tests.e2e.matrix.compare import Matrix
from tests.e2e.matrix.sessions import ADMINISTRATORS, COLUMNS, OFFICES
from tests.e2e.matrix.table import PATH, Row, TableError, read
from tests.e2e.matrix.tried import attempt

TEXT = PATH.read_text()
TABLE = read(TEXT, COLUMNS)
ACTIONS = Path(__file__).parents[1] / "infra" / "actions.txt"
_ROLES = {
    "everything-approver": "approver",
    "everything-endpoint": "endpoint",
    "everything-monitoring": "monitoring",
    "everything-reader": "reader",
    "everything-registrant": "registrant",
}


@pytest.fixture(scope="module")
def matrix(aws: LocalAws) -> Iterator[Matrix]:
    matrix = Matrix(aws)
    yield matrix
    matrix.stage.hold(held=False)


def _named(row: Row) -> str:
    return " ".join(filter(None, row.key))


@pytest.mark.parametrize("row", TABLE.rows, ids=_named)
def test_iam_does_what_the_table_says(matrix: Matrix, row: Row) -> None:
    assert matrix.deviations([row]) == []


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
    (found,) = matrix.deviations(registry)
    assert found == f"{row.named(column)}: the table says {flipped}, IAM says {was}"


def test_nobody_who_was_let_into_a_role_for_a_moment_stays_let_in(aws: LocalAws, matrix: Matrix) -> None:
    for column, office in OFFICES.items():
        matrix.sessions.client(column, "sts")
        trust = aws.client("iam").get_role(RoleName=office.role)["Role"]["AssumeRolePolicyDocument"]
        for statement in trust["Statement"]:  # a reader's lets the account in, if it is reconcile
            assert f"arn:aws:iam::{aws.account}:root" not in str(statement) or statement["Condition"]


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


_NO_COLUMN = {
    "SweepSchedulesRole": "EventBridge Scheduler's; it invokes the sweep, and nobody can step into it"
}


def test_every_role_of_the_templates_has_a_column_or_a_reason() -> None:
    """`actions.txt` lists every role of every template: see `infra/test_exact_actions.py`."""
    blocks = [block.splitlines() for block in ACTIONS.read_text().split("\n\n")]
    roles = {re.sub("[0-9A-F]{8}$", "", line) for block in blocks for line in block if line[:1] != " "}
    kinds = {"approver", "registrant", "endpoint", "monitoring", "reader"}
    ours = {office.role for office in OFFICES.values()} | set(_NO_COLUMN)
    groups = {role for role in roles if role.rpartition("-")[2] in kinds}
    assert roles - groups - ours == set(), "a role without a column"
    assert {role.rpartition("-")[2] for role in groups} <= set(OFFICES)
    assert set(_NO_COLUMN) <= roles


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
    account = {column: role for column, role in own.items() if " of " not in column}
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
        ("| yes |", "|", r"line \d+: 20 cells; the header has 21"),
        ("status Rejected", "status Approved", r"line \d+: the same row is on line"),
        ("| note |", "| remark |", r"line \d+: a header is call, on, with"),
    ],
)
def test_the_reader_names_the_line_of_what_it_does_not_understand(old: str, new: str, error: str) -> None:
    assert old in TEXT
    with pytest.raises(TableError, match=error):
        read(TEXT.replace(old, new, 1), COLUMNS)


@pytest.mark.parametrize("column", ADMINISTRATORS)
def test_administrators_are_tried_wherever_something_could_be_decided_changed_or_steered(column: str) -> None:
    """Not on what only reads, and not on artifacts, images and keys, which the policies are not about."""
    asked = {row.key[0] for row in TABLE.rows if column in row.cells}
    reads = ("Describe", "Get", "List", "Search", "BatchDescribe", "BatchGet", "Filter", "Lookup")
    contents = {name for name, call in CALLS.items() if call.service in {"s3", "kms", "ecr"}}
    assert {name for name in CALLS if not name.startswith(reads)} - contents - asked - {
        "BatchCheckLayerAvailability"
    } == set()


def test_what_neither_boundary_nor_organisation_policy_lets_through_is_told_apart() -> None:
    """No limit gives anything: what an administrator may not, nobody under a limit may."""
    for row in TABLE.rows:
        if "administrator" in row.cells:
            limited = {row.cells[column] for column in ADMINISTRATORS}
            assert row.cells["administrator"] == "yes" or limited == {"no"}, row.key
