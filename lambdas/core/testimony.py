"""Takes in what CloudTrail testifies: who approved, who registered, who wrote the content, and when."""

from lambdas.core import authorship
from lambdas.core.authorship import SAME_WRITE
from lambdas.core.facts import Facts, Lookup, VersionDetail
from lambdas.core.ledger import Kind
from lambdas.core.proof import LATEST, by_approver, heard, stands, verified, who_doubts, wrote_last
from lambdas.core.record import Approval, Decided
from lambdas.core.spec import GroupSpec
from lambdas.core.trail import SAME_CALL, Witness
from lambdas.core.turn import Need, Turn

_REMEMBERED = 64  # events of CloudTrail that are known not to be news


def take_witnesses(turn: Turn) -> Need | None:
    """Record each witness once, and let those verified settle who approved, who registered, and what on."""
    facts = turn.facts
    if facts.trail is None and (undone := _undone(turn)):
        return Need(trail=undone)
    present = {version.version for version in facts.versions}
    if missing := ({one.version for one in verified(facts)} & present) - facts.details.keys():
        return Need(details=frozenset(missing))
    known = list(turn.record.heard)
    for witness in heard(facts):
        decision = witness.approval in {Approval.APPROVED, Approval.REJECTED} or witness.is_against
        if decision and witness.id not in known:
            known.append(witness.id)
            turn.say(
                Kind.WITNESS,
                f"CloudTrail: {witness.by} set v{witness.version} to {witness.approval}",
                witness.version,
                event=witness.id,
                by=str(witness.by),
                decided_at=witness.at,
                after=witness.approval,
                verified=witness in verified(facts),
            )
    if tuple(known) != turn.record.heard:
        turn.update(heard=tuple(known[-_REMEMBERED:]))
    for witness in verified(facts):
        _settle(turn, witness)
    for version in sorted({witness.version for witness in verified(facts)}):
        _settle_content(turn, version)
    for version, decided in turn.record.versions.items():
        if decided.rewritten is not None and explains(facts, version, decided, decided.rewritten):
            turn.decided(version, rewritten=None, seen=decided.rewritten)
    return None


def explains(facts: Facts, version: int, decided: Decided, written: float) -> bool:
    """Whether a write of this time took no approval back, as CloudTrail must have told of it and tells nothing.

    What it tells against an approval has taken its approver away before anybody asks this.
    """
    trail = facts.trail
    if trail is None or not trail.complete or facts.now - written < LATEST:
        return False
    return trail.since.get(version, facts.now) <= decided.at


def _undone(turn: Turn) -> tuple[Lookup, ...]:
    """Versions that are Approved, and by a message were rejected after the approval that we know: by whom since?"""
    told = (hint.witness for hint in turn.facts.hints if hint.witness is not None)
    return tuple(
        Lookup(version.version, version.arn, version.created, min(decided.at, decided.unsure or decided.at))
        for witness in told
        for version in turn.facts.versions
        if version.version == witness.version
        and (decided := turn.record.versions.get(version.version)) is not None
        and _is_against(decided, witness)
    )


def _is_against(decided: Decided, witness: Witness) -> bool:
    """Whether a witness is of a decision against the version, after the approval on record."""
    approved = decided.approval is Approval.APPROVED
    return approved and witness.is_against and witness.at > decided.at + SAME_CALL


def _settle(turn: Turn, witness: Witness) -> None:
    decided = turn.record.versions.get(witness.version)
    if decided is None or decided.approval is not Approval.APPROVED:
        return
    if witness.registered and decided.registrant is None:
        turn.decided(witness.version, registrant=witness.by)
    if witness.approval is Approval.APPROVED:
        if stands(turn.facts, turn.facts.details.get(witness.version), witness):
            _settle_approver(turn, turn.record.versions[witness.version], witness)
    elif _is_against(turn.record.versions[witness.version], witness):
        # Rejected after the approval that we know, and approved again since, unseen: by whom is not known.
        turn.decided(
            witness.version, by=None, at=witness.at, dated=False, not_before=witness.at, rewritten=None
        )


def _settle_approver(turn: Turn, decided: Decided, witness: Witness) -> None:
    spec = turn.spec
    if not who_doubts(spec, decided) or witness.at + SAME_WRITE < decided.not_before:
        return
    if decided.by is not None and not by_approver(spec, witness.by):
        return  # no better than who is known already
    same = witness.is_of(decided.at)
    if decided.by is None and decided.dated and not same and witness.at < decided.at:
        return  # of an earlier approval: when this one was is known by its event, and its own witness will come
    detail = turn.facts.details.get(witness.version)
    turn.decided(
        witness.version,
        by=witness.by,
        at=max(decided.at, witness.at) if same else witness.at,
        dated=decided.dated and same,
        confirmed=decided.confirmed and same,
        seen=decided.seen if detail is None else detail.modified,
        rewritten=None,
    )


def _settle_content(turn: Turn, version: int) -> None:
    """What CloudTrail shows of writes to the content counts for more than any event.

    Content that no event confirms stands if CloudTrail saw the approval, and no change since; only when CloudTrail must
    have told everything: its events may come a quarter of an hour late.
    """
    facts, trail = turn.facts, turn.facts.trail
    decided, detail = turn.record.versions.get(version), facts.details.get(version)
    if decided is None or decided.approval is not Approval.APPROVED or detail is None or trail is None:
        return
    seen = [witness for witness in verified(facts) if witness.version == version]
    told_all = trail.complete and facts.now - decided.at >= LATEST
    authorship.settle(turn, version, seen, told_all=told_all)
    if decided.changed is not None:
        return
    if later := [witness for witness in seen if _changed_since(turn.spec, witness, decided, detail)]:
        turn.decided(version, changed=f"{later[-1].by} changed it afterwards", confirmed=False)
    elif not decided.confirmed and any(_is_its_own(witness, decided) for witness in seen):
        turn.decided(version, confirmed=trail.complete and facts.now - detail.modified >= LATEST)


def _changed_since(spec: GroupSpec, witness: Witness, decided: Decided, detail: VersionDetail) -> bool:
    """Whether CloudTrail saw a write to the content after the approval, and not in the call that approved."""
    approver = decided.by is None or witness.by.arn == decided.by.arn
    if not witness.changed_content or (_is_its_own(witness, decided) and approver):
        return False
    by = decided.by
    approver_last = by is not None and by_approver(spec, by) and wrote_last(detail, decided.at, by)
    return witness.at > decided.at or (witness.at + SAME_WRITE >= decided.at and not approver_last)


def _is_its_own(witness: Witness, decided: Decided) -> bool:
    """Whether a witness is of the call that approved."""
    return witness.approval is Approval.APPROVED and witness.is_of(decided.at)
