"""What holds a group: a person's pause, or a freeze window."""

from lambdas.core.record import Direction
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
    for window in turn.spec.freeze:
        if window.start <= now < window.end and not backward:
            return f"frozen: {window.reason}"
    return None
