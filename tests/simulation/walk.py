"""Walks through all small histories, each with every single fault; nothing is left to chance.

python -m tests.simulation.walk [--jobs 2] [--decisions 3] [--times at-once,starting,shifted,settled]
python -m tests.simulation.walk --history "1A@settled 2A@starting 1R@settled" --fault 17:4:killed-after

What is exhausted: one group with two sound versions, registered and pending; every sequence of decisions on them that
each change a status (A: Approved, R: Rejected), by an approver; each decision at once after the one before, or when the
rollout that it caused starts, or has shifted the traffic, or when nothing goes on any more. In each such history every
single one of these:
- every call of every invocation and of every sweep: the function is killed before it, or after it; it is throttled, or
  fails at AWS; its answer is lost, with its effect done;
- every event: lost, doubled, a minute late, a quarter of an hour late;
- before every call: the next waiting message's invocation runs to its end; so does another look, as of a second
  delivery; a person takes the next decision, whichever it may be, two seconds pass with it.
Each is lived through to its end with the real functions and adapters, under the watch of the invariants. The ledger is
checked after whatever writes to it; what is served, whenever nothing goes on any more and after a last full sweep.

What is not: two faults in one history, or two invocations that alternate more than once; other times, and other delays,
than these; fewer messages in a batch than are waiting; versions that fail, other specs, other switches of AWS. Those
are explored by chance (`explore`).

States are told apart by everything that can make a difference (`likeness`), absolute times included. What was walked
from a state is not walked from it again; a state after the fault also counts as walked if it was one before it.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from typing import Any

from local.sagemaker import service, shapes
from tests.one_thread import Patch
from tests.simulation import explore
from tests.simulation.aws import client
from tests.simulation.course import Course
from tests.simulation.hitch import Decision, Fault, Hitch, When
from tests.simulation.likeness import likeness
from tests.simulation.schedules import what_broke
from tests.simulation.space import Space, told_by_another

_MOST_TOLD = 5
_TELL_EVERY = 10.0  # seconds


@dataclass
class Totals:
    """What a walk has seen.

    `points`: calls and events at which a fault could strike. `runs`: histories with a fault. `same`: faults that
    another one stands for. `merged`: runs, and histories, that came to a state from which all was walked already.
    """

    histories: int = 0
    points: int = 0
    runs: int = 0
    same: int = 0
    merged: int = 0
    ends: int = 0
    states: int = 0
    steps: int = 0
    calls: int = 0

    def add(self, other: "Totals") -> None:
        """Take in another part's."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def __str__(self) -> str:
        return (
            f"{self.histories} histories without a fault, {self.points} points at which one can strike\n"
            f"{self.runs} runs with a fault ({self.same} more leave the same as another), {self.ends} ends reached\n"
            f"{self.states} different states visited, {self.merged} times one that was known\n"
            f"{self.steps} steps, {self.calls} AWS calls"
        )


@dataclass(frozen=True)
class Broke:
    """What broke, and all that is needed to see it again."""

    what: str
    history: tuple[Decision, ...]
    fault: Fault | None

    def __str__(self) -> str:
        history = " ".join(map(str, self.history))
        again = f'python -m tests.simulation.walk --history "{history}"'
        return f"{self.what}\n  {again}" + (f" --fault {self.fault}" if self.fault else "")


@dataclass
class _Way:
    """A step that was taken calmly: from where, and the faults that could have struck in it."""

    before: bytes
    decision: Decision | None
    faults: list[Fault]
    called: bool


class _EnoughError(Exception):
    """So many things broke that more would tell nothing."""


