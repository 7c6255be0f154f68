"""What goes wrong with the events of AWS services: lost, doubled, late or out of order, at given rates, seeded.

AWS sends them best effort: "in some rare cases an event might not be delivered" (EventBridge, "Events from AWS
services"), several may be sent for one change (SageMaker developer guide), and no order is promised.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class EventFaults:
    """Rates between 0 and 1 of events that are lost, doubled, delayed, or held back behind the next ones.

    `delay` is the longest delay in AWS seconds; `seed` makes a run repeatable.
    """

    lost: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0
    reordered: float = 0.0
    delay: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"event fault {field.name}={value!r} is not a number")
            if field.name in ("lost", "doubled", "delayed", "reordered") and not 0 <= value <= 1:
                raise ValueError(f"event fault {field.name}={value!r} is not a rate between 0 and 1")
        if self.delay < 0:
            raise ValueError(
                f"event fault delay={self.delay!r} is negative; it is the longest delay in AWS seconds"
            )

    @property
    def none(self) -> bool:
        """Whether every event is delivered exactly once, at once, in order."""
        return not (self.lost or self.doubled or self.delayed or self.reordered)


class FaultPlan:
    """Decides, event by event, when copies of it are delivered."""

    def __init__(self, faults: EventFaults) -> None:
        self.faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311 - repeatable, not secret

    def delays(self) -> list[float]:
        """The delays in AWS seconds after which copies of the next event arrive: [] lost, [0.0] as it should be.

        An event that is reordered is held back by up to a tenth of `delay`, so that those after it overtake it.
        """
        # Always the same number of draws per event, so that one rate changed leaves the others' events alone.
        lost, doubled, delayed, reordered = (self._random.random() for _ in range(4))
        how_late, how_held, gap = (self._random.random() for _ in range(3))
        faults = self.faults
        if lost < faults.lost:
            return []
        first = 0.0
        if reordered < faults.reordered:
            first += how_held * faults.delay / 10
        if delayed < faults.delayed:
            first += how_late * faults.delay
        return [first, first + gap * faults.delay / 10] if doubled < faults.doubled else [first]
