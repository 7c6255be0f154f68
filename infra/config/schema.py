"""The JSON Schema of `groups/*.yaml`, for editors; run as a module it writes `groups/schema.json`."""

import json
from pathlib import Path

from infra.config.group import GroupConfig

PATH = Path(__file__).parents[2] / "groups" / "schema.json"


def schema() -> str:
    """The schema's text."""
    return json.dumps(GroupConfig.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema(), encoding="utf-8")
