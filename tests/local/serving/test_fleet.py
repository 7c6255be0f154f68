"""A fleet runs the artifact it is given, says why it cannot, and leaves nothing behind."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.serving.fleet import FleetProcess, ServingError

ECHO = """
import os
def model_fn(model_dir): return open(os.path.join(model_dir, "weights.txt")).read()
def input_fn(body, content_type): return body.decode()
def predict_fn(data, model):
    print("a model may print")
    if data == "raise": raise ValueError("no such tumour")
    if data == "die": os._exit(3)
    return f"{model}:{data}:{os.environ.get('COLOUR', '')}"
def output_fn(prediction, accept): return prediction, "text/plain"
"""

Start = Callable[..., FleetProcess]


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(content.getvalue(), mtime=0)


def model(script: str = ECHO) -> bytes:
    return packed(**{"weights.txt": "w", "code/inference.py": script})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[FleetProcess] = []

    def begin(content: bytes, environment: dict[str, str] | None = None, timeout: float = 30) -> FleetProcess:
        fleet = FleetProcess(content, environment or {}, tmp_path / f"fleet-{len(started)}")
        started.append(fleet)
        fleet.start(timeout)
        return fleet

    yield begin
    for fleet in started:
        fleet.stop()


def ask(fleet: FleetProcess, body: str) -> tuple[int, str]:
    answer = fleet.invoke(body.encode(), "text/plain", "text/plain")
    return answer.status, answer.body.decode()


def test_the_four_functions_run_in_order_and_prints_do_no_harm(start: Start) -> None:
    assert ask(start(model()), "x") == (200, "w:x:")


def test_the_containers_environment_reaches_the_model_and_ours_does_not(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLOUR", "ours")
    assert ask(start(model()), "x") == (200, "w:x:")
    assert ask(start(model(), {"COLOUR": "red"}), "x") == (200, "w:x:red")


def test_the_script_may_have_another_name(start: Start) -> None:
    content = packed(**{"weights.txt": "w", "code/serve.py": ECHO})
    assert ask(start(content, {"SAGEMAKER_PROGRAM": "serve.py"}), "x")[0] == 200


def test_a_model_that_raises_answers_500_and_lives_on(start: Start) -> None:
    fleet = start(model())
    assert ask(fleet, "raise") == (500, "ValueError: no such tumour")
    assert ask(fleet, "x")[0] == 200


def test_a_process_that_dies_answers_503_and_is_started_again(start: Start) -> None:
    fleet = start(model())
    assert ask(fleet, "die")[0] == 503
    assert ask(fleet, "x")[0] == 200


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not an archive", "model.tar.gz cannot be extracted"),
        (packed(**{"weights.txt": "w"}), "no code/inference.py"),
        (model("x = 1"), "defines no model_fn"),
        (model("import nothing_of_that_name"), "importing code/inference.py raised ModuleNotFoundError"),
        (
            model("def model_fn(d): raise RuntimeError('bad weights')"),
            "model_fn raised RuntimeError: bad weights",
        ),
        (model("import os; os._exit(1)"), "the container ended while it started"),
        (packed(**{"../outside.txt": "x"}), "model.tar.gz is refused"),
    ],
)
def test_what_cannot_serve_says_why(start: Start, content: bytes, reason: str) -> None:
    with pytest.raises(ServingError, match=reason):
        start(content)


def test_a_model_that_hangs_fails_its_health_check(start: Start) -> None:
    with pytest.raises(ServingError, match="did not pass its health check in 1 s"):
        start(model("import time\ndef model_fn(d): time.sleep(60)"), timeout=1)


def test_stopping_ends_the_process_and_deletes_its_folder(start: Start, tmp_path: Path) -> None:
    fleet = start(model("import os\ndef model_fn(d): return str(os.getpid())\n" + ECHO.split("\n", 3)[3]))
    pid = int(ask(fleet, "x")[1].split(":")[0])
    fleet.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list(tmp_path.iterdir())
