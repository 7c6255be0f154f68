"""Builds a function's asset: the project's modules that it imports, and the pinned dependencies, nothing else.

What each start would compute anew is in it too: bytecode, and what `lambdas.prepared` looks up. Both are good for one
version of Python, Lambda's; an asset that another built is without them, and starts slower.
"""

import ast
import functools
import hashlib
import importlib.util
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from uv import find_uv_bin

from infra.constructs.models import models

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "lambdas" / "requirements.txt"
BUILD = ROOT / ".build"
_PACKAGE = "lambdas"
_RUNTIME = (
    "--python-platform",
    "aarch64-manylinux2014",
    "--python-version",
    "3.13",
)  # Lambda's python3.13 on arm64
_TASK = "/var/task"  # where Lambda unpacks an asset
_BYTECODE = sys.implementation.cache_tag == "cpython-313"
_RECORDING = Path(__file__).with_name("recording.py")
ENTRY = "lambdas.entry"
"""The module that Lambda starts."""
# Parts of Powertools that need what we do not bundle, or that no function of ours can reach; of tzdata, its sources;
# what the installer leaves.
_UNUSED = (
    ".lock",
    "bin",
    "tzdata/zoneinfo/tzdata.zi",
    *(f"tzdata/zoneinfo/{name}.tab" for name in ("iso3166", "zone", "zone1970", "zonenow")),
    "cronsim/explain.py",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/logging/formatters/datadog.py",
    "aws_lambda_powertools/metrics/provider/datadog",
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            "auth_alpha",
            "batch",
            "circuit_breaker",
            "data_classes",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "metadata",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
)


# Imported when a group asks for it, not at a start: their bytecode would be a twentieth of the asset.
_IMPORTED_LATE = ("cronsim", "fastjsonschema")


class AssetError(Exception):
    """A function's dependencies cannot be had; says why, and what to do."""


def modules_of(handler: str, root: Path = ROOT) -> list[Path]:
    """The project's files that a module needs, by walking its imports.

    Args:
        handler: dotted name of the module, such as `lambdas.reconcile.handler`.
        root: the import root.

    Returns:
        Paths relative to `root`, sorted.

    Raises:
        FileNotFoundError: a module of the project is imported that is not there.
    """
    found: set[Path] = set()
    waiting = [handler]
    while waiting:
        name = waiting.pop()
        for path in _files(name, root):
            if path in found:
                continue
            found.add(path)
            waiting += _imports(root / path, root)
    return sorted(found)


