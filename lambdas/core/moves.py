"""The last rules: which target to try, and what it takes to get there, or to stay."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lambdas.core import actions as do
from lambdas.core.codec import encode, spelled_out
from lambdas.core.desired import Target, last_known_good, model_name, serves_rightly, targets
from lambdas.core.facts import AlarmState, Lookup, VersionDetail
from lambdas.core.gates import obstacles
from lambdas.core.holds import held, of_newer_release
from lambdas.core.ledger import Kind
from lambdas.core.monitoring import release
from lambdas.core.names import SWEEP, VERSION_TAG, abort_alarm, guardrail_alarm
from lambdas.core.proof import LATEST, doubts, is_open, is_rewritten, lookup, objections
from lambdas.core.quality import Compared, shortcomings
from lambdas.core.record import Approval, Direction, Phase, Placement, Rollout, run_of
from lambdas.core.refusals import held_back
from lambdas.core.rules import Verdict
from lambdas.core.smoke import cannot_be_tested
from lambdas.core.spec import EndpointMode, GatesSpec, GroupSpec, RolloutSpec, Strategy, Withdrawal
from lambdas.core.testimony import explains, untold
from lambdas.core.turn import Need, Turn, is_other_mode, on_probation

_OVERDUE = 1800.0  # seconds since a decision: twice what CloudTrail takes at most, with some sweeps to ask it
_ECHO = (
    180.0  # seconds after which an alarm that was tripped has gone off or will not: CloudWatch's own delay
)
LONGEST_LOOK = 240  # seconds that Lambda lets `reconcile` run


@dataclass(frozen=True)
class Obstacle:
    """Why a target must not start. `awaited`: CloudTrail's answer, which is not late yet, is all that is missing.
    `waits`: AWS cannot start it now, and it is tried again."""

    why: str
    awaited: bool = False
    waits: bool = False


def move(turn: Turn) -> Verdict:
    """7, 9, 10. Go to the best target that may start; stay if that is the live one; else withdraw.

    A way back never waits for what people registered: a target whose gates or smoke test ask for content in S3 is tried
    after it (docs/decisions/026-ways-back-come-first.md).
    """
    live = turn.record.live_placement()
    if turn.facts.endpoint is None and live is not None and live.live_at is None:
        # It took over, was never found good, and is gone with its endpoint: nothing to stay on or go back to.
        turn.update(live=None, scaling=None)
    blocked: list[Obstacle] = []
    doubtful: list[Lookup] = []
    wanted = list(_unobstructed(turn))
    while wanted:
        target = wanted.pop(0)
        if target.direction is None and turn.facts.endpoint is not None and _serves(turn, target):
            return _ask_the_trail(turn, doubtful) or _settle(turn, target, blocked)
        if (refused := _refused(turn, target, blocked)) is not None:
            blocked += refused
            continue
        obstacle = _obstacle(turn, target)
        if isinstance(obstacle, Need):
            if obstacle.reads_content and any(one.direction is Direction.BACKWARD for one in wanted):
                wanted.append(target)
                continue
            return obstacle
        if obstacle is None:
            return _start(turn, target)
        blocked.append(obstacle)
        doubtful += _doubtful(turn, target)
    return _ask_the_trail(turn, doubtful) or _nothing_to_serve(turn, blocked)


def _refused(turn: Turn, target: Target, blocked: list[Obstacle]) -> list[Obstacle] | None:
    """Why AWS's last answer holds a target back; None: it does not.

    What is waited for gives way to ways back and to what is live, but to no version that is wanted less: those are held
    back without a word.
    """
    if any(obstacle.waits for obstacle in blocked) and target.direction in {
        Direction.FORWARD,
        Direction.RESPEC,
    }:
        return []
    held_now = held_back(turn, target.config, target.direction)
    return (
        None if held_now is None else [Obstacle(f"v{target.version}: {held_now.why}", waits=held_now.waits)]
    )


def _doubtful(turn: Turn, target: Target) -> list[Lookup]:
    if target.direction is Direction.BACKWARD:
        return []
    asked = lookup(turn.facts, turn.spec, target.version, turn.record.versions[target.version])
    return [] if asked is None else [asked]


def _ask_the_trail(turn: Turn, doubtful: list[Lookup]) -> Need | None:
    """Ask CloudTrail who decided, when nothing else is to be done: its rate is low, and its events mostly come.

    Once in a look, and only when the sweep or an event of CloudTrail itself brought it, or what was written since an
    approval is old enough to be explained at once.
    """
    asked = asks_the_trail(turn)
    written = (turn.record.versions[lookup.version].rewritten for lookup in doubtful)
    asked = asked or any(at is not None and turn.facts.now - at >= LATEST for at in written)
    if not doubtful or not asked or turn.facts.trail is not None:
        return None
    return Need(trail=_once_each((*doubtful, *untold(turn))))


def tell_who_decided(turn: Turn) -> Need | None:
    """11. Ask CloudTrail who made a decision, and why, if only the ledger needs it and nothing else is to be done."""
    idle = not turn.actions and turn.record.phase is not Phase.UNMANAGED
    if turn.facts.trail is not None or not idle or not asks_the_trail(turn):
        return None
    lookups = untold(turn)
    return Need(trail=lookups) if lookups else None


def asks_the_trail(turn: Turn) -> bool:
    """Whether the sweep brought the look, or CloudTrail itself: its rate is low."""
    return any(hint.source == SWEEP or hint.witness is not None for hint in turn.facts.hints)


def _once_each(lookups: Iterable[Lookup]) -> tuple[Lookup, ...]:
    by_version: dict[int, Lookup] = {}
    for one in lookups:
        by_version.setdefault(one.version, one)
    return tuple(by_version.values())


def _unobstructed(turn: Turn) -> tuple[Target, ...]:
    """The targets; what a pause or freeze window holds must not stand before a way back that passes."""
    wanted = targets(turn.record, turn.spec)
    passing = tuple(target for target in wanted if held(turn, target.direction) is None)
    return passing if any(target.direction is Direction.BACKWARD for target in passing) else wanted


def _serves(turn: Turn, target: Target) -> bool:
    return turn.facts.endpoint is not None and turn.facts.endpoint.config == target.config


def _obstacle(turn: Turn, target: Target) -> Need | Obstacle | None:
    """Why a target must not start now, after a fresh read of it in this very invocation."""
    if target.version not in turn.facts.details or turn.facts.spec is None:
        return Need(details=frozenset({target.version}), spec=True, alarms=_watching(turn, target))
    if (wrong := _other_mode(turn, target)) is not None:
        return _obstructed(target, wrong)
    detail = turn.facts.details[target.version]
    placement = turn.record.placement(target.config)
    if target.direction in {Direction.BACKWARD, None} and placement is not None and placement.is_ready:
        # Its kept model holds the content that was approved; only the approval itself must still stand.
        if detail is None or detail.approval is not Approval.APPROVED:
            return _obstructed(target, "its approval no longer stands")
    elif (why := _not_understood(turn, target)) is not None:
        return _obstructed(target, why)
    else:
        short = _shortcomings(turn, target, detail)
        if isinstance(short, Need):
            return short
        if detail is not None:
            _note_rewritten(turn, target, detail)
        decided = turn.record.versions[target.version]
        if reasons := (*obstacles(turn.spec, decided, detail), *short):
            return _not_let_in(turn, target, reasons)
        # A way back is not held up for want of a sample: what it leads off is worse.
        if detail is not None and target.direction is not Direction.BACKWARD:
            untestable = cannot_be_tested(turn, detail, _mode(turn, target))
            if untestable is not None:
                return untestable if isinstance(untestable, Need) else _obstructed(target, untestable)
    return _unwatchable(turn, target)


def _not_understood(turn: Turn, target: Target) -> str | None:
    """Why nothing new is made of what this release cannot read; a way back is no news to a record of a newer one."""
    if turn.record.unreadable is not None:
        return f"{turn.record.unreadable}; deploy the group's stack again"
    return None if target.direction is Direction.BACKWARD else of_newer_release(turn.record)


def _mode(turn: Turn, target: Target) -> EndpointMode:
    """How the target's config is served: a kept one as it was made, a new one as the spec says."""
    placement = turn.record.placement(target.config)
    return turn.spec.endpoint.mode if placement is None else placement.mode


