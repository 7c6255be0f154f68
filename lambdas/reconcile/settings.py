"""What the function `reconcile` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReconcileSettings:
    """Names of tables, and the URLs of the queue it reads and of that queue's dead-letter queue."""

    state_table: str
    ledger_table: str
    queue_url: str
    dead_letter_url: str
