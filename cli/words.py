"""What people write behind options of `register`, against AWS's own limits: pairs, images, metadata, lineage."""

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from cli import local_files
from lambdas.core.errors import Unreadable

LINEAGE = ("CommitId", "Repository", "GeneratedBy", "ProjectId")  # MetadataProperties [B]
_IMAGE = re.compile(
    r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9._-]+)+(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MEDIA_TYPE = re.compile(r"[-\w]+/\S.*")
_TAG_CATEGORIES, _TAG_SIGNS = frozenset("LZN"), frozenset("_.:/=+-@")
_MOST_KEYS, _LONGEST_KEY, _LONGEST_VALUE = 50, 128, 256  # CustomerMetadataMap [B]
_MOST_VARIABLES, _LONGEST_VARIABLE = 100, 1024  # EnvironmentMap [B]
_LONGEST_LINEAGE = _LONGEST_DESCRIPTION = 1024  # MetadataPropertyValue, EntityDescription [B]
_LONGEST_IMAGE = 255  # ContainerImage [B]

Problem = Callable[[str], None]
"""Takes what is wrong, in words."""


def image(text: str, wrong: Problem) -> None:
    """Whether it is `registry/repository`, with a tag or a digest."""
    if len(text) > _LONGEST_IMAGE or not _IMAGE.fullmatch(text):
        wrong(
            f"--image {text!r} is no image; it must be registry/repository:tag or registry/repository@sha256:…, "
            "such as 111122223333.dkr.ecr.eu-west-1.amazonaws.com/scoring:7"
        )


def pairs(option: str, said: Iterable[str], wrong: Problem) -> dict[str, str]:
    """`KEY=VALUE`, each key once."""
    found: dict[str, str] = {}
    for text in said:
        key, equals, value = text.partition("=")
        if not equals or not key:
            wrong(f"{option} {text!r} is not KEY=VALUE")
        elif key in found:
            wrong(f"{option} says {key} twice")
        else:
            found[key] = value
    return found


def metadata(said: Iterable[str], wrong: Problem) -> dict[str, str]:
    """`KEY=VALUE`, or the name of a file with one JSON object; as CustomerMetadataProperties takes them [B].

    What has a `=` is a file all the same if there is a file of that name, or a `/` before the `=`: names of folders
    hold `=` too (`runs/dt=2026-01-05/meta.json`). A key with a `/` in it can be given in a file.
    """
    texts = list(said)
    names = [text for text in texts if _is_a_file(text)]
    found = pairs("--metadata", (text for text in texts if text not in names), wrong)
    for name in names:
        for key, value in _from_file(name, wrong).items():
            if key in found:
                wrong(f"--metadata says {key} twice")
            found[key] = value
    for key, value in found.items():
        if not 1 <= len(key) <= _LONGEST_KEY or not tag_like(key):
            wrong(
                f"metadata key {key!r} must be 1 to {_LONGEST_KEY} letters, digits, spaces and _.:/=+-@ (AWS's rule)"
            )
        if not 1 <= len(value) <= _LONGEST_VALUE or not tag_like(value):
            wrong(
                f"metadata {key} is {value!r}; it must be 1 to {_LONGEST_VALUE} letters, digits, spaces and _.:/=+-@ "
                "(AWS's rule)"
            )
    if len(found) > _MOST_KEYS:
        wrong(f"there are {len(found)} keys of metadata; AWS takes {_MOST_KEYS}")
    return found


def _from_file(name: str, wrong: Problem) -> Mapping[str, str]:
    if not os.path.exists(name):  # noqa: PTH110 - unlike Path.exists it takes any text for a name
        inside = "; a key with a / in it goes into a file of JSON" if "=" in name else ""
        wrong(f"--metadata {name} is neither KEY=VALUE nor a file{inside}")
        return {}
    found = json_object(name, f"--metadata {name}", wrong)
    if found is None:
        return {}
    if bad := [key for key, value in found.items() if isinstance(value, dict | list) or value is None]:
        wrong(f"--metadata {name}: {bad[0]} must be text, a number, true or false")
        return {}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


def _is_a_file(text: str) -> bool:
    before, equals, _ = text.partition("=")
    return not equals or "/" in before or os.path.isfile(text)  # noqa: PTH113 - as above


def json_object(name: str, what: str, wrong: Problem) -> dict[str, object] | None:
    """A file's one JSON object; None: it is none, and that was told."""
    try:
        return local_files.json_object(name)
    except (OSError, Unreadable) as error:
        wrong(f"{what}: {local_files.said(error)}")
    return None


def tag_like(text: str) -> bool:
    """Letters, digits, spaces and a few signs: what AWS takes in tags and in metadata."""
    return all(unicodedata.category(one)[0] in _TAG_CATEGORIES or one in _TAG_SIGNS for one in text)


def lineage(said: Iterable[str], wrong: Problem) -> dict[str, str]:
    """`KEY=VALUE` of MetadataProperties."""
    found = pairs("--lineage", said, wrong)
    for key, value in found.items():
        if key not in LINEAGE:
            wrong(f"--lineage {key} is not known; AWS takes {', '.join(LINEAGE)}")
        if not 1 <= len(value) <= _LONGEST_LINEAGE or "\n" in value:
            wrong(f"--lineage {key} must be 1 to {_LONGEST_LINEAGE} characters in one line")
    return found


def environment(said: Iterable[str], wrong: Problem) -> dict[str, str]:
    """`KEY=VALUE`, as a container takes them."""
    found = pairs("--environment", said, wrong)
    for key, value in found.items():
        if not _VARIABLE.fullmatch(key) or max(len(key), len(value)) > _LONGEST_VARIABLE:
            wrong(
                f"--environment {key} must be a variable's name, it and its value of at most {_LONGEST_VARIABLE}"
            )
    if len(found) > _MOST_VARIABLES:
        wrong(f"there are {len(found)} variables of the environment; AWS takes {_MOST_VARIABLES}")
    return found


def media_types(option: str, said: Iterable[str], wrong: Problem) -> list[str]:
    """MIME types."""
    found = list(said)
    for one in found:
        if not _MEDIA_TYPE.fullmatch(one):
            wrong(f"{option} {one!r} is no MIME type, such as application/json")
    return found


def description(text: str, wrong: Problem) -> None:
    """One line."""
    if len(text) > _LONGEST_DESCRIPTION or not all(unicodedata.category(one)[0] != "C" for one in text):
        wrong(f"--description must be one line of at most {_LONGEST_DESCRIPTION} characters")