def _other_mode(turn: Turn, target: Target) -> str | None:
    """AWS changes no instance-based endpoint into a serverless one, neither back again, and takes AsyncInferenceConfig
    from no endpoint that has it: a way there would have no way back (docs/decisions/022)."""
    endpoint, mode = turn.facts.endpoint, _mode(turn, target)
    if endpoint is None or endpoint.mode is mode:
        return None
    return (
        f"endpoint {endpoint.name} is {endpoint.mode.value}, and AWS makes no {mode.value} one of it that could go"
        " back. See the runbook, 'Another mode'"
    )


def _note_rewritten(turn: Turn, target: Target, detail: VersionDetail) -> None:
    """What somebody wrote since the approval is explained by CloudTrail, or awaited."""
    decided, written = turn.record.versions[target.version], detail.modified
    if not is_rewritten(turn.spec, decided, detail):
        return
    if explains(turn.facts, target.version, decided, written):
        turn.decided(target.version, rewritten=None, seen=written)
    else:
        turn.decided(target.version, rewritten=written)


def _obstructed(target: Target, why: str, *, awaited: bool = False) -> Obstacle:
    return Obstacle(f"v{target.version}: {why}", awaited)


def _not_let_in(turn: Turn, target: Target, reasons: tuple[str, ...]) -> Obstacle:
    """Nobody need look while CloudTrail's answer is awaited; somebody must once it is overdue."""
    decided = turn.record.versions[target.version]
    awaited = reasons == objections(turn.spec, decided) and is_open(turn.spec, decided)
    overdue = awaited and turn.facts.now - decided.at > _OVERDUE
    flooded = awaited and decided.search is not None
    more = "CloudTrail holds more calls than one look reads; each sweep reads on"
    said = (*reasons, *([more] if flooded else []), *(["CloudTrail's answer is overdue"] if overdue else []))
    return _obstructed(target, "; ".join(said), awaited=awaited and not overdue)


