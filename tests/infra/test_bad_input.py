"""Whatever lies in the groups' folder is told in one clear line with the file's name; other files are told of, too."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.config.governance import load_governance
from infra.config.load import load_groups
from infra.config.problems import ConfigError, Problem
from infra.config.source import MOST_BYTES, MOST_VALUES, read
from tests.infra.conftest import LONELY

LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
OTHER = LONELY.replace("lonely", "other") + "nonsense: 1\n"

BAD: dict[str, tuple[bytes, str]] = {
    "10 MB": (b"a: " + b"x" * 10_000_000, "has more than 1,000,000 bytes"),
    "10,000 keys": (
        "".join(f"k{n}: 1\n" for n in range(10_000)).encode(),
        "holds more than 10,000 keys and values",
    ),
    "aliases that explode": (LAUGHS.encode(), "aliases counted as what they name"),
    "aliases that explode under one key": (
        LAUGHS.replace("\n", ", ").join("{}").encode(),
        "more than 10,000",
    ),
    "an alias of itself": (b"a: &a [*a]\n", "has a recursive alias in line 1"),
    "NUL bytes": (
        b"name: a\nowner: \x00\x00\n",
        "has the character U+0000 in line 2, which YAML does not take",
    ),
    "not UTF-8": (
        "name: a\nowner: Jürgen\n".encode("latin-1"),
        "is not UTF-8, first in line 2; save it as UTF-8",
    ),
    "UTF-16": ("name: a\n".encode("utf-16"), "is not UTF-8, first in line 1"),
    "deep lists": (b"a: " + b"[" * 5_000 + b"]" * 5_000, "is nested more than 64 levels deep"),
    "deep mappings": (
        b"".join(b" " * n + b"a:\n" for n in range(1_000)),
        "is nested more than 64 levels deep",
    ),
    "a little too deep": (b"a: " + b"[" * 70 + b"]" * 70, "is nested more than 64 levels deep"),
    "equal keys": (b"name: a\nname: b\n", "key 'name' is given twice, first in line 1"),
    "a key that is a list": (b"? [a]\n: b\n", "must be text"),
    "a long key twice": (f"{'k' * 900}: 1\n{'k' * 900}: 1\n".encode(), "is given twice, first in line 1"),
    "a tag": (b"a: !!python/object:os.system x\n", "could not determine a constructor"),
    "an endless number": (b"a: " + b"9" * 5_000, "cannot be read as YAML of plain values"),
    "half a surrogate": (b'name: "\\ud800"\n', "surrogates not allowed"),
    "two documents": (b"a: 1\n---\nb: 2\n", "expected a single document"),
    "tabs": (b"a:\n\t- b\n", "cannot start any token"),
    "a list": (b"- a\n", "must hold keys and values, not a list"),
    "nothing": (b"", "is empty"),
}


def told(folder: Path) -> list[str]:
    """What is said of a folder, by lines."""
    with pytest.raises(ConfigError) as caught:
        load_groups(folder)
    return str(caught.value).splitlines()


def says(lines: list[str], file: str, words: str) -> None:
    """Fail unless exactly one line is about a file, says the words, and is short."""
    about = [line for line in lines if line.startswith(f"groups/{file}")]
    assert len(about) == 1, about
    assert words in about[0]
    assert len(about[0]) < 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of groups, one of them with a mistake of its own."""
    groups = tmp_path / "groups"
    groups.mkdir()
    (groups / "other.yaml").write_text(OTHER)
    return groups


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_one_clear_line_and_the_others_mistakes_are_told(folder: Path, what: str) -> None:
    content, words = BAD[what]
    (folder / "bad.yaml").write_bytes(content)
    lines = told(folder)
    says(lines, "bad.yaml", words)
    says(lines, "other.yaml", "nonsense is 1: there is no such key")


@pytest.mark.parametrize("what", sorted(BAD.keys() - {"nothing"}))
def test_the_same_holds_for_governance(tmp_path: Path, what: str) -> None:
    content, words = BAD[what]
    path = tmp_path / "governance.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_governance(path, required=False)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("governance.yaml")
    assert words in line


def _directory(path: Path) -> None:
    path.mkdir()


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _circle(path: Path) -> None:
    path.symlink_to(path)


NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a directory": (_directory, "is a directory, and its name is a YAML file's; rename it"),
    "a dangling link": (_dangling, "is a link to nowhere, which is not there"),
    "a pipe": (_pipe, "is no regular file"),
    "a link to itself": (_circle, "is a link to"),
}


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_is_one_clear_line(folder: Path, what: str) -> None:
    make, words = NO_FILES[what]
    make(folder / "bad.yaml")
    lines = told(folder)
    says(lines, "bad.yaml", words)
    says(lines, "other.yaml", "nonsense")


@pytest.mark.parametrize("what", NO_FILES)
def test_nor_is_it_taken_for_an_account_without_governance(tmp_path: Path, what: str) -> None:
    make, words = NO_FILES[what]
    make(tmp_path / "governance.yaml")
    with pytest.raises(ConfigError, match=r"governance\.yaml") as caught:
        load_governance(tmp_path / "governance.yaml", required=False)
    assert words in str(caught.value)


def test_a_file_that_may_not_be_read_is_one_clear_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.yaml").write_text(LONELY)
    opened = Path.open

    def refused(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "bad.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", refused)  # whoever runs this may be root, who may read everything
    lines = told(folder)
    says(lines, "bad.yaml", "cannot be read: Permission denied")
    says(lines, "other.yaml", "nonsense")


def test_a_folder_that_may_not_be_read_is_one_clear_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    (line,) = told(folder)
    assert line == f"{folder}: cannot be read: Permission denied"


def test_many_mistakes_of_one_file_are_told_up_to_a_number(folder: Path) -> None:
    (folder / "bad.yaml").write_text(LONELY + "".join(f"k{n}: 1\n" for n in range(4_000)))
    about = [line for line in told(folder) if "bad.yaml" in line]
    assert len(about) == 101
    assert about[-1] == "groups/bad.yaml: has 3900 more problems; fix these first"


def test_an_odd_key_stays_in_its_line(folder: Path) -> None:
    (folder / "bad.yaml").write_text(LONELY + f'"two\\nlines\\u0007{"x" * 500}": 1\n')
    says(told(folder), "bad.yaml", "two lines")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + LONELY.encode())
    assert [group.name for group in load_groups(tmp_path)] == ["lonely"]


def test_aliases_are_taken_for_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: &a [1, 2]\nb: *a\nc: {<<: &d {x: 1}, y: *a}\n")
    assert read(tmp_path / "a.yaml", "a") == {"a": [1, 2], "b": [1, 2], "c": {"x": 1, "y": [1, 2]}}


@given(
    content=st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    found = read(path, "any.yaml")
    if isinstance(found, Problem):
        assert len(str(found).splitlines()) == 1
    else:
        assert isinstance(found, dict)


@given(
    content=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
        ),
    )
)
def test_any_yaml_in_a_groups_folder_is_told_in_lines_that_name_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    folder = tmp_path_factory.getbasetemp() / "groups"
    folder.mkdir(exist_ok=True)
    (folder / "any.yaml").write_text(yaml.safe_dump(content, allow_unicode=False))
    assert all(line.startswith("groups/any.yaml") for line in told(folder))


def test_the_limits_are_far_above_what_a_group_needs() -> None:
    assert (MOST_BYTES, MOST_VALUES) == (1_000_000, 10_000)
