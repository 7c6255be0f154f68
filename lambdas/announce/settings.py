"""What the function `announce` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AnnounceSettings:
    """The ledger table, the bus, the topics for messages and for pages, and the queue of what could not be announced.

    `urgencies`: JSON of `core.announcements.chosen_text`.
    """

    ledger_table: str
    event_bus: str
    message_topic: str
    alarm_topic: str
    unannounced_url: str
    urgencies: str