def _shortcomings(turn: Turn, target: Target, detail: VersionDetail | None) -> Need | tuple[str, ...]:
    """What the group's gates find. They are asked of what takes the live version's place: what serves already, or
    served well before, was let in once, and holding it up would keep what is worse."""
    gates, live = turn.spec.gates, turn.record.live_placement()
    if detail is None or target.direction is not Direction.FORWARD or gates == GatesSpec():
        return ()
    compares = any(gate.worse_than_live_by is not None for gate in gates.metrics)
    other = live.version if compares and live is not None else None
    if other is not None and other not in turn.facts.details:
        return Need(details=frozenset({other}))
    beside = turn.facts.details.get(other) if other is not None else None
    if other is not None and beside is None:
        return (f"v{other}, which is live, left the registry and cannot be compared with",)
    compared = [one for one in (detail, beside) if one is not None]
    uris = {one.evaluation for one in compared if one.evaluation is not None} if gates.metrics else set()
    if missing := uris - turn.facts.reports.keys():
        return Need(reports=frozenset(missing))
    candidate, *rest = [
        Compared(one, turn.facts.reports.get(one.evaluation) if one.evaluation else None) for one in compared
    ]
    return shortcomings(gates, candidate, rest[0] if rest else None)


def _unwatchable(turn: Turn, target: Target) -> Need | Obstacle | None:
    """Without its abort alarm a rollout could not be stopped; and AWS refuses alarms that are not there."""
    names, abort = _watching(turn, target), abort_alarm(turn.record.group)
    if any(name not in turn.facts.alarms for name in names):
        return Need(alarms=names)
    missing = [name for name in names if turn.facts.alarms[name] is AlarmState.MISSING]
    if abort in missing:
        return _obstructed(target, f"the abort alarm {abort} is missing; deploy the group's stack again")
    if missing:
        return _obstructed(
            target, f"the group's guardrails name alarms that are missing: {', '.join(missing)}"
        )
    return None


