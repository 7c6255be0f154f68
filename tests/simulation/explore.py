"""Explores schedules, many at once, and tells what was seen; what breaks is told with its seed and a minimal history.

python -m tests.simulation.explore --schedules 100000 --seed 0 --jobs 2
"""

import argparse
import functools
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from lambdas.adapters import store
from lambdas.core.record import record_from_json
from tests.one_thread import Patch, without_threads
from tests.simulation import life
from tests.simulation.schedules import Totals, minimal, run, schedule

_CHUNK = 25
_MOST_TOLD = 5
_MOST_RECORDS = 1_000


@dataclass
class Found:
    """What a worker has seen: totals, and each seed at which something broke."""

    totals: Totals = field(default_factory=Totals)
    broke: dict[int, str] = field(default_factory=dict)


def prepare() -> None:
    """What each process needs: no threads within an invocation, no lines about what is meant to go wrong."""
    without_threads(setattr)
    sparing(setattr)
    logging.disable(logging.CRITICAL)


def sparing(patch: Patch, most: int | None = _MOST_RECORDS) -> None:
    """Do not read a record again that was read: it comes out the same (`most`: how many are remembered; None: all)."""
    read = functools.lru_cache(most)(record_from_json)
    for module in (store, life):
        patch(module, "record_from_json", read)


def explore(seeds: range) -> Found:
    """Live through the schedules of these seeds."""
    found = Found()
    for seed in seeds:
        if (broke := run(schedule(seed), found.totals)) is not None:
            found.broke[seed] = broke
    return found


def side_by_side(first: int, count: int, jobs: int) -> Iterator[Found]:
    """Explore in several processes; gives what each part has seen as it comes."""
    parts = [
        range(start, min(start + _CHUNK, first + count)) for start in range(first, first + count, _CHUNK)
    ]
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=prepare) as pool:
        yield from pool.imap_unordered(explore, parts)


def told(seed: int, broke: str) -> str:
    """A violation with all that is needed to see it again."""
    plan = minimal(schedule(seed), broke)
    ops = "\n".join(f"    {name} {value}, then {gap:g} s" for (name, value), gap in plan.ops)
    return f"seed {seed}: {broke}\n  the shortest history that breaks it:\n{ops}\n  {plan}"


def in_words(totals: Totals) -> str:
    """What was seen."""
    struck = ", ".join(f"{kind} {count}" for kind, count in sorted(totals.struck.items()))
    failures = ", ".join(f"{kind} {count}" for kind, count in sorted(totals.failures.items()))
    return (
        f"{totals.schedules} schedules, {totals.invocations} invocations, {totals.calls} AWS calls, "
        f"{totals.moves} rollouts begun, {totals.runs} runs started, {totals.watched} schedules moved, "
        f"{totals.kills} kills, {len(totals.states)} different states\n"
        f"faults: {struck or 'none'}\nlooks repeated: {failures or 'none'}"
    )


def main() -> int:
    """Run the command; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="make explore", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    whole, began, last = Found(), time.monotonic(), 0.0
    for part in side_by_side(asked.seed, asked.schedules, asked.jobs):
        whole.totals.add(part.totals)
        whole.broke |= part.broke
        if time.monotonic() - last > 5:
            last = time.monotonic()
            rate = whole.totals.schedules / (last - began)
            sys.stderr.write(
                f"{whole.totals.schedules} of {asked.schedules}, {rate:.0f} a second, {len(whole.broke)} broke\n"
            )
    sys.stdout.write(in_words(whole.totals) + "\n")
    prepare()
    for seed in sorted(whole.broke)[:_MOST_TOLD]:
        sys.stdout.write("\n" + told(seed, whole.broke[seed]) + "\n")
    return 1 if whole.broke else 0


if __name__ == "__main__":
    sys.exit(main())
