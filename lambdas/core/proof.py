"""Whether an approval is proven: given by an approver, not by who registered the version, on this very content."""

import itertools
import math
from collections.abc import Iterable

from lambdas.core import authorship
from lambdas.core.authorship import SAME_WRITE
from lambdas.core.content import difference, tells_all
from lambdas.core.facts import Facts, Lookup, Told, VersionDetail
from lambdas.core.identity import Identity, is_approver, same_person
from lambdas.core.record import SAME_CALL, Approval, Decided, Search, Witness
from lambdas.core.spec import GroupSpec, Mode

LATEST = 900.0  # seconds that CloudTrail takes at most to tell of a call [CloudTrail guide]
_SEARCHED = (
    1800.0  # seconds before the time we have for a decision from which CloudTrail is searched at least
)


def doubts(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """Every reason why an approval is not proven, in words; empty: it is."""
    who = who_doubts(spec, decided)
    return (*who, *(() if who else authorship.doubts(spec, decided)), *_what(decided))


def counts(spec: GroupSpec, decided: Decided) -> bool:
    """Whether who gave an approval may give it, or the group's mode is to note it and let it pass."""
    return spec.approval.mode is Mode.AUDIT or not who_doubts(spec, decided)


def objections(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """The doubts that keep a version from starting: all of them, or in audit mode only that it is known to differ."""
    if spec.approval.mode is Mode.ENFORCE:
        return doubts(spec, decided)
    return _what(decided) if decided.changed is not None else ()


def is_open(spec: GroupSpec, decided: Decided) -> bool:
    """Whether nothing speaks against an approval but that CloudTrail has not told yet."""
    if (
        decided.changed is not None
        or not may_count(spec, decided)
        or _is_two_in_one(spec, decided, decided.writer)
    ):
        return False
    return bool(doubts(spec, decided))


def may_count(spec: GroupSpec, decided: Decided) -> bool:
    """Whether nothing that is known speaks against who gave an approval: CloudTrail may yet prove it."""
    by = decided.by
    if by is None:
        return True
    return by_approver(spec, by) and not _is_two_in_one(spec, decided, decided.registrant)


def _is_two_in_one(spec: GroupSpec, decided: Decided, other: Identity | None) -> bool:
    """Whether who approved is somebody else, too, whom four eyes ask to be another person."""
    by = decided.by
    return spec.approval.four_eyes and by is not None and other is not None and same_person(by, other)


def who_doubts(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """Why it is not known that somebody approved it who may."""
    by, registrant = decided.by, decided.registrant
    if by is None:
        return (
            "who approved it is not known: AWS names at most who wrote last, and CloudTrail's "
            "event of the approval is awaited",
        )
    if not by_approver(spec, by):
        return (
            f"{by} approved it, who is not an approver of this group; if an approver did before, CloudTrail's event "
            "will prove it",
        )
    if decided.rewritten is not None:
        return (
            f"somebody wrote to it after {by} approved it; whether that took the approval back is not known, and "
            "CloudTrail's answer is awaited",
        )
    if not spec.approval.four_eyes:
        return ()
    if registrant is None:
        return ("who registered it is not known: AWS names nobody, and CloudTrail's event of it is awaited",)
    if same_person(by, registrant):
        return (
            f"{by} approved it and {registrant} registered it, the same person; another approver must approve it",
        )
    return ()


def _what(decided: Decided) -> tuple[str, ...]:
    if decided.changed is not None:
        return (
            f"its content is not what was approved: {decided.changed}; approve it again to deploy what is there now",
        )
    if not decided.confirmed:
        return (
            "it was written to after its approval, and no event tells that what is there now is what was approved; "
            "CloudTrail is asked, or approve it again",
        )
    return ()


def by_approver(spec: GroupSpec, identity: Identity) -> bool:
    """Whether somebody is an approver of the group."""
    return is_approver(identity, spec.name, spec.execution_role)


def is_rewritten(spec: GroupSpec, decided: Decided, detail: VersionDetail) -> bool:
    """Whether somebody who may not decide wrote to a version since nothing was known to have taken its approval back.

    It may have been a note; or an approval, after a rejection of which no event came. An approver's every write is a
    decision, so after one of theirs the status is theirs.
    """
    if detail.modified - max(decided.at, decided.seen) < SAME_WRITE:
        return False
    return detail.author is None or not by_approver(spec, detail.author)


# --- from the registry and its events -------------------------------------------------------------------------


def author_of(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float) -> Identity | None:
    """Who made the decision of this time, as far as the registry and CloudTrail tell; None: not known.

    An approver's every write is a decision, so if an approver wrote last, an approver decided. Anyone else who wrote
    last may have annotated what another decided: that names nobody.
    """
    wrote_it = detail.modified > at - SAME_CALL
    if wrote_it and detail.author is not None and by_approver(spec, detail.author):
        return detail.author
    for witness in verified(facts):
        decides = (witness.version, witness.approval) == (detail.version, detail.approval)
        if decides and witness.is_of(at) and stands(facts, detail, witness):
            return witness.by
    return None


def reason_of(facts: Facts, detail: VersionDetail, at: float, by: Identity | None) -> str | None:
    """What was said in the very call that decided; None: not known.

    The registry's description may be older than the decision, and somebody else's. So it counts only where the call's
    own event says that the call wrote it, or where CloudTrail has the call.
    """
    for witness in verified(facts):
        decides = (witness.version, witness.approval) == (detail.version, detail.approval)
        if decides and by is not None and witness.is_of(at) and witness.by.arn == by.arn:
            return witness.reason
    if not detail.reason:
        return ""
    told = next(iter(authorship.events_of_decision(facts, detail.version, detail.approval, at)), None)
    if told is None or not told.gave_a_reason:
        return None
    if by is not None and by == detail.author and abs(detail.modified - told.at) >= SAME_WRITE:
        return None  # the event may be of another approver's call than the last write
    if told.description is not None:
        return told.description
    return detail.reason if abs(detail.modified - told.at) < SAME_WRITE else None


def confirmed(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float, by: Identity | None) -> bool:
    """Whether what the registry has now is known to be what was there when the version was decided on.

    The approver wrote last, or an event of that time told all of it: what it leaves out may be added.
    """
    told = told_at(facts, detail, at)
    all_told = told is not None and tells_all(told.containers or (), detail.containers)
    return all_told or (by is not None and by_approver(spec, by) and wrote_last(detail, at, by))


def wrote_last(detail: VersionDetail, at: float, by: Identity) -> bool:
    """Whether the registry itself says that nobody wrote since somebody's decision of this time."""
    return by == detail.author and detail.modified - at < SAME_WRITE


def changed(facts: Facts, detail: VersionDetail, at: float) -> str | None:
    """How the content is known to differ from what was approved."""
    told = told_at(facts, detail, at)
    return None if told is None else difference(told.containers or (), detail.containers)


def told_at(facts: Facts, detail: VersionDetail, at: float, within: float = SAME_WRITE) -> Told | None:
    """The event that tells what the version was when it was approved; `within`: seconds."""
    tellings = (hint.told for hint in facts.hints if hint.told is not None)
    return next(
        (
            told
            for told in tellings
            if told.version == detail.version
            and told.is_approval
            and told.containers is not None
            and abs(told.at - at) < within
        ),
        None,
    )


def is_late_event(spec: GroupSpec, decided: Decided, told: Told) -> bool:
    """Whether an event tells of the approval on record what was not known when it was taken in."""
    if (
        decided.approval is not Approval.APPROVED
        or decided.changed is not None
        or told.at < decided.not_before
    ):
        return False
    if abs(told.at - decided.at) < SAME_CALL:
        return not decided.confirmed
    return told.at < decided.at and bool(who_doubts(spec, decided))


# --- from CloudTrail ------------------------------------------------------------------------------------------


def heard(facts: Facts) -> tuple[Witness, ...]:
    """What messages and CloudTrail itself say of writes to versions; each event once, oldest first."""
    told = [hint.witness for hint in facts.hints if hint.witness is not None]
    return _in_order((*told, *verified(facts)))


def verified(facts: Facts) -> tuple[Witness, ...]:
    """What CloudTrail itself answered, now or in the part that was read before, oldest first: this alone proves.

    A message may be sent by others.
    """
    if facts.trail is None:
        return ()
    before = (
        search.found for version in facts.trail.since if (search := _search(facts, version)) is not None
    )
    return _in_order((*facts.trail.witnesses, *itertools.chain.from_iterable(before)))


def _search(facts: Facts, version: int) -> Search | None:
    decided = facts.record.versions.get(version) if facts.record is not None else None
    return decided.search if decided is not None else None


def told_since(facts: Facts, version: int) -> float:
    """From when on CloudTrail has told all that it has of a version; infinite: it was not asked, or did not."""
    trail = facts.trail
    if trail is None or not trail.complete or version not in trail.since:
        return math.inf
    search = _search(facts, version)
    since = trail.since[version]
    return since if search is None or since > search.until else min(search.since, since)


def _in_order(found: Iterable[Witness]) -> tuple[Witness, ...]:
    by_id = {witness.id: witness for witness in found}
    return tuple(sorted(by_id.values(), key=lambda witness: (witness.at, witness.id)))


def stands(facts: Facts, detail: VersionDetail | None, approval: Witness) -> bool:
    """Whether an approval that CloudTrail saw is known to be the one for which the version is Approved now.

    If the same caller wrote last, it is. If somebody else did, that may have been another approval, after a rejection
    of which CloudTrail has not told yet. So CloudTrail must have told everything up to the approval, and the last
    write. It need not be quiet meanwhile: whoever may annotate would hold every approval off.
    """
    if detail is None or _taken_back(facts, approval):
        return False
    last = approval.is_of(detail.modified) and (detail.author is None or detail.author.arn == approval.by.arn)
    if last:
        return True
    return told_all(facts, approval.version, approval.at) and is_harmless(
        facts, approval.version, detail.modified
    )


def told_all(facts: Facts, version: int, at: float, since: float = math.inf) -> bool:
    """Whether CloudTrail must have told everything up to a decision of this time; `since`: from when on, if earlier."""
    return told_since(facts, version) <= min(at, since) and facts.now - at >= LATEST


def is_harmless(facts: Facts, version: int, written: float) -> bool:
    """Whether a write of this time took no approval back, by CloudTrail.

    It tells of that write, and of no status in it; or it must have told of it by now, and what it tells against an
    approval has taken that back already.
    """
    if facts.now - written >= LATEST:
        return True
    detail = facts.details.get(version)
    author = detail.author if detail is not None and detail.modified == written else None
    return any(
        (witness.version, witness.approval) == (version, None)
        and witness.is_of(written)
        and (author is None or author.arn == witness.by.arn)
        for witness in verified(facts)
    )


def _taken_back(facts: Facts, approval: Witness) -> bool:
    """Whether CloudTrail or an event of the registry tells of a decision against the version since this approval. Their
    times are whole seconds, so of two in one second the one against it counts as the later."""
    if approval.approval is not Approval.APPROVED:
        return False
    against = [(one.version, one.at) for one in verified(facts) if one.is_against]
    against += [
        (hint.told.version, hint.told.at)
        for hint in facts.hints
        if hint.told is not None and hint.told.approval is not Approval.APPROVED
    ]
    return any(version == approval.version and at >= approval.at for version, at in against)


def lookup(facts: Facts, spec: GroupSpec, version: int, decided: Decided) -> Lookup | None:
    """What to ask CloudTrail for, if it may settle the doubts about an approval; None: it cannot.

    Also for who decided, and why, where nothing depends on it. The time we have for a decision is that of the last
    write; the decision may be older by as long as nobody looked. So the longer the doubt lasts, the further back is
    searched.
    """
    summary = next((v for v in facts.versions if v.version == version), None)
    in_doubt = decided.approval is Approval.APPROVED and decided.changed is None and doubts(spec, decided)
    if summary is None or not (in_doubt or decided.untold):
        return None
    since = decided.at - max(_SEARCHED, facts.now - decided.at)
    begin = max(since, decided.not_before)
    if decided.unsure is not None and spec.approval.four_eyes:
        begin = min(begin, decided.unsure)
    begin = max(begin, summary.created) - SAME_CALL  # CloudTrail's times are whole seconds
    # Who registered it matters to an approval alone.
    unknown = decided.registrant is None and decided.approval is Approval.APPROVED
    if (search := decided.search) is not None:
        return Lookup(version, summary.arn, summary.created, search.until, facts.now, search.step, unknown)
    return Lookup(version, summary.arn, summary.created, begin, facts.now, registration=unknown)
