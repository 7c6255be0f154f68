"""Tasks side by side on a virtual clock: one runs until it sleeps, then another; when all sleep, time goes on."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from lambdas.adapters.concurrently import _MOST_THREADS
from tests.simulation.fate import Killed


@dataclass(eq=False)
class Process:
    """Tasks that die together."""

    killed: bool = False
    tasks: list["Task"] = field(default_factory=list)


@dataclass(eq=False)
class Task:
    """Something that is being done; `turn` tells which of its wakings still counts."""

    do: Callable[[], None]
    process: Process
    over: bool = False
    turn: int = 0
    waiting: "Task | None" = None  # who goes on when it is over
    stack: greenlet | None = None


class Tasks:
    """Runs tasks, the one that wakes first first; equal times in the order of asking.

    Args:
        now: the virtual time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: list[tuple[float, int, Callable[[], Task | None]]] = []
        self._number = itertools.count()
        self._processes: set[Process] = set()
        self._current: Task | None = None
        self._here = getcurrent()

    # --- for whoever runs them ----------------------------------------------------------------------------------

    def run(self, advance: Callable[[], bool]) -> None:
        """Run the tasks.

        Args:
            advance: nothing is due now; lets time pass, at most until `next_at`. False: that is all.

        Raises:
            Whatever a task ended with.
        """
        self._here = getcurrent()
        while (task := self._next(advance)) is not None:
            self._current = task
            if task.stack is None:
                task.stack = greenlet(lambda task=task: self._do(task))
            task.stack.switch()
            self._current = None

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (when, next(self._number), do))

    def next_at(self) -> float | None:
        """When something is due next."""
        return self._due[0][0] if self._due else None

    def kill(self, process: Process) -> None:
        """End a process: none of its tasks goes further than it is."""
        process.killed = True
        for task in process.tasks:
            self.wake(task, self._now())

    def end(self) -> None:
        """End every process."""
        for process in tuple(self._processes):
            self.kill(process)
        self._due = [one for one in self._due if one[0] <= self._now()]
        heapq.heapify(self._due)
        self.run(lambda: False)

    # --- for tasks ----------------------------------------------------------------------------------------------

    def start(self, do: Callable[[], None], process: Process | None = None) -> Task:
        """Begin a task, in the process of whoever begins it unless another is given."""
        mine = process or (self._current.process if self._current else Process())
        task = Task(do, mine)
        mine.tasks.append(task)
        self._processes.add(mine)
        self.wake(task, self._now())
        return task

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task; the others go on."""
        task = self.current()
        self.wake(task, self._now() + seconds)
        self._pause(task)

    def concurrently(self, *calls: Callable[[], Any]) -> list[Any]:
        """Stands in for `lambdas.adapters.concurrently`, with tasks for its threads."""
        if len(calls) < 2:
            return [call() for call in calls]
        results: dict[int, Any] = {}
        errors: dict[int, Exception] = {}
        left = iter(enumerate(calls))

        def work() -> None:
            for index, call in left:
                try:
                    results[index] = call()
                except Exception as error:  # noqa: BLE001 - raised below, in the order of the calls
                    errors[index] = error

        mine = self.current()
        workers = [self.start(work) for _ in range(min(len(calls), _MOST_THREADS))]
        for worker in workers:
            worker.waiting = mine
        while not all(worker.over for worker in workers):
            self._pause(mine)
        if errors:
            raise errors[min(errors)]
        return [results[index] for index in range(len(calls))]

    def current(self) -> Task:
        """The task that asks."""
        assert self._current is not None, "only a task can wait"
        return self._current

    def wake(self, task: Task, at: float) -> None:
        """Let a task go on at a time, and at no other that was said before."""
        task.turn += 1
        turn = task.turn
        heapq.heappush(
            self._due,
            (at, next(self._number), lambda: task if task.turn == turn and not task.over else None),
        )

    # --- one after the other ------------------------------------------------------------------------------------

    def _next(self, advance: Callable[[], bool]) -> Task | None:
        """Let happen what is due, and time pass, until a task is to go on; None: that is all."""
        while True:
            while self._due and self._due[0][0] <= self._now():
                task = heapq.heappop(self._due)[2]()
                if task is not None:
                    return task
            if not advance():
                return None

    def _do(self, task: Task) -> None:
        """Do all of a task; what it fails with is raised where the tasks are run."""
        try:
            if not task.process.killed:
                task.do()
        except Killed:
            pass
        finally:
            task.over = True
            task.process.tasks.remove(task)
            if not task.process.tasks:
                self._processes.discard(task.process)
            if task.waiting is not None:
                self.wake(task.waiting, self._now())

    def _pause(self, task: Task) -> None:
        self._here.switch()
        if task.process.killed:
            raise Killed


class Condition:
    """What a `threading.Condition` is to threads; there is nothing to lock, since only one task runs."""

    def __init__(self, tasks: Tasks, now: Callable[[], float]) -> None:
        self._tasks, self._now = tasks, now
        self._waiting: list[Task] = []

    def __enter__(self) -> None:
        """Nothing to lock."""

    def __exit__(self, *_: object) -> None:
        """Nothing to unlock."""

    def wait(self, seconds: float) -> None:
        """Until notified, or so many seconds; at least a step that the clock can show."""
        task = self._tasks.current()
        self._waiting.append(task)
        try:
            self._tasks.sleep(max(seconds, 0.001))
        finally:
            self._waiting.remove(task)

    def notify(self) -> None:
        """Wake who has waited longest."""
        for task in self._waiting[:1]:
            self._tasks.wake(task, self._now())
