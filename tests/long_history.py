"""A group's long history, decided on look by look: what its record and its entries come to."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

from lambdas.core.decide import Part, afterwards, decide, decide_part
from lambdas.core.facts import Facts, VersionDetail, VersionSummary
from lambdas.core.record import Approval, Record, record_to_json
from lambdas.core.turn import Decision, Need
from tests.builders import GROUP, NOW, START, Seen, a_record, after, package

MANY = 5_000
EMOJI = "\N{PILE OF POO}" * 1_024


def size(record: Record) -> int:
    return len(record_to_json(record))


def looks(record: Record, packages: dict[int, VersionDetail], now: float = NOW) -> Iterator[Decision]:
    """One look after another until all is taken in, without any event; each is told only what it asks for."""
    summaries = tuple(
        VersionSummary(p.version, p.arn, p.approval, p.status, START) for p in packages.values()
    )
    parts: list[Callable[[Facts], Decision | Need]] = [decide]
    parts += [functools.partial(decide_part, part) for part in Part]
    again = True
    while again:
        facts = Facts(GROUP, now, record, summaries, hints=())
        for deciding in parts:
            outcome, facts = _of_part(facts, packages, deciding)
            record = after(outcome)
            facts = afterwards(facts, outcome, record)
            yield outcome
            again = outcome.again
            if again:
                break


def _of_part(
    facts: Facts, packages: dict[int, VersionDetail], deciding: Callable[[Facts], Decision | Need]
) -> tuple[Decision, Facts]:
    seen = Seen(facts.record)
    while isinstance(outcome := deciding(facts), Need):
        wanted = {version: packages.get(version) for version in outcome.details}
        facts = seen.with_more(facts, replace(outcome, details=frozenset()))
        facts = replace(facts, details={**facts.details, **wanted})
    return outcome, facts


@functools.cache
def history(reason: str) -> tuple[Record, int, int]:
    """The record after so many decisions and as many that wait, and the largest that it and an entry ever were."""
    decided = {
        n: package(n, approval=Approval.REJECTED, reason=reason, at=START + n) for n in range(1, MANY + 1)
    }
    waiting = {n: package(n, approval=Approval.PENDING) for n in range(MANY + 1, 2 * MANY + 1)}
    largest = entry = 0
    record = a_record()
    for packages in (decided, decided | waiting):
        for decision in looks(record, packages):
            record = after(decision)
            largest = max(largest, size(record))
            entry = max([entry, *(len(one.body) for one in decision.entries)])
    return record, largest, entry
