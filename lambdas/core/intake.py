"""Takes in what changed in the registry and the spec since the last look, before any rule asks what to do."""

import json
from collections.abc import Iterator
from dataclasses import replace

from lambdas.core import authorship, proof, testimony
from lambdas.core.acts import PAUSE, RETRAIN, RETRY, Act, pause_of, retrain_of, retry_of
from lambdas.core.content import difference, shown, tells_all
from lambdas.core.errors import Malformed
from lambdas.core.facts import Facts, VersionDetail, VersionSummary
from lambdas.core.ledger import Kind
from lambdas.core.names import version_in
from lambdas.core.record import Approval, Cause, Decided, Pause, Phase, Record, run_of
from lambdas.core.retraining import link
from lambdas.core.spec import GroupSpec, Onboarding, changes
from lambdas.core.trail import SAME_CALL
from lambdas.core.turn import Need, Turn, Wish

MOST_AT_ONCE = 80  # a transaction of DynamoDB holds 100 items: the record, these, and what the rules add
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
    if read.problem is not None and read.problem != turn.record.unreadable:
        turn.say(Kind.BLOCKED, f"{read.problem}; the spec before it holds, and nothing moves forward")
    if read.problem != turn.record.unreadable:
        turn.update(unreadable=read.problem)
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
    if turn.record.phase is Phase.UNMANAGED:
        turn.enter(Phase.IDLE, "the group has a spec again")


def take_acts(turn: Turn) -> Need | None:
    """Take in, once each, what people ask for beside decisions: who, what, why. It was read with the spec."""
    read = turn.facts.spec
    if read is None:
        return None
    if not any(act.kind == PAUSE for act in read.acts) and turn.record.acts.get(PAUSE) and turn.record.pause:
        turn.update(pause=None)
        turn.say(Kind.RESUME, "resumed: the pause was deleted")
    news = [act for act in read.acts if turn.record.acts.get(act.kind) != act.stamp]
    if news and turn.facts.actors is None:
        return Need(actors=True)
    for act in news:
        turn.update(acts={**turn.record.acts, act.kind: act.stamp})
        _TAKE[act.kind](turn, act, (turn.facts.actors or {}).get(act.kind))
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
    spec_failed = refused is not None and version_in(refused) == retry.version
    if known is None or known.approval is not Approval.APPROVED or not (known.failed or spec_failed):
        why = (
            "it is not approved"
            if known is None or known.approval is not Approval.APPROVED
            else "it did not fail"
        )
        turn.say(Kind.RETRY, f"v{retry.version} is not tried again: {why}", retry.version, by=by)
        return
    turn.decided(retry.version, failed=None, renewed=turn.facts.now)
    if spec_failed:
        turn.update(refused=None)
    turn.say(Kind.RETRY, f"v{retry.version} is tried again: {retry.reason}", retry.version, by=by)


def _take_retrain(turn: Turn, act: Act, by: str | None) -> None:
    try:
        turn.wishes.append(Wish(Cause.PERSON, retrain_of(act.text), by))
    except Malformed as error:
        turn.say(Kind.RETRAIN_HELD, f"a run was asked for and cannot be read: {error}", by=by)


_TAKE = {PAUSE: _take_pause, RETRY: _take_retry, RETRAIN: _take_retrain}


def take_decisions(turn: Turn) -> Need | None:
    """Record each decision made since the last look, in the order in which they were made."""
    facts, record = turn.facts, turn.record
    approvals = _hinted_approvals(facts)
    changed = [v for v in facts.versions if _is_news(v, record, approvals)]
    turn.again = len(changed) > MOST_AT_ONCE
    changed = sorted(changed, key=lambda v: v.version)[:MOST_AT_ONCE]
    if missing := {v.version for v in changed} - facts.details.keys():
        return Need(details=frozenset(missing))
    news = [detail for v in changed if (detail := facts.details[v.version]) is not None]
    for detail in sorted(news, key=lambda d: (_decided_at(d, approvals), d.version)):
        _take(turn, detail, _decided_at(detail, approvals))
    authorship.take_events(turn)
    if (need := _take_late_events(turn)) is not None:
        return need
    if (need := testimony.take_witnesses(turn)) is not None:
        return need
    _take_deletions(turn)
    return None


