"""What the function `sweep` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SweepSettings:
    """The state table, and the URL of the queue that `reconcile` reads."""

    state_table: str
    queue_url: str
