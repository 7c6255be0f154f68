"""A course: a life on its way through a history, step by step; between steps it can be laid down and taken up again.

A step is a decision, an invocation, a sweep, or the time until something happens next. In a step a fault may strike.
"""

import _thread
import functools
import io
import itertools
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.core.record import Phase
from local.sagemaker.service import Switches
from tests.simulation.aws.account import Aws
from tests.simulation.fate import NoFate
from tests.simulation.hitch import BATCH, Decision, Fault, Hitch, When
from tests.simulation.invariants import Invariants, check_ledger
from tests.simulation.life import GROUP, Life, a_spec
from tests.simulation.oracle import check_end
from tests.simulation.schedules import decide
from tests.simulation.violation import must
from tests.simulation.world import SWEEP_EVERY, World

_VERSIONS = (1, 2)
_CERTAIN = 3  # so many decisions leave nothing in doubt, an approval again included; of more see `decide`
_TO_DECIDE = 2.0  # seconds that a person takes
_MOST_STEPS = 300  # from a decision to rest; a calm rollout takes about 40
# Whoever waits until nothing goes on any more, waits for the half hour: by then queue and tables have forgotten what
# they remember for some minutes, and what was healed meets what never broke.
_PATIENCE = 1800.0
_HELD = frozenset(
    {Phase.BLOCKED, Phase.WITHDRAWN}
)  # what is held may be what would follow a rejected version


@dataclass
class Course:
    """A life, and how far it has come.

    `made`: the decisions until now. `came`: the times to decide that have come since the last. `swept`: nothing was
    done since a sweep. `ending`: no more decisions come.
    """

    life: Life
    watch: Invariants
    made: tuple[Decision, ...] = ()
    fault: Fault | None = None
    came: tuple[When, ...] = ()
    swept: bool = False
    ending: bool = False
    sweep_at: float = 0.0
    steps: int = 0
    decided_in: int = 0
    decided_at: float = 0.0

    @classmethod
    def begun(cls) -> "Course":
        """A group that was looked at, with two versions that wait for a decision; nothing goes on."""
        life = Life(World(Aws(Switches()), _the_last, most=1), a_spec())
        course = cls(life, Invariants(life), sweep_at=life.aws.clock.now() + SWEEP_EVERY)
        life.aws.watchers.append(course.watch)
        course._calm()
        life.begin()
        for _ in _VERSIONS:
            life.register()
        while course.moment() is not When.SETTLED:
            course.step()
        course.steps, course.came = 0, ()
        return course

    # --- laid down and taken up -----------------------------------------------------------------------------------

    def laid_down(self) -> bytes:
        """All of it."""
        self.life.aws.log.clear()
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = _AS_NEW
        pickler.dump(self)
        return buffer.getvalue()

    @staticmethod
    def taken_up(laid_down: bytes) -> "Course":
        """Another one, as it was."""
        course = pickle.loads(laid_down)  # noqa: S301 - our own, of a moment ago
        assert isinstance(course, Course)
        return course

    # --- on its way -----------------------------------------------------------------------------------------------

    def step(self, decision: Decision | None = None, fault: Fault | None = None) -> Hitch:
        """A decision, or else what comes by itself; tells where a fault could have struck."""
        aws = self.life.aws
        aws.log.clear()  # nothing looks further back than its own invocation
        hitch = Hitch(self.life, self._decide, fault)
        aws.fate, aws.boundary = hitch, hitch.boundary
        if decision is None:
            self._go_on(hitch)
        else:
            self._decide(decision)
        self._calm()
        self.fault = fault if hitch.struck else self.fault
        self.steps += 1
        if hitch.struck or any(spot.operation == "TransactWriteItems" for spot in hitch.spots):
            check_ledger(self.life)
        must(self.steps - self.decided_in < _MOST_STEPS, "9: the functions wake each other up without end")
        return hitch

    def _go_on(self, hitch: Hitch) -> None:
        aws, world = self.life.aws, self.life.world
        if messages := aws.queue.receive(BATCH):
            world._invoke(messages)
        elif aws.clock.now() >= self.sweep_at:
            self.sweep_at += SWEEP_EVERY
            world.sweep(full=self.ending)
            self.swept = not hitch.struck
        else:
            change = aws.next_change_at()
            self.swept = self.swept and change is None
            aws.advance_to(max(aws.clock.now(), min(change or self.sweep_at, self.sweep_at)))

    def _calm(self) -> None:
        self.life.aws.fate, self.life.aws.boundary = NoFate(), _nothing

    def _decide(self, decision: Decision) -> None:
        self.life.aws.advance_to(self.life.aws.clock.now() + _TO_DECIDE)
        write = self.life.decide if len(self.made) < _CERTAIN else functools.partial(decide, self.life)
        write(decision.version, decision.status)
        self.made, self.came, self.swept = (*self.made, decision), (), False
        self.decided_in, self.decided_at = self.steps, self.life.aws.clock.now()

    def end(self) -> None:
        """No more decisions: after one full sweep everything must be as the registry wants it."""
        self.ending, self.sweep_at, self.swept = True, self.life.aws.clock.now(), False
        while not self.at_rest():
            self.step()
        self.check()

    def _waits(self) -> bool:
        """Whether a doubt holds the group that CloudTrail settles when it must have told of everything."""
        late = self.life.aws.clock.now() >= self.decided_at + _PATIENCE
        return not late and self.life.has_record() and self.life.record().phase in _HELD

    def check(self) -> None:
        """The ledger is whole, and what is served is what the registry wants."""
        check_ledger(self.life)
        check_end(self.life)

    # --- times to decide ------------------------------------------------------------------------------------------

    def possible(self, when: When) -> list[Decision]:
        """The decisions that change a status as it is now."""
        return [
            Decision(version, status, when)
            for version in _VERSIONS
            for status in ("Approved", "Rejected")
            if (self.life.package(version) or {})["ModelApprovalStatus"] != status
        ]

    def moment(self) -> When | None:
        """The time to decide that has come just now; each comes at most once after a decision, settled last."""
        when = self._now()
        if when is None or when in self.came:
            return None
        self.came = (*self.came, when)
        return when

    def _now(self) -> When | None:
        if self.made and not self.came:
            return When.AT_ONCE
        if self.at_rest():
            return None if self.life.aws.clock.now() % _PATIENCE else When.SETTLED
        return self._in_flight()

    def at_rest(self) -> bool:
        """Nothing goes on, and since it does not a sweep has found nothing to do."""
        return self.swept and self.life.aws.next_change_at() is None and not self._waits()

    def _in_flight(self) -> When | None:
        aws = self.life.aws
        endpoint = aws.sagemaker._account.state.endpoints.get(GROUP)
        if endpoint is None or endpoint.deployment is None or aws.queue.ready():
            return None
        rollout = self.life.record().rollout
        if rollout is None:
            return None
        return When.SHIFTED if rollout.config in aws.serving(GROUP) else When.STARTING


def _the_last(choices: int) -> int:
    """As many messages at once as there are."""
    return choices - 1


def _nothing() -> None:
    """Nothing comes between two calls."""


def _count(count: Any) -> tuple[Any, ...]:
    return itertools.count, (int(repr(count)[len("count(") : -1]),)


# Between two steps every lock is free: a new one is as good.
_AS_NEW: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    _thread.RLock: lambda _: (threading.RLock, ()),
    _thread.LockType: lambda _: (threading.Lock, ()),
    threading.Semaphore: lambda _: (threading.Semaphore, (0,)),
    itertools.count: _count,
}
