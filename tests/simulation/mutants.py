"""Seeded bugs: each breaks one promise, and exploring must find it. A name, what it breaks, and how it is put in."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lambdas.adapters.store import Store
from lambdas.adapters.trails import Trails
from lambdas.core import (
    authorship,
    codec,
    decide,
    desired,
    gates,
    identity,
    intake,
    monitoring,
    moves,
    proof,
    retraining,
    review,
    rules,
    setback,
    testimony,
)
from lambdas.core import turn as turns
from lambdas.core.actions import UpdateEndpoint
from lambdas.core.answers import Blame
from lambdas.core.facts import AlarmState, Facts, Report, VersionDetail
from lambdas.core.names import abort_alarm
from lambdas.core.record import Approval, Decided, Placement, Record, Rollout
from lambdas.core.refusals import Held
from lambdas.core.spec import EndpointMode, GroupSpec
from lambdas.core.trail import UPDATED
from lambdas.core.turn import Need, Turn
from lambdas.reconcile import look

Patch = Callable[[Any, str, Any], None]


@dataclass(frozen=True)
class Mutant:
    """A bug put in on purpose.

    `breaks`: the numbers of invariants, any of which may be what is seen first. `crowded`: it shows only where
    invocations come between each other all the time. `seed`: of a schedule in which it was seen, tried first.
    """

    name: str
    breaks: tuple[str, ...]
    put_in: Callable[[Patch], None]
    crowded: bool = False
    seed: int = 0


def _retry_what_failed(patch: Patch) -> None:
    def candidate(record: Record, decided: Decided) -> bool:
        return decided.approval is Approval.APPROVED and decided.at >= record.ours_since

    patch(desired, "_is_candidate", candidate)


def _trust_in_service(patch: Patch) -> None:
    ended = rules.ended_rollout

    def trusting(turn: Turn) -> Any:
        rollout, endpoint = turn.record.rollout, turn.facts.endpoint
        if rollout is not None and endpoint is not None and not rollout.held:
            turn.facts = replace(turn.facts, endpoint=replace(endpoint, config=rollout.config))
        return ended(turn)

    patch(rules, "ended_rollout", trusting)
    _rule(patch, ended, trusting)


def _skip_the_fresh_read(patch: Patch) -> None:
    def stale(turn: Turn, target: Any) -> Any:
        if turn.facts.spec is None:
            return Need(spec=True, alarms=moves._watching(turn, target))
        return moves._unwatchable(turn, target)

    makings = moves._makings

    def unread(turn: Turn, target: Any, placement: Placement) -> Any:
        if target.version not in turn.facts.details:
            decided = turn.record.versions[target.version]
            content = _REMEMBERED.get(target.version, ())
            detail = VersionDetail(target.version, "arn", decided.approval, "Completed", decided.at, content)
            turn.facts = replace(turn.facts, details={**turn.facts.details, target.version: detail})
        return makings(turn, target, placement)

    take = intake._take

    def remembering(turn: Turn, detail: VersionDetail, at: float) -> None:
        _REMEMBERED[detail.version] = detail.containers
        take(turn, detail, at)

    patch(intake, "_take", remembering)
    patch(moves, "_obstacle", stale)
    patch(moves, "_makings", unread)


_REMEMBERED: dict[int, Any] = {}


def _delete_the_last_known_good(patch: Patch) -> None:
    patch(moves, "last_known_good", lambda _record, **_: None)
    clean = moves._clean_up

    def eager(turn: Turn) -> None:
        before = turn.record.spec
        turn.record = replace(turn.record, spec=before and replace(before, retain_versions=0))
        clean(turn)
        turn.record = replace(turn.record, spec=before)

    patch(moves, "_clean_up", eager)


def _believe_messages(patch: Patch) -> None:
    """An event that says Approved is taken for an approver's approval."""
    for module in (proof, testimony):
        patch(module, "who_doubts", lambda _spec, _decided: ())


def _forget_the_revision(patch: Patch) -> None:
    """Neither the record's revision nor an entry's number is a condition of the transaction."""
    record, entry = Store._put_record, Store._put_entry

    def unconditional(put: dict[str, Any]) -> dict[str, Any]:
        kept = {"TableName", "Item"}
        return {"Put": {name: value for name, value in put["Put"].items() if name in kept}}

    def any_record(self: Store, written: Record, expected: int, *, unsettled: bool) -> dict[str, Any]:
        return unconditional(record(self, written, expected, unsettled=unsettled))

    patch(Store, "_put_record", any_record)
    patch(Store, "_put_entry", lambda self, one: unconditional(entry(self, one)))


