"""`make bench`: every group of rows, as a Markdown table, and as JSON in .build/bench.json.

Exits 1 only if something could not be measured: a figure that misses its goal is a figure.
"""

import argparse
import dataclasses
import json
import logging
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench import calls, cost, records, start, sweeping, synthesis, throughput
from bench.row import Row, as_markdown

RESULTS = Path(__file__).parents[1] / ".build" / "bench.json"
GROUPS: dict[str, Callable[[], list[Row]]] = {
    "start": start.rows,
    "calls": calls.rows,
    "sweep": sweeping.rows,
    "throughput": throughput.rows,
    "synthesis": synthesis.rows,
    "cost": cost.rows,
    "records": records.rows,
}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of rows: {', '.join(GROUPS)}; else all")
    asked = parser.parse_args().groups or list(GROUPS)
    if unknown := [name for name in asked if name not in GROUPS]:
        parser.error(f"no group of rows is called {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    logging.disable(logging.CRITICAL)
    rows, failed = [], []
    for name in asked:
        sys.stderr.write(f"measuring {name} …\n")
        try:
            rows += GROUPS[name]()
        except Exception:  # noqa: BLE001 - told below; the other rows stand by themselves
            traceback.print_exc()
            failed.append(name)
    here = f"{time.strftime('%Y-%m-%d', time.gmtime())}, {_machine()}"
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    content = {"measured": here, "rows": [dataclasses.asdict(row) for row in rows], "failed": failed}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")
    sys.stdout.write(f"Measured {here}.\n\n{as_markdown(rows)}\n")
    for name in failed:
        sys.stderr.write(f"{name} could not be measured; the reason is above\n")
    return 1 if failed else 0


def _machine() -> str:
    """The processor, how many, and Python."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    count = f"{len(models)} processors {models[0]}" if models else platform.processor()
    return f"{count}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
