"""Which version the registry wants live, in order of preference, and on which config."""

from dataclasses import dataclass, replace

from lambdas.core.codec import unknown_keys
from lambdas.core.names import versioned_name
from lambdas.core.proof import counts, may_count
from lambdas.core.record import Approval, Decided, Direction, Placement, Record, Rollout
from lambdas.core.spec import AS_AWS_CHOOSES, GroupSpec


@dataclass(frozen=True)
class Target:
    """A version that may go live, why, and since which decision; `config`: the endpoint config to serve it on.

    `direction` None: it is live already, on the right config; nothing has to move.
    """

    version: int
    config: str
    direction: Direction | None
    decided_at: float


def targets(record: Record, spec: GroupSpec) -> tuple[Target, ...]:
    """The versions to try, best first.

    1. Approvals younger than the decision that put the live version there: the latest decision wins.
    2. The live version, if nothing speaks against it.
    3. The last known good version, on its kept config.
    4. Any other approved version that did not fail, youngest approval first; of those that the record has in full.

    After a live version that serves rightly come others only if it could not be started again.
    """
    live = record.live_placement()
    if live is None:
        return tuple(target for v, d in _candidates(record) for target in _anew(record, spec, v, d))
    stands = serves_rightly(record)
    decision = record.versions[live.version]
    since = max(live.decided_at, decision.since) if stands else live.decided_at
    younger = [(v, d) for v, d in _candidates(record) if d.since > since and v != live.version]
    chosen = [_forward(record, spec, v, d) for v, d in younger]
    if stands and decision.approval is Approval.APPROVED:
        return (*chosen, *_stay(record, spec, live))
    if stands:
        # Deleted from the registry, it serves on, but is not started again: if it serves no more, another must.
        chosen += _stay(record, spec, live)
    if (good := last_known_good(record)) is not None:
        # Approved again, its kept config still is the short way.
        chosen = [replace(t, direction=Direction.BACKWARD) if t.config == good.config else t for t in chosen]
        # What was approved after the version that is left, and could not start yet, still may afterwards.
        config = (
            config_name(record.group, good.version, record.versions[good.version], spec)
            if good.gone or good.mode is not live.mode
            else good.config
        )
        back = Target(good.version, config, Direction.BACKWARD, live.decided_at)
        chosen.insert(_rank_of_way_back(record, chosen, back), back)
    seen = {target.version for target in chosen} | {live.version}
    chosen += [_forward(record, spec, v, d) for v, d in _candidates(record) if v not in seen]
    return tuple(chosen)


def _rank_of_way_back(record: Record, chosen: list[Target], back: Target) -> int:
    """After younger approvals, but before one that AWS said no to: a quota may be used up for days."""
    held = record.rollout.config if record.rollout is not None and record.rollout.held else None
    if held == back.config:
        return 0  # AWS said no to the way back too: stay with it
    return next((i for i, target in enumerate(chosen) if target.config == held), len(chosen))


def serves_rightly(record: Record) -> bool:
    """Whether nothing speaks against the live version: not rejected, not failed, nor its config refused.

    A version deleted from the registry serves on: nobody decided against it. The approval of a rejected one by
    somebody who may not does not keep it.
    """
    live = record.live_placement()
    decided = record.versions.get(live.version) if live else None
    return (
        live is not None
        and decided is not None
        and decided.approval in {Approval.APPROVED, Approval.DELETED}
        and decided.failed is None
        and live.config != record.refused
        and _still_stands(record, live, decided)
    )


def _still_stands(record: Record, placement: Placement, decided: Decided, *, if_proven: bool = False) -> bool:
    """Whether the decision that once put a version there was not undone since by anyone.

    An approval after a rejection is a new one, and must be an approver's; the one that led there was proven then.
    `if_proven`: take one that CloudTrail may yet prove for proven.
    """
    if placement.decided_at >= decided.not_before:
        return True
    spec = record.spec
    return spec is not None and (counts(spec, decided) or (if_proven and may_count(spec, decided)))


