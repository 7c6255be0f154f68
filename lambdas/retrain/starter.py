"""One message: the run that it asks for is started, and reconcile is told what came of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.core.errors import Malformed, Permanent
from lambdas.core.record import Record
from lambdas.core.running import Asked, Start, asked_in, to_start, why_not_started
from lambdas.retrain.report import Report


class Store(Protocol):
    """Records, read consistently."""

    def load(self, group: str) -> Record | None: ...


class Pipelines(Protocol):
    """Starts pipelines; the same run only once."""

    def start(self, pipeline: str, run: str, description: str, parameters: Mapping[str, str]) -> str: ...


class Queue(Protocol):
    """The queue that `reconcile` reads."""

    def tell(
        self, group: str, run: str, at: float, *, execution: str | None = None, problem: str | None = None
    ) -> None: ...


@dataclass(frozen=True)
class Starter:
    """The function, ready to work; `now` gives epoch seconds."""

    store: Store
    pipelines: Pipelines
    queue: Queue
    report: Report
    now: Callable[[], float]

    def process(self, messages: Iterable[Mapping[str, Any]]) -> list[str]:
        """Start the runs that messages ask for; no trouble of one touches another.

        Args:
            messages: SQS records as Lambda gets them (messageId, body).

        Returns:
            Ids of the messages to be delivered again. One that cannot be read is among them: only reconcile writes
            here, so it lies in the dead-letter queue at last, for people.
        """
        return [message["messageId"] for message in messages if not self._done(message)]

    def _done(self, message: Mapping[str, Any]) -> bool:
        try:
            asked = asked_in(message["body"])
        except Malformed as error:
            self.report.unreadable(message["messageId"], str(error))
            return False
        try:
            self._start(asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not touch the other messages
            self.report.failed(asked, error)
            return False
        return True

    def _start(self, asked: Asked) -> None:
        """Start a run, or find that it must not be, or cannot be.

        Raises:
            GreenlightError: it may have been started; the same again starts it no second time.
        """
        record = self.store.load(asked.group)
        try:
            start = to_start(record, asked.run, self.now())
            if isinstance(start, str):
                self.report.void(asked, start)
                return
            execution = self._execution(start)
        except Permanent as error:
            self.queue.tell(asked.group, asked.run, self.now(), problem=str(error))
            self.report.refused(asked, str(error))
            return
        self.queue.tell(asked.group, asked.run, self.now(), execution=execution)
        self.report.started(asked, execution)

    def _execution(self, start: Start) -> str:
        try:
            return self.pipelines.start(start.pipeline, start.run, start.description, start.parameters)
        except Permanent as error:
            raise Permanent(why_not_started(start, str(error))) from error
