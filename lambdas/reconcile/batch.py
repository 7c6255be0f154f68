"""A batch of queue messages: read, gathered by group, one look for each group, failures named one by one."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from lambdas.adapters.concurrently import concurrently
from lambdas.core.errors import GreenlightError, Malformed, Transient
from lambdas.core.facts import Hint
from lambdas.core.foreign import reason
from lambdas.core.hints import Message, read_message
from lambdas.core.record import Record
from lambdas.reconcile.look import PartFailed, Step, look
from lambdas.reconcile.ports import Ports

_LONGEST_WAIT = 900  # seconds between two tries of a message
_TRIES_UNSEEN = 4  # of a message: two, four and eight seconds later most of what passes has passed
# Seconds after which a look is repeated that met an answer of AWS that passes, by how often its message came. The other
# messages of its group wait as long, so it is not for long; after that the sweep repeats it.
_SOON = (5, 10, 20, 30)


class Queue(Protocol):
    """The queue the messages came from."""

    def retry_later(self, receipt_handle: str, seconds: int) -> None: ...


class DeadLetters(Protocol):
    """Where messages go that nobody can read."""

    def bury(self, body: str, group_id: str, reason: str, message_id: str) -> None: ...


class Reporter(Protocol):
    """Tells logs and metrics what was done; see `lambdas.reconcile.report`."""

    def step(self, group: str, step: Step) -> None: ...
    def part_failed(self, group: str, failed: PartFailed) -> None: ...
    def failed(self, group: str, error: Exception) -> None: ...
    def ignored(self, reason: str) -> None: ...
    def buried(self, message_id: str, reason: str) -> None: ...


@dataclass(frozen=True)
class _Job:
    """All that one batch says of one group."""

    group: str
    record: Record | None
    hints: tuple[Hint, ...]
    messages: tuple[dict[str, Any], ...]


class _Outcome(Enum):
    """What becomes of a look's messages."""

    DONE = auto()
    FAILED = auto()  # they come again
    SOON = auto()  # they come again in seconds, a few times


def process(
    messages: Sequence[dict[str, Any]],
    ports: Ports,
    queue: Queue,
    dead_letters: DeadLetters,
    reporter: Reporter,
) -> list[str]:
    """Look once at each group that the messages name, side by side, so that none waits for another.

    Args:
        messages: SQS records as Lambda gets them (messageId, receiptHandle, body, attributes).
        ports: the world.
        queue: to put off the messages that failed.
        dead_letters: for messages that cannot be read.
        reporter: hears of every step.

    Returns:
        Ids of the messages to be delivered again.
    """
    readable: list[tuple[dict[str, Any], Message]] = []
    failed: list[dict[str, Any]] = []
    for message in messages:
        try:
            readable.append((message, read_message(message["body"])))
        except Malformed as error:
            if not _bury(message, str(error), dead_letters, reporter):
                failed.append(message)
    jobs, unresolved = _gather(readable, ports, reporter)
    failed += unresolved
    soon: list[dict[str, Any]] = []
    for job, outcome in zip(
        jobs, concurrently(*(_attempt(job, ports, reporter) for job in jobs)), strict=True
    ):
        if outcome is _Outcome.FAILED:
            failed += job.messages
        if outcome is _Outcome.SOON:
            soon += [message for message in job.messages if _receives(message) <= len(_SOON)]
    for message in failed:
        _put_off(message, min(2 ** _receives(message), _LONGEST_WAIT), queue)
    for message in soon:
        _put_off(message, _SOON[_receives(message) - 1], queue)
    return [message["messageId"] for message in (*failed, *soon)]


def _bury(message: dict[str, Any], why: str, dead_letters: DeadLetters, reporter: Reporter) -> bool:
    try:
        group_id = message["attributes"].get("MessageGroupId", "unreadable")
        dead_letters.bury(message["body"], group_id, why, message["messageId"])
    except GreenlightError as error:
        reporter.failed("(unreadable message)", error)
        return False
    reporter.buried(message["messageId"], why)
    return True


def _gather(
    readable: Sequence[tuple[dict[str, Any], Message]], ports: Ports, reporter: Reporter
) -> tuple[list[_Job], list[dict[str, Any]]]:
    """Several messages of one group become one look."""
    jobs: dict[str, _Job] = {}
    unresolved: list[dict[str, Any]] = []
    owners: dict[str, tuple[str | None, Record | None]] = {}
    for message, read in readable:
        group, record = read.group, None
        if read.endpoint is not None:
            try:
                if read.endpoint not in owners:
                    owners[read.endpoint] = _owner(read.endpoint, ports)
            except Exception as error:  # noqa: BLE001 - as for a look: it must not touch the other groups
                reporter.failed(f"(endpoint {read.endpoint})", error)
                unresolved.append(message)
                continue
            group, record = owners[read.endpoint]
        if group is None:
            reporter.ignored(f"{read.hint.source} event of something that is not ours")
            continue
        job = jobs.get(group, _Job(group, record, (), ()))
        jobs[group] = _Job(group, job.record, (*job.hints, read.hint), (*job.messages, message))
    return list(jobs.values()), unresolved


def _owner(endpoint: str, ports: Ports) -> tuple[str | None, Record | None]:
    """The group of an endpoint: most are named as their group, so its record tells; else the index does."""
    record = ports.store.load(endpoint)
    if record is not None and record.spec is not None and record.spec.endpoint.name == endpoint:
        return record.group, record
    return ports.store.group_of_endpoint(endpoint), None


def _attempt(job: _Job, ports: Ports, reporter: Reporter) -> Callable[[], _Outcome]:
    """A look, which says what becomes of the group's messages."""

    def attempt() -> _Outcome:
        outcome = _Outcome.DONE
        try:
            for step in look(ports, job.group, job.hints, job.record):
                if isinstance(step, PartFailed):
                    reporter.part_failed(job.group, step)
                    continue
                reporter.step(job.group, step)
                if step.decision.soon:
                    outcome = _Outcome.SOON
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not touch the other groups
            reporter.failed(job.group, error)
            _note_failing(job, ports, error)
            return _Outcome.FAILED
        return outcome

    return attempt


def _note_failing(job: _Job, ports: Ports, error: Exception) -> None:
    """Let people see that the group's looks fail; what only passes is seen once it did not for some tries."""
    if isinstance(error, Transient) and max(map(_receives, job.messages)) < _TRIES_UNSEEN:
        return
    try:
        ports.store.note_failing(job.group, ports.now(), f"{type(error).__name__}: {reason(error)}")
    except GreenlightError as unnoted:
        logging.getLogger(__name__).warning("that %s fails is not noted: %s", job.group, unnoted)


def _receives(message: dict[str, Any]) -> int:
    return int(message["attributes"].get("ApproximateReceiveCount", "1"))


def _put_off(message: dict[str, Any], seconds: int, queue: Queue) -> None:
    try:
        queue.retry_later(message["receiptHandle"], seconds)
    except GreenlightError as error:
        # It comes back all the same, when its visibility timeout ends.
        logging.getLogger(__name__).warning("message %s keeps its timeout: %s", message["messageId"], error)
