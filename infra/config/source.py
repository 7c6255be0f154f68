"""YAML text to plain JSON values: keys that are given twice are errors, and times stay text."""

import json
from pathlib import Path
from typing import Any

import yaml

from infra.config.problems import Problem


class _Loader(yaml.SafeLoader):
    """SafeLoader without its two surprises: the last of two equal keys wins, and dates lose their offset."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    lines: dict[Any, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue  # `<<` may name a key that is given here as well: that is what it is for
        key, line = loader.construct_object(key_node), key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(problem=f"key {key!r} must be text", problem_mark=key_node.start_mark)
        if key in lines:
            raise yaml.MarkedYAMLError(
                problem=f"key {key!r} is given twice, first in line {lines[key]}",
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
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
        json.dumps(data, allow_nan=True)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return Problem(file if mark is None else f"{file}:{mark.line + 1}", "", None, _words(error))
    except OSError as error:
        return Problem(file, "", None, f"cannot be read: {error.strerror}")
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, RecursionError) as error:
        return Problem(file, "", None, f"cannot be read as YAML of plain values: {error}")
    if data is None and may_be_empty:
        return {}
    if data is None:
        return Problem(file, "", None, "is empty; a group needs at least name, owner, artifacts and endpoint")
    if not isinstance(data, dict):
        return Problem(file, "", None, f"must hold keys and values, not a {type(data).__name__}")
    return data


def _words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)
