"""How much a record holds: what the next plan needs, whatever the group's history. The ledger has the rest.

Each list of the record has its bound here (`BOUNDS`); `bounded` keeps to it, each time that a plan is finished.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from lambdas.core.codec import encode
from lambdas.core.identity import is_approver
from lambdas.core.record import Decided, Placement, Record, Retraining, Run
from lambdas.core.text import cut

MOST_BYTES = 65_536  # of a record as JSON: DynamoDB takes 400 KB, and whoever lists groups reads all of them
MOST_TEXT = 256  # bytes, as JSON, of what somebody wrote about a version, a run or a schedule
MOST_REASON = 1_024  # of what is said of the whole group
MOST_ID = 64  # of an id that somebody else gave
MOST_ANSWERS = 16  # versions that one run registered, the highest numbers
_MAY_START = (
    16  # the youngest approvals that have not failed: to the oldest of them a group goes back by itself
)
_OTHERS = 8  # the youngest of all other decisions
_DECISIONS = 20_480  # bytes of decisions: fewer are kept in full where callers and reasons are long
_PAST, _PAST_BYTES = 20, 6_144  # runs that ended
_STARTS = 168  # of runs within a week: as many as `most_per_week` can be

BOUNDS: Mapping[str, str] = {
    "versions": f"those placed, in flight, or a run's open answer; {_MAY_START} that may start and {_OTHERS} others, of"
    f" {_DECISIONS} bytes together",
    "versions.search.found": "5 writes to the version; only while CloudTrail holds more calls than one look reads",
    "kept": "`retain_versions` (at most 10), the live one, the last known good, and 8 that never served",
    "acts": "one of each kind",
    "pending": "32",
    "heard": f"256 digests of 12 characters; in the account's own record 64 ids of {MOST_ID} bytes",
    "monitored": "one of each monitor",
    "monitored.old": "24",
    "retraining.past": f"{_PAST} runs of {_PAST_BYTES} bytes together",
    "retraining.past.versions": f"{MOST_ANSWERS}",
    "retraining.past.parameters": "none: they are of what is to be started",
    "retraining.run.versions": f"{MOST_ANSWERS}",
    "retraining.run.parameters": "those of the spec, which is one SSM parameter",
    "retraining.starts": f"{_STARTS}",
    "retraining.deaf": "alarms of the spec",
    "retraining.missing": "alarms of the spec",
    "retraining.inspected": "one of each monitor",
    "retraining.well": "one of each monitor",
    "rollout.unwatched": "alarms of the spec",
    "kept.alarms": "one of each kind of guardrail",
    "refusals": "8, the last ones",
    "failing": "one for whole looks, and one of each optional part; it stands beside the body",
    "kept.muted": "alarms of the spec, of the live placement only",
}
"""Every list and mapping of the record, its spec and what other releases wrote aside, and how much is in it at most."""


def short(text: str) -> str:
    """What is said of a whole group, as the record has it."""
    return cut(text, MOST_REASON)


def brief(text: str) -> str:
    """What somebody wrote about a version, a run or a schedule, as the record has it."""
    return cut(text, MOST_TEXT)


def briefly(decided: Decided) -> Decided:
    """A decision with its texts cut as the record has them."""
    changed, failed = (None if text is None else brief(text) for text in (decided.changed, decided.failed))
    return replace(decided, reason=brief(decided.reason), changed=changed, failed=failed)


def bounded(record: Record, news: Collection[int] = ()) -> Record:
    """The record without what the next plan does not need.

    Args:
        record: as the plan leaves it.
        news: versions whose status in the registry is another than on record, and was not taken in yet.
    """
    if "archive" in record.unknown:
        return record  # a newer release's, which cannot be added to
    kept = tuple(p if p.config == record.live or not p.muted else replace(p, muted=()) for p in record.kept)
    record = record if kept == record.kept else replace(record, kept=kept)
    return _archived(replace(record, retraining=_retraining(record.retraining)), news)


def _archived(record: Record, news: Collection[int]) -> Record:
    needed = {*(p.version for p in record.kept), *news} | _in_flight(record) | _open_answer(record)
    staying = _chosen(record, needed & record.versions.keys())
    leaving = {n: one for n, one in record.versions.items() if n not in staying}
    archive = record.archive.without(record.versions)
    if leaving:
        youngest = max(max(one.at, one.recorded, one.not_before) for one in leaving.values())
        archive = archive.adding({n: one.approval for n, one in leaving.items()}, youngest)
    if not leaving and archive == record.archive:
        return record
    versions = {n: one for n, one in record.versions.items() if n in staying}
    return replace(record, versions=versions, archive=archive)


def _chosen(record: Record, needed: set[int]) -> set[int]:
    """The needed ones, and the youngest others: those that may start first, as many as there is room for."""
    by_age = sorted(record.versions.items(), key=lambda one: (one[1].since, one[0]), reverse=True)
    others = [(n, one) for n, one in by_age if n not in needed]
    # Those first that an approver gave: whoever else approves must not push out what is to go live.
    may_start = sorted(
        ((n, one) for n, one in others if record.may_start(one)), key=lambda one: _rank(record, one[1])
    )
    may_not = [(n, one) for n, one in others if not record.may_start(one)]
    room = _DECISIONS - sum(_size(record.versions[n]) for n in needed)
    chosen = set(needed)
    for number, decided in (*may_start[:_MAY_START], *may_not[:_OTHERS]):
        room -= _size(decided)
        if room < 0:
            break
        chosen.add(number)
    return chosen


def _rank(record: Record, decided: Decided) -> int:
    """How likely an approval counts, by who gave it: an approver, somebody not known yet, anybody else."""
    spec, by = record.spec, decided.by
    if by is None or spec is None:
        return 1
    return 0 if is_approver(by, spec.name, spec.execution_role) else 2


def _in_flight(record: Record) -> set[int]:
    return set() if record.rollout is None else {record.rollout.version}


def _open_answer(record: Record) -> set[int]:
    """The version by which a run answered, approved and not live yet: no other run starts meanwhile."""
    live: Placement | None = record.live_placement()
    made = {n for run in record.retraining.past for n in run.versions}
    decided = ((n, record.versions[n]) for n in made & record.versions.keys())
    since = live.decided_at if live is not None else 0.0
    open_ = [n for n, one in decided if record.may_start(one) and (live is None or one.since > since)]
    return set(sorted(open_)[-1:])


def _retraining(known: Retraining) -> Retraining:
    past = tuple(_ended(run) for run in known.past)[-_PAST:]
    while past and _size(past) > _PAST_BYTES:
        past = past[1:]
    run = None if known.run is None else _answered(known.run)
    bound = replace(known, past=past, run=run, starts=known.starts[-_STARTS:])
    return known if bound == known else bound


def _ended(run: Run) -> Run:
    return _answered(replace(run, parameters={}) if run.parameters else run)


def _answered(run: Run) -> Run:
    return run if len(run.versions) <= MOST_ANSWERS else replace(run, versions=run.versions[-MOST_ANSWERS:])


def _size(value: Decided | Iterable[Run]) -> int:
    """Bytes as JSON."""
    told: Any = encode(value)
    return len(json.dumps(told, separators=(",", ":")))
