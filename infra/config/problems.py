"""A problem in a group's YAML: which file, which key, what stands there, what is allowed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from infra.config.words import IN_WORDS

_LONGEST_VALUE, _LONGEST_KEY, _LONGEST_WORDS = 80, 100, 2000
_MOST = 100


@dataclass(frozen=True)
class Problem:
    """One thing to mend; `key` is a dotted path, "" for the file as a whole; `value` is None if nothing is there."""

    file: str
    key: str
    value: str | None
    allowed: str

    def __str__(self) -> str:
        """One line, however long and odd what stands in the file is."""
        found = "" if self.value is None else f" is {_in_a_line(self.value, _LONGEST_WORDS)}"
        key = f"{_in_a_line(self.key, _LONGEST_KEY)}{found}: " if self.key else ""
        return f"{_in_a_line(self.file, _LONGEST_KEY)}: {key}{_in_a_line(self.allowed, _LONGEST_WORDS)}"


class ConfigError(Exception):
    """Everything that is wrong with all files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def shown(value: object) -> str:
    """A value as a message quotes it: JSON, cut when long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _in_a_line(text: str, most: int) -> str:
    """Text without line breaks and control characters, cut when long."""
    line = "".join(char if char.isprintable() else " " for char in text[: most + 1])
    return line if len(line) <= most else line[: most - 1] + "…"


def the_first(problems: Sequence[Problem], file: str) -> list[Problem]:
    """As many problems of one file as somebody reads, and how many more there are."""
    if len(problems) <= _MOST:
        return list(problems)
    rest = f"has {len(problems) - _MOST} more problems; fix these first"
    return [*problems[:_MOST], Problem(file, "", None, rest)]


def from_pydantic(file: str, error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Each error that pydantic found, in our words."""
    return [
        _problem(file, dict(item), model)
        for item in error.errors(include_url=False)
        if not _follows_from_others(dict(item))
    ]


def _follows_from_others(error: Mapping[str, Any]) -> bool:
    """Whether a list counts as too short only because its items are wrong, which is told already."""
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


def _problem(file: str, error: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "missing":
        return Problem(file, key, None, "is required and missing")
    if error["type"] == "extra_forbidden":
        known = ", ".join(_keys_beside(model, error["loc"]))
        return Problem(file, key, shown(error["input"]), f"there is no such key; known are {known}")
    return Problem(file, key, shown(error["input"]), _allowed(error))


def _allowed(error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            return IN_WORDS[context["pattern"]]
        case "value_error":
            return str(context["error"])
        case "enum":
            return f"must be {context['expected']}"
        case "datetime_from_date_parsing" | "datetime_parsing" | "timezone_aware" | "datetime_type":
            return "must be a time with an offset, such as 2026-12-24T00:00:00+01:00"
        case _:
            return str(error["msg"]).replace("Input should be", "must be").replace("should", "must")


def _keys_beside(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that are known where an unknown one stands."""
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        model = _model_in(model.model_fields[part].annotation)
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """The section's model inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_model_in(part) for part in annotation.__args__ if part not in {type(None), Ellipsis})
