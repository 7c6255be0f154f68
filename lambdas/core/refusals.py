"""What AWS's answer does to a rollout where it is not the version's own failure: when it is tried again, if at all."""

import hashlib
import json
from dataclasses import dataclass, replace

from lambdas.core.answers import Blame, spec_key
from lambdas.core.codec import encode
from lambdas.core.desired import serves_rightly
from lambdas.core.ledger import Kind
from lambdas.core.record import Decided, Direction, Record, Refusal, Rollout
from lambdas.core.spec import GroupSpec
from lambdas.core.text import cut, one_line
from lambdas.core.turn import Turn

LONGEST = 600.0
"""Seconds for which an answer that passes is waited for, from the first; then somebody must look."""
_HOUR, _DAY = 3600.0, 86_400.0
_MOST = 8  # remembered at once, the last ones
_LONGEST_WORDS = 300  # bytes of AWS's own
_FORGOTTEN = _HOUR  # after a try was due and nobody made it, the next one is a first one
_AWAITED = frozenset({Blame.CAPACITY, Blame.TRANSIENT})


@dataclass(frozen=True)
class Held:
    """A config is not tried now: why, in words, and whether it is only waited for."""

    why: str
    waits: bool


def refused(turn: Turn, rollout: Rollout, blame: Blame, reason: str) -> None:
    """A rollout ended, or was refused for good, and not by its version's fault: `held_back` says until when."""
    end(turn, rollout, blame, reason)
    _remember(turn, rollout, blame, reason, called=False)


def end(turn: Turn, rollout: Rollout, blame: Blame, reason: str) -> None:
    """Give a rollout up, and say in the ledger why and by whose fault."""
    turn.update(rollout=None)
    turn.say(
        Kind.FAILED,
        f"v{rollout.version}: {reason}",
        rollout.version,
        rollout=rollout.id,
        blame=blame.value,
    )


def put_off(turn: Turn, rollout: Rollout, reason: str) -> Refusal:
    """A call of a rollout met an answer that passes: remember since when, and say whether it is still waited for."""
    return _remember(turn, rollout, Blame.PASSING, reason, called=True)


def held_back(turn: Turn, config: str, direction: Direction | None) -> Held | None:
    """Why a config is not tried now; None: it may be, as far as AWS's last answer goes.

    A way back is held by nothing but the answer to a way back: it takes all traffic at once, watched by no alarm, so
    what a forward rollout was refused for need not be of it.
    """
    refusal = _standing(turn, config)
    if refusal is None:
        return None
    if direction is Direction.BACKWARD and refusal.direction is not Direction.BACKWARD:
        return None
    unknown = refusal.blame is Blame.UNKNOWN and refusal.due is None
    if unknown and turn.record.live is not None and not serves_rightly(turn.record):
        # Nobody knows that it is for good, and what is led off must not serve.
        refusal = replace(refusal, due=refusal.at + _soon_then_hourly(refusal.tries))
    if refusal.due is not None and turn.facts.now >= refusal.due:
        return None
    return Held(_in_words(refusal), refusal.waits)


def refused_versions(record: Record) -> frozenset[int]:
    """The versions that some answer is remembered of."""
    return frozenset(refusal.version for refusal in record.refusals.values())


def forget(turn: Turn, *, config: str | None = None, version: int | None = None) -> None:
    """A config serves, or a person asks for another try of a version: what AWS answered before counts no more."""
    kept = {
        name: refusal
        for name, refusal in turn.record.refusals.items()
        if name != config and refusal.version != version
    }
    if len(kept) < len(turn.record.refusals):
        turn.update(refusals=kept)


def denied(reason: str) -> str:
    """What is said of an answer that did not pass."""
    return f"{reason}. AWS has said so for {LONGEST / 60:.0f} minutes. See the runbook, 'Denied'"


