"""The documents lead somewhere: every link, every heading, and every command that a guide has people type."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.main import _app
from tests.infra.conftest import ROOT, Assembly

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
COMMANDS = typer.main.get_group(_app(None)).commands
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TYPED = re.compile(r"(?:^\s*(?:\$ )?|`)greenlight ([^`\n]+)", re.MULTILINE)


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def links(file: Path) -> Iterator[str]:
    """The relative ones, as written."""
    found = _LINK.findall(_FENCED.sub("", file.read_text()))
    return (link for link in found if not re.match(r"[a-z]+:", link))


def anchors(file: Path) -> set[str]:
    """A heading's anchor is made as GitHub makes it; of headings that are the same the first is enough for us."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", file.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(file: Path) -> None:
    for link in links(file):
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("file", GUIDES, ids=name_of)
def test_every_command_of_a_guide_is_there_with_its_options(file: Path) -> None:
    typed = _TYPED.findall(file.read_text().replace("\\\n", " "))
    assert typed
    for line in typed:
        name, *said = line.split()
        assert name in COMMANDS, line
        known = {option for one in COMMANDS[name].params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in said if word.startswith("--")} <= known, line


def test_the_guide_for_on_call_has_a_first_step_for_every_alarm_of_the_controller(assembly: Assembly) -> None:
    alarms = assembly.properties("Greenlight-Controller", "AWS::CloudWatch::Alarm")
    guide = (ROOT / "docs" / "guides" / "on-call.md").read_text()
    section = guide.partition("\n## 2. The alarms")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    told = {f"greenlight-controller-{name}" for name in re.findall(r"`([^`]+)`", "".join(first_cells))}
    assert told == {str(alarm["AlarmName"]) for alarm in alarms}
