"""Lambda's event source for the reconcile queue: so many batches at once, each in an environment, within its time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.limits import BATCH, RECONCILE_SECONDS
from tests.simulation.aws.lanes import Lanes
from tests.simulation.aws.queue import Message
from tests.simulation.tasks import Process, Tasks

Invoke = Callable[[list[Message]], list[Message]]


@dataclass(eq=False)
class _Invocation:
    environment: Invoke
    messages: list[Message]
    process: Process = field(default_factory=Process)
    over: bool = False


class Source:
    """Invokes the function as long as there are messages.

    Args:
        tasks: invocations are some.
        queue: to read.
        now: the virtual time.
        make: an execution environment; it is used again unless an invocation took too long in it.
        concurrency: invocations at once.
    """

    def __init__(
        self,
        tasks: Tasks,
        queue: Lanes,
        now: Callable[[], float],
        make: Callable[[], Invoke],
        concurrency: int,
    ) -> None:
        self._tasks, self._queue, self._now, self._make = tasks, queue, now, make
        self._concurrency = concurrency
        self._idle: list[Invoke] = []
        self.running = 0
        self.invocations = 0
        self.timeouts = 0

    @property
    def has_room(self) -> bool:
        """Whether another invocation may begin."""
        return self.running < self._concurrency

    def poll(self) -> None:
        """Begin as many invocations as there is work and room for."""
        while self.has_room and (messages := self._queue.receive(BATCH)):
            self._begin(_Invocation(self._idle.pop() if self._idle else self._make(), messages))

    def _begin(self, invocation: _Invocation) -> None:
        self.running += 1
        self.invocations += 1
        self._tasks.start(lambda: self._work_off(invocation), invocation.process)
        self._tasks.at(self._now() + RECONCILE_SECONDS, lambda: self._time_out(invocation))

    def _work_off(self, invocation: _Invocation) -> None:
        """A partial batch response: what did not fail is deleted, what failed comes when its visibility ends."""
        failed = {message.id for message in invocation.environment(invocation.messages)}
        for message in invocation.messages:
            if message.id not in failed:
                self._queue.delete(message)
        self._end(invocation)
        self._idle.append(invocation.environment)

    def _time_out(self, invocation: _Invocation) -> None:
        """Killed with all it did; its messages come again when their visibility timeout ends."""
        if not invocation.over:
            self.timeouts += 1
            self._tasks.kill(invocation.process)
            self._end(invocation)

    def _end(self, invocation: _Invocation) -> None:
        invocation.over = True
        self.running -= 1
