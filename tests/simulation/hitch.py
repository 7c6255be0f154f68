"""The one fault of a walked history: what it may be, where it may strike, and the fate that lets it strike."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from botocore.exceptions import ReadTimeoutError

from lambdas.core.names import SWEEP
from tests.simulation.aws.queue import Message
from tests.simulation.fate import Killed, refusal
from tests.simulation.life import GROUP, Life

BATCH = 10
_READS = ("Get", "Describe", "List", "Search", "Query", "Lookup")


class When(StrEnum):
    """When a decision falls, seen from the one before."""

    AT_ONCE = "at-once"  # before any function has run
    STARTING = "starting"  # a rollout is in flight, and its fleet takes no traffic yet
    SHIFTED = "shifted"  # a rollout is in flight, and its fleet takes traffic
    SETTLED = "settled"  # nothing goes on any more
    BETWEEN = "between"  # two calls of an invocation; it is then the history's one fault


class Kind(StrEnum):
    """What may befall a call or an event."""

    KILLED_BEFORE = "killed-before"
    KILLED_AFTER = "killed-after"
    THROTTLED = "throttled"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    NO_REFUSAL = "no-refusal"  # AWS said no, and that did not arrive
    NEXT = "next"  # before the call the next message's invocation runs to its end
    LOOK = "look"  # before the call another look at the group runs to its end
    DECIDED = "decided"  # before the call a person decides
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    VERY_LATE = "very-late"


# Seconds after which each copy arrives. A second copy within five minutes would be none, the queue knows it; a minute
# lets through what follows an event, a quarter of an hour a whole rollout.
DELIVERIES: dict[Kind, list[float]] = {
    Kind.LOST: [],
    Kind.DOUBLED: [0.0, 330.0],
    Kind.LATE: [60.0],
    Kind.VERY_LATE: [900.0],
}


@dataclass(frozen=True)
class Decision:
    """A status that an approver writes."""

    version: int
    status: str
    when: When

    def __str__(self) -> str:
        return f"{self.version}{self.status[0]}@{self.when}"

    @classmethod
    def read(cls, text: str) -> "Decision":
        """What a text such as 1A@settled means. ValueError or KeyError if nothing."""
        what, _, when = text.partition("@")
        return cls(int(what[:-1]), {"A": "Approved", "R": "Rejected"}[what[-1:]], When(when))


@dataclass(frozen=True)
class Fault:
    """What befalls the call, or the event, of a number in the step of a number. `decision`: what is DECIDED."""

    step: int
    index: int
    kind: Kind
    decision: Decision | None = None

    def __str__(self) -> str:
        return f"{self.step}:{self.index}:{self.kind}"

    @classmethod
    def read(cls, text: str) -> "Fault":
        """What a text such as 17:4:killed-after means; of a decision only the place. ValueError if nothing."""
        step, index, kind = text.split(":")
        return cls(int(step), int(index), Kind(kind))


@dataclass(frozen=True)
class Spot:
    """A call at which a fault may strike.

    `waiting`: another invocation could have begun before it. `refused`: AWS said no.
    """

    operation: str
    waiting: bool
    refused: bool

    @property
    def takes_effect(self) -> bool:
        """Whether it leaves anything behind that outlives the function."""
        return not (self.refused or self.operation.startswith(_READS))


@dataclass
class Hitch:
    """The fate of one step: its fault strikes once; `spots` and `events`: where any could.

    `decide`: has a person decide.
    """

    life: Life
    decide: Callable[[Decision], None]
    fault: Fault | None = None
    spots: list[Spot] = field(default_factory=list)
    events: int = 0
    struck: bool = False
    _waiting: bool = False
    _nested: bool = False

    def boundary(self) -> None:
        """A call is next: what comes in between runs to its end."""
        if self._nested:
            return
        queue, fault = self.life.aws.queue, self.fault
        self._waiting = queue.ready()
        between = {Kind.NEXT: self._next, Kind.LOOK: self._look, Kind.DECIDED: self._decided}
        if fault is not None and fault.kind in between and fault.index == len(self.spots):
            self.struck = self._nested = True
            between[fault.kind]()
            self._nested = False

    def _next(self) -> None:
        self.life.world._invoke(self.life.aws.queue.receive(BATCH))

    def _look(self) -> None:
        body = json.dumps({"greenlight": {"group": GROUP, "source": SWEEP, "at": 0.0}})
        self.life.world._invoke([Message("another", body, GROUP, 0.0, 1, "another/1")])

    def _decided(self) -> None:
        assert self.fault is not None
        assert self.fault.decision is not None
        self.decide(self.fault.decision)

    def before(self, operation: str) -> None:
        """Killed, throttled, or failed on AWS's side, with no effect."""
        if self._nested:
            return
        self.spots.append(Spot(operation, self._waiting, refused=True))
        if self._strikes(Kind.KILLED_BEFORE):
            raise Killed
        if self._strikes(Kind.THROTTLED):
            raise refusal(operation, "ThrottlingException", "Rate exceeded")
        if self._strikes(Kind.FAILED):
            raise refusal(operation, "InternalFailure", "We encountered an internal error.", 500)
        if self._strikes(Kind.NO_REFUSAL):
            raise ReadTimeoutError(endpoint_url="simulation")

    def after(self, operation: str) -> None:
        """Killed, or without an answer, with the call made."""
        if self._nested:
            return
        self.spots[-1] = Spot(operation, self._waiting, refused=False)
        if self._strikes(Kind.KILLED_AFTER):
            raise Killed
        if self._strikes(Kind.NO_ANSWER):
            raise ReadTimeoutError(endpoint_url="simulation")

    def _strikes(self, kind: Kind) -> bool:
        fault = self.fault
        if fault is None or (fault.kind, fault.index) != (kind, len(self.spots) - 1):
            return False
        self.struck = True
        return True

    def deliveries(self) -> list[float]:
        """Lost, doubled, late, or as it should be."""
        if self._nested:
            return [0.0]
        self.events += 1
        fault = self.fault
        if fault is None or fault.kind not in DELIVERIES or fault.index != self.events - 1:
            return [0.0]
        self.struck = True
        return DELIVERIES[fault.kind]
