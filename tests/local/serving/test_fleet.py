"""A fleet runs the artifact it is given, says why it cannot, and survives its model."""

import io
import json
import tarfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.serving.fleet import FleetProcess, ServingError
from tests.local.serving.archives import DOUBLES, ECHO, linked, model, packed

Start = Callable[..., FleetProcess]
SCRIPT = "code/inference.py"


def ask(fleet: FleetProcess, body: str) -> tuple[int, str]:
    answer = fleet.invoke(body.encode(), "text/plain", "text/plain")
    return answer.status, answer.body.decode()


def test_the_four_functions_run_in_order_and_prints_do_no_harm(start: Start) -> None:
    assert ask(start(model()), "x") == (200, "w:x:")


def test_the_latency_is_the_models_own(start: Start) -> None:
    slow = "import time\n" + ECHO.replace('print("a model may print")', "time.sleep(0.05)")
    assert 50_000 <= start(model(slow)).invoke(b"x", "text/plain", "text/plain").latency_us < 1_000_000


def test_the_model_sees_its_own_variables_and_none_of_ours(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    fleet = start(model(), {"COLOUR": "red"})
    assert ask(fleet, "x") == (200, "w:x:red")
    seen = set(ask(fleet, "variables")[1].split())
    assert {"COLOUR", "SM_MODEL_DIR", "PATH"} <= seen
    assert not {name for name in seen if name.startswith("AWS_")} | ({"HOME", "VIRTUAL_ENV"} & seen)


def test_one_models_variables_do_not_reach_the_next(start: Start) -> None:
    start(model(), {"COLOUR": "red"})
    assert ask(start(model()), "x") == (200, "w:x:")


def test_the_model_cannot_import_this_project(start: Start) -> None:
    status, said = ask(start(model()), "modules")
    assert (status, json.loads(said)["error"]) == (500, "ModuleNotFoundError")


def test_a_model_that_raises_answers_500_naming_it_and_lives_on(start: Start) -> None:
    fleet = start(model())
    pid = ask(fleet, "pid")
    status, said = ask(fleet, "raise")
    assert (status, json.loads(said)) == (500, {"error": "ValueError", "error-message": "no such tumour"})
    assert ask(fleet, "pid") == pid


def test_a_process_that_dies_answers_503_and_is_started_again(start: Start) -> None:
    fleet = start(model())
    pid = ask(fleet, "pid")[1]
    status, said = ask(fleet, "die")
    assert status == 503
    assert "ended while it answered" in json.loads(said)["error-message"]
    status, again = ask(fleet, "pid")
    assert status == 200
    assert again != pid


def test_a_model_that_takes_too_long_answers_504_and_is_started_again(start: Start) -> None:
    fleet = start(model(), answer_timeout=3.0)
    assert ask(fleet, "hang")[0] == 504
    assert ask(fleet, "x")[0] == 200


def test_many_threads_get_each_its_own_answer(start: Start) -> None:
    fleet = start(model())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(fleet, str(number)), range(200)))
    assert answers == [(200, f"w:{number}:") for number in range(200)]


def test_a_body_of_megabytes_passes(start: Start) -> None:
    fleet = start(model(ECHO.replace('return f"', 'return len(data) or f"')))
    assert ask(fleet, "x" * 5_000_000) == (200, "5000000")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not an archive", "model.tar.gz cannot be extracted"),
        (model()[:-20], "model.tar.gz cannot be extracted"),
        (packed({"weights.txt": "w"}), f"model.tar.gz has no {SCRIPT}; it holds weights.txt"),
        (packed({SCRIPT: ECHO}), "model_fn raised FileNotFoundError: .*weights.txt"),
        (model("x = 1"), "inference.py defines no model_fn"),
        (model("import nothing_of_that_name"), "importing inference.py raised ModuleNotFoundError"),
        (model("def model_fn(d) pass"), "importing inference.py raised SyntaxError"),
        (model("def model_fn(d): raise OSError('bad weights')"), "model_fn raised OSError: bad weights"),
        (model("import os; os._exit(1)"), "the container ended while it started: it said nothing"),
        (model("import os; os.system('echo no memory'); os._exit(1)"), "while it started: no memory"),
        (model(ECHO + "\ndef transform_fn(*a): pass"), "defines transform_fn beside input_fn"),
    ],
)
def test_what_cannot_serve_says_why(start: Start, content: bytes, reason: str) -> None:
    with pytest.raises(ServingError, match=reason):
        start(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed({"../outside.txt": "x"}), "outside.txt would be outside"),
        (packed({"code/../../outside.txt": "x"}), "outside.txt would be outside"),
        (packed({"/tmp/greenlight-outside.txt": "x"}), "outside.txt would be outside"),  # noqa: S108 - must be refused
        (linked("code", "../../elsewhere"), "code is a link"),
        (linked("code", "/etc"), "code is a link"),
    ],
)
def test_an_archive_that_points_outside_its_folder_is_refused(
    start: Start, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(ServingError, match=f"model.tar.gz is refused: .*{reason}"):
        start(content)
    assert not list(tmp_path.rglob("*outside*"))
    assert not Path("/tmp/greenlight-outside.txt").exists()  # noqa: S108 - was refused


def test_folders_in_an_archive_are_made(start: Start) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in ("./", "./code/", "./code/inference.py"):
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = 0 if name.endswith("/") else len(DOUBLES)
            archive.addfile(member, io.BytesIO(DOUBLES.encode()))
    assert start(content.getvalue()).invoke(b"[[1, 2]]", "application/json", "*/*").status == 200


def test_an_archive_that_is_not_there_says_so(tmp_path: Path) -> None:
    fleet = FleetProcess(tmp_path / "model.tar.gz", {}, tmp_path / "fleet")
    with pytest.raises(ServingError, match="cannot be read"):
        fleet.start(30)
    fleet.stop()


def test_a_model_that_hangs_fails_its_health_check(start: Start) -> None:
    hangs = model("import time\ndef model_fn(d): time.sleep(60)")
    start(model())  # so that only the model's time counts
    with pytest.raises(ServingError, match=r"did not pass its health check in 0\.5 s"):
        start(hangs, timeout=0.5)


def test_stopping_interrupts_a_request_and_does_not_start_again(start: Start) -> None:
    fleet = start(model())
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: answers.append(ask(fleet, "hang")))
    asking.start()
    time.sleep(0.1)
    fleet.stop()
    asking.join(30)
    assert not asking.is_alive()
    assert answers[0][0] == 503
    assert ask(fleet, "x")[0] == 503
