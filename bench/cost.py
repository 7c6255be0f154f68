"""What Greenlight costs a month: calls counted on the simulation, items as they are stored, and AWS's list prices.

`python -m bench.cost` writes the tables of docs/cost.md; a test holds the page to what this module works out.
"""

import functools
import logging
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import prices, sweeping
from bench.calls import GROUP, counted
from bench.row import Row
from infra.limits import BATCH, OTHERS_MB, RECONCILE_MB, SWEEP_MINUTES
from lambdas.core.spec import GroupSpec
from tests.simulation.aws.account import LEDGER_TABLE, STATE_TABLE

PAGE = Path(__file__).parents[1] / "docs" / "cost.md"
SIZES = (1, 100, 10_000)
ROLLOUTS = 4  # versions registered, approved and rolled out, for each group and month
# Fixed, as the templates have them; tests/infra/test_cost.py counts.
ALARMS, KEYS, QUEUES_READ = 17, 3, 2
GROUP_ALARMS, GUARDRAILS = 1, 2
SCALING_ALARMS = 2  # made by AWS for a target-tracking policy, one for each way
# Assumed, as no simulation knows them.
CALL_SECONDS = 0.05  # of AWS, in its own region
LOOK_BYTES = 1_000  # of log, with the metric in it
IDLE_READS = 5 * 30 * 86_400 / 20  # of a queue: Lambda's five readers ask every 20 seconds
MEMORY_GB = {
    name: mb / 1024
    for name, mb in (("reconcile", RECONCILE_MB), ("sweep", OTHERS_MB), ("announce", OTHERS_MB))
}
HOURS, MINUTES = 730, 43_800  # a month


@dataclass(frozen=True)
class Rollout:
    """What a version takes from its registration until all is quiet: looks, calls in a row, units written, entries."""

    looks: int
    in_a_row: int
    written: int
    entries: int
    entry_bytes: float
    record_bytes: int


@functools.cache
def rollout() -> Rollout:
    """Counted: one version is registered, approved, rolled out and verified, within two hours."""
    with counted() as one:
        before = len(one.storm.aws.tables.items(LEDGER_TABLE))
        one.begin()
        version = one.register()
        one.decide(version, "Approved")
        one.settle()
        calls, tables = one.cost(), one.storm.aws.tables
        entries = tables.items(LEDGER_TABLE)[before:]
        writes = [call.request for call in one.log() if call.operation == "TransactWriteItems"]
        # An item in a transaction takes two units for each KB, and one in each of the two indexes, at most.
        written = sum(
            2 * math.ceil(_bytes(item["Put"]["Item"]) / 1024) + 2 * (item["Put"]["TableName"] == STATE_TABLE)
            for request in writes
            for item in request["TransactItems"]
        )
        (record,) = (item for item in tables.items(STATE_TABLE) if item["group"]["S"] == GROUP)
        return Rollout(
            looks=calls.calls["ListModelPackages"],
            in_a_row=calls.depth,
            written=written,
            entries=len(entries),
            entry_bytes=sum(map(_bytes, entries)) / len(entries),
            record_bytes=_bytes(record),
        )


def _bytes(item: dict[str, Any]) -> int:
    return sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())


