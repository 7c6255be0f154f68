"""Takes in what changed in the registry and the spec since the last look, before any rule asks what to do."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

from lambdas.core import authorship, proof, testimony
from lambdas.core.acts import PAUSE, RETRY, Act, pause_of, retry_of
from lambdas.core.bounds import short
from lambdas.core.codec import unknown_keys
from lambdas.core.content import difference, shown, tells_all
from lambdas.core.corrections import decision_in_words
from lambdas.core.errors import Malformed
from lambdas.core.facts import Facts, VersionDetail, VersionSummary
from lambdas.core.ledger import Kind
from lambdas.core.names import version_in
from lambdas.core.record import SAME_CALL, Approval, Decided, Pause, Phase, Record, run_of
from lambdas.core.refusals import forget, refused_versions
from lambdas.core.retraining import link
from lambdas.core.spec import GroupSpec, Onboarding, changes
from lambdas.core.turn import Need, Turn

MOST_AT_ONCE = 80
"""Entries for which there is room: a transaction of DynamoDB holds 100 items (the record, these, and what the rules
add) and 4 MB, of which an entry takes at most `ledger.MOST_ENTRY`."""
_ANEW = 60.0  # seconds after an approval from which CloudTrail's event of one cannot be of the same


def onboard(facts: Facts) -> Turn | Need | None:
    """The first look at a group: note what was decided before us, and act on none of it.

    Decided before us means before the group's spec was written, so a lost or late event changes nothing.
    Returns None when the group has no spec: it is not ours.

    Raises:
        Malformed: it has one that cannot be read, and nothing is known of it from before.
    """
    if facts.spec is None:
        return Need(spec=True)
    if facts.spec.problem is not None:
        raise Malformed(facts.spec.problem)
    if facts.spec.spec is None:
        return None
    approved = [v for v in facts.versions if v.approval is Approval.APPROVED]
    if missing := {v.version for v in approved} - facts.details.keys():
        return Need(details=frozenset(missing))
    spec, since = facts.spec.spec, facts.spec.modified
    versions: dict[int, Decided] = {}
    for summary in facts.versions:
        detail = facts.details.get(summary.version)
        if summary.approval is Approval.PENDING or (detail and _ours(detail, spec, since)):
            continue
        versions[summary.version] = Decided(
            approval=summary.approval,
            at=detail.modified if detail else summary.created,
            fingerprint=detail.fingerprint if detail else None,
            unsure=summary.created,  # we did not watch: whoever decided may have written content too
        )
    ours_since = 0.0 if spec.onboarding is Onboarding.DEPLOY else since
    record = Record(
        facts.group,
        spec,
        ours_since=ours_since,
        versions=versions,
        since=facts.now,
        noted=max((summary.version for summary in facts.versions), default=0),
    )
    turn = Turn(facts, record)
    before = sorted(v for v, d in versions.items() if d.approval is Approval.APPROVED)
    turn.say(
        Kind.ONBOARDED, _onboarded_reason(before), approved_before=before, onboarding=spec.onboarding.value
    )
    return turn


def _ours(detail: VersionDetail, spec: GroupSpec, since: float) -> bool:
    return detail.modified >= since or spec.onboarding is Onboarding.DEPLOY


def _onboarded_reason(before: list[int]) -> str:
    if not before:
        return "first look at this group; nothing was approved before"
    names = ", ".join(f"v{version}" for version in before)
    return f"first look at this group; approved before and not acted on: {names}"


def take_spec(turn: Turn) -> None:
    """Take in a freshly read spec; an endpoint cannot be renamed, only left and made anew."""
    read = turn.facts.spec
    if read is None:
        return
    problem = None if read.problem is None else short(read.problem)
    if problem is not None and problem != turn.record.unreadable:
        turn.say(Kind.BLOCKED, f"{read.problem}; the spec before it holds, and nothing moves forward")
    if problem != turn.record.unreadable:
        turn.update(unreadable=problem)
    if read.spec is None:
        return
    known, asked = turn.record.spec, read.spec
    if known is not None and asked.endpoint.name != known.endpoint.name:
        if turn.record.renamed != asked.endpoint.name:
            turn.say(
                Kind.BLOCKED,
                f"the endpoint cannot be renamed from {known.endpoint.name} to {asked.endpoint.name}: clients call it"
                " by name; it serves on under its name. Undo the change, or move to a new group",
            )
        turn.update(renamed=asked.endpoint.name)
        asked = replace(asked, endpoint=replace(asked.endpoint, name=known.endpoint.name))
    elif turn.record.renamed is not None:
        turn.update(renamed=None)
    if asked != known:
        turn.update(spec=asked)
        if known is not None:
            if asked.retraining != known.retraining:
                turn.update(retraining=replace(turn.record.retraining, stopped=None, held=None))
            differs = changes(known, asked)
            turn.say(Kind.SPEC, f"the group's spec changed: {', '.join(differs)}", changes=differs)
        _tell_of_unknown_keys(turn, known, asked)
    if turn.record.phase is Phase.UNMANAGED:
        turn.enter(Phase.IDLE, "the group has a spec again")


def _tell_of_unknown_keys(turn: Turn, known: GroupSpec | None, asked: GroupSpec) -> None:
    strange = sorted(unknown_keys(asked))
    if strange and strange != sorted(unknown_keys(known)):
        turn.say(
            Kind.SPEC,
            f"the group's spec has keys of a newer release, without effect here: {', '.join(strange)}; deploy that"
            " release's functions",
            ignored=strange,
        )


def take_acts(turn: Turn) -> Need | None:
    """Take in, once each, pauses and second tries: who asks, for what, why. They were read with the spec.

    What people ask of the pipeline is taken in with the retraining.
    """
    read = turn.facts.spec
    if read is None:
        return None
    if not any(act.kind == PAUSE for act in read.acts) and turn.record.acts.get(PAUSE) and turn.record.pause:
        turn.update(pause=None)
        turn.say(Kind.RESUME, "resumed: the pause was deleted")
    news = [act for act in read.acts if act.kind in _TAKE and turn.is_news(act)]
    if news and turn.facts.actors is None:
        return Need(actors=True)
    for act in news:
        _TAKE[act.kind](turn, act, turn.taken(act))
    return None


def _take_pause(turn: Turn, act: Act, by: str | None) -> None:
    try:
        pause = pause_of(act.text)
    except Malformed as error:
        # Somebody wanted a pause: hold what moves forward rather than guess.
        pause = Pause(f"a pause was asked for and cannot be read: {error}")
    if pause is None:
        if turn.record.pause is not None:
            turn.say(Kind.RESUME, f"resumed: {json.loads(act.text)['reason']}", by=by)
    else:
        pause = replace(pause, reason=short(pause.reason))
        until = None if pause.until is None else round(pause.until, 3)
        turn.say(Kind.PAUSE, f"paused: {pause.reason}", by=by, until=until, rollbacks=pause.rollbacks)
    turn.update(pause=pause)


def _take_retry(turn: Turn, act: Act, by: str | None) -> None:
    try:
        retry = retry_of(act.text)
    except Malformed as error:
        turn.say(Kind.RETRY, f"a retry was asked for and cannot be read: {error}", by=by)
        return
    known, refused = turn.record.versions.get(retry.version), turn.record.refused
    if known is None and _last(turn.record, retry.version) is not None:
        why = "its last decision is too long ago; approve it again, which is another try"
        turn.say(Kind.RETRY, f"v{retry.version} is not tried again: {why}", retry.version, by=by)
        return
    spec_failed = refused is not None and version_in(refused) == retry.version
    held = retry.version in refused_versions(turn.record)
    if known is None or known.approval is not Approval.APPROVED or not (known.failed or spec_failed or held):
        why = (
            "it is not approved"
            if known is None or known.approval is not Approval.APPROVED
            else "it did not fail"
        )
        turn.say(Kind.RETRY, f"v{retry.version} is not tried again: {why}", retry.version, by=by)
        return
    forget(turn, version=retry.version)
    if known.failed or spec_failed:
        turn.decided(retry.version, failed=None, renewed=turn.facts.now)
    if spec_failed:
        turn.update(refused=None)
    turn.say(Kind.RETRY, f"v{retry.version} is tried again: {retry.reason}", retry.version, by=by)


_TAKE = {PAUSE: _take_pause, RETRY: _take_retry}


def take_decisions(turn: Turn) -> Need | None:
    """Record each decision made since the last look, in the order in which they were made."""
    facts, record = turn.facts, turn.record
    approvals = _hinted_approvals(facts)
    changed = [v for v in facts.versions if _is_news(v, record, approvals)]
    turn.again = len(changed) > MOST_AT_ONCE
    # What is archived first: the longer it waits, the younger a decision must be to count against the archive.
    changed = sorted(changed, key=lambda v: (record.archive.status(v.version) is None, v.version))
    changed = changed[:MOST_AT_ONCE]
    if missing := {v.version for v in changed} - facts.details.keys():
        return Need(details=frozenset(missing))
    news = [detail for v in changed if (detail := facts.details[v.version]) is not None]
    decided = [(_decided_at(detail, approvals, turn.spec), detail) for detail in news]
    for at, detail in sorted(decided, key=lambda one: (one[0], one[1].version)):
        _take(turn, detail, at)
    authorship.take_events(turn)
    if (need := _take_late_events(turn)) is not None:
        return need
    if (need := testimony.take_witnesses(turn)) is not None:
        return need
    _take_reasons(turn)
    testimony.say_corrections(turn)
    _take_deletions(turn)
    return None


def _hinted_approvals(facts: Facts) -> dict[int, float]:
    """The youngest approval of each version that an event is evidence of, if younger than what is on record."""
    found: dict[int, float] = {}
    for version, at, margin in _approvals_told(facts):
        known = None if facts.record is None else _last(facts.record, version)
        if known is None or at > known[1] + (margin if known[0] is Approval.APPROVED else 0.0):
            found[version] = max(at, found.get(version, 0.0))
    return found


def _last(record: Record, version: int) -> tuple[Approval | None, float] | None:
    """The last decision on a version that was taken in, and up to when; None: none was.

    Of what is archived nobody knows when it was, but that it was not after the youngest of them; and of what lies
    below the archive's floor, not what it was.
    """
    if (known := record.versions.get(version)) is not None:
        return known.approval, known.at
    if "archive" in record.unknown or record.archive.unknown:
        # A newer release's: what it archived is known, as far as one can tell, and told anew by nobody.
        return (None, math.inf) if version <= record.noted else None
    archived = record.archive.status(version)
    return None if archived is None and version >= record.archive.floor else (archived, record.archive.at)


def _approvals_told(facts: Facts) -> Iterator[tuple[int, float, float]]:
    """Version, time, and how much later than a known approval it must be to be another: clocks differ."""
    for hint in facts.hints:
        if hint.told is not None and hint.told.is_approval:
            yield hint.told.version, hint.told.at, 0.0
    for witness in proof.heard(facts):
        if witness.approval is Approval.APPROVED and not witness.registered:
            yield witness.version, witness.at, _ANEW


def _is_news(summary: VersionSummary, record: Record, approvals: dict[int, float]) -> bool:
    last = _last(record, summary.version)
    if last is None:
        return summary.approval is not Approval.PENDING
    status, at = last
    if status is not None and status is not summary.approval:
        return True
    approved_at = approvals.get(summary.version)
    return summary.approval is Approval.APPROVED and approved_at is not None and approved_at > at


def _decided_at(detail: VersionDetail, approvals: dict[int, float], spec: GroupSpec) -> float:
    """When it was decided: as the event says, where an event is evidence; else when it was last written.

    An approver's every write is a decision, so where an approver wrote last, theirs is the last one.
    """
    approved_at = approvals.get(detail.version)
    if detail.approval is not Approval.APPROVED or approved_at is None:
        return detail.modified
    if detail.author is not None and proof.by_approver(spec, detail.author):
        return detail.modified
    same_write = abs(detail.modified - approved_at) < authorship.SAME_WRITE
    return detail.modified if same_write else approved_at


def _take(turn: Turn, detail: VersionDetail, at: float) -> None:
    known = turn.record.versions.get(detail.version) or _archived(turn, detail.version)
    before = known.approval if known else Approval.PENDING
    if known is not None and known.approval is detail.approval and at <= known.at:
        return  # changed and changed back between two looks: what we know is what is
    spec, facts = turn.spec, turn.facts
    by = proof.author_of(facts, spec, detail, at)
    approved = detail.approval is Approval.APPROVED
    again = approved and before is Approval.APPROVED
    written = authorship.of_decision(facts, detail, known, at, by)
    said = proof.reason_of(facts, detail, at, by)
    decided = Decided(
        approval=detail.approval,
        at=at,
        by=by,
        reason=said or "",
        untold=by is None or said is None,
        fingerprint=detail.fingerprint,
        read=detail.modified,
        confirmed=proof.confirmed(facts, spec, detail, at, by),
        changed=proof.changed(facts, detail, at) if approved else None,
        dated=proof.told_at(facts, detail, at) is not None,
        registrant=detail.registrant or (known.registrant if known else None),
        writer=written.writer,
        written=written.written,
        unsure=written.unsure,
        eventless=written.eventless,
        not_before=known.not_before if known and again else known.at if known else 0.0,
        failed=None if approved or known is None else known.failed,
        failures=known.failures if known else 0,
        recorded=at,
        seen=detail.modified,
        unknown=known.unknown if known else {},
    )
    if again and not proof.counts(spec, decided):
        return  # a second approval by somebody who may not: the first one stands
    turn.remember(detail.version, decided)
    if known is None:
        link(turn, detail)
    refused = turn.record.refused
    if approved and refused is not None and version_in(refused) == detail.version:
        turn.update(refused=None)
    if known is not None and (known.approval, known.recorded) == (detail.approval, at):
        return  # it was taken for another's in between
    turn.said[detail.version] = turn.record.versions[detail.version]
    turn.say(
        Kind.DECISION,
        decision_in_words(detail.version, before.value, detail.approval.value, said),
        detail.version,
        by=None if by is None else str(by),
        why=said,
        registered_by=None if decided.registrant is None else str(decided.registrant),
        decided_at=round(at, 3),
        before=before.value,
        after=detail.approval.value,
        fingerprint=detail.fingerprint,
        content=shown(detail.containers),
        **run_of(turn.record, detail.version),
    )


def _archived(turn: Turn, version: int) -> Decided | None:
    """What is known of an archived version; None: it is not archived.

    Who wrote its content is forgotten, so anybody may have since it was registered; and its approval before the
    archive's last decision proves nothing, for it may have been taken back since. No config is named as one of its
    earlier attempts was.
    """
    record = turn.record
    last = None if version in record.versions else _last(record, version)
    if last is None:
        return None
    created = next((one.created for one in turn.facts.versions if one.version == version), 0.0)
    status, at = last
    return Decided(
        status or Approval.REJECTED, at, not_before=at, unsure=created, failures=record.head.seq + 1
    )


def _take_late_events(turn: Turn) -> Need | None:
    """The event of an approval that was taken in without it: it tells when it was, and on what content."""
    facts = turn.facts
    late = {
        hint.told.version: hint.told
        for hint in facts.hints
        if hint.told is not None
        and hint.told.is_approval
        and (known := turn.record.versions.get(hint.told.version)) is not None
        and proof.is_late_event(turn.spec, known, hint.told)
    }
    if missing := late.keys() - facts.details.keys():
        return Need(details=frozenset(missing))
    for version, told in late.items():
        detail, known = facts.details[version], turn.record.versions[version]
        if detail is None or told.containers is None or detail.fingerprint != known.fingerprint:
            continue  # changed since: that speaks for itself when it is to be started
        same = abs(known.at - told.at) < SAME_CALL
        turn.decided(
            version,
            at=known.at if same else told.at,
            by=known.by if same else None,
            dated=True,
            confirmed=(same and known.confirmed) or tells_all(told.containers, detail.containers),
            changed=difference(told.containers, detail.containers),
        )
    return None


def _take_reasons(turn: Turn) -> None:
    """A late event of a decision tells what was said in it."""
    for told in (hint.told for hint in turn.facts.hints if hint.told is not None):
        known = turn.record.versions.get(told.version)
        if known is None or not known.untold or told.description is None:
            continue
        if told.gave_a_reason and authorship.is_of(told, known.approval, known.at):
            turn.words[told.version] = told.description
            turn.decided(told.version, reason=told.description, untold=known.by is None)


def _take_deletions(turn: Turn) -> None:
    """An approved version that left the registry is no decision against it: it serves on, but never starts again. One
    that was rejected stays so."""
    present = {v.version for v in turn.facts.versions}
    deleted = [
        version
        for version, known in sorted(turn.record.versions.items())
        if version not in present and known.approval is Approval.APPROVED
    ]
    archived = [n for n in turn.record.archive.having(Approval.APPROVED) if n not in present]
    deleted = [*(n for n in archived if n not in turn.record.versions), *deleted]
    room = MOST_AT_ONCE - len(turn.events)
    turn.again = turn.again or len(deleted) > room
    for version in deleted[: max(0, room)]:
        if version in turn.record.versions:
            turn.decided(version, approval=Approval.DELETED)
        else:
            archive = turn.record.archive
            turn.update(archive=archive.adding({version: Approval.DELETED}, archive.at))
        turn.say(
            Kind.DECISION,
            f"v{version}: deleted from the registry; where it serves it serves on, it is never started again",
            version,
            before=Approval.APPROVED.value,
            after=Approval.DELETED.value,
        )
