"""`greenlight init` writes a group that the app takes, or says all that is wrong and writes nothing."""

import io
import json
from pathlib import Path

import pytest

from infra.config.load import load_groups
from tests.cli.running import greenlight

ROLE = "arn:aws:iam::123456789012:role"
SAID = {
    "--owner": "risk@example.com",
    "--description": "Whether a loan: is paid back",
    "--approvers": f"{ROLE}/model-risk, {ROLE}/chief",
    "--registrants": f"{ROLE}/data-scientists",
    "--artifacts": "s3://models/credit-risk",
    "--instance-type": "ml.m5.large",
    "--instance-count": "2",
}


def init(folder: Path, *more: str, **changes: str) -> int:
    said = SAID | {f"--{key.replace('_', '-')}": value for key, value in changes.items()}
    options = [part for option in said.items() for part in option]
    return greenlight("init", "credit-risk", *options, "--folder", str(folder), *more)


def test_what_it_writes_is_a_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path) == 0
    assert "make synth" in capsys.readouterr().out
    (group,) = load_groups(tmp_path)
    assert (group.name, group.description) == ("credit-risk", SAID["--description"])
    assert group.approvers == (f"{ROLE}/model-risk", f"{ROLE}/chief")
    assert (
        (tmp_path / "credit-risk.yaml")
        .read_text()
        .startswith("# yaml-language-server: $schema=schema.json\n")
    )


def test_how_to_deploy_names_the_folder_unless_it_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("groups", "acme"):
        Path(folder).mkdir()
        assert init(Path(folder)) == 0
    usual, own = capsys.readouterr().out.splitlines()
    assert usual.endswith("`make synth` checks it with all others, `make deploy` deploys it")
    assert own.endswith(
        "`make synth GROUPS=acme` checks it with all others, `make deploy GROUPS=acme` deploys it"
    )


def test_one_instance_takes_no_canary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--json", instance_count="1") == 0
    assert json.loads(capsys.readouterr().out)["group"]["rollout"] == {"strategy": "all_at_once"}
    assert load_groups(tmp_path)


def test_what_is_left_out_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ml.c5.large\n"))
    options = [part for name, value in SAID.items() if name != "--instance-type" for part in (name, value)]
    assert greenlight("init", "credit-risk", *options, "--folder", str(tmp_path)) == 0
    assert load_groups(tmp_path)[0].endpoint.instance_type == "ml.c5.large"


def test_everything_that_is_wrong_is_told_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, approvers="somebody", artifacts="models", instance_type="large") == 2
    said = capsys.readouterr().err
    assert all(key in said for key in ("approvers", "artifacts", "endpoint.instance_type"))
    assert list(tmp_path.iterdir()) == []


def test_a_group_that_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "credit-risk.yaml").write_text("mine")
    assert init(tmp_path) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "credit-risk.yaml").read_text() == "mine"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "none") == 2
    assert "there is no folder" in capsys.readouterr().err
