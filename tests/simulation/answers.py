"""Answers of AWS that are known by their words: which schedules have some, and which of them may fail a version."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.sagemaker.answers import CALLS, ENDINGS
from tests.simulation.life import GROUP

if TYPE_CHECKING:
    from tests.simulation.life import Life

ITS_OWN = frozenset(
    {
        "data not found",
        "image not found",
        "no such image",
        "image invalid",
        "image elsewhere",
        "container malformed",
        "container empty",
        "ping",
        "container",
        "alarm",
    }
)
"""The names of those that speak of the version's container, artifact or alarms. No other may fail a version."""
_TIMES = (1, 1, 2, 4, 9)  # nine last longer than what passes is waited for
_GAPS = (0.0, 5.0, 60.0, 400.0, 1500.0)  # seconds
_SHARE = 0.5  # of the schedules that may have some
_ENDS_BY_ITSELF = frozenset({"alarm"})  # what trips an alarm is in the world, not in AWS's words


@dataclass(frozen=True)
class Answers:
    """What of answers is in a schedule: `ops` as a circle has them."""

    ops: tuple[tuple[int, tuple[str, Any], float], ...]


def answers_of(seed: int) -> Answers | None:
    """The answers in a seed's schedule; None: it has none. By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"answers {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    named = [("answer", name) for name in CALLS] + [
        ("ending", name) for name in ENDINGS if name not in _ENDS_BY_ITSELF
    ]
    placed = []
    for _ in range(chance.randint(1, 4)):
        kind, name = chance.choice(named)
        placed.append((chance.randrange(10), (kind, (name, chance.choice(_TIMES))), chance.choice(_GAPS)))
    return Answers(tuple(placed))


def give(life: Life, kind: str, name: str, times: int) -> None:
    """AWS will answer so, the next times that it is asked."""
    life.answered = True
    words = CALLS[name].message if kind == "answer" else ENDINGS[name]
    if kind == "answer":
        life.aws.faults.answer(name, times)
    else:
        life.aws.faults.end_with(GROUP, name, times)
    told = kind == "answer" or life.aws.sagemaker.switches.failure_reason_after_rollback
    if name in ITS_OWN or not told:
        for known in life.versions.values():
            known.doubtful = True
        life.doubtful = True  # so are those that come
    else:
        life.not_its_own.add(words)


def end(life: Life) -> tuple[int, ...]:
    """AWS does what it is asked again; the versions that somebody must ask to try again, by the runbook."""
    life.aws.faults.failing.clear()
    life.aws.faults.ending.clear()
    if not life.has_record():
        return ()
    return tuple(sorted({one.version for one in life.record().refusals.values() if not one.waits}))
