"""Where a group stands, as people ask: what is live, what it would go back to, what is in flight, pending, blocked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lambdas.core.circle import Circle, circle
from lambdas.core.desired import last_known_good
from lambdas.core.facts import VersionSummary
from lambdas.core.record import LOOK, Approval, Failing, Phase, Record, unnoted

FAILING = "Failing"
"""What is shown instead of a phase."""


@dataclass(frozen=True)
class InFlight:
    """A rollout that has begun; `started_at` in epoch seconds."""

    version: int
    direction: str
    started_at: float


@dataclass(frozen=True)
class Standing:
    """A group in one look; times in epoch seconds.

    `live`: the version last verified live, at `live_since`. `last_known_good`: what a rejection of it goes back to.
    `pending`: versions that wait for a decision, newest first; `more_pending`: how many older ones do beside. `reason`:
    of the phase. `circle`: drift, monitoring and retraining. `failing`: what of the group's looks fails, by its name:
    `look`, or an optional part.
    """

    group: str
    phase: Phase
    reason: str
    since: float
    live: int | None = None
    live_since: float | None = None
    last_known_good: int | None = None
    in_flight: InFlight | None = None
    pending: tuple[int, ...] = ()
    more_pending: int = 0
    paused: str | None = None
    circle: Circle = field(default_factory=Circle)
    failing: Mapping[str, Failing] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[str, str, float]:
        """What to show as the phase, why, and since when: while its looks fail, the last good phase says nothing."""
        if (whole := self.failing.get(LOOK)) is not None:
            why = f"its looks fail: {whole.reason}; it was {self.phase.value} before. See the runbook, 'Failing'"
            return FAILING, why, whole.since
        parts = (f"; its {name} fails: {part.reason}" for name, part in sorted(self.failing.items()))
        return self.phase.value, self.reason + "".join(parts), self.since


def standing(record: Record, versions: Sequence[VersionSummary] | None = None) -> Standing:
    """Where a group stands.

    Args:
        record: as last committed.
        versions: all of the group's in the registry; None: pending is what was at the last look.
    """
    live, good, rollout = record.live_placement(), last_known_good(record), record.rollout
    if versions is None:
        put_back = {number for number, one in record.versions.items() if one.approval is Approval.PENDING}
        pending = {*record.pending, *put_back, *record.archive.having(Approval.PENDING)}
        more = unnoted(record)
    else:
        pending, more = {one.version for one in versions if one.approval is Approval.PENDING}, 0
    return Standing(
        group=record.group,
        phase=record.phase,
        reason=record.reason,
        since=record.since,
        live=live.version if live else None,
        live_since=live.live_at if live else None,
        last_known_good=good.version if good else None,
        in_flight=InFlight(rollout.version, rollout.direction.value, rollout.started_at) if rollout else None,
        pending=tuple(sorted(pending, reverse=True)),
        more_pending=more,
        paused=record.pause.reason if record.pause else None,
        circle=circle(record),
        failing=record.failing,
    )
