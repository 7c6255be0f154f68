"""What the function `dashboard` is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DashboardSettings:
    """The tables that it reads."""

    state_table: str
    ledger_table: str
