"""What each role may do and is refused, by `actions.txt`, so that a change of a permission is a diff of that table."""

from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.infra.conftest import Assembly
from tests.infra.templates import Role, Templates, listed

TABLE = Path(__file__).with_name("actions.txt")


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
    lines = {role.name: _lines(role.statements) for role in roles}
    ordered = sorted(lines, key=lambda name: (lines[name], name))
    blocks = ["\n".join([*names, *same]) for same, names in groupby(ordered, key=lines.__getitem__)]
    return "\n\n".join(sorted(blocks)) + "\n"


def _lines(statements: list[dict[str, Any]]) -> list[str]:
    """An effect, an action and the condition keys that it depends on, by effect and action."""
    found = set()
    for statement in statements:
        keys = sorted(key for tests in statement.get("Condition", {}).values() for key in tests)
        condition = f"  if {', '.join(keys)}" if keys else ""
        assert "NotAction" not in statement, "a role is told what it may do, not what it may not"
        for action in listed(statement["Action"]):
            found.add(f"  {statement['Effect'].lower():5} {action}{condition}")
    return sorted(found)
