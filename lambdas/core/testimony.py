"""Takes in what CloudTrail testifies: who approved, who registered, who wrote the content, and when."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from lambdas.core import authorship
from lambdas.core.authorship import SAME_WRITE
from lambdas.core.bounds import brief
from lambdas.core.corrections import decision_in_words, with_reason
from lambdas.core.facts import Facts, Lookup, VersionDetail
from lambdas.core.ledger import Kind
from lambdas.core.proof import (
    LATEST,
    by_approver,
    heard,
    is_harmless,
    lookup,
    may_count,
    stands,
    told_all,
    verified,
    who_doubts,
    wrote_last,
)
from lambdas.core.record import SAME_CALL, Approval, Decided, Search, Witness
from lambdas.core.spec import GroupSpec
from lambdas.core.turn import Need, Turn

_REMEMBERED = (
    256  # events of CloudTrail that are known not to be news, each by twelve characters of its digest
)
MOST_WITNESSES = (
    80  # entries of a turn after which what CloudTrail tells waits for the next one, see `intake`
)
_MOST_FOUND = 3  # writes of a version's status that are remembered of the part of CloudTrail that was read
_MOST_ASKED = 8  # decisions for which CloudTrail is asked at once, only to say who made them
_SOONEST = 60.0  # seconds after a decision: CloudTrail takes minutes
_ASKED = 86_400.0  # seconds after a decision for which CloudTrail is asked who made it


def take_witnesses(turn: Turn) -> Need | None:
    """Record each witness once, and let those verified settle who approved, who registered, and what on."""
    facts = turn.facts
    if facts.trail is None and (undone := _undone(turn)):
        return Need(trail=undone)
    present = {version.version for version in facts.versions}
    if missing := ({one.version for one in verified(facts)} & present) - facts.details.keys():
        return Need(details=frozenset(missing))
    _say_heard(turn)
    for witness in verified(facts):
        _settle(turn, witness)
    for version in sorted({witness.version for witness in verified(facts)}):
        _settle_content(turn, version)
    for version, decided in turn.record.versions.items():
        if decided.rewritten is not None and explains(facts, version, decided, decided.rewritten):
            turn.decided(version, rewritten=None, seen=decided.rewritten)
    for version, decided in turn.record.versions.items():
        if decided.untold:
            _tell(turn, version, decided)
    _note_search(turn)
    return None


def _note_search(turn: Turn) -> None:
    """Remember how far CloudTrail was read, where it holds more than one look reads; forget it when all was read.

    Only up to when it must have told everything: what it tells late would be missed otherwise.
    """
    facts, trail = turn.facts, turn.facts.trail
    if trail is None:
        return
    for version, since in trail.since.items():
        decided = turn.record.versions.get(version)
        if decided is None:
            continue
        search = decided.search
        if trail.complete or lookup(facts, turn.spec, version, decided) is None:
            if search is not None:
                turn.decided(version, search=None)
            continue
        if not trail.step:
            continue
        # How much is read at once is remembered also where nothing new was read whole: the next look begins with it.
        until = max(since, min(trail.until, facts.now - LATEST))
        seen = [one for one in verified(facts) if one.version == version and one.at <= until]
        begin = since if search is None or since > search.until else min(since, search.since)
        turn.decided(version, search=Search(begin, until, trail.step, _telling(seen)))


def _telling(seen: Sequence[Witness]) -> tuple[Witness, ...]:
    """What of the writes to a version is needed later: who registered it, the last that gave it a status, and the last
    that changed its content, whose consequences are drawn at once. Few, whoever writes however often."""
    registered = [one for one in seen if one.registered][:1]
    statuses = [one for one in seen if one.approval is not None and not one.registered][-_MOST_FOUND:]
    contents = [one for one in seen if one.changed_content and one.approval is None][-1:]
    found = sorted({*registered, *statuses, *contents}, key=lambda one: (one.at, one.id))
    return tuple(replace(one, reason=brief(one.reason)) for one in found)


def _say_heard(turn: Turn) -> None:
    facts, known = turn.facts, list(turn.record.heard)
    decisions = [
        one
        for one in heard(facts)
        if one.approval in {Approval.APPROVED, Approval.REJECTED} or one.is_against
    ]
    for witness in decisions[-_REMEMBERED:]:  # of more than are remembered, some would be news for ever
        if not {_mark(witness), witness.id} & set(known):  # the first release kept whole ids
            if len(turn.events) >= MOST_WITNESSES:
                turn.again = True  # a transaction has room for so many; the next turn takes in the rest
                break
            known.append(_mark(witness))
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


def untold(turn: Turn) -> tuple[Lookup, ...]:
    """What to ask CloudTrail for, so that the ledger can say who made a decision, and why; the youngest ones."""
    asked = (
        lookup(turn.facts, turn.spec, version, decided)
        for version, decided in sorted(turn.record.versions.items(), key=lambda one: -one[1].at)
        if decided.untold and turn.facts.now - decided.at >= _SOONEST
    )
    return tuple(replace(one, urgent=False) for one in asked if one is not None)[:_MOST_ASKED]


def _tell(turn: Turn, version: int, decided: Decided) -> None:
    """Take in who made a decision and what was said in that very call; or that CloudTrail will not tell any more."""
    facts, trail = turn.facts, turn.facts.trail
    there = any(one.version == version for one in facts.versions)
    told = told_all(facts, version, decided.at)
    if (call := _call_of(turn, version, decided, told_all=told)) is not None:
        turn.words[version] = call.reason
        turn.decided(version, by=decided.by or call.by, reason=call.reason, untold=False)
        return
    if told or not there or (trail is not None and facts.now - decided.at > _ASKED):
        turn.decided(version, untold=False)


def _call_of(turn: Turn, version: int, decided: Decided, *, told_all: bool) -> Witness | None:
    """The call that made a decision; None: not known, or not known to be that one.

    Where it is known who decided, it is theirs of that time. Otherwise, once CloudTrail has told everything, it is the
    first of those that gave this status last: the time we have for a decision may be that of a later write, also of one
    that wrote the same status again. Who approved is settled by its own rules, see `_settle_approver`.
    """
    wrote = [one for one in verified(turn.facts) if one.version == version and one.approval is not None]
    if (by := decided.by) is not None:
        same = [one for one in wrote if one.approval is decided.approval and one.is_of(decided.at)]
        return next((one for one in same if one.by.arn == by.arn), None)
    if not told_all or decided.approval is Approval.APPROVED:
        return None
    found: Witness | None = None
    for one in reversed([one for one in wrote if one.at <= decided.at + SAME_CALL]):
        if one.approval is not decided.approval or one.at + SAME_CALL < decided.not_before:
            break
        found = one
    return found


def say_corrections(turn: Turn) -> None:
    """Put into the ledger what is known by now of a decision that it has already: who, why, and who registered.

    A correction adds what an entry left open, and takes no name back. Where the decision that counts turns out to be
    another one than the entry's, it gets an entry of its own.
    """
    before = turn.facts.record.versions if turn.facts.record is not None else {}
    for version, decided in turn.record.versions.items():
        was = turn.said.get(version, before.get(version))
        if (
            was is None
            or not was.recorded
            or was.recorded != decided.recorded
            or _says(was) == _says(decided)
        ):
            continue
        if len(turn.events) >= MOST_WITNESSES:
            # No room in this transaction: the next turn finds the same out again.
            turn.remember(version, was)
            turn.again = True
        elif was.by is None or (decided.by is not None and decided.by.arn == was.by.arn):
            _say_correction(turn, version, decided)
        else:
            _say_another(turn, version, decided)


def _say_correction(turn: Turn, version: int, decided: Decided) -> None:
    by, why = decided.by, turn.words.get(version, decided.reason)
    turn.say(
        Kind.CORRECTED,
        with_reason(f"v{version}: {decided.approval.value} by {by or 'somebody who is not known'}", why),
        version,
        corrects=round(decided.recorded, 3),
        after=decided.approval.value,
        by=None if by is None else str(by),
        why=why,
        registered_by=None if decided.registrant is None else str(decided.registrant),
    )


def _say_another(turn: Turn, version: int, decided: Decided) -> None:
    """What the version was before is not known: nobody looked."""
    by, why = decided.by, turn.words.get(version, decided.reason) if decided.by is not None else None
    # An entry is corrected by the time that it gives: two of one version must differ.
    at = decided.at if round(decided.at, 3) != round(decided.recorded, 3) else decided.at + 0.001
    turn.decided(version, recorded=at, untold=decided.untold or by is None)
    turn.say(
        Kind.DECISION,
        decision_in_words(version, None, decided.approval.value, why),
        version,
        by=None if by is None else str(by),
        why=why,
        registered_by=None if decided.registrant is None else str(decided.registrant),
        decided_at=round(at, 3),
        before=None,
        after=decided.approval.value,
        fingerprint=decided.fingerprint,
    )


def _says(decided: Decided) -> tuple[object, ...]:
    return decided.by, decided.reason, decided.registrant


def _mark(witness: Witness) -> str:
    return hashlib.sha256(witness.id.encode()).hexdigest()[:12]


def explains(facts: Facts, version: int, decided: Decided, written: float) -> bool:
    """Whether a write of this time took no approval back, as CloudTrail must have told of it and tells nothing.

    What it tells against an approval has taken its approver away before anybody asks this.
    """
    return told_all(facts, version, decided.at) and is_harmless(facts, version, written)


def _undone(turn: Turn) -> tuple[Lookup, ...]:
    """Versions that are Approved, and by a message were rejected after the approval that we know: by whom since?"""
    told = (hint.witness for hint in turn.facts.hints if hint.witness is not None)
    return tuple(
        Lookup(
            version.version,
            version.arn,
            version.created,
            min(decided.at, decided.unsure or decided.at) - SAME_CALL,
            turn.facts.now,
            registration=False,
        )
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
            witness.version,
            by=None,
            at=witness.at,
            dated=False,
            not_before=witness.at,
            rewritten=None,
            eventless=False,
        )


def _settle_approver(turn: Turn, decided: Decided, witness: Witness) -> None:
    spec = turn.spec
    if not who_doubts(spec, decided) or witness.at + SAME_WRITE < decided.not_before:
        return
    if decided.by is not None and not by_approver(spec, witness.by):
        return  # no better than who is known already
    same = witness.is_of(decided.at)
    if decided.by is not None and may_count(spec, decided) and not same and witness.at < decided.at:
        return  # of an earlier approval than one that may count
    another = decided.by is not None and decided.by.arn != witness.by.arn
    if decided.by is None and decided.dated and not same and witness.at < decided.at:
        return  # of an earlier approval: when this one was is known by its event, and its own witness will come
    detail = turn.facts.details.get(witness.version)
    turn.words[witness.version] = witness.reason
    turn.decided(
        witness.version,
        by=witness.by,
        at=max(decided.at, witness.at) if same and not another else witness.at,
        dated=decided.dated and same,
        confirmed=decided.confirmed and same,
        reason=witness.reason,
        untold=False,
        eventless=decided.eventless and same,
        seen=decided.seen if detail is None else detail.modified,
        rewritten=None,
    )


def _settle_content(turn: Turn, version: int) -> None:
    """What CloudTrail shows of writes to the content counts for more than any event.

    Content that no event confirms stands if CloudTrail saw the approval, and no change up to when the content was read;
    only when CloudTrail must have told everything up to then: its events may come a quarter of an hour late. What is
    written later makes no difference: the content is compared with what was read.
    """
    facts, trail = turn.facts, turn.facts.trail
    decided, detail = turn.record.versions.get(version), facts.details.get(version)
    if decided is None or decided.approval is not Approval.APPROVED or detail is None or trail is None:
        return
    seen = [witness for witness in verified(facts) if witness.version == version]
    since = decided.at if decided.unsure is None else decided.unsure
    read = decided.read or detail.modified
    authorship.settle(turn, version, seen, told_all=told_all(facts, version, decided.at, since))
    if decided.changed is not None:
        return
    if later := [witness for witness in seen if _changed_since(turn.spec, witness, decided, detail)]:
        turn.decided(version, changed=f"{later[-1].by} changed it afterwards", confirmed=False)
    elif not decided.confirmed and any(_is_its_own(witness, decided) for witness in seen):
        turn.decided(version, confirmed=trail.complete and facts.now - read >= LATEST)


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
