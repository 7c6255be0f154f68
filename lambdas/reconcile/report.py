"""Logs and metrics of what `reconcile` does: every line names the group, the version and the rollout."""

from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.metrics import count
from lambdas.core.errors import Transient
from lambdas.core.ledger import NEED_A_PERSON
from lambdas.core.names import NEEDS_A_PERSON
from lambdas.reconcile.look import PartFailed, Step

_SERVICE = "reconcile"


class Report:
    """Structured lines (Powertools Logger) and EMF metrics (Powertools Metrics), one set for each group.

    What needs a person is counted once more for all groups together: an alarm cannot search metrics of groups that come
    and go [CloudWatch guide, "Using metric math": SEARCH is not for alarms].
    """

    def __init__(self, logger: Logger) -> None:
        self._log = logger

    def step(self, group: str, step: Step) -> None:
        """A decision was recorded and performed."""
        decision = step.decision
        if decision.record is None:
            self.ignored(f"{group}: {decision.reason}")
            return
        rollout, live = decision.record.rollout, decision.record.live_placement()
        keys: dict[str, Any] = {
            "group": group,
            "version": rollout.version if rollout else live.version if live else None,
            "rollout": rollout.id if rollout else None,
            "phase": decision.record.phase.value,
            "actions": [type(action).__name__ for action in decision.actions],
            "recorded": [event.kind.value for event in decision.events],
        }
        if step.failure is not None:
            self._log.warning("%s: %s", group, step.failure, extra=keys)
        self._log.info("%s: %s", group, decision.reason, extra=keys)
        for event in decision.events:
            self._count(event.kind.value, group)
            if event.kind in NEED_A_PERSON and "awaited" not in event.data:
                self._count(NEEDS_A_PERSON)

    def failed(self, group: str, error: Exception) -> None:
        """A look did not come to its end; its messages come back."""
        if isinstance(error, Transient):
            self._log.warning("%s: again later: %s", group, error, extra={"group": group})
            self._count("look.retried", group)
        else:
            self._log.error("%s: %s", group, error, extra={"group": group}, exc_info=error)
            self._count("look.failed", group)

    def part_failed(self, group: str, failed: PartFailed) -> None:
        """An optional part of a look came to nothing; what was decided stands, and somebody must see why."""
        keys = {"group": group, "part": failed.part.value}
        self._log.error(
            "%s: %s: %s", group, failed.part.value, failed.error, extra=keys, exc_info=failed.error
        )
        self._count("part.failed", group)
        self._count(NEEDS_A_PERSON)

    def ignored(self, reason: str) -> None:
        """A message was about nothing of ours."""
        self._log.info("ignored: %s", reason)
        self._count("ignored")

    def buried(self, message_id: str, reason: str) -> None:
        """A message nobody can read went to the dead-letter queue."""
        self._log.error("buried message %s: %s", message_id, reason)
        self._count("buried")

    def _count(self, name: str, group: str | None = None) -> None:
        count(_SERVICE, name, group)
