"""A function's asset holds what it imports and nothing else, the same wherever it is built."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.constructs.asset import ROOT, build_asset, modules_of

MOST_BYTES = 1_500_000
FUNCTIONS = ["announce", "dashboard", "reconcile", "retrain", "sweep"]


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
    folders = {name.split("/")[1] for name in files_of(function) if name.startswith("lambdas/")}
    assert folders - {"__init__.py"} == {"core", "adapters", function}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_holds_no_tests_caches_or_sdk(function: str) -> None:
    top = {name.split("/")[0] for name in files_of(function)}
    assert top == {
        "aws_lambda_powertools",
        "cronsim",
        "fastjsonschema",
        "jmespath",
        "lambdas",
        "typing_extensions.py",
        "tzdata",
    }
    assert not [name for name in files_of(function) if name.endswith((".pyc", ".so"))]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_is_small(function: str, tmp_path: Path) -> None:
    folder, _ = build_asset(f"lambdas.{function}.handler")
    archive = tmp_path / "asset.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))
    assert archive.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_imports_by_itself(function: str) -> None:
    """Only boto3 and what it needs come from elsewhere, as they do in Lambda."""
    folder, _ = build_asset(f"lambdas.{function}.handler")
    script = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); sys.dont_write_bytecode = True\n"
        f"import lambdas.{function}.handler, pathlib\n"
        "own = [m for n, m in sys.modules.items() if n.split('.')[0] in ('lambdas', 'aws_lambda_powertools')]\n"
        f"assert own and all(str(m.__file__).startswith({str(folder)!r}) for m in own)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr


def test_the_same_content_has_the_same_digest() -> None:
    first, second = build_asset("lambdas.sweep.handler"), build_asset("lambdas.sweep.handler")
    assert first == second
    assert first[1] != build_asset("lambdas.reconcile.handler")[1]


def test_dependencies_are_pinned_with_hashes() -> None:
    lock = (ROOT / "lambdas" / "requirements.txt").read_text()
    assert "boto3" not in lock
    assert "--hash=sha256:" in lock
