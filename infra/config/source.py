"""YAML text to plain JSON values: keys that are given twice are errors, and times stay text."""

import itertools
import json
from pathlib import Path
from typing import Any

import yaml

from infra.config.problems import Problem

MOST_BYTES = 1_000_000
"""Of a file. A group's spec has at most 4,096 characters (its SSM parameter)."""
MOST_VALUES = 10_000
"""Keys and values of a file."""
_LONGEST_KEY = 80
_MOST_DEEP = 64  # levels; a schema of an answer has the most, some ten
_TOO_DEEP = f"is nested more than {_MOST_DEEP} levels deep; nothing that is read here needs so many"


class _UnfitError(Exception):
    """What is wrong with a file as a whole, and what to do."""


class _Loader(yaml.SafeLoader):
    """SafeLoader without its two surprises: the last of two equal keys wins, and dates lose their offset."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _cut(key: object) -> str:
    """A key as messages quote it."""
    text = repr(key)
    return text if len(text) <= _LONGEST_KEY else text[: _LONGEST_KEY - 1] + "…"


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    lines: dict[Any, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue  # `<<` may name a key that is given here as well: that is what it is for
        key, line = loader.construct_object(key_node), key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(
                problem=f"key {_cut(key)} must be text", problem_mark=key_node.start_mark
            )
        if key in lines:
            raise yaml.MarkedYAMLError(
                problem=f"key {_cut(key)} is given twice, first in line {lines[key]}",
                problem_mark=key_node.start_mark,
            )
        lines[key] = line
    loader.flatten_mapping(node)
    return {loader.construct_object(k): loader.construct_object(v, deep=True) for k, v in node.value}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, file: str, *, may_be_empty: bool = False) -> dict[str, Any] | Problem:
    """Read one file.

    Args:
        path: of the file.
        file: its name in messages.
        may_be_empty: whether nothing in it is nothing to tell of.

    Returns:
        The file's keys and values, all of JSON's types; or what is wrong with it as a whole, with its line.
    """
    try:
        data = _plain_values(_text(path))
    except _UnfitError as error:
        return Problem(file, "", None, str(error))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return Problem(file if mark is None else f"{file}:{mark.line + 1}", "", None, _words(error))
    except OSError as error:
        return Problem(file, "", None, f"cannot be read: {error.strerror}")
    except (yaml.YAMLError, TypeError, ValueError) as error:
        return Problem(file, "", None, f"cannot be read as YAML of plain values: {error}")
    if data is None and may_be_empty:
        return {}
    if data is None:
        return Problem(file, "", None, "is empty; a group needs at least name, owner, artifacts and endpoint")
    if not isinstance(data, dict):
        return Problem(file, "", None, f"must hold keys and values, not a {type(data).__name__}")
    return data


def _text(path: Path) -> str:
    """A file's text, if it is one of a size that somebody wrote."""
    if path.is_symlink() and not path.exists():
        raise _UnfitError(
            f"is a link to {path.readlink()}, which is not there; point it elsewhere, or remove it"
        )
    if path.is_dir():
        raise _UnfitError("is a directory, and its name is a YAML file's; rename it")
    if path.exists() and not path.is_file():
        raise _UnfitError("is no regular file; put a YAML file in its place, or rename it")
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _UnfitError(f"has more than {MOST_BYTES:,} bytes; nothing that is read here needs so many")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _UnfitError(f"is not UTF-8, first in line {line}; save it as UTF-8") from error
    if (found := yaml.reader.Reader.NON_PRINTABLE.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise _UnfitError(
            f"has the character U+{ord(found[0]):04X} in line {line}, which YAML does not take; remove it"
        )
    return text


def _plain_values(text: str) -> Any:
    """What YAML says, aliases put in their places; of a depth and number that the rest can walk through."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, ())
        data = loader.construct_document(node)
        json.dumps(data, ensure_ascii=False).encode()  # raises for what is not JSON, or not Unicode
    except RecursionError as error:
        raise _UnfitError(_TOO_DEEP) from error
    finally:
        loader.dispose()
    return data


def _measure(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """How many values a node stands for once each alias is what it names; refuses what is too many or too deep."""
    if id(node) in above:
        raise _UnfitError(
            f"has a recursive alias in line {node.start_mark.line + 1}: it holds itself; write out what it means"
        )
    if len(above) > _MOST_DEEP:
        raise _UnfitError(_TOO_DEEP)
    if id(node) not in known:
        below = (*above, id(node))
        parts = (
            itertools.chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        )
        inside = () if isinstance(node, yaml.ScalarNode) else parts
        known[id(node)] = 1 + sum(_measure(part, known, below) for part in inside)
    if known[id(node)] > MOST_VALUES:
        raise _UnfitError(
            f"holds more than {MOST_VALUES:,} keys and values, aliases counted as what they name; nothing that is read "
            "here needs so many"
        )
    return known[id(node)]


def _words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)
