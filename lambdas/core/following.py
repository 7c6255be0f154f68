"""How far what a person asked for has come: what they wait for after they decided on a version, or asked for a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lambdas.core.ledger import Event, Kind
from lambdas.core.record import Approval, Cause, Phase, Record


class Step(IntEnum):
    """The way of what was asked for, in order."""

    DECIDED = 0  # in the registry, or in a parameter; the controller has not taken it in
    RECORDED = 1  # in the ledger
    MOVING = 2  # a rollout is in flight, or the pipeline runs
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


def run_progress(record: Record, since: Sequence[Event]) -> Progress:
    """How far a run has come that a person asked for.

    Args:
        record: of the group, as last committed.
        since: what the ledger has from then on, oldest first.
    """
    taken = next((one for one in since if _answers_a_person(one)), None)
    if taken is None:
        return Progress(Step.DECIDED, "the controller has not seen it yet")
    if taken.kind is Kind.RETRAIN_HELD:
        return Progress(Step.DONE, taken.reason, good=False)
    name, ended = taken.data["run"], (Kind.RETRAIN_SUCCEEDED, Kind.RETRAIN_FAILED)
    end = next((one for one in since if one.kind in ended and one.data.get("run") == name), None)
    if end is not None:
        return Progress(Step.DONE, end.reason, good=end.kind is Kind.RETRAIN_SUCCEEDED)
    run = record.retraining.run
    if run is None or run.id != name or run.execution is None:
        return Progress(Step.RECORDED, f"run {name} waits to be started")
    return Progress(Step.MOVING, f"run {name} is under way")


def _answers_a_person(event: Event) -> bool:
    """A wish that cannot be read has no cause."""
    answers = event.kind in (Kind.RETRAIN_STARTED, Kind.RETRAIN_HELD)
    return answers and event.data.get("cause", Cause.PERSON.value) == Cause.PERSON.value


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
