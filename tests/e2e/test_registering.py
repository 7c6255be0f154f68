"""The commands `register` and `adopt`, as people run them, against the local AWS."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lambdas.core.ledger import Kind
from lambdas.core.names import GROUP_TAG, role_name
from lambdas.core.record import Phase
from local.demo.people import SCIENTIST, stepped_in
from tests.e2e.models import artifact
from tests.e2e.scene import BUCKET, IMAGE, Scene
from tests.e2e.test_commands import as_auditor, in_role, run

Make = Callable[..., Scene]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a data scientist has on disk."""
    (tmp_path / "model.tar.gz").write_bytes(artifact("sound", "registered"))
    (tmp_path / "evaluation.json").write_text('{"recall": {"value": 0.9}}')
    (tmp_path / "request.txt").write_text("hello")
    return tmp_path


def register(s: Scene, folder: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Register from files; `environment`: whose credentials, else the scientist's."""
    said = ["--image", IMAGE, "--artifact", str(folder / "model.tar.gz"), "--content-type", "text/plain"]
    said += ["--response-type", "text/plain"]
    given = environment or in_role(s.aws, SCIENTIST.company_role)
    return run(s.aws, "register", s.group, *said, *more, environment=given)


def test_a_scientist_registers_files_and_what_is_approved_goes_live_tested_by_the_sample(
    scene: Make, folder: Path
) -> None:
    s = scene("registered")
    more = ["--metrics", str(folder / "evaluation.json"), "--sample", str(folder / "request.txt")]
    more += [
        "--metadata",
        "dataset=2026-11",
        "--lineage",
        "CommitId=9f2c",
        "--to",
        f"s3://{BUCKET}/{s.group}",
    ]
    done = register(s, folder, *more, "--step-in", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {what: one["uploaded"] for what, one in told["objects"].items()} == {
        "artifact": True,
        "metrics": True,
        "sample": True,
    }
    version = told["version"]
    s.arns[version] = told["arn"]
    described = s.approver().describe_model_package(ModelPackageName=told["arn"])
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["CustomerMetadataProperties"] == {"dataset": "2026-11"}
    assert described["MetadataProperties"]["CommitId"] == "9f2c"
    again = register(s, folder, *more, "--step-in")
    assert again.returncode == 0, again.stderr
    assert f"v{version} of registered is registered and pending" in again.stdout
    assert again.stdout.count("was there already") == 3
    s.approve(version)
    s.until_live(version)
    (succeeded,) = [line for line in s.watch.ledger() if line.kind == Kind.SUCCEEDED.value]
    assert succeeded.data["smoke_test"] == "passed"


def test_an_administrator_needs_no_step_and_is_told_what_the_gates_will_ask_for(
    scene: Make, folder: Path
) -> None:
    s = scene("registered")
    done = register(s, folder, "--description", "[bold]<script>", AWS_PAGER="")
    assert done.returncode == 0, done.stderr
    assert f"s3://{BUCKET}/{s.group}/" in done.stdout
    assert "would not go live as it is: its metadata lacks 'dataset'" in done.stdout
    assert "not checked" not in done.stdout


def test_what_is_wrong_is_told_in_a_line_and_nothing_is_registered(scene: Make, folder: Path) -> None:
    s = scene("registered")
    before = len(s.scientist().list_model_packages(ModelPackageGroupName=s.group)["ModelPackageSummaryList"])
    to = ["--to", f"s3://{BUCKET}/{s.group}"]
    (folder / "evaluation.json").write_text("recall 0.9")
    for more, told in (
        (["--metrics", str(folder / "evaluation.json"), *to], "is not JSON"),
        (["--metadata", "note=<script>alert(1)</script>", *to], "metadata note is '<script>"),
        (["--artifact", f"s3://{BUCKET}/{s.group}/none.tar.gz", *to], "is not there"),
        (["--artifact", "none.tar.gz", *to], "No such file or directory"),
        (["--to", f"s3://{BUCKET}/elsewhere"], "is outside the group's artifacts"),
        (["--to", "nowhere"], "must be s3://bucket/prefix"),
    ):
        done = register(s, folder, *more, AWS_PAGER="")
        assert done.returncode == 2, done.stdout
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    after = s.scientist().list_model_packages(ModelPackageGroupName=s.group)["ModelPackageSummaryList"]
    assert len(after) == before


def test_who_may_not_is_told_what_is_missing_and_which_role_may(scene: Make, folder: Path) -> None:
    s = scene("registered")
    to = ["--to", f"s3://{BUCKET}/{s.group}"]
    (folder / "model.tar.gz").write_bytes(artifact("sound", "not yet uploaded"))
    registrant = stepped_in(s.aws, SCIENTIST, role_name(s.group, "registrant"))
    cannot_upload = register(s, folder, *to, **registrant)
    assert cannot_upload.returncode == 2
    assert "s3:PutObject" in cannot_upload.stderr
    assert "--step-in" in cannot_upload.stderr
    not_in_it = register(s, folder, *to)
    assert not_in_it.returncode == 2
    assert "role/greenlight/registered-registrant may register" in not_in_it.stderr
    stranger = register(s, folder, *to, "--step-in", **in_role(s.aws, "model-risk"))
    assert (stranger.returncode, "the group's YAML must name you" in stranger.stderr) == (2, True)
    absent = run(
        s.aws, "register", "nobody", "--image", IMAGE, "--artifact", str(folder / "model.tar.gz"), *to
    )
    assert (absent.returncode, "no model package group nobody" in absent.stderr) == (2, True)


def test_an_endpoint_that_is_there_is_adopted_with_its_reason_in_the_ledger(scene: Make) -> None:
    s = scene("adopted")
    told = run(s.aws, "adopt", s.group, "--reason", "moving", "--yes")
    assert (told.returncode, "there is no endpoint adopted" in told.stderr) == (2, True)
    root, version = s.aws.client("sagemaker"), s.register()
    role = f"arn:aws:iam::{s.aws.account}:role/greenlight/adopted-endpoint"
    root.create_model(ModelName="old", ExecutionRoleArn=role, PrimaryContainer=s.container(version))
    variant = {"VariantName": "AllTraffic", "ModelName": "old", "InstanceType": "ml.m5.large"}
    root.create_endpoint_config(
        EndpointConfigName="old", ProductionVariants=[{**variant, "InitialInstanceCount": 2}]
    )
    root.create_endpoint(EndpointName=s.endpoint, EndpointConfigName="old")

    def status() -> bool | None:
        return root.describe_endpoint(EndpointName=s.endpoint)["EndpointStatus"] == "InService" or None

    s.until("the old endpoint to serve", status)
    arn = root.describe_endpoint(EndpointName=s.endpoint)["EndpointArn"]
    auditor = as_auditor(s.aws)
    denied = run(s.aws, "adopt", s.group, "--reason", "moving", "--yes", environment=auditor)
    assert denied.returncode == 2
    assert "nothing was done. You are" in denied.stderr
    assert "sagemaker:AddTags" in denied.stderr
    unanswered = run(s.aws, "adopt", s.group, "--reason", "moving")
    assert unanswered.returncode == 1
    assert "becomes group adopted's" in unanswered.stderr
    assert not root.list_tags(ResourceArn=arn)["Tags"]
    done = run(s.aws, "adopt", s.group, "--reason", "the team moves", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "group": s.group,
        "endpoint": s.endpoint,
        "config": "old",
        "reason": "the team moves",
    }
    assert {"Key": GROUP_TAG, "Value": s.group} in root.list_tags(ResourceArn=arn)["Tags"]
    twice = run(s.aws, "adopt", s.group, "--reason", "again", "--yes")
    assert (twice.returncode, "is the group's already" in twice.stderr) == (2, True)
    s.approve(version)
    s.until_live(version)
    (adopted,) = [line for line in s.watch.ledger() if line.kind == Kind.ADOPTED.value]
    assert adopted.data["why"] == "the team moves"
    record = s.watch.record()
    assert record is not None
    assert record.phase is Phase.SETTLED
