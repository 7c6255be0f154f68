"""`greenlight register` finds everything that is wrong before it asks AWS anything."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from cli.candidate import Candidate, NotRegistrableError, Said, candidate
from lambdas.core.samples import sample_of
from lambdas.core.spec import AllowedSpec, EndpointSpec, GatesSpec, GroupSpec, MetricGate
from tests.cli.running import greenlight
from tests.e2e.models import artifact

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/scoring:7"
PLACES = {"artifact": "s3://models/risk/1.tar.gz", "metrics": "s3://models/risk/1.json"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a sound artifact and report, in which the command runs."""
    (tmp_path / "model.tar.gz").write_bytes(artifact("sound", "m"))
    (tmp_path / "evaluation.json").write_text('{"metrics": {"recall": {"value": 0.9}}}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(**said: object) -> Candidate:
    return candidate(Said(**{"image": IMAGE, "artifact": "model.tar.gz", **said}))  # type: ignore[arg-type] # options


def problem(**said: object) -> str:
    with pytest.raises(NotRegistrableError) as caught:
        read(**said)
    return str(caught.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"image": "scoring"}, "--image 'scoring' is no image"),
        ({"image": f"{IMAGE} --x"}, "is no image"),
        ({"artifact": "none.tar.gz"}, "--artifact none.tar.gz: No such file or directory"),
        ({"artifact": "evaluation.json"}, "--artifact evaluation.json: it is no .tar.gz"),
        ({"artifact": "cut.tar.gz"}, "or not all of one"),
        ({"artifact": "spoiled.tar.gz"}, "CRC check failed"),
        ({"artifact": "empty.tar.gz"}, "its archive holds no file"),
        ({"artifact": "s3://models/risk/model.bin"}, "must be the URI of a .tar.gz"),
        ({"metrics": "none.json"}, "--metrics none.json: No such file"),
        ({"metrics": "model.tar.gz"}, "--metrics model.tar.gz: its evaluation report is not JSON"),
        ({"metrics": "words.json"}, "it has no metric"),
        ({"statistics": "none.json", "constraints": "none.json"}, "--constraints none.json: No such file"),
        ({"statistics": "evaluation.json", "constraints": "evaluation.json"}, "it has no list of features"),
        ({"statistics": "s3://models/risk/statistics.json"}, "are one baseline: give both, or neither"),
        ({"sample": "none.json"}, "--sample none.json: No such file"),
        ({"metadata": ["note=<b>bold</b>"]}, "metadata note is '<b>bold</b>'; it must be 1 to 256 letters"),
        ({"metadata": ["dataset="]}, "metadata dataset is ''"),
        ({"metadata": ["a=1", "a=2"]}, "--metadata says a twice"),
        ({"metadata": ["none.json"]}, "--metadata none.json is neither KEY=VALUE nor a file"),
        ({"metadata": ["nested.json"]}, "a must be text, a number"),
        ({"metadata": [f"k{number}=1" for number in range(51)]}, "51 keys of metadata; AWS takes 50"),
        ({"lineage": ["commit=9f2c"]}, "AWS takes CommitId, Repository, GeneratedBy, ProjectId"),
        ({"lineage": ["CommitId"]}, "--lineage 'CommitId' is not KEY=VALUE"),
        ({"environment": ["1A=2"]}, "--environment 1A must be a variable's name"),
        ({"content_types": ["json"]}, "--content-type 'json' is no MIME type"),
        ({"description": "two\nlines"}, "--description must be one line"),
        ({"model_card": "list.json"}, "--model-card list.json is JSON, and must be one object"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(folder: Path, said: dict[str, object], told: str) -> None:
    (folder / "cut.tar.gz").write_bytes(artifact("sound", "m")[:-20])
    (folder / "spoiled.tar.gz").write_bytes(artifact("sound", "m")[:-8] + b"\0" * 8)
    (folder / "empty.tar.gz").write_bytes(gzip.compress(_tar_of_nothing()))
    (folder / "words.json").write_text('{"recall": "high"}')
    (folder / "nested.json").write_text('{"a": {"b": 1}}')
    (folder / "list.json").write_text("[]")
    assert told in problem(**said)


def _tar_of_nothing() -> bytes:
    content = io.BytesIO()
    tarfile.open(fileobj=content, mode="w").close()
    return content.getvalue()


def test_one_problem_is_one_line_and_all_are_told_at_once(folder: Path) -> None:
    assert "\n" not in problem(image="x")
    assert len(problem(image="x", artifact="none", metadata=["<"]).splitlines()) == 4


def test_the_command_needs_no_aws_to_say_so_and_steers_no_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["--image", IMAGE, "--artifact", "model.tar.gz", "--metadata", "note=\x1b[31m[bold]<script>"]
    assert greenlight("register", "credit-risk", *said) == 2
    err = capsys.readouterr().err
    assert "[bold]<script>" in err
    assert "\x1b" not in err


def test_the_request_says_everything(folder: Path) -> None:
    (folder / "about.json").write_text('{"dataset": "2026-11", "folds": 5}')
    (folder / "card.json").write_text('{"model_overview": {}}')
    read_in = read(
        metrics="evaluation.json",
        metadata=["about.json", "owner=maya"],
        lineage=["CommitId=9f2c"],
        environment=["THREADS=2"],
        model_card="card.json",
        description="better",
        sample="s3://models/risk/sample.tar.gz",
        statistics="s3://models/risk/statistics.json",
        constraints="s3://models/risk/constraints.json",
    )
    request = read_in.request("credit-risk", {**PLACES, **read_in.given})
    assert request == {
        "ModelPackageGroupName": "credit-risk",
        "ModelPackageDescription": "better",
        "InferenceSpecification": {
            "Containers": [
                {"Image": IMAGE, "Environment": {"THREADS": "2"}, "ModelDataUrl": PLACES["artifact"]}
            ],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": PLACES["metrics"]}}
        },
        "CustomerMetadataProperties": {"dataset": "2026-11", "folds": "5", "owner": "maya"},
        "MetadataProperties": {"CommitId": "9f2c"},
        "ModelCard": {"ModelCardContent": '{"model_overview":{}}', "ModelCardStatus": "Draft"},
        "SamplePayloadUrl": "s3://models/risk/sample.tar.gz",
        "DriftCheckBaselines": {
            "ModelDataQuality": {
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": "s3://models/risk/statistics.json",
                },
                "Constraints": {
                    "ContentType": "application/json",
                    "S3Uri": "s3://models/risk/constraints.json",
                },
            }
        },
    }


