"""Groups in each state of the page's story, as the decision itself leaves record and ledger; and a hostile one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from lambdas.core.acts import Act
from lambdas.core.facts import AlarmState, Baseline, EndpointStatus, Hint, Report
from lambdas.core.identity import Identity
from lambdas.core.ledger import Entry, Event, chain
from lambdas.core.names import SWEEP
from lambdas.core.record import Approval, Cause, Head, Monitored, Pending, Record, Retraining, Run
from lambdas.core.spec import GatesSpec, MetricGate, Monitor, MonitoringSpec, MonitorSpec, RetrainingSpec
from tests.builders import (
    ACCOUNT,
    GROUP,
    NOW,
    REGISTRANT,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint,
    changed,
    decided_as,
    decided_on,
    event_of,
    having,
    live_on,
    package,
)

GATED = a_spec(gates=GatesSpec(metrics=(MetricGate("recall", at_least=0.96),)))
V1 = package(
    1, metadata={"recall": "0.9", "loss": "0.4", "team": "red"}, reason="the first that is good enough"
)
V2 = package(
    2, metadata={"recall": "0.93", "loss": "0.5", "team": "blue"}, image="scorer:2", reason="beats v1"
)

DECIDED = ("ModelApprovalStatus", "ApprovalDescription")  # what an approval with a reason writes

SCRIPT = '<script>window.ran = "script"</script>'
IMAGE = """"><img src=x onerror="window.ran = 'onerror'">"""
QUOTE = """' onmouseover='window.ran = "onmouseover"'"""
CLOSE = '</cwdb-action><cwdb-action action="call" endpoint="evil">{}</cwdb-action>'
TURNED = "exe\u202egnp"
LONG = "W" * 700
HOSTILE = (SCRIPT, IMAGE, QUOTE, CLOSE, TURNED, LONG)


@dataclass(frozen=True)
class Story:
    """A group to look at: what is in the state table, in the ledger, and in the registry by version, oldest first."""

    record: Record
    entries: tuple[Entry, ...]
    registry: tuple[Approval, ...]


def stories() -> dict[str, Story]:
    """By the group's name, which is the state's."""
    live = having(decided_as(live_on(V1), 1, reason=V1.reason), since=NOW, noted=2)
    assert live.endpoint is not None
    compared = having(replace(live, spec=GATED), spec=GATED, noted=1)
    both = replace(live, packages=(V1, V2))
    stuck = an_endpoint(live.endpoint.config, EndpointStatus.UPDATE_ROLLBACK_FAILED)
    pause = Act("pause", json.dumps({"reason": "audit week"}), "1")
    drifts = replace(V1, approval=Approval.REJECTED, modified=NOW, reason="drifts")
    seen = {
        "nothing-yet": Seen(None, spec_is_read=True),
        "pending": replace(compared, packages=(V1, replace(V2, approval=Approval.PENDING))),
        "rolling": replace(both, hints=(event_of(V2, *DECIDED),)),
        "settled": live,
        "blocked": changed(both, 2, author=REGISTRANT),
        "halted": replace(live, endpoint=stuck),
        "withdrawn": replace(live, packages=(drifts,), hints=(event_of(drifts, *DECIDED),)),
        "paused": replace(both, spec_is_read=True, acts=(pause,)),
        "drifting": _drifting(),
    }
    return {group: _told(group, one) for group, one in seen.items()} | {"hostile": _hostile()}


def many(count: int) -> list[Record]:
    """Settled groups with long reasons, `group-000` and on."""
    settled = after(decided_on(live_on(V1)))
    return [
        replace(settled, group=f"group-{number:03}", revision=0, reason="as the registry wants; " * 200)
        for number in range(count)
    ]


