"""The JSON paths of EventBridge target parameters: `$.detail.name`, `$.resources[0]`."""

from __future__ import annotations

import re

_STEP = re.compile(r"\.([A-Za-z0-9_\-/]+)|\[(\d+)\]|\['([^']+)'\]")


def is_path(text: str) -> bool:
    """Whether EventBridge reads `text` as a path into the event."""
    return text == "$" or text.startswith(("$.", "$["))


def resolve(path: str, content: object) -> object | None:
    """What `path` names in `content`; None when it names nothing, or is no path of this form."""
    position, value = 1, content
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        name, index = step.group(1) or step.group(3), step.group(2)
        if name is not None:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        if value is None:
            return None
        position = step.end()
    return value