def _watching(turn: Turn, target: Target) -> tuple[str, ...]:
    """The alarms that must be there before the rollout: those that the spec names, for they watch it or what comes
    after it, and the abort alarm, if it can be aborted at all."""
    if not _replaces_live(turn, target):
        return ()
    abort = (abort_alarm(turn.record.group),) if _watched(turn, target) else ()
    return (*abort, *turn.spec.guardrails.alarms)


def _unwatched(turn: Turn, target: Target) -> tuple[str, ...]:
    """Further alarms that say nothing of what takes over while they are in ALARM: all on a way that none may stop, else
    those that have tripped already, for they speak of what is live and would stop its repair."""
    further = turn.spec.guardrails.alarms
    if not _replaces_live(turn, target):
        return further
    return tuple(name for name in further if turn.facts.alarms[name] is AlarmState.ALARM)


def _watched(turn: Turn, target: Target) -> bool:
    """Whether alarms watch the move; SageMaker watches none while it updates a serverless endpoint."""
    return _replaces_live(turn, target) and _mode(turn, target) is not EndpointMode.SERVERLESS


def _replaces_live(turn: Turn, target: Target) -> bool:
    """Whether the move is from what is live to what may turn out worse: a way back to a good version must not be
    stopped by any alarm, and the first creation has nothing to go back to."""
    return turn.facts.endpoint is not None and target.direction is not Direction.BACKWARD


# --- staying ---------------------------------------------------------------------------------------------


def _settle(turn: Turn, target: Target, blocked: list[Obstacle]) -> Verdict:
    if _may_yet_start(turn):
        return True
    _drop_unstarted(turn)
    if blocked:
        _block(turn, blocked, f"v{target.version} is live; ")
    else:
        refused = turn.record.refused
        note = f"; its changed spec failed as {refused} and is not tried again by itself" if refused else ""
        turn.enter(Phase.SETTLED, f"v{target.version} is live, as the registry wants{note}")
    if not is_other_mode(turn):
        _follow_scaling(turn)
    _clean_up(turn)
    return True


def _block(turn: Turn, blocked: list[Obstacle], before: str = "") -> None:
    if all(obstacle.waits for obstacle in blocked):
        turn.enter(Phase.WAITING, before + _in_words(blocked), Kind.WAITING)
        return
    awaited = {"awaited": True} if all(obstacle.awaited for obstacle in blocked) else {}
    turn.enter(Phase.BLOCKED, before + _in_words(blocked), Kind.BLOCKED, **awaited)


def _in_words(blocked: list[Obstacle]) -> str:
    return " | ".join(obstacle.why for obstacle in blocked)


def _may_yet_start(turn: Turn, wanted: str | None = None) -> bool:
    """Whether another look may still be about to start a rollout to anything but the config that is `wanted`.

    Messages of one group come by several message groups (events name its endpoint, its alarms, its parameters), so two
    looks may be under way. One that wrote down its intent and was held up makes its call in the end, and AWS compares
    nothing: the group waits until Lambda has ended that look.
    """
    rollout = turn.record.rollout
    if rollout is None or rollout.held or rollout.config == wanted:
        return False
    if turn.facts.now - rollout.asked_at >= LONGEST_LOOK:
        return False
    turn.enter(
        Phase.WAITING, f"v{rollout.version} is no longer wanted, and another look may be starting it yet"
    )
    return True


