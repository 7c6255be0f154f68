"""The command that the CDK command line runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.infra.conftest import ROOT


def run(groups: Path, **context: str) -> subprocess.CompletedProcess[str]:
    """app.py, as the CDK command line runs it, on a folder of groups."""
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({"groups": str(groups), **context})}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_problems_are_printed_one_a_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: A\n")
    (tmp_path / "b.yaml").write_text("nonsense\n")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "5 problems in the configuration" in done.stderr
    assert 'a.yaml: name is "A": must be lower-case letters' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_governance_file_that_was_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, governance=str(tmp_path / "governance.yaml"))
    assert done.returncode == 1
    assert "governance.yaml: cannot be read: No such file" in done.stderr