def overtaken(record: Record, rollout: Rollout) -> bool:
    """Whether another version that may be tried was approved after the one that a rollout leads to."""
    return any(d.since > rollout.decided_at for v, d in _candidates(record) if v != rollout.version)


def last_known_good(record: Record, *, if_proven: bool = False) -> Placement | None:
    """The placement that was live and healthy before the live one, still approved; its config is kept.

    Another version; the same one only where its config under a changed spec is what failed, and of the same mode, which
    an endpoint cannot change. `if_proven`: what it is once CloudTrail has proven what it may yet prove; until then that
    must not be deleted.
    """
    live = record.live_placement()
    other = live.instead_of if live is not None and live.config == record.refused else None
    good = [
        placement
        for placement in record.kept
        if placement.live_at is not None
        and (
            live is None
            or placement.version != live.version
            or (placement.config == other and placement.mode is live.mode)
        )
        and (decided := record.versions.get(placement.version)) is not None
        and _is_candidate(record, decided)
        and _still_stands(record, placement, decided, if_proven=if_proven)
    ]
    return max(good, key=lambda placement: placement.live_at or 0.0, default=None)


def model_name(group: str, version: int, decided: Decided, spec: GroupSpec) -> str:
    """The model's name: the same content under the same role and network gives the same name."""
    endpoint = spec.endpoint
    return versioned_name(
        group, version, decided.fingerprint, spec.execution_role, endpoint.vpc, endpoint.network_isolation
    )


def config_name(group: str, version: int, decided: Decided, spec: GroupSpec) -> str:
    """The endpoint config's name: a digest of all that is fixed in it.

    The instance count is part of it only where no autoscaling governs it. The number of failures is part of it
    so that an approved second attempt has a fleet, metrics and alarms of its own.
    """
    endpoint = spec.endpoint
    return versioned_name(
        group,
        version,
        model_name(group, version, decided, spec),
        endpoint.instance_type,
        None if endpoint.autoscaling else endpoint.instance_count,
        endpoint.kms_key,
        endpoint.data_capture,
        decided.failures,
        # Nothing where there is none of them, so that configs that were made without them keep their names.
        *(mode for mode in (endpoint.serverless, endpoint.asynchronous) if mode is not None),
        *(hosting for hosting in (endpoint.hosting,) if hosting != AS_AWS_CHOOSES),
    )


def _candidates(record: Record) -> list[tuple[int, Decided]]:
    found = [
        (version, decided) for version, decided in record.versions.items() if _is_candidate(record, decided)
    ]
    return sorted(found, key=lambda item: (item[1].since, item[0]), reverse=True)


def _is_candidate(record: Record, decided: Decided) -> bool:
    return record.may_start(decided)


def _forward(record: Record, spec: GroupSpec, version: int, decided: Decided) -> Target:
    config = config_name(record.group, version, decided, spec)
    return Target(version, config, Direction.FORWARD, decided.since)


def _anew(record: Record, spec: GroupSpec, version: int, decided: Decided) -> tuple[Target, ...]:
    """Where a version goes when nothing is live: never to the config that failed, rather to one that was good."""
    target = _forward(record, spec, version, decided)
    if target.config != record.refused:
        return (target,)
    ready = (p for p in record.kept if p.version == version and p.is_ready and p.config != record.refused)
    good = max(ready, key=lambda placement: placement.live_at or 0.0, default=None)
    return () if good is None else (replace(target, config=good.config),)


def _stay(record: Record, spec: GroupSpec, live: Placement) -> tuple[Target, ...]:
    """The live version: first on the config its spec wants now, then on the one it has."""
    decided = record.versions[live.version]
    stay = Target(live.version, live.config, None, live.decided_at)
    wanted = config_name(record.group, live.version, decided, spec)
    if decided.approval is not Approval.APPROVED or wanted in {live.config, record.refused}:
        return (stay,)
    if any(unknown_keys(spec.endpoint)):
        return (stay,)  # what a newer release asks for beside is not known here, and would be lost on the way
    return (Target(live.version, wanted, Direction.RESPEC, live.decided_at), stay)
