"""The world around `reconcile` in memory: store, queue with lossy events, a function that may be killed.

Runs the real batch, look, decide and sweep on `Cloud`, and watches every call (see `invariants.py`).
"""

# ruff: noqa: ARG002 - fakes take the arguments of their ports

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.calendar import holding
from lambdas.adapters.store import Swept
from lambdas.core.errors import Conflict, Throttled
from lambdas.core.ledger import Entry
from lambdas.core.record import Record, record_from_json, record_to_json
from lambdas.reconcile import batch
from lambdas.reconcile.look import PartFailed, Step
from lambdas.reconcile.ports import Ports
from lambdas.sweep.handler import App, sweep
from tests.properties.cloud import TRAIL_DELAY, Cloud

RETRY = 30.0  # seconds until a message comes back that was not worked off
_QUIET = Logger(service="properties", level="CRITICAL")


class Killed(BaseException):
    """The function's process is gone, in the middle of whatever it did."""


@dataclass(frozen=True)
class Rates:
    """How often things go wrong, 0-1: events, and calls of ports."""

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    killed: float = 0.0
    throttled: float = 0.0
    interleaved: float = 0.0
    touched: float = 0.0


@dataclass
class Store:
    """Record and ledger, as the tables have them: text, revision-checked, all or nothing."""

    bodies: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    open: dict[str, bool] = field(default_factory=dict)
    ledger: list[Entry] = field(default_factory=list)
    marked: Swept = field(default_factory=Swept)

    def load(self, group: str) -> Record | None:
        """The record as last committed."""
        if group not in self.bodies:
            return None
        return replace(record_from_json(self.bodies[group]), revision=self.revisions[group])

    def commit(self, record: Record, entries: Sequence[Entry], unsettled: bool) -> Record:
        """Write both or neither."""
        if self.revisions.get(record.group, 0) != record.revision:
            raise Conflict("the record changed")
        last = self.ledger[-1].seq if self.ledger else 0
        assert [e.seq for e in entries] == list(range(last + 1, last + 1 + len(entries)))
        assert len(entries) < 100
        written = replace(record, revision=record.revision + 1)
        self.bodies[record.group] = record_to_json(written)
        self.revisions[record.group] = written.revision
        self.open[record.group] = unsettled
        self.ledger += entries
        return written

    def note_failing(self, group: str, now: float, reason: str) -> None:
        """That a look fails is noted beside the record, which this store does not show."""

    def group_of_endpoint(self, name: str) -> str | None:
        """The index of endpoints."""
        records = (self.load(group) for group in self.bodies)
        return next((r.group for r in records if r and r.spec and r.spec.endpoint.name == name), None)

    def unsettled(self) -> Iterator[str]:
        """The index of unsettled groups."""
        return (group for group, unsettled in self.open.items() if unsettled)

    def swept(self) -> Swept:
        """How far sweeps came."""
        return self.marked

    def mark_swept(self, swept: Swept) -> None:
        """Remember a sweep."""
        self.marked = swept


class _Port:
    """A port of the function: each call passes the world's fate before and after it is made."""

    def __init__(self, world: "World", target: Any) -> None:
        self._world, self._target = world, target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._target, name)

        def call(*arguments: Any) -> Any:
            self._world.fate()
            for watcher in self._world.watchers:
                watcher.before(self._world, name, arguments)
            result = method(*arguments)
            for watcher in self._world.watchers:
                watcher.after(self._world, name, arguments, result)
            self._world.fate_after()
            return result

        return call


class Watcher:
    """Sees every call that the function makes; `invariants.py` fills it in."""

    def begin(self, world: "World") -> None:
        """An invocation begins."""

    def before(self, world: "World", call: str, arguments: tuple[Any, ...]) -> None:
        """A call is about to be made."""

    def after(self, world: "World", call: str, arguments: tuple[Any, ...], result: Any) -> None:
        """A call was answered."""


