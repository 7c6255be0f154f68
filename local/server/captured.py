"""Reads what an endpoint captured: the rows of each request, by the names of a baseline's features. Pure.

A request is a JSON object of names and values, a list of such, or an object with one such list in it; or CSV, with a
line of names or in the order of the features. Which is which is seen from its content: not every client says.
"""

from __future__ import annotations

import base64
import csv
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, object]

_PLACE = re.compile(r"/(\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3})-[^/]+$")  # see local.sagemaker.capture.place


def taken_at(key: str) -> float | None:
    """When what an object holds was captured, epoch seconds, by its name; None: it is none of captured requests."""
    match = _PLACE.search(key)
    if match is None:
        return None
    return datetime.strptime(f"{match[1]}000", "%Y/%m/%d/%H/%M-%S-%f").replace(tzinfo=UTC).timestamp()


def rows(line: str, names: Sequence[str]) -> list[Row]:
    """The rows of a captured request.

    Args:
        line: of JSON Lines.
        names: of the features, in the order of a CSV's columns.

    Raises:
        ValueError: it is neither JSON objects nor CSV of as many columns.
    """
    taken = json.loads(line)["captureData"].get("endpointInput")
    if taken is None:  # only answers are captured
        return []
    data = taken["data"]
    text = base64.b64decode(data).decode() if taken["encoding"] == "BASE64" else str(data)
    if text.lstrip()[:1] in {"{", "["}:
        return _objects(json.loads(text))
    return _csv(text, names)


def _objects(content: Any) -> list[Row]:
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(content) == len(lists) == 1 else [content]
    if not all(isinstance(one, dict) for one in content):
        raise ValueError("it is JSON, but its rows are not objects of names and values")
    return list(content)


def _csv(text: str, names: Sequence[str]) -> list[Row]:
    lines = [line for line in csv.reader(text.splitlines()) if line]
    header: Sequence[str] = names
    if lines and set(lines[0]) & set(names):
        header, *lines = lines
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"it is CSV, but not of {len(header)} columns")
    return [dict(zip(header, line, strict=True)) for line in lines]
