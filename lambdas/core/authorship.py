"""Who wrote the content that is decided on, beside who registered it: four eyes are not the writer's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.core.content import tells_all
from lambdas.core.facts import Facts, Told, VersionDetail, VersionSummary
from lambdas.core.identity import Identity, same_person
from lambdas.core.record import SAME_CALL, Approval, Decided, Witness
from lambdas.core.spec import GroupSpec
from lambdas.core.turn import Turn

SAME_WRITE = 1.0  # seconds: event times may be whole seconds where the API gives milliseconds


@dataclass(frozen=True)
class Authorship:
    """As `Decided` has it: who wrote, when; from when on somebody who is not known may have; whether for want of an
    event."""

    writer: Identity | None = None
    written: float = 0.0
    unsure: float | None = None
    eventless: bool = False


def doubts(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """Why a group's four eyes may be one person's, though another registered the version."""
    by, writer = decided.by, decided.writer
    if not spec.approval.four_eyes or by is None:
        return ()
    if writer is not None and same_person(by, writer):
        return (
            f"{by} approved it and {writer} wrote its content, the same person; another approver must approve it, or "
            "somebody else register the content as a new version",
        )
    if decided.unsure is not None:
        return (
            f"whether {by} wrote its content too is not known: no event tells it, and CloudTrail's answer is awaited",
        )
    return ()


def is_as_registered(facts: Facts, summary: VersionSummary, detail: VersionDetail) -> bool:
    """Whether the content of a version that waits is known to be what it was registered with."""
    if detail.modified - summary.created < SAME_WRITE:
        return True
    if detail.author is not None:
        return detail.author == detail.registrant
    return _is_as_told(facts, summary.created, detail)


def _is_as_told(facts: Facts, created: float, detail: VersionDetail) -> bool:
    """Whether the event of its registration tells the same content."""
    return any(
        hint.told.version == detail.version
        and hint.told.at - created < SAME_WRITE
        and tells_all(hint.told.containers or (), detail.containers)
        for hint in facts.hints
        if hint.told is not None
    )


def of_decision(
    facts: Facts, detail: VersionDetail, known: Decided | None, at: float, by: Identity | None
) -> Authorship:
    """What is known of the content's writer when a decision of this time is taken in.

    The role of approvers cannot write content but in a call that decides. Of such a call its event tells whether it
    wrote content; without that event, that the content is what it was at the decision before, or when the version was
    registered. Before the first decision that we see there may have been others.
    """
    before = Authorship(known.writer, known.written, known.unsure) if known else Authorship()
    told = events_of_decision(facts, detail.version, detail.approval, at)
    if any(one.decides_on_own_content for one in told):
        return Authorship(by, at, None if by is not None else at)
    fingerprint, since = _known_content(facts, detail, known)
    if fingerprint is not None:
        unchanged = fingerprint == detail.fingerprint
        return before if unchanged else Authorship(None, 0.0, _from(before.unsure, since))
    if told:
        return before
    unsure = _from(before.unsure, since)
    return Authorship(before.writer, before.written, unsure, eventless=before.unsure is None)


def events_of_decision(facts: Facts, version: int, approval: Approval, at: float) -> list[Told]:
    """The events of the very write that gave a version this status at this time."""
    told = [hint.told for hint in facts.hints if hint.told is not None and hint.told.version == version]
    return [one for one in told if is_of(one, approval, at)]


def _known_content(facts: Facts, detail: VersionDetail, known: Decided | None) -> tuple[str | None, float]:
    """The fingerprint at the decision before, or of what was registered; and since when another may have written."""
    if known is not None:
        return known.fingerprint, known.at
    waiting = facts.record.pending.get(detail.version) if facts.record else None
    created = next((v.created for v in facts.versions if v.version == detail.version), 0.0)
    if waiting is not None and waiting.fingerprint is not None:
        return waiting.fingerprint, created
    return detail.fingerprint if _is_as_told(facts, created, detail) else None, created


def _from(unsure: float | None, at: float) -> float:
    return at if unsure is None else min(unsure, at)


def take_events(turn: Turn) -> None:
    """Let a decision's event say whether it wrote content too: it may come late, and counts whenever it comes."""
    for told in (hint.told for hint in turn.facts.hints if hint.told is not None):
        known = turn.record.versions.get(told.version)
        if known is None:
            continue
        if known.eventless and is_of(told, known.approval, known.at) and not told.decides_on_own_content:
            turn.decided(told.version, unsure=None, eventless=False)
            continue
        if not told.decides_on_own_content or told.at < known.written - SAME_CALL:
            continue
        if abs(told.at - known.written) < SAME_CALL and (known.writer or known.unsure is not None):
            continue
        if is_of(told, known.approval, known.at) and known.by is not None:
            turn.decided(told.version, writer=known.by, written=known.at, unsure=None, eventless=False)
        else:
            unsure = _from(known.unsure, told.at)
            turn.decided(told.version, writer=None, written=told.at, unsure=unsure, eventless=False)


def is_of(told: Told, approval: Approval, at: float) -> bool:
    """Whether an event is of the write that gave its version this status at this time."""
    return told.is_decision and told.approval is approval and abs(told.at - at) < SAME_WRITE


def settle(turn: Turn, version: int, seen: Sequence[Witness], *, told_all: bool) -> None:
    """Let CloudTrail say who wrote the content, and that nobody else did.

    Args:
        turn: in the making.
        version: that is Approved on record.
        seen: what CloudTrail has of it, oldest first.
        told_all: CloudTrail must have told everything that was written up to the approval.
    """
    decided = turn.record.versions[version]
    if writes := [witness for witness in seen if witness.changed_content]:
        last = writes[-1]
        newer = last.at > decided.written - SAME_CALL
        known = decided.writer
        # The same caller with a source identity, which was not known, is news: it may be another name of the approver.
        sourced = known is not None and known.source is None and last.by.source is not None
        if newer and (known is None or known.arn != last.by.arn or sourced):
            turn.decided(version, writer=last.by, written=last.at)
    if decided.unsure is None or decided.by is None:
        return
    its_own_call = any(
        witness.approval is Approval.APPROVED
        and witness.is_of(decided.at)
        and witness.by.arn == decided.by.arn
        for witness in seen
    )
    only_that = decided.unsure > decided.at - SAME_CALL
    if its_own_call and (only_that or told_all):
        turn.decided(version, unsure=None, eventless=False)
