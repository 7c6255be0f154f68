"""What holds a group: a person's pause, or a freeze window."""

from lambdas.core.record import SCHEMA, Direction, Record
from lambdas.core.turn import Turn


def held(turn: Turn, direction: Direction | None) -> str | None:
    """Why nothing may move in this direction now, in words; None: it may.

    A way back passes, unless the pause says otherwise. None as a direction: nothing has to move for it.
    """
    backward = direction is Direction.BACKWARD
    pause, now = turn.record.pause, turn.facts.now
    paused = pause is not None and (pause.until is None or now < pause.until)
    if pause is not None and paused and not (backward and pause.rollbacks):
        return f"paused: {pause.reason}"
    return None if backward else _frozen(turn)


def of_newer_release(record: Record) -> str | None:
    """Why nothing moves forward on what another release wrote, in words; None: nothing speaks against it.

    A way back and an abort pass: for them what can be read is enough.
    """
    if not record.is_newer:
        return None
    return (
        f"the group's record is of schema {record.schema}, of a newer release than this one, which reads up to"
        f" {SCHEMA.major}.x; only ways back pass. Deploy the newer release's functions again"
    )


def _frozen(turn: Turn) -> str | None:
    """A window of the group or of the account. Before anything starts the latter were read in this very look."""
    read, now = turn.facts.spec, turn.facts.now
    calendar = read.calendar if read is not None else None
    if read is not None and calendar is None:
        return "frozen: the account's freeze windows cannot be read"
    windows = (*turn.spec.freeze, *turn.facts.frozen, *(calendar.freeze if calendar else ()))
    return next((f"frozen: {window.reason}" for window in windows if window.start <= now < window.end), None)