def _abort_on_any_rejection(patch: Patch) -> None:
    def any_rejection(turn: Turn, rollout: Rollout) -> bool:
        others = (d for v, d in turn.record.versions.items() if v != rollout.version)
        return any(d.approval is Approval.REJECTED and d.at > rollout.started_at - 1000 for d in others)

    patch(rules, "_must_abort", any_rejection)


def _succeed_before_verifying(patch: Patch) -> None:
    busy = rules.busy

    def hasty(turn: Turn) -> Any:
        if turn.record.rollout is not None and turn.facts.endpoint is not None:
            turn.facts = replace(turn.facts, alarms={**turn.facts.alarms, **_quiet(turn)})
            rules._succeed(turn, turn.record.rollout, None)
        return busy(turn)

    _rule(patch, busy, hasty)


def _quiet(turn: Turn) -> dict[str, AlarmState]:
    return dict.fromkeys(turn.record.rollout.unwatched if turn.record.rollout else (), AlarmState.OK)


def _watch_the_way_back(patch: Patch) -> None:
    at_once = moves._steps

    def watched(turn: Turn, target: Any, placement: Placement) -> Any:
        steps = at_once(turn, target, placement)
        alarm = abort_alarm(turn.record.group)
        return [
            replace(step, alarms=(alarm,)) if isinstance(step, UpdateEndpoint) and not step.alarms else step
            for step in steps
        ]

    patch(moves, "_steps", watched)


def _act_on_what_was_before_us(patch: Patch) -> None:
    def candidate(_record: Record, decided: Decided) -> bool:
        return decided.approval is Approval.APPROVED and decided.failed is None

    patch(desired, "_is_candidate", candidate)
    patch(moves, "obstacles", lambda *_: ())


def _act_before_recording(patch: Patch) -> None:
    take = look._take

    def hasty(one: Any, facts: Facts, deciding: look.Deciding) -> Any:
        _, decision = look._decided(one.ports, facts, deciding, [])
        for action in decision.actions:
            one.ports.executor.perform(action)
        return take(one, facts, deciding)

    patch(look, "_take", hasty)


def _overlook_changed_content(patch: Patch) -> None:
    def lenient(spec: GroupSpec, decided: Decided, detail: VersionDetail | None) -> tuple[str, ...]:
        return () if detail is not None and detail.approval is Approval.APPROVED else ("gone",)

    patch(gates, "obstacles", lenient)
    patch(moves, "obstacles", lenient)


def _skip_the_smoke_test(patch: Patch) -> None:
    patch(rules, "smoke_test", lambda _turn, _rollout: None)


def _take_silence_for_evidence(patch: Patch) -> None:
    """What an event leaves out is taken for unchanged, and CloudTrail is not asked about it."""
    patch(proof, "tells_all", lambda *_: True)
    patch(testimony, "_changed_since", lambda *_: False)


def _forget_the_writer(patch: Patch) -> None:
    patch(authorship, "doubts", lambda *_: ())


def _take_the_first_witness(patch: Patch) -> None:
    """An approval that CloudTrail tells of counts at once, whoever wrote since."""
    patch(proof, "stands", lambda *_: True)
    patch(testimony, "stands", lambda *_: True)


def _start_beside_another(patch: Patch) -> None:
    """Whether a run is under way is not looked at."""
    why_not = retraining._why_not

    def careless(turn: Turn, spec: Any, wish: Any) -> str | None:
        run = turn.record.retraining.run
        return why_not(turn, spec, wish) if run is None else None

    patch(retraining, "_why_not", careless)


def _forget_the_cooldown(patch: Patch) -> None:
    why_not = retraining._why_not

    def eager(turn: Turn, spec: Any, wish: Any) -> str | None:
        return why_not(turn, replace(spec, cooldown_hours=0, most_per_week=10_000), wish)

    patch(retraining, "_why_not", eager)


def _watch_what_is_not_verified(patch: Patch) -> None:
    """The schedule moves as soon as something else is wanted live."""
    follow = monitoring.follow_live

    def hasty(turn: Turn) -> Any:
        rollout = turn.record.rollout
        placement = None if rollout is None else turn.record.placement(rollout.config)
        if turn.spec.monitoring is None or placement is None:
            return follow(turn)
        return monitoring._put(turn, turn.spec.monitoring, placement)

    patch(decide, "follow_live", hasty)


