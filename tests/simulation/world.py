"""One account with its functions running: invocations side by side, the sweep, time."""

import functools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from greenlet import getcurrent, greenlet

from infra.limits import RECONCILE_SECONDS, RETRAIN_SECONDS
from tests.simulation.aws.account import Aws
from tests.simulation.aws.queue import Message
from tests.simulation.fate import Killed, Luck
from tests.simulation.functions import Reporter, reconcile, retrainer, sweeper

SWEEP_EVERY = 300.0
_FULL = 12  # every so many sweeps is a full one
_MOST_ROUNDS = 400
_BATCH = 10


@dataclass
class World:
    """The account, its functions, and how they are interleaved.

    `choose`: a number below n; every choice of the schedule. `most`: invocations at once.
    """

    aws: Aws
    choose: Callable[[int], int]
    most: int = 2
    luck: Luck | None = None
    reporter: Reporter = field(default_factory=Reporter)
    invocations: int = 0
    kills: int = 0
    sweeping: bool = True
    _sweeps: int = 0
    _sweep_at: float = 0.0
    _running: list[greenlet] = field(default_factory=list)
    _current: greenlet | None = None
    _ends_at: dict[greenlet, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.aws.boundary = self._at_a_call
        self._sweep_at = self.aws.clock.now() + SWEEP_EVERY

    # --- time ---------------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the functions run whenever there is something for them."""
        until = self.aws.clock.now() + seconds
        for _ in range(_MOST_ROUNDS * max(1, int(seconds / 600))):
            self._work_off()
            times = [self.aws.next_change_at(), self._sweep_at if self.sweeping else None]
            nearest = min((at for at in times if at is not None), default=None)
            if nearest is None or nearest > until:
                self.aws.advance_to(until)
                self._work_off()
                return
            self.aws.advance_to(max(nearest, self.aws.clock.now()))
            if self.sweeping and self.aws.clock.now() >= self._sweep_at:
                self._sweep_at = self.aws.clock.now() + SWEEP_EVERY
                self._sweeps += 1
                self.sweep(full=self._sweeps % _FULL == 0)
        raise AssertionError("the functions wake themselves up without end")

    def sweep(self, *, full: bool = False) -> None:
        """Run the sweep; a failing one is made up for by the next."""
        self.invocations += 1
        try:
            sweeper(self.aws, f"sweep-{self.invocations}")(full)
        except Killed:
            self.kills += 1
        except Exception as error:  # noqa: BLE001 - sorted out here
            self.reporter.failed("(sweep)", error)

    # --- invocations --------------------------------------------------------------------------------------------

    def _work_off(self) -> None:
        for _ in range(_MOST_ROUNDS):
            if asked := self.aws.retrain_queue.receive(_BATCH):
                self._run(functools.partial(self._invoke_retrain, asked))
                continue
            messages = self.aws.queue.receive(1 + self.choose(_BATCH))
            if not messages:
                return
            self._run(functools.partial(self._invoke, messages))
        raise AssertionError("the queue is never empty")

    def _run(self, invocation: Callable[[], None]) -> None:
        """An invocation, and whatever others come between its calls; all of them end before this does."""
        if self.most == 1:
            invocation()
            return
        self._start(invocation)
        while self._running:
            self._go_on_with(self._running[self.choose(len(self._running)) if len(self._running) > 1 else 0])

    def _start(self, invocation: Callable[[], None]) -> None:
        # A child of whoever runs them all, also if one that is running begins it.
        parent = self._current.parent if self._current is not None else getcurrent()
        self._running.append(greenlet(invocation, parent))

    def _go_on_with(self, invocation: greenlet) -> None:
        """Until it leaves off between two calls, or ends; what it fails with is raised here."""
        self._current = invocation
        try:
            invocation.switch()
        finally:
            self._current = None
            if invocation.dead:
                self._running.remove(invocation)

    def _at_a_call(self) -> None:
        """Between two calls of an invocation another may go on, or begin, and time may pass."""
        if self._strikes("stalled"):
            self.aws.advance_to(self.aws.clock.now() + 1 + self.choose(40))
        current = self._current
        if current is not None and self._strikes("switched"):
            self._let_others_go_on(current)
        if self.aws.clock.now() >= self._ends_at.get(getcurrent(), math.inf):
            raise Killed  # Lambda lets no invocation run longer

    def _let_others_go_on(self, current: greenlet) -> None:
        if len(self._running) < self.most and (more := self.aws.queue.receive(_BATCH)):
            self._start(functools.partial(self._invoke, more))
        if len(self._running) > 1:
            assert current.parent is not None
            current.parent.switch()

    def _strikes(self, kind: str) -> bool:
        return self.luck is not None and self.luck._strikes(kind, getattr(self.luck.rates, kind))

    def _invoke(self, messages: list[Message]) -> None:
        self.invocations += 1
        function = reconcile(self.aws, f"reconcile-{self.invocations}", self.reporter)
        for message in self._worked_off(function, messages, RECONCILE_SECONDS):
            self.aws.queue.delete(message)

    def _invoke_retrain(self, messages: list[Message]) -> None:
        self.invocations += 1
        function = retrainer(self.aws, f"retrain-{self.invocations}")
        for message in self._worked_off(function, messages, RETRAIN_SECONDS):
            self.aws.retrain_queue.delete(message)

    def _worked_off(
        self, function: Callable[[list[Message]], list[Message]], messages: list[Message], seconds: int
    ) -> list[Message]:
        """The messages that are done with; none if it was killed."""
        mine = getcurrent()
        around = self._ends_at.get(mine)  # of the one that this one runs inside of, in a walk
        self._ends_at[mine] = self.aws.clock.now() + seconds
        try:
            failed = function(messages)
        except Killed:
            self.kills += 1
            return []
        finally:
            if around is None:
                del self._ends_at[mine]
            else:
                self._ends_at[mine] = around
        return [message for message in messages if message not in failed]


def by_seed(seed: int) -> tuple[random.Random, Callable[[int], int]]:
    """Choices by a seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    return chance, chance.randrange