def _hinted_approvals(facts: Facts) -> dict[int, float]:
    """The youngest approval of each version that an event is evidence of, if younger than what is on record."""
    found: dict[int, float] = {}
    for version, at, margin in _approvals_told(facts):
        known = facts.record.versions.get(version) if facts.record else None
        approved = known is not None and known.approval is Approval.APPROVED
        if known is None or at > known.at + (margin if approved else 0.0):
            found[version] = max(at, found.get(version, 0.0))
    return found


def _approvals_told(facts: Facts) -> Iterator[tuple[int, float, float]]:
    """Version, time, and how much later than a known approval it must be to be another: clocks differ."""
    for hint in facts.hints:
        if hint.told is not None and hint.told.is_approval:
            yield hint.told.version, hint.told.at, 0.0
    for witness in proof.heard(facts):
        if witness.approval is Approval.APPROVED and not witness.registered:
            yield witness.version, witness.at, _ANEW


def _is_news(summary: VersionSummary, record: Record, approvals: dict[int, float]) -> bool:
    known = record.versions.get(summary.version)
    if known is None:
        return summary.approval is not Approval.PENDING
    if known.approval is not summary.approval:
        return True
    approved_at = approvals.get(summary.version)
    return summary.approval is Approval.APPROVED and approved_at is not None and approved_at > known.at


def _decided_at(detail: VersionDetail, approvals: dict[int, float]) -> float:
    """When it was decided: as the event says, where an event is evidence; else when it was last written."""
    approved_at = approvals.get(detail.version)
    if detail.approval is not Approval.APPROVED or approved_at is None:
        return detail.modified
    same_write = abs(detail.modified - approved_at) < authorship.SAME_WRITE
    return detail.modified if same_write else approved_at


def _take(turn: Turn, detail: VersionDetail, at: float) -> None:
    known = turn.record.versions.get(detail.version)
    before = known.approval if known else Approval.PENDING
    if known is not None and known.approval is detail.approval and at <= known.at:
        return  # changed and changed back between two looks: what we know is what is
    spec, facts = turn.spec, turn.facts
    by = proof.author_of(facts, spec, detail, at)
    approved = detail.approval is Approval.APPROVED
    again = approved and before is Approval.APPROVED
    written = authorship.of_decision(facts, detail, known, at, by)
    decided = Decided(
        approval=detail.approval,
        at=at,
        by=by,
        reason=detail.reason,
        fingerprint=detail.fingerprint,
        confirmed=proof.confirmed(facts, spec, detail, at, by),
        changed=proof.changed(facts, detail, at) if approved else None,
        dated=proof.told_at(facts, detail, at) is not None,
        registrant=detail.registrant or (known.registrant if known else None),
        writer=written.writer,
        written=written.written,
        unsure=written.unsure,
        not_before=known.not_before if known and again else known.at if known else 0.0,
        failed=None if approved or known is None else known.failed,
        failures=known.failures if known else 0,
        recorded=at,
        seen=detail.modified,
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
    turn.say(
        Kind.DECISION,
        f"v{detail.version}: {before.value} → {detail.approval.value}"
        + (f": {detail.reason}" if detail.reason else ""),
        detail.version,
        by=None if by is None else str(by),
        registered_by=None if decided.registrant is None else str(decided.registrant),
        decided_at=round(at, 3),
        before=before.value,
        after=detail.approval.value,
        fingerprint=detail.fingerprint,
        content=shown(detail.containers),
        **run_of(turn.record, detail.version),
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


def _take_deletions(turn: Turn) -> None:
    """An approved version that left the registry is no decision against it: it serves on, but never starts again. One
    that was rejected stays so."""
    present = {v.version for v in turn.facts.versions}
    deleted = [
        version
        for version, known in sorted(turn.record.versions.items())
        if version not in present and known.approval is Approval.APPROVED
    ]
    room = MOST_AT_ONCE - len(turn.events)
    turn.again = turn.again or len(deleted) > room
    for version in deleted[: max(0, room)]:
        turn.decided(version, approval=Approval.DELETED)
        turn.say(
            Kind.DECISION,
            f"v{version}: deleted from the registry; where it serves it serves on, it is never started again",
            version,
            before=Approval.APPROVED.value,
            after=Approval.DELETED.value,
        )
