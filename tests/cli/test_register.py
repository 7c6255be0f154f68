"""`greenlight register` finds everything that is wrong before it asks AWS anything."""

import gc
import gzip
import hashlib
import io
import json
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.candidate import Candidate, NotRegistrableError, Said, candidate
from lambdas.core.quality import numbers_in, report_of
from lambdas.core.samples import sample_of
from lambdas.core.spec import AllowedSpec, EndpointSpec, GatesSpec, GroupSpec, MetricGate
from tests.cli.running import greenlight
from tests.e2e.models import artifact
from tests.fuzz.registry import reason_of

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
        (
            {"artifact": "evaluation.json"},
            "--artifact evaluation.json: the archive cannot be read: it is no .tar.gz: it is not compressed with gzip",
        ),
        ({"artifact": "cut.tar.gz"}, "or not all of one"),
        ({"artifact": "spoiled.tar.gz"}, "CRC check failed"),
        ({"artifact": "empty.tar.gz"}, "--artifact empty.tar.gz: it holds no file"),
        ({"artifact": "s3://models/risk/model.bin"}, "must be the URI of a .tar.gz"),
        ({"metrics": "none.json"}, "--metrics none.json: No such file"),
        (
            {"metrics": "model.tar.gz"},
            "--metrics model.tar.gz: its evaluation report cannot be read: it is not JSON",
        ),
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
        ({"model_card": "list.json"}, "--model-card list.json: it is JSON, and must be one object"),
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


# --- archives ---------------------------------------------------------------------------------------------------


def _model(*members: tarfile.TarInfo | str) -> bytes:
    """A model.tar.gz of these members beside a sound file; a name: of a file with a byte in it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for one in ("model.json", *members):
            member = tarfile.TarInfo(one) if isinstance(one, str) else one
            if isinstance(one, str):
                member.size = 1
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(content.getvalue())


def _member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (
            _member("latest", tarfile.SYMTYPE, "model.json"),
            "latest (to model.json) is a symbolic link, which",
        ),
        (
            _member("copy", tarfile.LNKTYPE, "model.json"),
            "copy (to model.json) is a hard link to another member",
        ),
        (
            "/opt/ml/model/a",
            "/opt/ml/model/a has an absolute name, which SageMaker does not extract; pack by",
        ),
        ("../code/inference.py", "../code/inference.py has a name that leads out of the model's folder"),
        ("a/../../b", "leads out of the model's folder"),
        (_member("null", tarfile.CHRTYPE), "null is a device or a pipe"),
        (_member("pipe", tarfile.FIFOTYPE), "pipe is a device or a pipe"),
        ("caf\udce9.json", "caf?.json has a name that is not UTF-8"),
    ],
)
def test_what_sagemaker_would_not_extract_is_refused_and_named(
    folder: Path, member: tarfile.TarInfo | str, told: str
) -> None:
    (folder / "odd.tar.gz").write_bytes(_model(member))
    assert told in problem(artifact="odd.tar.gz")


def test_of_many_members_that_would_not_be_extracted_the_first_are_named(folder: Path) -> None:
    (folder / "odd.tar.gz").write_bytes(_model(*(f"../{number}" for number in range(2_000))))
    told = problem(artifact="odd.tar.gz")
    assert "../0, ../1, ../2, ../3, ../4 and 1995 more has a name that leads out" in told
    assert len(told) < 500


def test_what_a_mac_put_into_a_model_is_warned_of(folder: Path) -> None:
    (folder / "mac.tar.gz").write_bytes(_model("._model.json", ".DS_Store", "code/._inference.py"))
    (told,) = read(artifact="mac.tar.gz").odd
    assert told.startswith(
        "--artifact mac.tar.gz: it holds ._model.json, .DS_Store, code/._inference.py, which"
    )
    assert "COPYFILE_DISABLE=1 tar" in told
    assert read().odd == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is no .tar.gz: it is empty"),
        (b"PK\3\4", "it is a zip archive. Pack it anew: tar -czf"),
        (gzip.decompress(artifact("sound", "m")), "it is a tar archive that is not compressed"),
        (gzip.compress(b"no tar archive, but longer than a header" * 20), "no tar archive"),
        (gzip.compress(gzip.decompress(artifact("sound", "m"))[:700]), "unexpected end of data"),
        (_model(_member("empty", tarfile.REGTYPE))[:-8], "or not all of one"),
    ],
    ids=["empty", "zip", "tar", "text", "cut-tar", "cut-gzip"],
)
def test_an_archive_that_is_none_is_told_for_what_it_is(folder: Path, content: bytes, told: str) -> None:
    (folder / "renamed.tar.gz").write_bytes(content)
    assert told in problem(artifact="renamed.tar.gz")


def test_a_model_of_empty_files_alone_is_none(folder: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("model.json"))
    (folder / "hollow.tar.gz").write_bytes(content.getvalue())
    assert "all files in it are empty: model.json" in problem(artifact="hollow.tar.gz")


def test_a_large_model_is_read_in_little_memory(folder: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as archive:
        for number in range(2_000):
            archive.addfile(tarfile.TarInfo(f"shard-{number:05}" * 8))
        member = tarfile.TarInfo("weights")
        member.size = 50_000_000
        archive.addfile(member, _Zeros(member.size))
    (folder / "large.tar.gz").write_bytes(content.getvalue())
    del content
    peaks = [_peak(lambda: read(artifact="large.tar.gz")) for _ in range(2)]
    # What is imported for it, once, counts with the first time.
    assert peaks[1] < 10_000_000, peaks


def _peak(do: Callable[[], object]) -> int:
    """The most bytes that something has at once."""
    gc.collect()
    tracemalloc.start()
    do()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


class _Zeros(io.RawIOBase):
    """So many zeros."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        found = min(size, self._left)
        self._left -= found
        return bytes(found)


