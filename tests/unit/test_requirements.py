"""Locks pin everything, agree, can be installed by any pip, and hold what each part of the project imports."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
APP, DEMO, DEV = "requirements.txt", "requirements-demo.txt", "requirements-dev.txt"
FUNCTIONS, INSTALLER, NODE = "lambdas/requirements.txt", "tools/installer.txt", "tools/node-requirements.txt"
LOCKS = [APP, DEMO, DEV, FUNCTIONS, INSTALLER, NODE]
_ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[^]]*)\])?==(?P<version>\S+)"
    r"( ; (?P<marker>.+?))?(?P<hashes>( --hash=\S+)*)"
)
TAKES_PICTURES = {
    "local.browser",
    "local.demo.camera",
}  # by a browser, which only `make pictures` and tests have


class Pin(NamedTuple):
    """One entry of a lock."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]
    extras: frozenset[str] = frozenset()


def pins(lock: str) -> list[Pin]:
    """A lock's entries; fails at a line that is none."""
    lines = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    found = []
    for line in re.sub(r" \\\n\s+", " ", lines).splitlines():
        entry = _ENTRY.fullmatch(line)
        assert entry is not None, f"{lock}: {line[:80]} pins nothing"
        extras = frozenset(re.findall(r"[^\s,]+", entry["extras"] or ""))
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry["hashes"]))
        found.append(Pin(entry["name"], entry["version"], entry["marker"] or "", hashes, extras))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    assert pins(lock)
    assert [pin.name for pin in pins(lock) if not pin.hashes] == []


def test_every_lock_of_the_project_is_looked_at_here() -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in (".", "tools", "lambdas")
        for path in (ROOT / folder).glob("*.in")
    }
    assert {Path(lock).with_suffix(".in").as_posix() for lock in LOCKS} == here


@pytest.mark.parametrize(
    ("smaller", "larger"), [(APP, DEMO), (FUNCTIONS, APP), (DEMO, DEV), (INSTALLER, APP)]
)
def test_a_lock_is_held_by_the_next_larger_one_in_the_same_versions(smaller: str, larger: str) -> None:
    """So that installing the larger one serves whoever needs the smaller."""
    held = {pin._replace(extras=frozenset()) for pin in pins(larger)}
    asked = {pin._replace(extras=frozenset()) for pin in pins(smaller)}
    # What the smaller has on some machines only, the larger may have on all.
    assert {pin for pin in asked if held.isdisjoint({pin, pin._replace(marker="")})} == set()


def test_the_installer_is_one_package_without_conditions_for_all_usual_machines() -> None:
    (uv,) = pins(INSTALLER)
    assert (uv.name, uv.marker, uv.extras) == ("uv", "", frozenset())
    assert len(uv.hashes) > 15  # wheels: Linux with glibc and musl, macOS, Windows, by processor
    assert importlib.metadata.requires("uv") is None


def test_what_is_asked_for_with_extras_is_pinned_with_them() -> None:
    """Older pips (23.2, of Python 3.11.7 and 3.12.1) refuse the lock otherwise."""
    locked = {pin.name: pin.extras for pin in pins(DEV)}
    asked = [
        (name, requirement)
        for name in locked
        for text in _requires(name)
        if (requirement := Requirement(text)).extras
        and (requirement.marker is None or requirement.marker.evaluate({"extra": ""}))
    ]
    assert any(requirement.name == "coverage" for _, requirement in asked)
    for name, requirement in asked:
        has = locked[canonicalize_name(requirement.name)]
        assert requirement.extras <= has, f"{name} asks for {requirement}, the lock has {sorted(has)}"


def _requires(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []  # for another Python or another system


@pytest.mark.parametrize(
    ("lock", "entries"),
    [
        pytest.param(APP, ["app", "cli.*", "infra.*"], id="the CDK app and the command line"),
        pytest.param(DEMO, ["local.*"], id="the local AWS and the demo"),
    ],
)
def test_what_is_imported_is_in_the_lock(lock: str, entries: list[str]) -> None:
    locked = {pin.name for pin in pins(lock)}
    provided = importlib.metadata.packages_distributions()
    foreign = {
        (module, name)
        for module, name in _imported(sorted({one for entry in entries for one in _modules(entry)}))
        if name not in sys.stdlib_module_names
    }
    assert len(foreign) > 5
    missing = [
        f"{module} imports {name}"
        for module, name in sorted(foreign)
        if locked.isdisjoint(map(canonicalize_name, provided.get(name, [])))
    ]
    assert missing == []


def _modules(entry: str) -> Iterator[str]:
    if not entry.endswith(".*"):
        yield entry
        return
    for path in (ROOT / entry.removesuffix(".*")).rglob("*.py"):
        # What lies in `inference` runs in a model's container.
        if "inference" not in path.parts:
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(modules: list[str]) -> Iterator[tuple[str, str]]:
    """Every foreign package that the modules import, or what they import of the project; with who imports it."""
    waiting, seen = list(modules), set(modules) | TAKES_PICTURES
    for module in waiting:
        if module in TAKES_PICTURES:
            continue
        for name in _imports(_file(module), module):
            if _ours(name):
                parts = name.split(".")
                of_ours = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
                fresh = {one for one in of_ours if _file(one).is_file()} - seen
                seen |= fresh
                waiting += fresh
            else:
                yield module, name.partition(".")[0]


def _ours(name: str) -> bool:
    return (ROOT / name.partition(".")[0]).is_dir() or (ROOT / f"{name}.py").is_file()


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(file: Path, module: str) -> Iterator[str]:
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{module} imports relatively"
            assert node.level == 0, f"{module} imports relatively"
            yield from (
                f"{node.module}.{alias.name}" if _ours(node.module) else node.module for alias in node.names
            )
        waiting += ast.iter_child_nodes(node)