def _drop_unstarted(turn: Turn, instead: str = "what is live is wanted") -> None:
    """Give up a rollout that AWS never took up."""
    rollout = turn.record.rollout
    if rollout is not None:
        turn.update(rollout=None)
        turn.say(
            Kind.SUPERSEDED,
            f"v{rollout.version} never started; {instead}",
            rollout.version,
            rollout=rollout.id,
        )


def scaling_text(spec: GroupSpec) -> str | None:
    """What the record remembers of the registered autoscaling; None: none."""
    scaling = spec.endpoint.autoscaling
    return None if scaling is None else json.dumps(encode(scaling), sort_keys=True)


def _follow_scaling(turn: Turn) -> None:
    wanted = scaling_text(turn.spec)
    if wanted == turn.record.scaling:
        return
    endpoint = turn.spec.endpoint
    if endpoint.autoscaling is None:
        turn.actions.append(do.RemoveScaling(endpoint.name))
    else:
        turn.actions.append(do.RegisterScaling(endpoint.name, endpoint.autoscaling))
    turn.then["scaling"] = wanted


MOST_UNSERVED = 8  # placements that are kept beside those to retain while nothing serves rightly


def _clean_up(turn: Turn) -> None:
    """Delete what is neither live, nor the last known good, nor among the placements to retain."""
    record = turn.record
    if record.is_newer:
        return  # what its own release needs beside is not known here
    by_age = sorted(record.kept, key=lambda p: p.live_at or 0.0, reverse=True)
    retained = {p.config for p in by_age[: turn.spec.retain_versions] if p.is_ready}
    live = record.live_placement()
    before = live.instead_of if live is not None and on_probation(record, turn.facts.now) else None
    good = (last_known_good(record), last_known_good(record, if_proven=True))
    serves = record.placement(turn.facts.endpoint.config if turn.facts.endpoint is not None else None)
    standing = (live, *good, record.placement(before), serves)
    retained |= {placement.config for placement in standing if placement is not None}
    doomed = [p for p in record.kept if p.config not in retained]
    if not doomed:
        return
    staying = tuple(p for p in record.kept if p.config in retained)
    models = {p.model for p in staying}
    for placement in doomed:
        model = None if placement.model in models else placement.model
        models.add(placement.model)
        turn.actions.append(do.DeletePlacement(placement.config, model, placement.alarms))
    turn.then["kept"] = staying


# --- moving ----------------------------------------------------------------------------------------------


def _start(turn: Turn, target: Target) -> Verdict:
    why = held(turn, target.direction)
    if _may_yet_start(turn, None if why is not None else target.config):
        return True
    if why is not None:
        _drop_unstarted(turn, why)
        turn.enter(Phase.PAUSED, f"{why}; v{target.version} waits", Kind.PAUSED)
        return True
    if _watched(turn, target) and not _abort_alarm_ready(turn):
        return True
    placement = _placement(turn, target)
    _record_intent(turn, target, placement)
    turn.actions += _steps(turn, target, placement)
    return True


def _abort_alarm_ready(turn: Turn) -> bool:
    """The abort alarm must be OK before a rollout that it watches; if it is not, clear it and wait."""
    alarm = abort_alarm(turn.record.group)
    if turn.facts.alarms[alarm] is not AlarmState.OK:
        turn.enter(Phase.WAITING, f"the abort alarm {alarm} is not OK yet")
    elif turn.facts.now - turn.record.tripped < _ECHO:
        # Its rollout may have ended by itself before the alarm went off; the next one would meet that.
        turn.enter(Phase.WAITING, f"the abort alarm {alarm} was tripped just now, and may go off yet")
    else:
        return True
    turn.actions.append(do.ClearAbort(turn.record.group))
    return False


