"""Begin with a group: `init` writes its YAML, checked as `cdk synth` checks it."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli import out
from cli.reading import Json
from lambdas.core.errors import GreenlightError

_FOLDER = Path("groups")  # which `make` takes unless told otherwise
_FIRST_LINE = "# yaml-language-server: $schema=schema.json\n"


class NoGroupError(GreenlightError):
    """What was said makes no group; the text names everything that is wrong."""


def init(
    group: Annotated[str, typer.Argument(help="The group's name, such as credit-risk.", show_default=False)],
    *,
    owner: Annotated[str, typer.Option(prompt="Owner (a mail address)", help="Who is asked about it.")],
    description: Annotated[str, typer.Option(prompt="What the model tells", help="In a sentence.")],
    approvers: Annotated[
        str, typer.Option(prompt="Approvers (ARNs of roles or users, by commas)", help="Who decides.")
    ],
    registrants: Annotated[
        str,
        typer.Option(
            prompt="Registrants (ARNs of roles or users, by commas)", help="Who registers versions."
        ),
    ],
    artifacts: Annotated[
        str, typer.Option(prompt="Artifacts (s3://bucket/prefix, by commas)", help="Where models lie.")
    ],
    instance_type: Annotated[
        str, typer.Option(prompt="Instance type", help="Of the endpoint.")
    ] = "ml.m5.large",
    instance_count: Annotated[int, typer.Option(prompt="How many instances", help="Of the endpoint.")] = 2,
    folder: Annotated[Path, typer.Option(help="Where groups' files are.")] = _FOLDER,
    json: Json = False,
) -> None:
    """Write a group's YAML by asking; nothing is written unless it is valid. Options given are not asked for.

    Example: greenlight init credit-risk --owner risk@example.com
    """
    file = folder / f"{group}.yaml"
    if not folder.is_dir():
        raise NoGroupError(
            f"there is no folder {folder}; run it where Greenlight's app.py is, or name it by --folder"
        )
    if file.exists():
        raise NoGroupError(f"{file} is there already; edit it")
    raw: dict[str, Any] = {
        "name": group,
        "owner": owner,
        "description": description,
        "approvers": _listed(approvers),
        "registrants": _listed(registrants),
        "artifacts": _listed(artifacts),
        "endpoint": {"instance_type": instance_type, "instance_count": instance_count},
        "rollout": {"strategy": "canary" if instance_count > 1 else "all_at_once"},
        "guardrails": {"error_rate": 0.05},
    }
    from infra.config.load import check  # noqa: PLC0415 - a quarter of the time that other commands take to start

    _, problems = check(raw, str(file))
    if problems:
        raise NoGroupError("nothing was written:\n" + "\n".join(map(str, problems)))
    file.write_text(_FIRST_LINE + yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), encoding="utf-8")
    if json:
        out.as_json({"file": str(file), "group": raw})
    else:
        of = "" if folder == _FOLDER else f" GROUPS={folder}"
        out.say(f"wrote {file}; `make synth{of}` checks it with all others, `make deploy{of}` deploys it")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
