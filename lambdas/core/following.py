"""How far a decision has come: what people wait for after they approved or rejected a version."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lambdas.core.ledger import Event, Kind
from lambdas.core.record import Approval, Phase, Record


class Step(IntEnum):
    """The way of a decision, in order."""

    DECIDED = 0  # in the registry; the controller has not taken it in
    RECORDED = 1  # in the ledger
    MOVING = 2  # a rollout is in flight
    DONE = 3  # nothing more comes of it by itself


@dataclass(frozen=True)
class Progress:
    """How far it is, in words; `good`: what was asked for is so, None: not known yet."""

    step: Step
    said: str
    good: bool | None = None


_UNDER_WAY = frozenset({Phase.ROLLING, Phase.ABORTING, Phase.WAITING})


def progress(record: Record, since: Sequence[Event], version: int, approval: Approval) -> Progress:
    """How far a decision has come.

    Args:
        record: of the group, as last committed.
        since: what the ledger has from the decision on, oldest first.
        version: that was decided on.
        approval: APPROVED or REJECTED.
    """
    taken = next((i for i, one in enumerate(since) if _is_of(one, version, approval)), None)
    if taken is None:
        return Progress(Step.DECIDED, "the controller has not seen it yet")
    if record.rollout is not None or record.phase in _UNDER_WAY:
        return Progress(Step.MOVING, record.reason)
    live = record.live_placement()
    serves = live is not None and live.version == version
    if approval is Approval.REJECTED:
        still = serves and record.phase is not Phase.IDLE
        return Progress(Step.DONE, record.reason, good=not still)
    if serves and record.phase is Phase.SETTLED:
        return Progress(Step.DONE, record.reason, good=True)
    if record.phase is Phase.BLOCKED and _awaits(since[taken:]):
        return Progress(Step.RECORDED, record.reason)
    return Progress(Step.DONE, _why_not(since[taken:], version) or record.reason, good=False)


def _is_of(event: Event, version: int, approval: Approval) -> bool:
    decision = event.kind is Kind.DECISION and event.version == version
    return decision and event.data.get("after") == approval.value


def _awaits(since: Sequence[Event]) -> bool:
    """Whether only CloudTrail's answer is missing, which comes by itself."""
    blocked = [one for one in since if one.kind is Kind.BLOCKED]
    return bool(blocked) and blocked[-1].data.get("awaited") is True


def _why_not(since: Sequence[Event], version: int) -> str | None:
    """The last thing that went against the version."""
    against = (Kind.FAILED, Kind.VERSION_FAILED, Kind.ABORTED, Kind.SUPERSEDED)
    return next(
        (one.reason for one in reversed(since) if one.kind in against and one.version == version), None
    )
