"""Tasks side by side on a virtual clock: threads of which only one runs, until it sleeps and time goes on."""

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.fate import Killed

_MOST_THREADS = 10  # as lambdas.adapters.concurrently has it


@dataclass
class Process:
    """Tasks that die together."""

    killed: bool = False
    tasks: set["Task"] = field(default_factory=set)


class Task:
    """Something that is being done; `over` once it ended, with the error it ended by."""

    def __init__(self, do: Callable[[], None], process: Process) -> None:
        self.do, self.process = do, process
        self.over = False
        self.error: BaseException | None = None
        self.then: Callable[[], None] = lambda: None
        self.thread: _Thread | None = None
        self.turn = 0


def _taken() -> threading.Lock:
    """A lock that is a baton: whoever waits for it goes on when somebody else releases it."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class _Thread(threading.Thread):
    """Does one task after another, each only while it holds the baton: starting a thread for each would cost more."""

    def __init__(self, back: threading.Lock) -> None:
        super().__init__(daemon=True)
        self._back = back
        self.go = _taken()
        self.task: Task | None = None

    def run(self) -> None:
        while True:
            self.go.acquire()
            task = self.task
            if task is None:
                return
            try:
                task.do()
            except BaseException as error:  # noqa: BLE001 - told to whoever runs the tasks
                task.error = error
            task.over = True
            self._back.release()


class Tasks:
    """Runs tasks, the one that wakes first first; equal times in the order of asking.

    Args:
        now: the virtual time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._idle: list[_Thread] = []
        self._back = _taken()
        self._current: Task | None = None

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (when, next(self._number), do))

    def next_at(self) -> float | None:
        """When something is due next."""
        return self._due[0][0] if self._due else None

    def run_due(self) -> None:
        """Do what is due by now."""
        while self._due and self._due[0][0] <= self._now():
            heapq.heappop(self._due)[2]()

    def start(self, do: Callable[[], None], process: Process | None = None) -> Task:
        """Begin a task, in the process of whoever begins it unless another is given."""
        mine = process or (self._current.process if self._current else Process())
        task = Task(do, mine)
        mine.tasks.add(task)
        self._wake(task, self._now())
        return task

    def kill(self, process: Process) -> None:
        """End a process: each of its tasks goes no further than it is."""
        process.killed = True
        for task in tuple(process.tasks):
            self._wake(task, self._now())

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task; the others go on."""
        task = self._mine()
        self._wake(task, self._now() + seconds)
        self._pause(task)

    def concurrently(self, *calls: Callable[[], Any]) -> list[Any]:
        """Stands in for `lambdas.adapters.concurrently`: the same, of tasks."""
        if len(calls) < 2:
            return [call() for call in calls]
        results: dict[int, Any] = {}
        errors: dict[int, Exception] = {}
        left = iter(enumerate(calls))

        def work() -> None:
            for index, call in left:
                try:
                    results[index] = call()
                except Exception as error:  # noqa: BLE001 - raised below, in order
                    errors[index] = error

        mine = self._mine()
        workers = [self.start(work) for _ in range(min(len(calls), _MOST_THREADS))]
        for worker in workers:
            worker.then = lambda: self._wake(mine, self._now())
        while not all(worker.over for worker in workers):
            self._pause(mine)
        if errors:
            raise errors[min(errors)]
        return [results[index] for index in range(len(calls))]

    def condition(self) -> "Condition":
        """Something to wait for."""
        return Condition(self)

    def _mine(self) -> Task:
        assert self._current is not None, "only a task can wait"
        return self._current

    def _wake(self, task: Task, at: float) -> None:
        """Wake a task at a time, and at no other that was said before."""
        task.turn += 1
        turn = task.turn
        self.at(at, lambda: self._hand_to(task) if task.turn == turn and not task.over else None)

    def _pause(self, task: Task) -> None:
        assert task.thread is not None
        self._back.release()
        task.thread.go.acquire()
        if task.process.killed:
            raise Killed

    def _hand_to(self, task: Task) -> None:
        if task.thread is None:
            task.thread = self._idle.pop() if self._idle else self._new_thread()
            task.thread.task = task
        self._current = task
        task.thread.go.release()
        self._back.acquire()
        self._current = None
        if task.over:
            self._idle.append(task.thread)
            task.process.tasks.discard(task)
            if task.error is not None and not isinstance(task.error, Killed):
                raise task.error
            task.then()

    def _new_thread(self) -> _Thread:
        thread = _Thread(self._back)
        thread.start()
        return thread

    def end(self) -> None:
        """Let the threads go."""
        for thread in self._idle:
            thread.task = None
            thread.go.release()
        self._idle.clear()


class Condition:
    """What a `threading.Condition` is to threads; there is nothing to lock, since only one task runs."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks, self._waiting = tasks, list[Task]()

    def __enter__(self) -> None:
        """Nothing to lock."""

    def __exit__(self, *_: object) -> None:
        """Nothing to unlock."""

    def wait(self, seconds: float) -> None:
        """Until notified, or so many seconds; at least a step that the clock can show."""
        task = self._tasks._mine()
        self._waiting.append(task)
        try:
            self._tasks.sleep(max(seconds, 0.001))
        finally:
            self._waiting.remove(task)

    def notify(self) -> None:
        """Wake who has waited longest."""
        for task in self._waiting[:1]:
            self._tasks._wake(task, self._tasks._now())
