"""Every call of the matrix, by the operation's name."""

from tests.e2e.matrix import (
    calls_announcements,
    calls_endpoints,
    calls_monitoring,
    calls_powers,
    calls_reads,
    calls_registry,
    calls_signals,
    calls_tables,
)
from tests.e2e.matrix.tried import Call

CALLS: dict[str, Call] = {
    **calls_registry.CALLS,
    **calls_endpoints.CALLS,
    **calls_monitoring.CALLS,
    **calls_tables.CALLS,
    **calls_signals.CALLS,
    **calls_announcements.CALLS,
    **calls_powers.CALLS,
    **calls_reads.CALLS,
}