def _placement(turn: Turn, target: Target) -> Placement:
    """Where the target goes, with every alarm that was or will be made for it, to be deleted with it."""
    known = turn.record.placement(target.config)
    if known is None:
        return Placement(
            version=target.version,
            config=target.config,
            model=model_name(
                turn.record.group, target.version, turn.record.versions[target.version], turn.spec
            ),
            instance_type=turn.spec.endpoint.instance_type,
            alarms=_alarm_names(turn, target.config),
            mode=turn.spec.endpoint.mode,
        )
    if target.direction is Direction.BACKWARD:
        return known
    more = tuple(name for name in _alarm_names(turn, target.config) if name not in known.alarms)
    return replace(known, alarms=known.alarms + more)


def _alarm_names(turn: Turn, config: str) -> tuple[str, ...]:
    """The guardrails that the spec asks for now, on the fleet of a config."""
    limits = turn.spec.guardrails
    kinds = (("errors", limits.error_rate), ("latency", limits.latency_p99_ms))
    return tuple(
        guardrail_alarm(turn.record.group, config, kind) for kind, limit in kinds if limit is not None
    )


def _record_intent(turn: Turn, target: Target, placement: Placement) -> None:
    """Write down what is about to be done; once, however often the doing must be repeated."""
    record, endpoint = turn.record, turn.facts.endpoint
    direction = target.direction or Direction.BACKWARD  # a live version whose endpoint is gone is restored
    modified = endpoint.modified if endpoint else None
    others = tuple(p for p in record.kept if p.config != placement.config)
    if placement not in record.kept:
        turn.update(kept=(*others, placement))
    begun = record.rollout
    if begun is not None and (begun.config, begun.direction) == (target.config, direction):
        unwatched = _unwatched(turn, target)
        turn.update(
            rollout=replace(
                begun,
                endpoint_modified=modified,
                asked_at=turn.facts.now,
                held=False,
                abort_at=None,
                unwatched=unwatched,
            )
        )
        return
    _drop_unstarted(turn, f"v{target.version} goes instead")
    rollout = Rollout(
        id=f"{record.group}-{record.head.seq + len(turn.events) + 1}",
        direction=direction,
        version=target.version,
        config=target.config,
        started_at=turn.facts.now,
        decided_at=target.decided_at,
        endpoint_modified=modified,
        asked_at=turn.facts.now,
        unwatched=_unwatched(turn, target),
    )
    turn.update(rollout=rollout)
    reason = f"{direction.value} to v{target.version}" + (
        f" from {endpoint.config}" if endpoint else ", a new endpoint"
    )
    decided = record.versions[target.version]
    if direction is not Direction.BACKWARD and (unproven := doubts(turn.spec, decided)):
        turn.say(
            Kind.UNPROVEN,
            f"v{target.version} goes live by the group's mode, audit; enforce would block it: {'; '.join(unproven)}",
            target.version,
        )
    turn.say(
        Kind.STARTED,
        reason,
        target.version,
        rollout=rollout.id,
        direction=direction.value,
        config=target.config,
        fingerprint=decided.fingerprint,
        unwatched=list(rollout.unwatched),
        approved_by=None if decided.by is None else str(decided.by),
        registered_by=None if decided.registrant is None else str(decided.registrant),
        **run_of(record, target.version),
        in_force={name: spelled_out(getattr(turn.spec, name)) for name in ("approval", "allowed")},
    )
    turn.enter(Phase.ROLLING, reason)


