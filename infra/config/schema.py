"""Writes groups/schema.json from the configuration's model: `python -m infra.config.schema`."""

import json
from pathlib import Path

from infra.config.model import json_schema

PATH = Path(__file__).resolve().parents[2] / "groups" / "schema.json"


def schema_text() -> str:
    """The file's content."""
    return json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text())
