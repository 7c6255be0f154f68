"""A version as people ask for it: its metrics, what was decided, by whom and when, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lambdas.core.corrections import NO_REASON, corrected
from lambdas.core.desired import targets
from lambdas.core.facts import VersionSummary
from lambdas.core.identity import Identity
from lambdas.core.ledger import Event, Kind
from lambdas.core.quality import MOST_FIGURES, Compared, figures, gated_first
from lambdas.core.record import Approval, Decided, Phase, Record, approval_of, run_of
from lambdas.core.spec import GatesSpec

_FAILURES = frozenset({Kind.FAILED, Kind.VERSION_FAILED})
_NONE: Mapping[int, Decided] = {}
_HELD = frozenset({Phase.BLOCKED, Phase.PAUSED, Phase.WAITING})


@dataclass(frozen=True)
class Version:
    """A version as people ask for it; times in epoch seconds. `run`: of the group's pipeline, that registered it."""

    version: int
    status: str
    metrics: dict[str, float]
    decided_at: float | None = None
    by: str | None = None
    registered_by: str | None = None
    reason: str | None = None
    became: str | None = None
    problem: str | None = None
    run: str | None = None

    @property
    def why(self) -> str | None:
        """The decision's reason in words, also where none is known; None: there was no decision."""
        return None if self.decided_at is None else self.reason or NO_REASON


def told_by(events: Iterable[Event]) -> dict[int, Decided]:
    """The last decision on each version as the ledger has it, and that it failed since: of what the record has no more.

    Args:
        events: of the group's ledger, oldest first.
    """
    found: dict[int, Decided] = {}
    for event in corrected(events):
        if event.version is None:
            continue
        status, known = approval_of(event.data.get("after")), found.get(event.version)
        if event.kind is Kind.DECISION and status is not None:
            by = event.data.get("by")
            found[event.version] = Decided(
                status,
                event.data.get("decided_at", event.at),
                by=Identity(by) if by else None,
                reason=_words(event, status),
            )
        elif event.kind in _FAILURES and known is not None:
            failed = event.reason.removeprefix(f"v{event.version}: ")
            found[event.version] = replace(known, failed=failed)
    return found


def _words(event: Event, status: Approval) -> str:
    """What was said in a decision; entries of older releases have it in their text only."""
    if "why" in event.data:
        return str(event.data["why"] or "")
    return event.reason.partition(f" → {status.value}: ")[2]


def version_of(one: Compared, record: Record, archived: Mapping[int, Decided] = _NONE) -> Version:
    """A version as the registry has it, with what record and ledger know of its decision and what became of it.

    Args:
        one: the version, read.
        record: of its group.
        archived: what the ledger has of versions that the record has no more, see `told_by`.
    """
    detail = one.detail
    decided = record.versions.get(detail.version) or archived.get(detail.version)
    registrant = detail.registrant or (decided.registrant if decided else None)
    numbers, gates = figures(one), record.spec.gates if record.spec is not None else GatesSpec()
    return Version(
        version=detail.version,
        status=detail.approval.value,
        metrics={name: numbers[name] for name in gated_first(numbers, gates)[:MOST_FIGURES]},
        decided_at=decided.at if decided else None,
        by=str(decided.by) if decided and decided.by else None,
        registered_by=str(registrant) if registrant else None,
        reason=(decided.reason or None) if decided else None,
        became=became(record, detail.version, decided),
        problem=one.report.problem if one.report else None,
        run=run_of(record, detail.version).get("run"),
    )


def version_told(
    summary: VersionSummary,
    record: Record,
    registered: Event | None,
    archived: Mapping[int, Decided] = _NONE,
) -> Version:
    """A version as the registry lists it, with what record and ledger know: nothing is read from S3.

    Args:
        summary: of the registry.
        record: of its group.
        registered: the ledger's entry of its registration, see `review.reviewed`; None: there is none at hand.
        archived: what the ledger has of versions that the record has no more, see `told_by`.
    """
    decided = record.versions.get(summary.version) or archived.get(summary.version)
    data = registered.data if registered is not None else {}
    registrant = data.get("registered_by") or (decided.registrant if decided else None)
    return Version(
        version=summary.version,
        status=summary.approval.value,
        metrics={one["name"]: one["after"] for one in data.get("metrics", ()) if one["after"] is not None},
        decided_at=decided.at if decided else None,
        by=str(decided.by) if decided and decided.by else None,
        registered_by=str(registrant) if registrant else None,
        reason=decided.reason or None if decided else None,
        became=became(record, summary.version, decided),
        problem=data.get("report"),
        run=run_of(record, summary.version).get("run"),
    )


def became(record: Record, number: int, decided: Decided | None) -> str | None:
    """What became of a version, in words; None: nothing yet.

    Args:
        record: of its group.
        number: the version's.
        decided: what the record holds of it.
    """
    live, flight = record.live_placement(), record.rollout
    if live is not None and live.version == number:
        return "live"
    if flight is not None and flight.version == number:
        return "in flight"
    if decided is not None and decided.failed:
        return f"failed: {decided.failed}"
    if decided is not None and decided.approval is Approval.APPROVED and _is_held(record, number):
        return f"{record.phase.value.lower()}: {record.reason.removeprefix(f'v{number}: ')}"
    served = [placement for placement in record.kept if placement.version == number and placement.live_at]
    return "served, kept" if served else None


def _is_held(record: Record, number: int) -> bool:
    """Whether a version would go live next, and something holds it."""
    if record.phase not in _HELD or record.spec is None:
        return False
    wanted = targets(record, record.spec)
    return bool(wanted) and wanted[0].version == number