# --- files as people have them -------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["artifact", "metrics", "sample", "model_card"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".", "it is a directory"),
        ("pipe", "it is a pipe"),
        ("/dev/null", "it is a device"),
        ("a\0b", "no file's name"),
    ],
)
def test_what_is_no_plain_file_is_told_by_every_option(
    folder: Path, option: str, name: str, told: str
) -> None:
    os.mkfifo(folder / "pipe")
    assert told in problem(**{option: name})


@pytest.mark.parametrize("option", ["artifact", "metrics", "sample", "model_card"])
def test_an_empty_file_is_told_by_every_option(folder: Path, option: str) -> None:
    (folder / "empty").touch()
    assert "empty: it is empty" in problem(**{option: "empty"}).replace(
        "the archive cannot be read: it is no .tar.gz: ", ""
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_is_read_in_any_of_its_encodings_by_every_option(folder: Path, encoding: str) -> None:
    (folder / "about.json").write_bytes('{"größe": "weiß"}'.encode(encoding))
    (folder / "report.json").write_bytes('{"recall": 0.9}'.encode(encoding))
    (folder / "features.json").write_bytes('{"features": []}'.encode(encoding))
    baseline = {"statistics": "features.json", "constraints": "features.json"}
    found = read(metadata=["about.json"], model_card="about.json", metrics="report.json", **baseline)
    assert found.metadata == {"größe": "weiß"}
    assert found.more["ModelCard"]["ModelCardContent"] == '{"größe":"weiß"}'
    assert found.report == report_of(b'{"recall": 0.9}')
    assert {"statistics", "constraints"} <= found.uploads.keys()


def test_metadata_with_an_equals_sign_is_a_file_where_there_is_one_or_a_slash_stands_before_it(
    folder: Path,
) -> None:
    (folder / "runs/dt=2026-01-05").mkdir(parents=True)
    (folder / "runs/dt=2026-01-05/meta.json").write_text('{"folds": 5}')
    (folder / "k=v").write_text('{"seed": 7}')
    assert read(metadata=["runs/dt=2026-01-05/meta.json"]).metadata == {"folds": "5"}
    assert read(metadata=["k=v", "code=s3://acme/a=b"]).metadata == {"seed": "7", "code": "s3://acme/a=b"}
    told = problem(metadata=["runs/dt=2026-01-06/meta.json"])
    assert "is neither KEY=VALUE nor a file; a key with a / in it goes into a file of JSON" in told


@pytest.mark.parametrize(
    "uri",
    [
        "s3://acme/team=risk/pd/model.tar.gz",
        "s3://acme/my models//1/model.tar.gz",
        "s3://acme/model.tar.gz",
    ],
)
def test_an_artifact_in_s3_is_taken_by_the_name_that_people_have_for_it(folder: Path, uri: str) -> None:
    found = read(artifact=uri)
    request = found.request("risk", found.given)
    assert request["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == uri
    whole = replace(SPEC, artifacts=("s3://acme",))
    assert found.objections(whole, found.given) == []


@pytest.mark.parametrize("name", ["sample.tgz", "sample.TAR.GZ", "sample.tar.gz"])
def test_a_packed_sample_is_taken_by_any_of_its_names(folder: Path, name: str) -> None:
    (folder / name).write_bytes(_model("._x"))
    packed = read(sample=name).uploads["sample"]
    assert packed.suffix == ".tar.gz"
    assert isinstance(packed.content, bytes)
    assert sample_of(packed.content) == b"x"


REPORTS = [
    b'{"recall": 0.9}',
    b'{"a":' * 1500 + b"1" + b"}" * 1500,
    b'{"loss": [1, 2]}',
    b"[1]",
    b"\xff\xfe",
    b'{"recall": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("content", REPORTS, ids=range(len(REPORTS)))
def test_the_command_line_gives_the_answer_about_a_report_that_the_functions_give(
    folder: Path, content: bytes
) -> None:
    (folder / "report.json").write_bytes(content)
    there = report_of(content)
    if there.problem is None and numbers_in(there):
        assert read(metrics="report.json").report == there
    else:
        assert (there.problem or "it has no metric") in problem(metrics="report.json")


@pytest.mark.parametrize("content", [_model(), b"PK\3\4", _model()[:60], gzip.compress(b"")], ids=range(4))
def test_the_command_line_gives_the_answer_about_a_sample_that_the_functions_give(
    folder: Path, content: bytes
) -> None:
    (folder / "sample.tgz").write_bytes(content)
    told = reason_of(lambda: sample_of(content))
    if told is not None:
        assert problem(sample="sample.tgz").endswith(f"--sample sample.tgz: {told}")
    else:
        packed = read(sample="sample.tgz").uploads["sample"].content
        assert isinstance(packed, bytes)
        assert sample_of(packed) == sample_of(content)