def _stay_with_the_first(patch: Patch) -> None:
    """Once a schedule is made it is never moved."""
    is_due = monitoring._is_due

    def settled(turn: Turn, monitor: Any, live: Placement) -> bool:
        known = turn.record.monitored.get(monitor)
        return is_due(turn, monitor, live) and (known is None or not known.done)

    patch(monitoring, "_is_due", settled)


def _rule(patch: Patch, rule: Any, other: Any) -> None:
    """Replace a rule in the list of rules, which was made when its module was imported."""
    patch(decide, "RULES", tuple(other if one is rule else one for one in decide.RULES))


def _guard_a_serverless_rollout(patch: Patch) -> None:
    """As if SageMaker took a deployment config for it."""
    patch(moves, "_deployment", lambda turn, _target, _placement: turn.spec.rollout)


def _move_between_modes(patch: Patch) -> None:
    """As if a changed mode were a changed spec like any other."""
    patch(moves, "_other_mode", lambda *_: None)


def _abort_what_cannot_be(patch: Patch) -> None:
    """The abort alarm is tripped for a serverless rollout too, which no alarm watches."""
    abort = rules._abort

    def tripping(turn: Turn, rollout: Any, endpoint: Any) -> Any:
        kept = turn.record.kept
        turn.record = replace(turn.record, kept=tuple(replace(p, mode=EndpointMode.REAL_TIME) for p in kept))
        verdict = abort(turn, rollout, endpoint)
        turn.record = replace(turn.record, kept=kept)
        return verdict

    patch(rules, "_abort", tripping)


def _blame_the_version_for_what_passes(patch: Patch) -> None:
    def failing(turn: Turn, _before: Any, rollout: Rollout, reason: str) -> None:
        rules.fail_rollout(turn, rollout, reason)
        turn.again = True

    patch(setback, "_pass", failing)


def _blame_the_version_for_the_spec(patch: Patch) -> None:
    patch(setback, "_blame", lambda _error: Blame.VERSION)


def _blame_the_version_for_any_end(patch: Patch) -> None:
    """Why an endpoint went back is not looked at."""
    patch(rules, "blame_of_failure", lambda _reason: Blame.VERSION)


def _give_up_what_is_not_the_versions(patch: Patch) -> None:
    """Neither time, nor a changed spec, nor a new approval has it tried again."""
    patch(moves, "held_back", _for_ever)


def _for_ever(turn: Turn, config: str, _direction: object) -> Held | None:
    return Held("AWS refused it once", waits=False) if config in turn.record.refusals else None


def _name_the_last_writer(patch: Patch) -> None:
    """Who wrote last is said to have decided, whatever they wrote."""
    author_of = proof.author_of

    def last_writer(facts: Facts, spec: GroupSpec, detail: VersionDetail, at: float) -> Any:
        return author_of(facts, spec, detail, at) or detail.author

    patch(proof, "author_of", last_writer)


def _take_the_description_for_the_reason(patch: Patch) -> None:
    patch(proof, "reason_of", lambda _facts, detail, *_: detail.reason)


def _read_the_newest_only(patch: Patch) -> None:
    """Of a flood the newest calls are read, each time anew, and what was read is not remembered."""

    def newest(self: Trails, reading: Any, since: float, until: float) -> float:
        return until if self._stretch(reading, UPDATED, since, None, self._at_once).whole else since

    patch(Trails, "_updates", newest)


def _compare_spellings(patch: Patch) -> None:
    patch(identity, "folded", str)


def _decide_the_optional_with_the_rest(patch: Patch) -> None:
    """Reviews are taken in before the rules, in the same commit, and one that fails ends the look."""
    take_acts, take_pending = intake.take_acts, review.take_pending

    def all_at_once(turn: Turn) -> Any:
        return take_acts(turn) or take_pending(turn)

    patch(decide, "take_acts", all_at_once)
    _read_without_bounds(patch)


def _read_without_bounds(patch: Patch) -> None:
    """A report is parsed as it comes, and whatever that raises is raised."""

    def unbounded(read: Callable[[], bytes], *_: Any) -> Report:
        data = json.loads(read())
        _depth(data)
        return Report(data)

    patch(look, "report_from", unbounded)


def _depth(value: Any) -> int:
    return 1 + max(map(_depth, value.values()), default=0) if isinstance(value, dict) else 0


def _archive_nothing(patch: Patch) -> None:
    patch(turns, "bounded", lambda record, _news: record)


def _drop_unknown_keys(patch: Patch) -> None:
    """As if a release wrote only what it knows."""
    patch(codec, "_with_unknown", lambda _value, told: told)


