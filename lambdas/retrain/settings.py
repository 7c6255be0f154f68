"""What the function `retrain` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RetrainSettings:
    """The state table, and the URL of the queue that `reconcile` reads."""

    state_table: str
    reconcile_queue_url: str
