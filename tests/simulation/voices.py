"""Who else writes: people who annotate, also in others' words; floods of denied calls; one person by two names."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.life import EVE, GROUP, ROB, person

if TYPE_CHECKING:
    from tests.simulation.life import Life

SIGNED = "Reviewed by ann. Signed: ann"
_GAPS = (0.0, 5.0, 60.0, 400.0, 600.0)  # seconds
_SHARE = 0.35  # of the schedules that may have some
_FLOOD = 120  # denied calls, some more than a look reads at once, see `functions.SOME_PAGES`
ANNS_OTHER_NAME = person(f"{GROUP}-registrant", "Ann")


@dataclass(frozen=True)
class Voices:
    """What of them is in a schedule: `ops` as a circle has them."""

    ops: tuple[tuple[int, tuple[str, Any], float], ...]


def voices_of(seed: int) -> Voices | None:
    """Those in a seed's schedule; None: none. By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"voices {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    kinds = [("say", 0), ("say", 1), ("say", 2), ("say", 3), ("twin", None), ("flood", _FLOOD)]
    placed = [
        (chance.randrange(12), chance.choice(kinds), chance.choice(_GAPS))
        for _ in range(chance.randint(1, 5))
    ]
    return Voices(tuple(placed))


def say(life: Life, number: int) -> None:
    """A registrant writes a description: words that seem an approver's."""
    life._call(
        ROB,
        "sagemaker",
        "update_model_package",
        ModelPackageArn=life.arn(number),
        ApprovalDescription=f"{SIGNED} at {life.aws.clock.now():.0f}",
    )


def flood(life: Life, calls: int) -> None:
    """Somebody without any permission calls again and again: each call is denied, and in CloudTrail."""
    life.aws.trail.record_denied("UpdateModelPackage", {"ModelPackageArn": "any"}, EVE, calls)
