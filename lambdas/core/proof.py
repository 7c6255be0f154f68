"""Whether an approval is proven: given by an approver, not by who registered the version, on this very content."""

from collections.abc import Iterable

from lambdas.core.content import difference
from lambdas.core.facts import Facts, Lookup, Told, VersionDetail
from lambdas.core.identity import Identity, is_approver, same_person
from lambdas.core.ledger import Kind
from lambdas.core.names import account_of
from lambdas.core.record import Approval, Decided
from lambdas.core.spec import GroupSpec, Mode
from lambdas.core.trail import Witness
from lambdas.core.turn import Need, Turn

SAME_WRITE = 1.0  # seconds: event times may be whole seconds where the API gives milliseconds
SELF_CHANGED = "who approved it changed its content in the same call"
SAME_CALL = 3.0  # seconds between CloudTrail's time of a call, in whole seconds, and the registry's
_SEARCHED = (
    1800.0  # seconds before the time we have for a decision from which CloudTrail is searched at least
)
_LATEST = 900.0  # seconds that CloudTrail takes at most to tell of a call [CloudTrail guide]
_REMEMBERED = 64  # events of CloudTrail that are known not to be news


def doubts(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """Every reason why an approval is not proven, in words; empty: it is."""
    return (*_who(spec, decided), *_what(decided))


def counts(spec: GroupSpec, decided: Decided) -> bool:
    """Whether who gave an approval may give it, or the group's mode is to note it and let it pass."""
    return spec.approval.mode is Mode.AUDIT or not _who(spec, decided)


def objections(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    """The doubts that keep a version from starting: all of them, or in audit mode only that it is known to differ."""
    if spec.approval.mode is Mode.ENFORCE:
        return doubts(spec, decided)
    return _what(decided) if decided.changed is not None else ()


def _who(spec: GroupSpec, decided: Decided) -> tuple[str, ...]:
    by, registrant = decided.by, decided.registrant
    if by is None:
        return (
            "who approved it is not known: AWS names nobody, and CloudTrail's event of the approval is awaited",
        )
    if not _by_approver(spec, by):
        return (
            f"{by} approved it, who is not an approver of this group; if an approver did before, CloudTrail's event "
            "will prove it",
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
            "it was written to after its approval, and the approval's own event, which tells what was approved, is "
            "missing; CloudTrail is asked, or approve it again",
        )
    return ()


def _by_approver(spec: GroupSpec, identity: Identity) -> bool:
    return is_approver(identity, spec.name, account_of(spec.execution_role))


# --- from the registry and its events -------------------------------------------------------------------------


def author_of(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float) -> Identity | None:
    """Who made the decision of this time, as far as the registry and CloudTrail's hints tell; None: not known.

    An approver's every write is a decision, so if an approver wrote last, an approver decided. Anyone else who wrote
    last may have annotated what another decided.
    """
    wrote_it = detail.modified > at - SAME_CALL
    if wrote_it and detail.author is not None and _by_approver(spec, detail.author):
        return detail.author
    for witness in verified(facts):
        decides = (witness.version, witness.approval) == (detail.version, detail.approval)
        if decides and _same_call(witness, at) and not _taken_back(facts, witness):
            return witness.by
    return detail.author if detail.modified == at else None


def confirmed(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float, by: Identity | None) -> bool:
    """Whether what the registry has now is known to be what was there when the version was decided on.

    An event of that time told it (and what it told is compared), or the approver wrote last.
    """
    wrote_last = by is not None and by == detail.author and detail.modified - at < SAME_WRITE
    return (wrote_last and by is not None and _by_approver(spec, by)) or told_at(
        facts, detail, at
    ) is not None


def changed(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float) -> str | None:
    """How the content is known to differ from what was approved."""
    told = told_at(facts, detail, at)
    if told is None or told.containers is None:
        return None
    if spec.approval.four_eyes and told.is_approval and "InferenceSpecification" in (told.wrote or ()):
        return SELF_CHANGED
    return difference(told.containers, detail.containers)


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
    same = abs(told.at - decided.at) < SAME_CALL
    if same:
        return not decided.confirmed
    return told.at < decided.at and bool(_who(spec, decided))


# --- from CloudTrail ------------------------------------------------------------------------------------------


def heard(facts: Facts) -> tuple[Witness, ...]:
    """What messages and CloudTrail itself say of writes to versions; each event once, oldest first."""
    told = [hint.witness for hint in facts.hints if hint.witness is not None]
    return _in_order((*told, *verified(facts)))


def verified(facts: Facts) -> tuple[Witness, ...]:
    """What CloudTrail itself answered, oldest first: this alone proves. A message may be sent by others."""
    return _in_order(facts.trail.witnesses if facts.trail else ())


def _in_order(found: Iterable[Witness]) -> tuple[Witness, ...]:
    by_id = {witness.id: witness for witness in found}
    return tuple(sorted(by_id.values(), key=lambda witness: (witness.at, witness.id)))


def take_witnesses(turn: Turn) -> Need | None:
    """Record each witness once, and let those verified settle who approved, who registered, and what on."""
    facts = turn.facts
    if facts.trail is None and (undone := _undone(turn)):
        return Need(trail=undone)
    known = list(turn.record.heard)
    for witness in heard(facts):
        decision = witness.approval is not None and witness.approval is not Approval.PENDING
        withdrawal = witness.approval is Approval.PENDING and not witness.registered
        if (decision or withdrawal) and witness.id not in known:
            known.append(witness.id)
            turn.say(
                Kind.WITNESS,
                f"CloudTrail: {witness.by} set v{witness.version} to {witness.approval}",
                witness.version,
                event=witness.id,
                by=str(witness.by),
                decided_at=witness.at,
                after=witness.approval,
            )
    if tuple(known) != turn.record.heard:
        turn.update(heard=tuple(known[-_REMEMBERED:]))
    for witness in verified(facts):
        _settle(turn, witness)
    for version in sorted({witness.version for witness in verified(facts)}):
        _settle_content(turn, version)
    return None


def _undone(turn: Turn) -> tuple[Lookup, ...]:
    """Versions that are Approved, and by a message were rejected after the approval that we know: by whom since?"""
    told = (hint.witness for hint in turn.facts.hints if hint.witness is not None)
    return tuple(
        Lookup(version.version, version.arn, version.created, decided.at)
        for witness in told
        for version in turn.facts.versions
        if version.version == witness.version
        and (decided := turn.record.versions.get(version.version)) is not None
        and _is_against(decided, witness)
    )


def _is_against(decided: Decided, witness: Witness) -> bool:
    """Whether a witness is of a decision against the version, after the approval on record."""
    against = witness.approval in {Approval.REJECTED, Approval.PENDING} and not witness.registered
    return decided.approval is Approval.APPROVED and against and witness.at > decided.at + SAME_CALL


def _settle(turn: Turn, witness: Witness) -> None:
    decided = turn.record.versions.get(witness.version)
    if decided is None or decided.approval is not Approval.APPROVED:
        return
    if witness.registered and decided.registrant is None:
        turn.decided(witness.version, registrant=witness.by)
    if witness.approval is Approval.APPROVED:
        if not _taken_back(turn.facts, witness):
            _settle_approver(turn, turn.record.versions[witness.version], witness)
    elif _is_against(turn.record.versions[witness.version], witness):
        # Rejected after the approval that we know, and approved again since, unseen: by whom is not known.
        turn.decided(witness.version, by=None, at=witness.at, not_before=witness.at)


def _taken_back(facts: Facts, approval: Witness) -> bool:
    """Whether CloudTrail saw a decision against the version since this approval. Its times are whole seconds, so of two
    in one second the one against it counts as the later."""
    return approval.approval is Approval.APPROVED and any(
        other.version == approval.version
        and other.approval in {Approval.REJECTED, Approval.PENDING}
        and not other.registered
        and other.at >= approval.at
        for other in verified(facts)
    )


def _settle_approver(turn: Turn, decided: Decided, witness: Witness) -> None:
    spec = turn.spec
    if not _who(spec, decided) or witness.at + SAME_WRITE < decided.not_before:
        return
    if decided.by is not None and not _by_approver(spec, witness.by):
        return  # no better than who is known already
    same = _same_call(witness, decided.at)
    told_when = decided.by is None and (decided.confirmed or decided.changed is not None)
    if told_when and not same and witness.at < decided.at:
        return  # of an earlier approval: when this one was is known by its event, and its own witness will come
    turn.decided(
        witness.version,
        by=witness.by,
        at=max(decided.at, witness.at) if same else witness.at,
        confirmed=decided.confirmed and same,
        changed=SELF_CHANGED if witness.content and spec.approval.four_eyes else decided.changed,
    )


def _settle_content(turn: Turn, version: int) -> None:
    """Content that no event of the registry confirms stands if CloudTrail saw the approval, and no change since.

    Only when CloudTrail must have told everything: its events may come a quarter of an hour late.
    """
    decided, detail = turn.record.versions.get(version), turn.facts.details.get(version)
    trail = turn.facts.trail
    if (
        decided is None
        or detail is None
        or decided.confirmed
        or decided.changed
        or not trail
        or not trail.complete
    ):
        return
    seen = [witness for witness in trail.witnesses if witness.version == version]
    if not any(w.approval is Approval.APPROVED and _same_call(w, decided.at) for w in seen):
        return
    if later := [w for w in seen if w.content and not w.registered and w.at + SAME_WRITE >= decided.at]:
        turn.decided(version, changed=f"{later[-1].by} changed it afterwards")
    elif turn.facts.now - detail.modified >= _LATEST:
        turn.decided(version, confirmed=True)


def _same_call(witness: Witness, at: float) -> bool:
    return abs(witness.at - at) < SAME_CALL


def lookup(facts: Facts, spec: GroupSpec, version: int, decided: Decided) -> Lookup | None:
    """What to ask CloudTrail for, if it may settle the doubts about an approval; None: it cannot.

    The time we have for a decision is that of the last write; the decision may be older by as long as nobody looked.
    So the longer the doubt lasts, the further back is searched.
    """
    summary = next((v for v in facts.versions if v.version == version), None)
    if summary is None or decided.changed is not None or not doubts(spec, decided):
        return None
    since = decided.at - max(_SEARCHED, facts.now - decided.at)
    begin = (
        max(since, summary.created, decided.not_before) - SAME_CALL
    )  # CloudTrail's times are whole seconds
    return Lookup(version, summary.arn, summary.created, begin)
