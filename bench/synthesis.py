"""Synth and deploy: seconds and resources against the number of groups."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.program import printed
from bench.row import Row
from lambdas.core.names import CONTROLLER_STACK

ROOT = Path(__file__).parents[1]
SIZES = (1, 10, 100, 300)
MOST_SECONDS = 0.15  # of synth for each further group
MOST_RESOURCES = 25  # in a group's stack; the quota of a stack is 500
_GROUP_STACK = "Greenlight-Group-"
_GROUP = """name: {name}
owner: bench@example.com
description: One of many
approvers: [arn:aws:iam::111122223333:role/ModelRisk]
registrants: [arn:aws:iam::111122223333:role/TrainingPipeline]
artifacts: [s3://acme-models/{name}]
endpoint:
  instance_type: ml.m5.large
  instance_count: 2
  autoscaling: {{min: 2, max: 6, invocations_per_instance: 500}}
rollout: {{strategy: canary, step_percent: 50, bake_seconds: 600}}
guardrails: {{error_rate: 0.01, latency_p99_ms: 300}}
gates: {{metrics: [{{name: recall, at_least: 0.9, worse_than_live_by: 0.01}}], lineage: true}}
smoke_test: {{payload: "1", content_type: application/json}}
"""


@dataclass(frozen=True)
class Synthesis:
    """Of an app: its folder, and how many seconds the whole process took."""

    folder: Path
    seconds: float

    def templates(self) -> Iterator[tuple[str, str]]:
        """Names and texts of the stacks' templates."""
        for path in sorted(self.folder.glob("*.template.json")):
            yield path.name.removesuffix(".template.json"), path.read_text()

    def resources(self) -> dict[str, int]:
        """How many each stack has."""
        return {name: len(json.loads(text)["Resources"]) for name, text in self.templates()}


def synthesized(folder: Path, *, groups: int) -> Synthesis:
    """Synthesize an app with so many groups, as `cdk synth` does.

    Args:
        folder: to write to; its groups' files go beside it.
        groups: how many; the README's example, under other names.
    """
    source = folder.with_name(f"{folder.name}-groups")
    source.mkdir(parents=True)
    for number in range(groups):
        name = f"group-{number:04}"
        (source / f"{name}.yaml").write_text(_GROUP.format(name=name))
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | {"groups": str(source)}
    variables = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
    began = time.monotonic()
    failing = f"an app with {groups} groups is not synthesized"
    printed([sys.executable, str(ROOT / "app.py")], {**os.environ, **variables}, failing, ROOT)
    return Synthesis(folder, time.monotonic() - began)


def rows() -> list[Row]:
    """Seconds for each size and for each further group; resources; what another group changes."""
    with tempfile.TemporaryDirectory() as folder:
        synthesized(Path(folder) / "first", groups=SIZES[0])  # builds the assets, which the others find built
        found = {size: synthesized(Path(folder) / str(size), groups=size) for size in SIZES}
        more = synthesized(Path(folder) / "more", groups=SIZES[1] + 1)
        changed = sum(
            1 for name, text in more.templates() if dict(found[SIZES[1]].templates()).get(name) != text
        )
        controller = {size: one.resources()[CONTROLLER_STACK] for size, one in found.items()}
        group = max(n for name, n in found[SIZES[0]].resources().items() if name.startswith(_GROUP_STACK))
    how = "the app's whole process, assets built"
    smallest, largest = SIZES[1], SIZES[-1]
    marginal = (found[largest].seconds - found[smallest].seconds) / (largest - smallest)
    growth = controller[largest] - controller[smallest]
    return [
        *(Row(f"synth: {size} groups", one.seconds, "s", how) for size, one in found.items()),
        Row("synth: each further group", marginal, "s", f"from {smallest} to {largest} groups", MOST_SECONDS),
        Row("deploy: a group's stack", group, "resources", "counted in its template", MOST_RESOURCES),
        Row(
            "deploy: the controller's stack grows by",
            growth,
            "resources",
            f"{smallest} to {largest} groups",
            0,
        ),
        Row("deploy: another group changes", changed, "stacks", "templates that differ or are new", 1),
    ]
