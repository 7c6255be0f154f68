"""A function's asset holds what it imports and nothing else, the same wherever it is built."""

import dataclasses
import marshal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.asset import ROOT, build_asset, modules_of
from lambdas import prepared
from lambdas.announce.settings import AnnounceSettings
from lambdas.core.settings import HANDLER, to_environment
from lambdas.dashboard.settings import DashboardSettings
from lambdas.reconcile.settings import ReconcileSettings
from lambdas.retrain.settings import RetrainSettings
from lambdas.sweep.settings import SweepSettings

MOST_BYTES = 1_500_000
BY_LAMBDAS_PYTHON = sys.version_info[:2] == (3, 13)
MADE_BY_ITS_PYTHON = {"__pycache__", "prepared.bin"}
SETTINGS: dict[str, Any] = {
    "announce": AnnounceSettings,
    "dashboard": DashboardSettings,
    "reconcile": ReconcileSettings,
    "retrain": RetrainSettings,
    "sweep": SweepSettings,
}
FUNCTIONS = [*SETTINGS]


def files_of(function: str) -> set[str]:
    """Every file of an asset."""
    folder, _ = build_asset(f"lambdas.{function}.handler")
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def project(root: Path, **modules: str) -> Path:
    """A small import root; a name's double underscores are slashes."""
    for name, text in modules.items():
        path = root / "lambdas" / (name.replace("__", "/") + ".py")
        for folder in (path.parent, root / "lambdas"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        path.write_text(text)
    return root


def test_imports_are_followed_through_modules_and_packages(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        f__handler="from lambdas.core import used\nimport lambdas.core.direct\n",
        core__used="def later():\n    from lambdas.core.deep import x\n",
        core__direct="",
        core__deep="x = 1\n",
        core__unused="",
        g__handler="import lambdas.core.unused\n",
    )
    assert [path.as_posix() for path in modules_of("lambdas.f.handler", root)] == [
        "lambdas/__init__.py",
        "lambdas/core/__init__.py",
        "lambdas/core/deep.py",
        "lambdas/core/direct.py",
        "lambdas/core/used.py",
        "lambdas/f/__init__.py",
        "lambdas/f/handler.py",
    ]


def test_an_import_of_ours_that_is_not_there_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, f__handler="import lambdas.core.gone\n")
    with pytest.raises(FileNotFoundError, match=r"lambdas\.core\.gone is imported"):
        modules_of("lambdas.f.handler", root)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_holds_its_own_function_and_no_other(function: str) -> None:
    inside = (Path(name).parts for name in files_of(function) if name.startswith("lambdas/"))
    folders = {parts[1] for parts in inside if len(parts) > len(("lambdas", "a module.py"))}
    assert folders - {"__pycache__"} == {"core", "adapters", function}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_holds_no_tests_or_sdk_and_bytecode_of_lambdas_python_only(function: str) -> None:
    top = {name.split("/")[0] for name in files_of(function)} - MADE_BY_ITS_PYTHON
    assert top == {
        "aws_lambda_powertools",
        "aws_models",
        "cronsim",
        "fastjsonschema",
        "jmespath",
        "lambdas",
        "typing_extensions.py",
        "tzdata",
    }
    assert not [name for name in files_of(function) if name.endswith(".so")]
    bytecode = [name for name in files_of(function) if name.endswith(".pyc")]
    assert bool(bytecode) == BY_LAMBDAS_PYTHON
    assert not [name for name in bytecode if not name.endswith(".cpython-313.pyc")]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_is_small(function: str, tmp_path: Path) -> None:
    folder, _ = build_asset(f"lambdas.{function}.handler")
    archive = tmp_path / "asset.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))
    assert archive.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_gets_ready_by_itself(function: str) -> None:
    """Only botocore and what it needs come from elsewhere, as they do in Lambda; boto3 is not asked for."""
    folder, _ = build_asset(f"lambdas.{function}.handler")
    script = f"""
import sys
sys.path.insert(0, {str(folder)!r})
sys.dont_write_bytecode = True
import lambdas.entry
ours = [m for n, m in sys.modules.items() if n.split(".")[0] in ("lambdas", "aws_lambda_powertools")]
assert ours and all(m.__file__.startswith({str(folder)!r}) for m in ours)
assert "boto3" not in sys.modules
from lambdas.{function}.handler import handler, ready
assert lambdas.entry.handler is handler and ready.cache_info().misses == 1
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**surroundings(function), "AWS_DEFAULT_REGION": "eu-west-1"},
    )
    assert done.returncode == 0, done.stderr


def surroundings(function: str) -> dict[str, str]:
    """A function's environment, all its settings the same word."""
    words = {field: "{}" if field == "urgencies" else "x" for field in SETTINGS[function].__annotations__}
    return {**to_environment(SETTINGS[function](**words)), HANDLER: f"lambdas.{function}.handler"}


@pytest.mark.skipif(not BY_LAMBDAS_PYTHON, reason="only Lambda's Python prepares what it will look up")
def test_what_is_prepared_is_what_python_compiles() -> None:
    """Looked up or compiled: the same classes, the same patterns, and nothing left to compile in the project's own."""
    folder, _ = build_asset("lambdas.reconcile.handler")
    script = f"""
import sys
sys.path.insert(0, {str(folder)!r})
sys.dont_write_bytecode = True
from lambdas import prepared
compiled = []
if len(sys.argv) > 1:
    prepared.use()
    sys.addaudithook(lambda name, about: compiled.append(about) if name == "compile" else None)
import dataclasses, re
import lambdas.reconcile.handler
from lambdas.core import spec
classes = [c for c in vars(spec).values() if isinstance(c, type) and dataclasses.is_dataclass(c)]
print([[(n, f.__code__.co_code) for n, f in vars(c).items() if hasattr(f, "__code__")] for c in classes])
print(re.compile("(a+)(?P<b>[b-d])").fullmatch("aac").groupdict(), len(classes))
print([text for text, _ in compiled if b"__create_fn__" in (text or b"")], file=sys.stderr)
"""
    run = [sys.executable, "-P", "-c", script]
    looked_up, plain = (
        subprocess.run([*run, *more], capture_output=True, text=True, check=True, cwd=folder)  # noqa: S603 - as above
        for more in (["prepared"], [])
    )
    assert looked_up.stdout == plain.stdout
    assert looked_up.stderr == "[]\n"


def test_what_another_python_prepared_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "prepared.bin"
    file.write_bytes(marshal.dumps(((b"another", 1), {}, {})))
    monkeypatch.setattr(dataclasses, "exec", exec, raising=False)
    prepared.use(str(file))
    assert vars(dataclasses)["exec"] is exec


def test_the_same_content_has_the_same_digest() -> None:
    first, second = build_asset("lambdas.sweep.handler"), build_asset("lambdas.sweep.handler")
    assert first == second
    assert first[1] != build_asset("lambdas.reconcile.handler")[1]


def test_dependencies_are_pinned_with_hashes() -> None:
    lock = (ROOT / "lambdas" / "requirements.txt").read_text()
    assert "boto3" not in lock
    assert "--hash=sha256:" in lock