def _steps(turn: Turn, target: Target, placement: Placement) -> list[do.Action]:
    """The calls that start the rollout; every one is safe to repeat."""
    spec, endpoint = turn.spec, turn.facts.endpoint
    known = turn.facts.record.placement(target.config) if turn.facts.record else None
    made_before = known is not None and known.is_ready
    steps: list[do.Action] = [] if made_before else _makings(turn, target, placement)
    tags = turn.tags
    if endpoint is None:
        turn.update(scaling=None)  # whether it outlives the endpoint it scaled is nothing to rely on
        steps += [
            do.ClearAbort(turn.record.group),
            do.CreateEndpoint(spec.endpoint.name, target.config, tags),
        ]
        return steps
    if made_before and target.direction is not Direction.BACKWARD:
        steps += _guardrails(turn, placement)
    steps += _release_scaling(turn, placement)
    steps.append(
        do.UpdateEndpoint(
            name=spec.endpoint.name,
            config=target.config,
            rollout=_deployment(turn, target, placement),
            alarms=(
                abort_alarm(turn.record.group),
                *_alarm_names(turn, target.config),
                *(name for name in spec.guardrails.alarms if name not in _unwatched(turn, target)),
            )
            if _watched(turn, target)
            else (),
            retain_capacity=_retains_capacity(turn, target),
            config_is_new=not made_before,
        )
    )
    return steps


def _retains_capacity(turn: Turn, target: Target) -> bool:
    """Whether the endpoint keeps the instances that autoscaling gave it (docs/decisions/030).

    What keeps them may keep the data capture, too. So they are not kept where another capture is asked for, unless the
    way leads back: then instances count for more.
    """
    spec, endpoint = turn.spec, turn.facts.endpoint
    scaled = spec.endpoint.autoscaling is not None or (
        is_other_mode(turn) and turn.record.scaling is not None
    )
    if not scaled or endpoint is None:
        return False
    return target.direction is Direction.BACKWARD or endpoint.capture == spec.endpoint.data_capture


def _deployment(turn: Turn, target: Target, placement: Placement) -> RolloutSpec | None:
    """How traffic moves; SageMaker has one way only for a serverless endpoint [DG, "Deployment guardrails"].

    A way back takes all traffic at once and bakes nothing: the version it leads to was good.
    """
    rollout = turn.spec.rollout
    if placement.mode is EndpointMode.SERVERLESS:
        return None
    if target.direction is not Direction.BACKWARD:
        return rollout
    return replace(rollout, strategy=Strategy.ALL_AT_ONCE, bake_seconds=0, termination_wait_seconds=0)


def _makings(turn: Turn, target: Target, placement: Placement) -> list[do.Action]:
    spec, tags = turn.spec, turn.tags
    endpoint = spec.endpoint
    detail = turn.facts.details[target.version]
    if detail is None:
        raise AssertionError(f"v{target.version} passed its gates without being in the registry")
    count = endpoint.instance_count
    if endpoint.autoscaling is not None:
        count = min(max(count, endpoint.autoscaling.min), endpoint.autoscaling.max)
    return [
        do.CreateModel(
            placement.model,
            detail.containers,
            spec.execution_role,
            endpoint.vpc,
            endpoint.network_isolation,
            {**tags, VERSION_TAG: detail.arn},
        ),
        *_guardrails(turn, placement),
        do.CreateConfig(
            placement.config,
            placement.model,
            endpoint.instance_type,
            count,
            endpoint.kms_key,
            endpoint.data_capture,
            tags,
            endpoint.serverless,
            endpoint.asynchronous,
            endpoint.hosting,
        ),
    ]


def _guardrails(turn: Turn, placement: Placement) -> list[do.Action]:
    """Alarms on the new fleet only: one that sees the old fleet too would stop a broken version's repair."""
    limits = turn.spec.guardrails
    wanted = [
        ("errors", "Invocation5XXErrors", "Average", limits.error_rate),
        # ModelLatency is in microseconds.
        ("latency", "ModelLatency", "p99", limits.latency_p99_ms and limits.latency_p99_ms * 1000),
    ]
    return [
        do.PutGuardrail(
            guardrail_alarm(turn.record.group, placement.config, kind),
            turn.spec.endpoint.name,
            placement.config,
            metric,
            statistic,
            float(threshold),
            turn.tags,
        )
        for kind, metric, statistic, threshold in wanted
        if threshold is not None
    ]


