"""All groups of a folder, or everything that is wrong with any of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from infra.config.convert import stack_tags, to_spec
from infra.config.group import (
    AllowedConfig,
    ApprovalConfig,
    EndpointConfig,
    FreezeConfig,
    GatesConfig,
    GroupConfig,
    GuardrailConfig,
    RolloutConfig,
    SessionsConfig,
    SmokeTestConfig,
)
from infra.config.monitoring import MonitoringConfig, RetrainingConfig
from infra.config.problems import ConfigError, Problem, from_pydantic, shown, the_first
from infra.config.rules import Sections, breaches
from infra.config.source import read
from lambdas.core.names import ROLE_PATH, VERSION_TAG, role_name
from lambdas.core.spec import GroupSpec, spec_to_json

T = TypeVar("T")

_MOST_TAGS = 50  # of a SageMaker resource [B]
_PARAMETER_LENGTH = 4096  # characters of a standard SSM parameter
_REFERENCE = "Parameter Store takes it for a reference to another parameter, and refuses the group's spec"
_LONGEST_PARTITION = "aws-us-gov"


def load_groups(folder: Path) -> tuple[GroupConfig, ...]:
    """Read and check every `*.yaml` and `*.yml` of a folder; none at all is fine.

    Returns:
        The groups, by name.

    Raises:
        ConfigError: with every problem of every file.
    """
    problems: list[Problem] = []
    groups: list[tuple[str, GroupConfig]] = []
    names: list[tuple[str, str, str]] = []
    for path in _files(folder):
        file = f"{folder.name}/{path.name}"
        raw = read(path, file)
        if isinstance(raw, Problem):
            problems.append(raw)
            continue
        group, found = check(raw, file)
        problems += the_first(found, file)
        names += _names(raw, file)
        if group is not None:
            groups.append((file, group))
    problems += _taken_twice(names)
    if problems:
        raise ConfigError(problems)
    return tuple(sorted((group for _, group in groups), key=lambda group: group.name))


def _files(folder: Path) -> list[Path]:
    """The YAML files of a folder."""
    if not folder.is_dir():
        raise ConfigError(
            [Problem(str(folder), "", None, "is no folder; it should hold the groups' YAML files")]
        )
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".yaml", ".yml"})
    except OSError as error:
        raise ConfigError([Problem(str(folder), "", None, f"cannot be read: {error.strerror}")]) from error


def check(raw: dict[str, Any], file: str) -> tuple[GroupConfig | None, list[Problem]]:
    """One file's content to a group, or None and every problem that can be told."""
    problems: list[Problem] = []
    group: GroupConfig | None = None
    try:
        group = GroupConfig.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        problems += from_pydantic(file, error, GroupConfig)
    for breach in breaches(_sections(raw)):
        problems.append(Problem(file, breach.key, shown(breach.value), breach.allowed))
    if group is not None:
        problems += _sizes(group, file)
    return group, problems


def _sections(raw: dict[str, Any]) -> Sections:
    wrong: set[str] = set()

    def section(key: str, kind: Any, absent: Any) -> Any:
        if key not in raw:
            return absent
        try:
            return TypeAdapter(kind).validate_json(json.dumps(raw[key]))
        except ValidationError:
            wrong.add(key)
            return None

    return Sections(
        endpoint=section("endpoint", EndpointConfig, None),
        rollout=section("rollout", RolloutConfig, RolloutConfig()),
        guardrails=section("guardrails", GuardrailConfig, GuardrailConfig()),
        freeze=section("freeze", tuple[FreezeConfig, ...], ()),
        approval=section("approval", ApprovalConfig, ApprovalConfig()),
        allowed=section("allowed", AllowedConfig, AllowedConfig()),
        approvers=section("approvers", tuple[str, ...], ()),
        registrants=section("registrants", tuple[str, ...], ()),
        artifacts=section("artifacts", tuple[str, ...], ()),
        gates=section("gates", GatesConfig, GatesConfig()),
        sessions=section("sessions", SessionsConfig, SessionsConfig()),
        monitoring=section("monitoring", MonitoringConfig | None, None),
        retraining=section("retraining", RetrainingConfig | None, None),
        smoke_test=section("smoke_test", SmokeTestConfig, SmokeTestConfig()),
        probation=section("probation_minutes", int, GroupSpec.probation_minutes),
        wrong=frozenset(wrong),
    )


def _sizes(group: GroupConfig, file: str) -> Iterator[Problem]:
    tags = {**stack_tags(group), VERSION_TAG: ""}  # which models carry too
    if len(tags) > _MOST_TAGS:
        ours = len(tags) - len(group.tags)
        allowed = f"must be at most {_MOST_TAGS - ours}: AWS takes {_MOST_TAGS}, and {ours} are ours"
        yield Problem(file, "tags", f"{len(group.tags)} tags", allowed)
    folded: dict[str, str] = {}
    for key in group.tags:
        if (other := folded.setdefault(key.lower(), key)) != key:
            yield Problem(file, f"tags.{key}", None, f"differs from {other} only in case, which IAM refuses")
    role = f"arn:{_LONGEST_PARTITION}:iam::123456789012:role{ROLE_PATH}{role_name(group.name, 'endpoint')}"
    reader, monitoring = (role.replace("-endpoint", f"-{kind}") for kind in ("reader", "monitoring"))
    text = spec_to_json(to_spec(group, role, reader, monitoring))
    if "{{" in text:  # JSON itself has none
        at = text.index("{{")
        yield Problem(
            file,
            "",
            None,
            f"must not contain {{{{, as in {shown(text[max(0, at - 20) : at + 20])}: {_REFERENCE}",
        )
    if (length := len(text)) > _PARAMETER_LENGTH:
        allowed = f"the group's spec is {length} characters; its SSM parameter takes {_PARAMETER_LENGTH}: "
        yield Problem(
            file, "", None, allowed + "use fewer tags, gates, variables, parameters or freeze windows"
        )


def _names(raw: dict[str, Any], file: str) -> Iterator[tuple[str, str, str]]:
    """(key, name, file) of what must be the group's alone; from the raw text, so that wrong files count too."""
    name, endpoint = raw.get("name"), raw.get("endpoint")
    if isinstance(name, str):
        yield "name", name, file
    own = endpoint.get("name") if isinstance(endpoint, dict) else None
    if isinstance(own or name, str):
        yield "endpoint.name", str(own or name), file


def _taken_twice(names: list[tuple[str, str, str]]) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for key, name, file in names:
        other = first.setdefault((key, name), file)
        if other != file:
            yield Problem(file, key, shown(name), f"is {other}'s already; each group needs its own")