@dataclass
class Walk:
    """A walk through a space; `most`: it ends when so many things broke."""

    space: Space
    most: int = 1_000
    totals: Totals = field(default_factory=Totals)
    broke: list[Broke] = field(default_factory=list)
    _calm: set[bytes] = field(default_factory=set)
    _struck: set[bytes] = field(default_factory=set)
    _told: float = field(default_factory=time.monotonic)

    def whole(self) -> "Walk":
        """From the beginning, through everything."""
        course = Course.begun()
        with suppress(_EnoughError), self._guarding(course, None):
            self._on(course)
        self.totals.states = len(self._calm | self._struck)
        return self

    def _on(self, course: Course) -> None:
        """From where a course is: on without a fault first, deciding whenever it is time to; then with each fault."""
        ways: list[_Way] = []
        is_new = True
        while not (is_new and self._is_known(course)):
            if self.space.is_whole(course) and course.at_rest():
                self._end(course)
                break
            when = course.moment()
            for decision in self.space.decisions_at(course, when) if when else ():
                other = Course.taken_up(course.laid_down())
                ways.append(self._step(other, decision))
                with self._guarding(other, other.fault):
                    self._on(other)
            if when is When.SETTLED:
                course.check()
                break
            ways.append(self._step(course))
            is_new = ways[-1].called
        for way in ways:
            for fault in way.faults:
                self._strike(way, fault)

    def _is_known(self, course: Course) -> bool:
        """Whether all that can follow was walked already, or is being walked."""
        state, before = likeness(course), course.fault is None
        if state in self._calm or (not before and state in self._struck):
            self.totals.merged += 1
            return True
        (self._calm if before else self._struck).add(state)
        return False

    def _step(self, course: Course, decision: Decision | None = None) -> "_Way":
        """One step without a fault, and what else it could have been."""
        if course.fault is not None:
            return _Way(b"", decision, [], called=bool(self._counted(course.step(decision)).spots))
        between = [] if decision else self.space.decisions_at(course, When.BETWEEN)
        before, step = course.laid_down(), course.steps
        hitch = self._counted(course.step(decision))
        faults = self.space.faults(step, hitch, between)
        told = [fault for fault in faults if told_by_another(fault, hitch)]
        self.totals.points += len(hitch.spots) + hitch.events
        self.totals.same += len(told)
        kept = faults if self.space.fault else [fault for fault in faults if fault not in told]
        return _Way(before, decision, kept, called=bool(hitch.spots))

    def _strike(self, way: "_Way", fault: Fault) -> None:
        """A step in which a fault strikes, and all that can follow."""
        course = Course.taken_up(way.before)
        self.totals.runs += 1
        with self._guarding(course, fault):
            hitch = self._counted(course.step(way.decision, fault))
            assert hitch.struck, "a fault found nothing to strike"
            self._on(course)

    @contextmanager
    def _guarding(self, course: Course, fault: Fault | None) -> Iterator[None]:
        """Note what breaks, and go on with something else."""
        try:
            yield
        except _EnoughError:
            raise
        except Exception as error:
            self.broke.append(Broke(what_broke(error), course.made, fault))
            if len(self.broke) == self.most:
                raise _EnoughError from error

    def _end(self, course: Course) -> None:
        """Everything is decided, and nothing goes on."""
        self.totals.histories += course.fault is None
        self.totals.ends += 1
        course.check()
        course.end()

    def _counted(self, hitch: Hitch) -> Hitch:
        totals, now = self.totals, time.monotonic()
        totals.steps += 1
        totals.calls += len(hitch.spots)
        if now - self._told > _TELL_EVERY:
            self._told = now
            first = " ".join(map(str, self.space.begins))
            known = len(self._calm) + len(self._struck)
            sys.stderr.write(f"{first}: {totals.runs} runs, {known} states, {len(self.broke)} broke\n")
        return hitch


def prepare() -> None:
    """What each process needs: as for exploring, and `sparing`."""
    explore.prepare()
    gc.freeze()
    sparing(setattr)


def sparing(patch: Patch) -> None:
    """Neither read a record twice nor check a request twice: they come out the same, and are a third of all work."""
    explore.sparing(patch, most=None)
    patch(client._VALIDATOR, "validate", _once(client._VALIDATOR.validate))
    patch(service, "check", _once(shapes.check))


def _once(do: Callable[..., Any]) -> Callable[..., Any]:
    """What was answered for such arguments before is the answer."""
    known: dict[int, Any] = {}

    def answer(*given: Any) -> Any:
        key = hash(repr(given))
        if key not in known:
            known[key] = do(*given)
        return known[key]

    return answer


def side_by_side(space: Space, jobs: int) -> tuple[Totals, list[Broke]]:
    """Walk through the parts of a space in several processes."""
    totals, broke = Totals(), list[Broke]()
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=prepare) as pool:
        for part in pool.imap(_walked, space.parts()):
            totals.add(part[0])
            broke += part[1]
    return totals, broke


def _walked(space: Space) -> tuple[Totals, list[Broke]]:
    walk = Walk(space).whole()
    return walk.totals, walk.broke


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make walk", description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--decisions", type=int, default=Space.decisions)
    parser.add_argument("--times", default=",".join(Space.times), help="when the next decision may fall")
    parser.add_argument("--history", help='only this one, for example "1A@settled 1R@starting"')
    parser.add_argument("--fault", help="with --history, only this one, for example 17:4:killed-after")
    return parser.parse_args()


def main() -> int:
    """Run the command; 1 if anything broke."""
    asked = _asked()
    if asked.history:
        prepare()
        history = tuple(map(Decision.read, asked.history.split()))
        totals, broke = _walked(Space.of_one(history, asked.fault and Fault.read(asked.fault)))
    else:
        times = tuple(map(When, asked.times.split(",")))
        totals, broke = side_by_side(Space(asked.decisions, times), asked.jobs)
    sys.stdout.write(f"{totals}\n{len(broke)} broke\n")
    for one in broke[:_MOST_TOLD]:
        sys.stdout.write(f"\n{one}\n")
    return 1 if broke else 0


if __name__ == "__main__":
    sys.exit(main())