def monthly(groups: int) -> dict[str, float]:
    """US dollars a month, by service.

    Args:
        groups: how many; each with the guardrails of the README's example and `retain_versions` as it is by default.
    """
    one, sweeps, passes = rollout(), MINUTES / SWEEP_MINUTES, HOURS
    rollouts = groups * ROLLOUTS
    idle, busy = groups * passes, rollouts * one.looks
    batches = math.ceil(groups / BATCH) * passes
    slices = sweeping.full_pass() / sweeping.GROUPS * groups  # calls of a full pass
    entries = rollouts * one.entries
    seconds = {
        "reconcile": batches * 3 * CALL_SECONDS + rollouts * one.in_a_row * CALL_SECONDS,
        "sweep": (sweeps * sweeping.calls_when(0) + passes * slices) * CALL_SECONDS,
        "announce": entries * 3 * CALL_SECONDS,
    }
    started = batches + busy + sweeps + passes + entries
    kept = groups * (one.record_bytes + 12 * ROLLOUTS * one.entries * one.entry_bytes) / 1e9
    found: dict[str, float] = {}
    found["Lambda"] = started * prices.LAMBDA_REQUEST + prices.LAMBDA_GB_SECOND * sum(
        seconds[name] * MEMORY_GB[name] for name in seconds
    )
    found["DynamoDB"] = (
        (idle + busy) * math.ceil(one.record_bytes / 4096) * prices.DYNAMODB_READ
        + 2 * (sweeps + passes) * (prices.DYNAMODB_READ + prices.DYNAMODB_WRITE)
        + rollouts * one.written * prices.DYNAMODB_WRITE
        + kept * prices.DYNAMODB_GB
    )
    # A message is sent, received and deleted; a full pass does so with ten at once.
    # One of the queues that Lambda reads is a FIFO queue.
    found["SQS"] = (3 * (idle / BATCH + busy) + IDLE_READS) * prices.SQS_FIFO
    found["SQS"] += (QUEUES_READ - 1) * IDLE_READS * prices.SQS
    found["EventBridge and SNS"] = (
        entries * (prices.EVENT + prices.MESSAGE) + (sweeps + passes) * prices.SCHEDULE
    )
    found["CloudWatch: the controller's"] = ALARMS * prices.ALARM + prices.DASHBOARD + prices.METRIC
    found["CloudWatch: abort alarms"] = groups * GROUP_ALARMS * prices.FAST_ALARM
    found["CloudWatch: guardrails"] = groups * GUARDRAILS * GroupSpec.retain_versions * prices.ALARM
    found["CloudWatch: alarms that scale"] = groups * SCALING_ALARMS * prices.ALARM
    found["CloudWatch: logs, metrics of groups"] = (idle + busy) * LOOK_BYTES / 1e9 * prices.LOG_GB + (
        entries * prices.METRIC / HOURS
    )
    found["KMS"] = KEYS * (prices.KEY + MINUTES / 5 * prices.KEY_REQUEST)
    return found


def snapstart() -> float:
    """US dollars a month for `snap_start`: one cached version of each of the three functions that queues feed."""
    return (RECONCILE_MB + 2 * OTHERS_MB) / 1024 * HOURS * 3600 * prices.SNAPSTART_CACHE


def tables() -> str:
    """The part of the page that is worked out."""
    columns = [monthly(size) for size in SIZES]
    one, each = rollout(), [sum(monthly(size).values()) / size for size in SIZES]
    lines = [
        f"| US dollars a month | {' | '.join(f'groups: {size:,}' for size in SIZES)} |",
        "|---|" + "---|" * len(SIZES),
        *(f"| {name} | {' | '.join(f'{column[name]:,.2f}' for column in columns)} |" for name in columns[0]),
        f"| **all** | {' | '.join(f'**{sum(column.values()):,.2f}**' for column in columns)} |",
        f"| for each group | {' | '.join(f'{usd:,.2f}' for usd in each)} |",
        "",
        f"Prices: {prices.REGION}, {prices.DATED}, without the free tier, from public summaries (`bench/prices.py`"
        f" names them: check what you rely on). Counted: a rollout takes {one.looks} looks,"
        f" {one.written} write units and {one.entries} entries of {one.entry_bytes:.0f} bytes; a record has"
        f" {one.record_bytes:,} bytes; a look that finds nothing to do is {sweeping.LOOK} calls, a sweep"
        f" {sweeping.calls_when(0)}, a full pass of {sweeping.GROUPS:,} groups {sweeping.full_pass():,}. Assumed:"
        f" {ROLLOUTS} rollouts for each group and month, {CALL_SECONDS * 1000:.0f} ms for a call,"
        f" {LOOK_BYTES:,} bytes of log for a look, two guardrails for each of {GroupSpec.retain_versions} kept"
        f" configs, autoscaling, a ledger of one year. `snap_start` adds {snapstart():.2f} a month, and"
        f" {prices.SNAPSTART_RESTORE * MEMORY_GB['reconcile']:.5f} for each start of reconcile.",
    ]
    return "\n".join(lines)


_MARKED = re.compile(r"(<!-- counted -->\n).*(\n<!-- end -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables as they are now."""
    return _MARKED.sub(lambda found: f"{found[1]}{tables()}{found[2]}", text)


def rows() -> list[Row]:
    """A month's cost at each size."""
    how = f"{prices.REGION}, {prices.DATED}; docs/cost.md"
    return [Row(f"cost: {size:,} groups", sum(monthly(size).values()), "USD a month", how) for size in SIZES]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    PAGE.write_text(page(PAGE.read_text()))
    sys.stdout.write(f"{tables()}\n")
