"""No process outlives what it is for, and one that has imported scikit-learn is not needed twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.serving import processes
from local.serving.fleet import FleetProcess
from tests.local.serving.archives import model

Start = Callable[..., FleetProcess]
ROOT = Path(__file__).resolve().parents[3]

OWNER = """
import sys, time
from pathlib import Path
from local.serving.fleet import FleetProcess
fleet = FleetProcess(Path(sys.argv[1]), {}, Path(sys.argv[2]))
fleet.start(30)
print(int(fleet.invoke(b"pid", "text/plain", "text/plain").body), flush=True)
fleet.invoke(b"hang", "text/plain", "text/plain")
"""


def pid_of(fleet: FleetProcess) -> int:
    return int(fleet.invoke(b"pid", "text/plain", "text/plain").body)


def is_gone(pid: int, seconds: float = 5) -> bool:
    """Whether a process ends in this time; one that is dead and not yet reaped counts as ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_nothing_is_left_after_stop(start: Start, tmp_path: Path) -> None:
    fleet = start(model())
    pid = pid_of(fleet)
    fleet.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list(tmp_path.iterdir())


def test_stop_is_good_twice_and_before_start(start: Start, tmp_path: Path) -> None:
    fleet = start(model())
    fleet.stop()
    fleet.stop()
    FleetProcess(b"", {}, tmp_path / "never-started").stop()


def test_what_the_model_has_started_ends_with_it(start: Start) -> None:
    fleet = start(model())
    child = int(fleet.invoke(b"child", "text/plain", "text/plain").body)
    fleet.stop()
    assert is_gone(child)


def test_a_process_that_died_unasked_is_started_again(start: Start) -> None:
    fleet = start(model())
    pid = pid_of(fleet)
    fleet.invoke(b"die soon", "text/plain", "text/plain")
    assert is_gone(pid)
    assert pid_of(fleet) != pid


def test_a_fleet_that_was_never_started_says_so(tmp_path: Path) -> None:
    answer = FleetProcess(model(), {}, tmp_path / "fleet").invoke(b"x", "text/plain", "text/plain")
    assert answer.status == 503
    assert b"never started" in answer.body


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker is a new Python")
def test_models_do_not_import_scikit_learn_again_and_share_nothing_else(start: Start) -> None:
    script = """
import sys
FOUND = ("sklearn.linear_model" in sys.modules, hasattr(sys, "left_here"))
sys.left_here = True
def model_fn(d): return FOUND
def transform_fn(model, body, content_type, accept): return str(model)
"""
    for _ in range(2):
        assert start(model(script)).invoke(b"", "text/plain", "text/plain").body == b"(True, False)"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_owner_leaves_no_process_even_if_its_model_is_busy(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(model())
    command = [sys.executable, "-c", OWNER, str(archive), str(tmp_path / "fleet")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:  # noqa: S603 - the script above
        assert owner.stdout is not None
        worker = int(owner.stdout.readline())
        nursery = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
        owner.send_signal(signal.SIGKILL)
    assert is_gone(worker)
    assert is_gone(nursery)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no nursery elsewhere")
def test_a_nursery_that_dies_takes_its_workers_along_and_is_replaced(start: Start) -> None:
    fleet = start(model())
    pid = pid_of(fleet)
    nursery = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(nursery, signal.SIGKILL)
    assert is_gone(pid)
    assert pid_of(fleet) != pid


def test_where_forking_is_not_safe_each_worker_is_a_new_python(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.Nursery, "fork", lambda _: None)
    fleet = start(model())
    pid = pid_of(fleet)
    fleet.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_nursery_ends_when_it_is_forgotten(start: Start) -> None:
    fleet = start(model())
    pid = pid_of(fleet)
    processes.forget()
    assert is_gone(pid)
    processes.prewarm()
    assert pid_of(fleet) != pid
