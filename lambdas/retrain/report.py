"""Logs and metrics of what `retrain` does: every line names the group and the run."""

from aws_lambda_powertools import Logger

from lambdas.adapters.metrics import count
from lambdas.core.errors import Transient
from lambdas.core.running import Asked

_SERVICE = "retrain"


class Report:
    """Structured lines (Powertools Logger) and EMF metrics (Powertools Metrics), one set for each group."""

    def __init__(self, logger: Logger) -> None:
        self._log = logger

    def started(self, asked: Asked, execution: str) -> None:
        """A run was started, now or when the same message came before."""
        self._log.info("%s: started as %s", asked.run, execution, extra=_keys(asked))
        self._count("started", asked.group)

    def refused(self, asked: Asked, problem: str) -> None:
        """A run cannot be started, and reconcile was told so."""
        self._log.warning("%s: %s", asked.run, problem, extra=_keys(asked))
        self._count("refused", asked.group)

    def void(self, asked: Asked, reason: str) -> None:
        """A message asked for what must not be started (any more)."""
        self._log.info("nothing to start: %s", reason, extra=_keys(asked))
        self._count("void", asked.group)

    def failed(self, asked: Asked, error: Exception) -> None:
        """A run was not started, or reconcile not told of it; the message comes back."""
        if isinstance(error, Transient):
            self._log.warning("%s: again later: %s", asked.run, error, extra=_keys(asked))
            self._count("start.retried", asked.group)
        else:
            self._log.error("%s: %s", asked.run, error, extra=_keys(asked), exc_info=error)
            self._count("start.failed", asked.group)

    def unreadable(self, message_id: str, reason: str) -> None:
        """Nobody can read a message."""
        self._log.error("message %s cannot be read: %s", message_id, reason)
        self._count("unreadable")

    def _count(self, name: str, group: str | None = None) -> None:
        count(_SERVICE, name, group)


def _keys(asked: Asked) -> dict[str, str]:
    return {"group": asked.group, "run": asked.run}