def _files(name: str, root: Path) -> list[Path]:
    """A module's file, and the __init__.py of every package above it."""
    parts = name.split(".")
    files = [Path(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    module, package = Path(*parts).with_suffix(".py"), Path(*parts, "__init__.py")
    if (root / module).is_file():
        return [*files, module]
    if (root / package).is_file():
        return [*files, package]
    raise FileNotFoundError(f"{name} is imported, but neither {module} nor {package} is there")


def _imports(file: Path, root: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names if _ours(alias.name)]
        elif isinstance(node, ast.ImportFrom) and node.module and _ours(node.module):
            names.append(node.module)
            names += [
                f"{node.module}.{a.name}" for a in node.names if _is_module(f"{node.module}.{a.name}", root)
            ]
    return names


def _ours(name: str) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")


def _is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def build_asset(handler: str) -> tuple[Path, str]:
    """Lay out a function's asset in a folder.

    Returns:
        The folder, and a digest of its content that is the same wherever it was built.
    """
    modules, dependencies = sorted({*modules_of(handler), *modules_of(ENTRY)}), _dependencies()
    digest = hashlib.sha256(f"{dependencies.name} {_recipe()}".encode())
    for name, text in _models().items():
        digest.update(f"{name}\n{text}".encode())
    for path in modules:
        digest.update(f"{path.as_posix()}\n".encode() + (ROOT / path).read_bytes())
    folder = BUILD / "assets" / digest.hexdigest()[:16]
    if not folder.is_dir():
        fresh = _part(folder)
        shutil.copytree(dependencies, fresh, dirs_exist_ok=True)
        for path in modules:
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, fresh / path)
        for name, text in _models().items():
            (fresh / "aws_models" / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / "aws_models" / name).write_text(text)
        _compile(fresh, _PACKAGE)
        _prepare(fresh, handler)
        _finish(fresh, folder)
    return folder, digest.hexdigest()


@functools.cache
def _models() -> dict[str, str]:
    return models()


@functools.cache
def _recipe() -> str:
    """What else an asset is made by: this module, how things are recorded, and by which Python if by Lambda's."""
    python = sys.version_info[:3] if _BYTECODE else None
    return f"{python} {Path(__file__).read_text()} {_RECORDING.read_text()}"


def _compile(asset: Path, part: str = "") -> None:
    """Write the bytecode of the modules of an asset's part: Lambda's file system takes none from a start."""
    if _BYTECODE:
        for source in (asset / part).rglob("*.py"):
            py_compile.compile(
                str(source),
                cfile=importlib.util.cache_from_source(str(source)),
                dfile=f"{_TASK}/{source.relative_to(asset)}",
                doraise=True,
                # The source is beside it and never changes; a start need not look.
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                # Libraries' texts for readers stay in their sources. Ours are needed: `dataclasses` works out, at each
                # start, what a class without a text says of itself.
                optimize=-1 if part == _PACKAGE else 2,
            )


def _prepare(folder: Path, handler: str) -> None:
    """Write what `lambdas.prepared` looks up, by a process that sees the asset and botocore as Lambda's has them."""
    if _BYTECODE:
        path = [str(folder), sysconfig.get_path("purelib")]
        command = [sys.executable, "-I", "-S", "-B", str(_RECORDING), handler, str(folder / "prepared.bin")]
        subprocess.run([*command, *path], check=True)  # noqa: S603 - our own interpreter and program


def _dependencies() -> Path:
    """The pinned dependencies for the Lambda runtime, installed once for each lock; wheels only, no Docker."""
    recipe = hashlib.sha256(LOCK.read_bytes() + _recipe().encode())
    folder = BUILD / "dependencies" / recipe.hexdigest()[:16]
    if folder.is_dir():
        return folder
    fresh = _part(folder)
    install_locked(LOCK, fresh, *_RUNTIME)
    for part in (*_UNUSED, *(path.relative_to(fresh).as_posix() for path in fresh.glob("*.dist-info"))):
        if (fresh / part).is_file():
            (fresh / part).unlink()
        else:
            shutil.rmtree(fresh / part, ignore_errors=True)
    _compile(fresh)
    for package in _IMPORTED_LATE:
        shutil.rmtree(fresh / package / "__pycache__", ignore_errors=True)
    _finish(fresh, folder)
    return folder


def install_locked(lock: Path, target: Path, *options: str) -> None:
    """Install a lock's wheels into a folder, by the uv of this environment, which need not have a pip.

    Args:
        lock: a requirements file with hashes.
        target: the folder.
        options: further ones of `uv pip install`, such as for which Python on which machine, if not for this one.

    Raises:
        AssetError: a package could not be had, or is not what the lock says.
    """
    command = [find_uv_bin(), "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
    # Copies: what is bundled is changed afterwards, and links would change uv's cache.
    command += [
        "--link-mode=copy",
        "--python",
        sys.executable,
        "--requirement",
        str(lock),
        "--target",
        str(target),
    ]
    done = subprocess.run([*command, *options], stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own installer and lock
    if done.returncode:
        raise AssetError(
            f"{lock} could not be installed. uv asks the package index that UV_DEFAULT_INDEX names, else PyPI, and "
            f"does not read pip's configuration. It says:\n{done.stderr.strip()}"
        )


def _part(folder: Path) -> Path:
    """A folder of this process alone to build in: several may synthesize at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))


def _finish(fresh: Path, folder: Path) -> None:
    """Put the folder into its place, unless somebody was faster: it holds the same."""
    fresh.chmod(0o755)
    try:
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(fresh)
