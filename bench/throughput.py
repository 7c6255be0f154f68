"""Throughput: events through one reconcile process, and storms of approvals against a limited control plane."""

import json
import time

from bench.row import Row, median_row
from infra.limits import BATCH
from lambdas.core.names import SWEEP
from tests.simulation.storm import gathered, names, needed

GROUPS, ROUNDS = 200, 9
STORM, RATES = 1_000, (2.0, 4.0, 10.0)


def events_per_second() -> list[float]:
    """Events that change nothing, one for each of many groups, AWS answered in memory at once; round by round."""
    measured = []
    with gathered(names(GROUPS)) as storm:
        for number in range(ROUNDS):
            for name in storm.names:
                asked = {"greenlight": {"group": name, "source": SWEEP, "at": number}}
                storm.aws.queue.send(json.dumps(asked), name)
            began = time.process_time()
            storm.run(lambda: storm.source.running == 0 and storm.aws.queue.is_empty())
            measured.append(GROUPS / (time.process_time() - began))
    return measured


def rows() -> list[Row]:
    """Events a second, and each storm's time as a part of what its calls take at the rate."""
    how = f"no-ops in batches of {BATCH}, AWS answered in memory at once, in a second of this processor"
    found = [median_row("throughput: one process", events_per_second(), "events/s", how)]
    alone = needed()
    for rate in RATES:
        with gathered(names(STORM)) as storm:
            storm.approve(rate)
            storm.run(storm.all_done)
            result = storm.result(rate, alone)
        name = f"storm: {STORM:,} approvals, {rate:g} calls/s"
        how = (
            f"simulated; {len(result.done):,} live, {len(result.dead)} dead letters, {result.seconds:,.0f} s"
        )
        found += [
            Row(name, result.ratio, "times", f"{how}; of calls ÷ rate"),
            Row(f"{name}, for each group", result.calls_each, "calls", f"{alone} when it is alone"),
        ]
    return found