def _in_words(refusal: Refusal) -> str:
    reason = refusal.reason.rstrip(".")
    if refusal.blame is Blame.SPEC:
        key = spec_key(reason)
        return f"AWS refuses `{key}` of the group's spec: {reason}. See the runbook, 'The spec is refused'"
    if refusal.blame is Blame.UNKNOWN or refusal.due is None:
        return f"{reason}. See the runbook, 'Refused'"
    if not refusal.waits:
        return denied(reason)
    return f"{reason}; it is tried again after {(refusal.due - refusal.at) / 60:.0f} min"


def _standing(turn: Turn, config: str) -> Refusal | None:
    """What is remembered of a config, unless the version was decided on or the spec changed since."""
    refusal = turn.record.refusals.get(config)
    if refusal is None:
        return None
    decided = turn.record.versions.get(refusal.version)
    if decided is None or refusal.decided != _as_of(decided) or refusal.spec != digest(turn.spec):
        return None
    return refusal


def _as_of(decided: Decided) -> float:
    """When it was last decided, or asked to be tried again: evidence that comes later changes neither."""
    return max(decided.recorded, decided.renewed)


def _remember(turn: Turn, rollout: Rollout, blame: Blame, reason: str, *, called: bool) -> Refusal:
    """`called`: a call was refused, and the rollout is held; each look makes it again, which costs nobody anything."""
    now, known = turn.facts.now, _standing(turn, rollout.config)
    if known is not None and (
        _is_another(known, rollout, blame) or now - max(known.at, known.due or 0.0) > _FORGOTTEN
    ):
        known = None
    since, tries = (now, 1) if known is None else (known.since, known.tries + 1)
    passes = blame is Blame.PASSING and now - since < LONGEST
    wait = 0.0 if called else _pause(blame, rollout.direction, tries, passes=passes)
    refusal = Refusal(
        version=rollout.version,
        blame=blame,
        reason=cut(one_line(reason, _LONGEST_WORDS), _LONGEST_WORDS),
        since=since,
        at=now,
        tries=tries,
        due=None if wait is None else now + wait,
        waits=passes or blame in _AWAITED,
        decided=_as_of(turn.record.versions[rollout.version]),
        spec=digest(turn.spec),
        direction=rollout.direction,
    )
    others = {name: one for name, one in turn.record.refusals.items() if name != rollout.config}
    latest = sorted(others, key=lambda name: others[name].at)[-(_MOST - 1) :]
    turn.update(refusals={name: others[name] for name in latest} | {rollout.config: refusal})
    return refusal


def _soon_then_hourly(tries: int) -> float:
    """Seconds until the next try of what leads off a version that must not serve."""
    return min(30.0 * 2.0 ** min(tries - 1, 20), _HOUR)


def _is_another(known: Refusal, rollout: Rollout, blame: Blame) -> bool:
    """Whether what is remembered is of another kind of answer, or of another kind of move."""
    backward = (known.direction is Direction.BACKWARD, rollout.direction is Direction.BACKWARD)
    return known.blame is not blame or backward[0] is not backward[1]


def _pause(blame: Blame, direction: Direction, tries: int, *, passes: bool) -> float | None:
    """Seconds until a rollout is begun again; None: not by itself. The first such answer is `tries` 1.

    Each try of what ran for minutes costs minutes, and entries in the ledger. A way back is tried again whatever the
    answer was, soon at first and each hour in the end: what is led off is worse.
    """
    doubled = 2.0 ** min(tries - 1, 20)
    if direction is Direction.BACKWARD:
        return _soon_then_hourly(tries)
    if blame in _AWAITED:
        return min(300.0 * doubled, _HOUR)
    if blame is Blame.PASSING:
        return min(60.0 * doubled, 300.0) if passes else min(max(300.0 * doubled, _HOUR), _DAY)
    return None


def digest(spec: GroupSpec) -> str:
    """Of all that a group's spec says."""
    text = json.dumps(encode(spec), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