@dataclass
class World:
    """One group's world. `luck` decides faults; with all rates 0 nothing goes wrong."""

    cloud: Cloud
    luck: random.Random
    rates: Rates = Rates()
    store: Store = field(default_factory=Store)
    watchers: list[Watcher] = field(default_factory=list)
    queue: list[tuple[float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    looks: int = 0
    _nested: bool = False

    # --- fate -------------------------------------------------------------------------------------------

    def _strikes(self, rate: float) -> bool:
        return rate > 0 and self.luck.random() < rate

    def fate(self) -> None:
        """Before a call: killed, throttled, or autoscaling or another invocation comes between."""
        if self._strikes(self.rates.killed):
            raise Killed
        if self._strikes(self.rates.throttled):
            raise Throttled("slow down")
        if self._strikes(self.rates.touched):
            self.cloud.autoscale()
        if not self._nested and self._strikes(self.rates.interleaved):
            self._interleave()

    def fate_after(self) -> None:
        """After a call: killed, with the call made."""
        if self._strikes(self.rates.killed):
            raise Killed

    def _interleave(self) -> None:
        self._nested, rates, self.rates = True, self.rates, Rates()
        saved = [vars(watcher).copy() for watcher in self.watchers]
        try:
            self._invoke([self.asking("interleaved")])
        finally:
            self._nested, self.rates = False, rates
            for watcher, state in zip(self.watchers, saved, strict=True):
                vars(watcher).update(state)

    # --- messages ---------------------------------------------------------------------------------------

    def asking(self, source: str) -> str:
        """A message that asks for a look."""
        return json.dumps({"greenlight": {"group": self.cloud.group, "source": source}})

    def take_events(self) -> None:
        """Events of the cloud become messages: lost, doubled, late, or as they should."""
        events, self.cloud.events = self.cloud.events, []
        for kind, detail in events:
            if self._strikes(self.rates.lost):
                continue
            body = json.dumps({"detail-type": kind, "detail": detail})
            for _ in range(2 if self._strikes(self.rates.doubled) else 1):
                delay = self.luck.uniform(0, 2000) if self._strikes(self.rates.late) else 0.0
                delay += TRAIL_DELAY if "CloudTrail" in kind else 0.0
                self.queue.append((self.cloud.now + delay, body))

    def sweep(self) -> None:
        """The real sweep."""
        sweep(App(self, self, self.store, self, _QUIET, lambda: self.cloud.now), full=False)  # type: ignore[arg-type] # the world is registry, specs and queue

    def changed_since(self, epoch: float) -> Iterator[str]:
        """Search for versions, as the sweep asks."""
        if any(v.modified >= epoch for v in self.cloud.versions_.values()):
            yield self.cloud.group

    def endpoints_changed_since(self, epoch: float) -> Iterator[str]:
        """Search for endpoints, as the sweep asks."""
        if self.cloud.endpoint is not None and self.cloud.endpoint.modified >= epoch:
            yield self.cloud.endpoint.name

    def send(self, groups: Iterable[str], source: str, at: float) -> None:
        """The queue, as the sweep fills it."""
        self.queue += [(at, self.asking(source)) for _ in groups]

    # --- the function -----------------------------------------------------------------------------------

    @property
    def ports(self) -> Ports:
        """What the function is given."""
        cloud, store = _Port(self, self.cloud), _Port(self, self.store)
        return Ports(
            registry=cloud,
            endpoints=cloud,
            alarms=cloud,
            trail=cloud,
            specs=cloud,
            store=store,
            executor=cloud,
            now=lambda: self.cloud.now,
            objects=cloud,
            trials=cloud,
            pipelines=cloud,
            monitoring=cloud,
            holding=holding,
        )

    def work_off(self) -> None:
        """Invoke the function on what is due, until nothing is; what fails comes back later."""
        self.take_events()
        for _ in range(60):
            due = [message for message in self.queue if message[0] <= self.cloud.now]
            if not due:
                return
            size = self.luck.randint(1, 4)
            self.luck.shuffle(due)
            taken = due[:size]
            for message in taken:
                self.queue.remove(message)
            self._run([body for _, body in taken])
            self.take_events()
        raise AssertionError("the function wakes itself up without end")

    def _run(self, bodies: list[str]) -> None:
        try:
            failed = self._invoke(bodies)
        except Killed:
            failed = bodies
        self.queue += [(self.cloud.now + RETRY, body) for body in failed]

    def _invoke(self, bodies: list[str]) -> list[str]:
        self.looks += 1
        for watcher in self.watchers:
            watcher.begin(self)
        messages = [
            {"messageId": str(i), "receiptHandle": str(i), "body": body, "attributes": {}}
            for i, body in enumerate(bodies)
        ]
        failed = batch.process(messages, self.ports, self, self, self)
        return [bodies[int(number)] for number in failed]

    def retry_later(self, receipt_handle: str, seconds: int) -> None:
        """The queue's visibility timeouts; ours are all alike."""

    def bury(self, body: str, group_id: str, reason: str, message_id: str) -> None:
        """Nothing that we send is unreadable."""
        raise AssertionError(f"{reason}: {body}")

    def step(self, group: str, step: Step) -> None:
        """A step was taken."""

    def part_failed(self, group: str, failed: PartFailed) -> None:
        """An optional part of a look came to nothing."""
        self.failed(group, failed.error)

    def failed(self, group: str, error: Exception) -> None:
        """A look failed: by a fault of ours, else by a bug."""
        if not isinstance(error, Throttled | Conflict) and type(error).__name__ != "Busy":
            raise error

    def ignored(self, reason: str) -> None:
        """Endpoint events before the first look find no group yet."""

    def buried(self, message_id: str, reason: str) -> None:
        """Never; see `bury`."""

    # --- time -------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the function runs whenever something is due."""
        until = self.cloud.now + seconds
        self.work_off()
        while True:
            due = [at for at, _ in self.queue]
            change = self.cloud.next_change_at()
            nearest = min([*due, *([] if change is None else [change])], default=None)
            if nearest is None or nearest > until:
                break
            self.cloud.advance(max(0.0, nearest - self.cloud.now))
            self.work_off()
        self.cloud.advance(until - self.cloud.now)