def _release_scaling(turn: Turn, placement: Placement) -> list[do.Action]:
    """Autoscaling survives a model-only change; another instance type needs it deregistered first [DG]."""
    live = turn.record.live_placement()
    begun = turn.facts.record.rollout if turn.facts.record else None
    if live is None or live.instance_type == placement.instance_type:
        return []
    repeated = begun is not None and begun.config == placement.config
    if turn.record.scaling is None and not repeated:
        return []
    turn.update(scaling=None)
    return [do.RemoveScaling(turn.spec.endpoint.name)]


# --- nothing to go to ------------------------------------------------------------------------------------


def _nothing_to_serve(turn: Turn, blocked: list[Obstacle]) -> Verdict:
    if _may_yet_start(turn):
        return True
    _drop_unstarted(turn, "nothing is wanted")
    if len(turn.record.kept) > turn.spec.retain_versions + MOST_UNSERVED:
        _clean_up(
            turn
        )  # each try that failed has left its own; otherwise the next version that serves rightly ends it
    live, endpoint = turn.record.live_placement(), turn.facts.endpoint
    if endpoint is None:
        if turn.record.live is not None and not serves_rightly(turn.record):
            turn.update(live=None, scaling=None)
            turn.again = True  # without it, others may be wanted
        if blocked:
            _block(turn, blocked)
        elif turn.record.phase is not Phase.WITHDRAWN:
            turn.enter(Phase.IDLE, "nothing is approved that we act on")
        return True
    if live is None:
        _block(turn, blocked) if blocked else turn.enter(Phase.IDLE, "nothing is approved that we act on")
        return True
    return _withdraw(turn, live, blocked)


def _is_only_held(turn: Turn) -> bool:
    """Whether something good is left, and only held, as far as this very look has read."""
    good, details = last_known_good(turn.record), turn.facts.details
    if good is None:
        return turn.record.is_newer
    if good.version not in details:
        return True
    detail = details[good.version]
    return detail is not None and detail.approval is Approval.APPROVED


def _withdraw(turn: Turn, live: Placement, blocked: list[Obstacle]) -> Verdict:
    decided = turn.record.versions[live.version]
    why = f"v{live.version} " + ("failed" if decided.failed else f"is {decided.approval.value}")
    if live.config == turn.record.refused:
        why = f"v{live.version} failed under its changed spec"
    elif decided.approval is Approval.APPROVED and not decided.failed:
        why = f"v{live.version} was rejected, and its approval since is not proven,"
    if any(obstacle.waits for obstacle in blocked):
        turn.enter(Phase.WAITING, f"{why}; {_in_words(blocked)}", Kind.WAITING)
        return True
    if blocked and _is_only_held(turn):
        # It is reached later, from an endpoint that is still there.
        turn.enter(Phase.BLOCKED, f"{why}; {_in_words(blocked)}; it serves on", Kind.BLOCKED)
        return True
    note = f" ({_in_words(blocked)})" if blocked else ""
    if turn.spec.withdrawal is not Withdrawal.DELETE or not decided.is_rejected:
        turn.enter(Phase.WITHDRAWN, f"{why} and nothing good is left{note}; it serves on", Kind.WITHDRAWN)
        return True
    target = Target(live.version, live.config, Direction.FORWARD, live.decided_at)
    if (hold := held(turn, target.direction)) is not None:
        turn.enter(Phase.PAUSED, f"{hold}; {why}, its endpoint is not deleted", Kind.PAUSED)
        return True
    turn.enter(
        Phase.WITHDRAWN, f"{why} and nothing good is left{note}; its endpoint is deleted", Kind.WITHDRAWN
    )
    release(turn)
    turn.actions.append(do.DeleteEndpoint(turn.spec.endpoint.name))
    return True
