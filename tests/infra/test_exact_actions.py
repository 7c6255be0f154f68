"""What each role may do and is refused, on what and when, by `actions.txt`: a change of a permission is a diff."""

import re
from difflib import unified_diff
from itertools import groupby
from pathlib import Path

from tests.infra.conftest import Assembly
from tests.infra.templates import ACCOUNT, REGION, Role, Templates, listed

TABLE = Path(__file__).with_name("actions.txt")
_OFFICES = ("approver", "endpoint", "monitoring", "reader", "registrant")


def test_every_role_has_exactly_the_actions_of_the_table(assembly: Assembly, tmp_path: Path) -> None:
    """When a change is meant, the table as it is now is in the file that the message names."""
    now = tmp_path / "actions.txt"
    now.write_text(_table(Templates(assembly).roles()))
    table, actual = TABLE.read_text(), now.read_text()
    change = unified_diff(table.splitlines(), actual.splitlines(), "table", str(now), n=1, lineterm="")
    assert actual == table, "\n".join(change)


def test_every_role_is_in_the_table(assembly: Assembly) -> None:
    named = {line for line in TABLE.read_text().splitlines() if line and not line.startswith(" ")}
    count = sum(len(assembly.resources(stack, "AWS::IAM::Role")) for stack in assembly.stacks())
    assert len(named) == count == len(Templates(assembly).roles())


def _table(roles: list[Role]) -> str:
    """Roles that have the same lines are listed together, above them."""
    lines = {role.name: _lines(role) for role in roles}
    ordered = sorted(lines, key=lambda name: (lines[name], name))
    blocks = ["\n".join([*names, *same]) for same, names in groupby(ordered, key=lines.__getitem__)]
    return "\n\n".join(sorted(blocks)) + "\n"


def _lines(role: Role) -> list[str]:
    """An effect, an action, what it is on and what it depends on, by effect and action."""
    found = set()
    for statement in role.statements:
        assert "NotAction" not in statement, "a role is told what it may do, not what it may not"
        assert "NotResource" not in statement, "and what on, not what it may spare"
        resources = ", ".join(sorted({_short(arn, role.name) for arn in listed(statement["Resource"])}))
        condition = "".join(
            f"  if {operator} {key} {', '.join(_short(str(one), role.name) for one in listed(value))}"
            for operator, tests in sorted(statement.get("Condition", {}).items())
            for key, value in sorted(tests.items())
        )
        for action in listed(statement["Action"]):
            found.add(f"  {statement['Effect'].lower():5} {action}  on {resources}{condition}")
    return sorted(found)


def _short(value: str, role: str) -> str:
    """A resource, without what all have in common: the account and the region of the tests, CDK's hashes, and the name
    of the role's own group."""
    own = value.removeprefix("arn:aws:").partition(":")[2] if value.startswith("arn:aws:") else value
    for here in (f"{REGION}:{ACCOUNT}:", f":{ACCOUNT}:", "::"):
        own = own.removeprefix(here)
    own = re.sub(r"(?<=[a-z])[0-9A-F]{8}(?![0-9A-Za-z])", "", own)
    group, _, office = role.rpartition("-")
    return re.sub(rf"\b{group}\b", "<group>", own) if office in _OFFICES else own