def _drifting() -> Seen:
    """What v1 is asked drifts; a run of the pipeline registered v2, which waits; bias of v1 cannot be watched."""
    monitor = MonitorSpec("monitor:1", "cron(0 * ? * * *)", "ml.m5.large")
    kinds = dict.fromkeys((Monitor.DATA_QUALITY, Monitor.BIAS), monitor)
    spec = a_spec(
        monitoring=MonitoringSpec("arn:role", "s3://models", kinds),
        retraining=RetrainingSpec("retrain-drifting", alarms=("greenlight/drifting/drift",)),
    )
    baseline = Baseline("s3://models/1/constraints.json", "s3://models/1/statistics.json")
    live = replace(V1, baselines={Monitor.DATA_QUALITY: baseline})
    run = Run(
        "drifting-run-9",
        Cause.DRIFT,
        "in ALARM: greenlight/drifting/drift",
        NOW - 7200,
        live=1,
        ended=NOW - 3600,
        execution="arn:execution",
        versions=(2,),
    )
    failed = replace(run, id="drifting-run-5", at=NOW - 90_000, problem="step Train failed", versions=())
    seen = live_on(
        live,
        spec=spec,
        hints=(Hint(SWEEP),),
        alarms={"greenlight/drifting/drift": AlarmState.ALARM},
        reports={uri: Report({"features": []}) for uri in (baseline.constraints, baseline.statistics) if uri},
    )
    seen = having(
        decided_as(seen, 1, reason=V1.reason), since=NOW, noted=1, retraining=Retraining(past=(failed, run))
    )
    return replace(seen, packages=(live, replace(V2, approval=Approval.PENDING)))


def _told(group: str, seen: Seen) -> Story:
    """What one look makes of a group, after the registrations of its versions."""
    decision = decided_on(seen)
    record = after(decision)
    spec = replace(seen.spec or a_spec(), name=group)
    spec = replace(spec, endpoint=replace(spec.endpoint, name=group))
    entries, head = chain(group, Head(), (*_registrations(seen), *decision.events))
    statuses = tuple(one.approval for one in seen.packages)
    return Story(replace(record, group=group, spec=spec, revision=0, head=head), entries, statuses)


def _registrations(seen: Seen) -> tuple[Event, ...]:
    """The entries of the versions that were decided on since, which another look made."""
    events: tuple[Event, ...] = ()
    for number, one in enumerate(seen.packages, 1):
        if one.approval is Approval.PENDING:
            continue  # of which this look tells
        waits = replace(one, approval=Approval.PENDING)
        then = live_on(V1, spec=seen.spec) if number > 1 else Seen(a_record(spec=seen.spec), spec=seen.spec)
        before = having(then, noted=number - 1)
        events += decided_on(replace(before, packages=(*seen.packages[: number - 1], waits))).events
    return events


def _hostile() -> Story:
    """Every name that somebody outside gives is one that means harm."""
    words = " ".join(HOSTILE)
    decider = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-approver/{IMAGE}", source=SCRIPT)
    registrant = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-registrant/{CLOSE}", source=LONG)
    metadata = {name: str(0.5 + number / 10) for number, name in enumerate(HOSTILE)}
    live = package(
        1, metadata={**metadata, "team": "red"}, author=decider, registrant=registrant, reason=words
    )
    waits = package(
        2,
        approval=Approval.PENDING,
        metadata={**metadata, IMAGE: "0.7", "team": words, f"team {SCRIPT}": CLOSE},
        image=f"{LONG}:{IMAGE}",
        registrant=registrant,
    )
    gates = GatesSpec(metrics=(MetricGate(SCRIPT, at_least=0.96), MetricGate(LONG, at_least=2)))
    spec = a_spec(gates=gates, retraining=RetrainingSpec(words))
    seen = decided_as(live_on(live, spec=spec), 1, reason=words, by=decider, registrant=registrant)
    seen = replace(seen, packages=(live, waits))
    rejected = package(3, approval=Approval.REJECTED, author=decider, registrant=registrant, reason=LONG)
    pause = Act("pause", json.dumps({"reason": words}), "1")
    story = _told(
        "hostile", replace(seen, packages=(live, waits, rejected), spec_is_read=True, acts=(pause,))
    )
    decided = {**story.record.versions, 3: replace(story.record.versions[3], failed=words)}
    run = Run(f"run {IMAGE}", Cause.PERSON, words, NOW, by=SCRIPT, versions=(1, 2), ended=NOW, problem=words)
    record = replace(
        story.record,
        versions=decided,
        reason=words,
        pending={2: Pending(NOW)},
        monitored={Monitor.BIAS: Monitored(1, "", None, words)},
        retraining=Retraining(run=replace(run, ended=0.0, problem=None), past=(run,), drift=NOW),
    )
    return replace(story, record=record)
