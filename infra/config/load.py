"""Reads a folder of groups, and tells all mistakes of all files at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from infra.config.model import GroupConfig
from infra.config.spec import to_spec
from lambdas.core.spec import spec_to_json

_PARAMETER_LIMIT = 4096  # characters of a standard SSM parameter
_ROLE_ARN = "arn:aws:iam::123456789012:role/greenlight/"  # as long as a real one


@dataclass(frozen=True)
class Mistake:
    """Something wrong in a file: where, what stands there, and what is allowed."""

    file: str
    key: str
    value: object
    allowed: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" is {self.value!r}"
        return f"{self.file}: {self.key}{value}: {self.allowed}"


class ConfigError(Exception):
    """One or more files cannot be used; `mistakes` has them all."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def load_groups(folder: Path) -> list[GroupConfig]:
    """Read every YAML file of a folder.

    Returns:
        The groups, by name; none if the folder holds none.

    Raises:
        ConfigError: with every mistake of every file.
    """
    if not folder.is_dir():
        raise ConfigError(
            [Mistake(str(folder), "folder", None, "is not there; name one by --context groups=FOLDER")]
        )
    mistakes: list[Mistake] = []
    groups: list[tuple[str, GroupConfig]] = []
    for file in sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"}):
        group, wrong = _read(file)
        mistakes += wrong
        if group is not None:
            groups.append((file.name, group))
    mistakes += _taken_twice(groups)
    if mistakes:
        raise ConfigError(mistakes)
    return sorted((group for _, group in groups), key=lambda group: group.name)


class _Loader(yaml.SafeLoader):
    """YAML without dates (ISO times stay text for pydantic) and without keys given twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - how PyYAML is configured
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _read(file: Path) -> tuple[GroupConfig | None, list[Mistake]]:
    try:
        data = yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [Mistake(file.name, f"line {line}", None, str(error.problem or error.context))]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return None, [Mistake(file.name, "file", None, f"is not YAML: {error}")]
    if not isinstance(data, dict):
        return None, [Mistake(file.name, "file", None, "must hold one group: name, owner, endpoint, …")]
    try:
        group = GroupConfig.model_validate(data)
    except ValidationError as error:
        return None, [_mistake(file.name, one) for one in error.errors()]
    return group, _too_long(file.name, group)


def _mistake(file: str, error: Any) -> Mistake:
    key = ".".join(str(part) for part in error["loc"]) or "file"
    kind, text = error["type"], str(error["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return Mistake(file, key, None, "is missing")
    if kind == "extra_forbidden":
        return Mistake(file, key, error["input"], "is no key that a group has; see groups/schema.json")
    if kind == "string_pattern_mismatch":
        return Mistake(file, key, error["input"], f"must look like {error['ctx']['pattern']}")
    whole = kind == "value_error" and isinstance(error["input"], dict)
    return Mistake(file, key, None if whole else error["input"], text[0].lower() + text[1:])


def _too_long(file: str, group: GroupConfig) -> list[Mistake]:
    length = len(spec_to_json(to_spec(group, f"{_ROLE_ARN}{group.name}-endpoint")))
    if length <= _PARAMETER_LIMIT:
        return []
    allowed = f"its spec has {length} characters, an SSM parameter holds {_PARAMETER_LIMIT}; shorten tags or freezes"
    return [Mistake(file, "file", None, allowed)]


def _taken_twice(groups: list[tuple[str, GroupConfig]]) -> list[Mistake]:
    mistakes: list[Mistake] = []
    names: dict[str, str] = {}
    endpoints: dict[str, str] = {}
    for file, group in groups:
        endpoint = group.endpoint.name or group.name
        if (other := names.setdefault(group.name, file)) != file:
            mistakes.append(Mistake(file, "name", group.name, f"is the name of the group in {other} too"))
        if (other := endpoints.setdefault(endpoint.lower(), file)) != file:
            mistakes.append(
                Mistake(file, "endpoint.name", endpoint, f"is the endpoint of the group in {other} too")
            )
    return mistakes