def test_uploads_are_named_by_their_content_and_a_request_is_packed_the_same_each_time(folder: Path) -> None:
    (folder / "request.json").write_text('{"age": 40}')
    one, other = (read(sample="request.json").uploads for _ in range(2))
    assert one == other
    digest = hashlib.sha256((folder / "model.tar.gz").read_bytes()).hexdigest()
    assert one["artifact"].below("s3://models/risk/") == f"s3://models/risk/{digest}.tar.gz"
    assert one["artifact"].size == (folder / "model.tar.gz").stat().st_size
    packed = one["sample"].content
    assert isinstance(packed, bytes)
    assert json.loads(sample_of(packed)) == {"age": 40}


SPEC = GroupSpec(
    "risk", EndpointSpec("risk", "ml.m5.large"), "arn:aws:iam::1:role/r", artifacts=("s3://models/risk",)
)


def test_what_could_never_go_live_is_told_before_it_is_registered(folder: Path) -> None:
    sound = read()
    assert sound.objections(SPEC, PLACES) == []
    (outside,) = sound.objections(SPEC, {**PLACES, "metrics": "s3://models/risky/1.json"})
    assert "metrics s3://models/risky/1.json is outside the group's artifacts (s3://models/risk)" in outside
    strict = GroupSpec(
        "risk", SPEC.endpoint, SPEC.execution_role, allowed=AllowedSpec(("registry/x",), ("other",))
    )
    assert len(sound.objections(strict, PLACES)) == 2


def test_what_the_gates_will_ask_for_is_foreseen(folder: Path) -> None:
    gates = GatesSpec(metrics=(MetricGate("recall", at_least=0.95),), metadata=("dataset",), lineage=True)
    asking = GroupSpec("risk", SPEC.endpoint, SPEC.execution_role, gates=gates)
    weak = read(metrics="evaluation.json")
    assert list(weak.shortcomings(asking, PLACES, weak.report)) == [
        "its metadata lacks 'dataset'",
        "it has no lineage (MetadataProperties: commit, repository, what generated it)",
        "its recall is 0.9, below 0.95",
    ]