def _stop_on_a_newer_record(patch: Patch) -> None:
    """As if nothing could be done on what a newer release wrote."""
    obstacle = moves._obstacle

    def stopping(turn: Turn, target: Any) -> Any:
        newer = turn.record.is_newer and target.direction is not None
        return moves._obstructed(target, "of a newer release") if newer else obstacle(turn, target)

    patch(moves, "_obstacle", stopping)


def _go_forward_on_a_newer_record(patch: Patch) -> None:
    patch(moves, "of_newer_release", lambda _record: None)


def _rename_who_decided(patch: Patch) -> None:
    """What is known of another decision is told as a correction of the one before."""
    patch(testimony, "_say_another", testimony._say_correction)


MUTANTS = (
    Mutant("what is optional is decided with the rest", ("17",), _decide_the_optional_with_the_rest, seed=40),
    Mutant("foreign content is read without bounds", ("17",), _read_without_bounds, seed=40),
    Mutant("the record grows without end", ("18",), _archive_nothing, seed=501),
    Mutant("keys of another release are dropped", ("19",), _drop_unknown_keys, seed=14),
    Mutant("a newer release's record blocks the way back", ("19",), _stop_on_a_newer_record, seed=132),
    Mutant("a newer release's record is moved forward", ("19",), _go_forward_on_a_newer_record, seed=28),
    Mutant("what an event leaves out is taken for unchanged", ("2",), _take_silence_for_evidence, seed=24),
    Mutant("an approver may approve own content", ("2",), _forget_the_writer, seed=15),
    Mutant("an approval that was taken back proves a later one", ("11",), _take_the_first_witness, seed=9),
    Mutant("a version that failed is tried again by itself", ("7", "9"), _retry_what_failed, seed=3),
    Mutant(
        "InService is taken for success, on whatever config", ("6", "9", "3", "10", "14"), _trust_in_service
    ),
    Mutant("a rollout starts without a fresh read", ("1", "2", "11"), _skip_the_fresh_read),
    Mutant("the last known good config is cleaned up", ("10",), _delete_the_last_known_good),
    Mutant("whoever approved counts as an approver", ("11",), _believe_messages),
    Mutant("the record's revision is not checked", ("8", "9", "10"), _forget_the_revision, crowded=True),
    Mutant("any rejection aborts what is in flight", ("4", "9"), _abort_on_any_rejection, seed=3),
    Mutant(
        "a serverless rollout is given guardrails", ("9", "13", "3"), _guard_a_serverless_rollout, seed=38
    ),
    Mutant("an endpoint is moved to another mode", ("9", "3"), _move_between_modes, seed=398),
    Mutant("a serverless rollout is aborted", ("4",), _abort_what_cannot_be, seed=279),
    Mutant("success is recorded before it is verified", ("6", "8", "9"), _succeed_before_verifying),
    Mutant("an alarm watches the way back", ("14",), _watch_the_way_back, seed=22),
    Mutant("what was approved before the group's spec is deployed", ("9", "11"), _act_on_what_was_before_us),
    Mutant("the effect comes before the intent", ("8",), _act_before_recording),
    Mutant("success is recorded without a smoke test", ("6",), _skip_the_smoke_test, seed=11),
    Mutant(
        "content that changed after the approval is deployed", ("2", "9", "11"), _overlook_changed_content
    ),
    Mutant("a run begins beside another", ("15",), _start_beside_another),
    Mutant("the cooldown and the week's limit are forgotten", ("15",), _forget_the_cooldown, seed=98),
    Mutant("who wrote last is said to have decided", ("8",), _name_the_last_writer, seed=14),
    Mutant("a correction names another decider", ("8",), _rename_who_decided, seed=30),
    Mutant(
        "a description that was there is taken for a reason",
        ("8",),
        _take_the_description_for_the_reason,
        seed=27,
    ),
    Mutant("a flood of denied calls hides an approval", ("9", "3"), _read_the_newest_only, seed=73),
    Mutant("two spellings are two people", ("11",), _compare_spellings),
    Mutant("a passing answer fails the version", ("20", "9"), _blame_the_version_for_what_passes, seed=7),
    Mutant("what the spec asks for fails the version", ("20", "9"), _blame_the_version_for_the_spec),
    Mutant("whatever ends a rollout fails the version", ("20", "9"), _blame_the_version_for_any_end, seed=48),
    Mutant("what AWS could not do yet is given up", ("9", "3"), _give_up_what_is_not_the_versions, seed=7),
    Mutant("what is not verified is watched already", ("16",), _watch_what_is_not_verified),
    Mutant("a schedule never follows the next version", ("16",), _stay_with_the_first, seed=7),
)
