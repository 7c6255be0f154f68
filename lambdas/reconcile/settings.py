"""What the function `reconcile` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReconcileSettings:
    """Names of tables, and the URLs of the queue it reads, of that queue's dead-letter queue, and of the queue of runs
    to be started, which `retrain` reads."""

    state_table: str
    ledger_table: str
    queue_url: str
    dead_letter_url: str
    retrain_url: str
