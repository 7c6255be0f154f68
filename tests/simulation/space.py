"""What a walk goes through: which decisions, when, and which fault beside them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.simulation.course import Course
from tests.simulation.hitch import DELIVERIES, Decision, Fault, Hitch, Kind, When

_STRIKES = (Kind.KILLED_BEFORE, Kind.THROTTLED, Kind.FAILED)
_TIMES = (When.AT_ONCE, When.STARTING, When.SHIFTED, When.SETTLED)


@dataclass(frozen=True)
class Space:
    """All histories of so many decisions, at these times; each without a fault, and with each fault of these kinds.

    `begins`: only histories that begin so. `fault`: only this one.
    """

    decisions: int = 3
    times: tuple[When, ...] = _TIMES
    kinds: tuple[Kind, ...] = tuple(Kind)
    begins: tuple[Decision, ...] = ()
    fault: Fault | None = None

    @classmethod
    def of_one(cls, history: tuple[Decision, ...], fault: Fault | None) -> "Space":
        """One history with one fault, or none."""
        return cls(len(history), begins=history, fault=fault, kinds=(fault.kind,) if fault else ())

    def parts(self) -> list["Space"]:
        """The same in parts that have nothing in common: by the first decision."""
        if self.begins:
            return [self]
        firsts = [Decision(v, status, When.SETTLED) for v in (1, 2) for status in ("Approved", "Rejected")]
        return [replace(self, begins=(first,)) for first in firsts]

    def is_whole(self, course: Course) -> bool:
        """Whether a history has all its decisions."""
        return len(course.made) == self.decisions

    def decisions_at(self, course: Course, when: When) -> list[Decision]:
        """What may be decided next, if the time for it is now."""
        made = len(course.made)
        if self.is_whole(course) or (made and when not in {*self.times, When.BETWEEN}):
            return []
        possible = course.possible(when)
        return [one for one in possible if one == self.begins[made]] if made < len(self.begins) else possible

    def faults(self, step: int, hitch: Hitch, decisions: list[Decision]) -> list[Fault]:
        """Every fault that may strike in a step; `decisions`: what may be decided in the midst of it."""
        found = (
            *_at_calls(step, hitch, decisions),
            *_each(step, range(hitch.events), DELIVERIES),
        )
        return [
            one
            for one in found
            if one.kind in self.kinds and self.fault in {None, replace(one, decision=None)}
        ]


def _at_calls(step: int, hitch: Hitch, decisions: list[Decision]) -> Iterator[Fault]:
    for index, spot in enumerate(hitch.spots):
        yield from _each(step, [index], _STRIKES)
        after = (Kind.NO_REFUSAL,) if spot.refused else (Kind.KILLED_AFTER, Kind.NO_ANSWER)
        yield from _each(step, [index], after)
        yield from _each(step, [index], (Kind.NEXT, Kind.LOOK) if spot.waiting else (Kind.LOOK,))
        yield from (Fault(step, index, Kind.DECIDED, one) for one in decisions)


def _each(step: int, indexes: Iterable[int], kinds: Iterable[Kind]) -> Iterator[Fault]:
    return (Fault(step, index, kind) for index in indexes for kind in kinds)


def told_by_another(fault: Fault, hitch: Hitch) -> bool:
    """Whether another fault of the same step leaves the same behind, whatever the function does.

    A function that is killed remembers nothing. So all that counts is which of its calls took effect: it is killed
    before the first, and after each that does.
    """
    if fault.kind is Kind.KILLED_BEFORE:
        return fault.index > 0
    return fault.kind is Kind.KILLED_AFTER and not hitch.spots[fault.index].takes_effect
