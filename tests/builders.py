"""Builders with defaults for facts, records and decisions: a test names only what its rule is about."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lambdas.core.acts import Act
from lambdas.core.content import Container
from lambdas.core.decide import Part, afterwards, decide, decide_part
from lambdas.core.desired import config_name, model_name
from lambdas.core.facts import (
    AlarmState,
    Endpoint,
    EndpointStatus,
    Execution,
    Facts,
    Hint,
    Inspection,
    Outcome,
    Payload,
    Report,
    SpecRead,
    Told,
    Trail,
    Trial,
    VersionDetail,
    VersionSummary,
)
from lambdas.core.identity import Identity
from lambdas.core.names import GROUP_TAG, guardrail_alarm, schedule_name
from lambdas.core.record import (
    Approval,
    Decided,
    Direction,
    Phase,
    Placement,
    Record,
    Rollout,
)
from lambdas.core.spec import Calendar, EndpointSpec, Freeze, GroupSpec
from lambdas.core.turn import Decision, Need

GROUP = "churn"
ACCOUNT = "123456789012"
APPROVER = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-approver/ann")
REGISTRANT = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-registrant/rob")
START = 1_700_000_000.0  # epoch seconds: when the group's spec was written
NOW = START + 100_000.0  # long after any probation of what went live near the start
A = TypeVar("A")


def a_spec(*, endpoint: EndpointSpec | None = None, **changes: Any) -> GroupSpec:
    """A group's spec: one small instance, everything else as the defaults have it."""
    return GroupSpec(
        **{
            "name": GROUP,
            "endpoint": endpoint or an_endpoint_spec(),
            "execution_role": f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-endpoint",
            "artifacts": ("s3://models", "s3://elsewhere", "s3://evil"),
            **changes,
        }
    )


def an_endpoint_spec(**changes: Any) -> EndpointSpec:
    """The endpoint of the group, named as the group."""
    return EndpointSpec(**{"name": GROUP, "instance_type": "ml.m5.large", **changes})


def package(
    version: int,
    *,
    approval: Approval = Approval.APPROVED,
    at: float | None = None,
    author: Identity | None = APPROVER,
    registrant: Identity | None = REGISTRANT,
    image: str = "scorer:1",
    **changes: Any,
) -> VersionDetail:
    """A version in the registry, by default Approved by an approver at START + 100 s x its number."""
    return VersionDetail(
        **{
            "version": version,
            "arn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{GROUP}/{version}",
            "approval": approval,
            "status": "Completed",
            "modified": START + 100.0 * version if at is None else at,
            "containers": (Container(image=image, model_data=f"s3://models/{GROUP}/{version}.tar.gz"),),
            "author": author,
            "registrant": registrant,
            **changes,
        }
    )


def event_of(detail: VersionDetail, *wrote: str, at: float | None = None, **changes: Any) -> Hint:
    """The registry's event of a write; by default of the approval itself, with the content that the version has."""
    told = {
        "version": detail.version,
        "approval": detail.approval,
        "at": detail.modified if at is None else at,
        "wrote": frozenset(wrote or ("ModelApprovalStatus",)),
        "containers": detail.containers,
    }
    return Hint("registry", told=Told(**{**told, **changes}))


def known(detail: VersionDetail, **changes: Any) -> Decided:
    """What the record holds of a version whose decision was taken in."""
    return Decided(
        **{
            "approval": detail.approval,
            "at": detail.modified,
            "recorded": detail.modified,
            "by": detail.author,
            "fingerprint": detail.fingerprint,
            "confirmed": True,
            "registrant": detail.registrant,
            **changes,
        }
    )


def placed(
    detail: VersionDetail, spec: GroupSpec | None = None, *, live_at: float | None, **changes: Any
) -> Placement:
    """The placement that the decision would make for a version under a spec."""
    spec = spec or a_spec()
    decided = known(detail)
    config = config_name(GROUP, detail.version, decided, spec)
    limits = (("errors", spec.guardrails.error_rate), ("latency", spec.guardrails.latency_p99_ms))
    return Placement(
        **{
            "version": detail.version,
            "config": config,
            "model": model_name(GROUP, detail.version, decided, spec),
            "instance_type": spec.endpoint.instance_type,
            "alarms": tuple(guardrail_alarm(GROUP, config, k) for k, limit in limits if limit is not None),
            "live_at": live_at,
            "decided_at": detail.modified,
            "mode": spec.endpoint.mode,
            **changes,
        }
    )


def a_rollout(placement: Placement, *, direction: Direction = Direction.FORWARD, **changes: Any) -> Rollout:
    """A rollout to a placement, begun ten minutes ago on the endpoint as it then was."""
    return Rollout(
        **{
            "id": f"{GROUP}-7",
            "direction": direction,
            "version": placement.version,
            "config": placement.config,
            "started_at": NOW - 600,
            "decided_at": placement.decided_at,
            "endpoint_modified": BEFORE,
            **changes,
        }
    )


BEFORE = NOW - 700  # LastModifiedTime of an endpoint that no rollout touched since
AFTER = NOW - 60  # LastModifiedTime of an endpoint that was changed after the rollout began


def an_endpoint(config: str, status: EndpointStatus = EndpointStatus.IN_SERVICE, **changes: Any) -> Endpoint:
    """The group's endpoint as DescribeEndpoint tells it."""
    name = changes.pop("name", GROUP)
    return Endpoint(
        **{
            "name": name,
            "arn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint/{name}",
            "status": status,
            "config": config,
            "modified": BEFORE,
            **changes,
        }
    )


PASSED = Trial(Outcome.PASSED, "the model answered 200")
NO_PAYLOAD = Payload(problem="its sample payload cannot be read: it is not there")
NO_REPORT = Report(problem="its evaluation report cannot be read: it is not there")


@dataclass(frozen=True)
class Seen:
    """All there is to see of a group. `decide` is told only what it asks for, as in production.

    Alarms not named are OK; the endpoint carries our tag unless `tags` says otherwise. `hints` None: the event of each
    decision came.
    """

    record: Record | None
    packages: tuple[VersionDetail, ...] = ()
    endpoint: Endpoint | None = None
    spec: GroupSpec | None = field(default_factory=a_spec)
    spec_modified: float = START
    spec_is_read: bool = False
    alarms: Mapping[str, AlarmState] = field(default_factory=dict)
    trail: Trail = field(default_factory=lambda: Trail((), complete=True))
    tags: Mapping[str, str] = field(default_factory=lambda: {GROUP_TAG: GROUP})
    hints: tuple[Hint, ...] | None = None
    now: float = NOW
    fresh: Mapping[int, VersionDetail | None] = field(default_factory=dict)
    unreadable: str | None = None
    acts: tuple[Act, ...] = ()
    actors: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar | None = field(default_factory=Calendar)
    frozen: tuple[Freeze, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    payloads: Mapping[str, Payload] = field(default_factory=dict)
    trial: Trial = field(default_factory=lambda: PASSED)
    execution: Execution | None = None
    inspections: Mapping[str, Inspection] = field(default_factory=dict)

    def read(self) -> SpecRead:
        """The group's parameters as read."""
        spec = None if self.unreadable else self.spec
        return SpecRead(spec, self.spec_modified, self.unreadable, self.acts, self.calendar)

    def facts(self) -> Facts:
        """What every look reads."""
        return Facts(
            group=GROUP,
            now=self.now,
            record=self.record,
            versions=tuple(
                VersionSummary(p.version, p.arn, p.approval, p.status, START) for p in self.packages
            ),
            endpoint=self.endpoint,
            hints=tuple(map(event_of, self.packages)) if self.hints is None else self.hints,
            spec=self.read() if self.spec_is_read else None,
            frozen=self.frozen,
        )

    def with_more(self, facts: Facts, need: Need) -> Facts:
        """The facts with what a decision asked for. `fresh` overrides what the list of versions told."""
        details: dict[int, VersionDetail | None] = {p.version: p for p in self.packages}
        details.update(self.fresh)
        return replace(
            facts,
            spec=self.read() if need.spec else facts.spec,
            actors=self.actors if need.actors else facts.actors,
            details={**facts.details, **{v: details.get(v) for v in need.details}},
            alarms={**facts.alarms, **{a: self.alarms.get(a, AlarmState.OK) for a in need.alarms}},
            tags=self.tags if need.tags else facts.tags,
            trail=self._asked(need) if need.trail else facts.trail,
            reports={
                **facts.reports,
                **{uri: self.reports.get(uri, NO_REPORT) for uri in need.reports | need.baselines},
            },
            payloads={**facts.payloads, **{uri: self.payloads.get(uri, NO_PAYLOAD) for uri in need.payloads}},
            trial=self.trial if need.trial else facts.trial,
            execution=self.execution if need.execution else facts.execution,
            inspections={
                **facts.inspections,
                **{name: self.inspections.get(name, self._standing(name)) for name in need.inspections},
            },
        )

    def _standing(self, schedule: str) -> Inspection:
        """A schedule as it was last pointed, without a run."""
        monitored = self.record.monitored if self.record is not None else {}
        ours = (known for monitor, known in monitored.items() if schedule_name(GROUP, monitor) == schedule)
        return Inspection(
            schedule, definition=next((known.definition for known in ours), None), state="Scheduled"
        )

    def _asked(self, need: Need) -> Trail:
        return replace(self.trail, since={lookup.version: lookup.since for lookup in need.trail})


def decided_on(seen: Seen) -> Decision:
    """The decision on all there is to see."""
    return ask(seen)[0]


def ask(seen: Seen) -> tuple[Decision, Facts]:
    """The decision of a whole look, and the facts that its first part asked for on the way.

    What its parts decide one after the other is told as one, for most tests are about what comes of a look. A decision
    of the first part to look again ends it, as in production; one of an optional part does not.
    """
    whole, first = of_part(seen.facts(), seen, decide)
    if whole.again or whole.record is None:
        return whole, first
    facts = first
    for part in Part:
        facts = afterwards(facts, whole, after(whole))
        decision, facts = of_part(facts, seen, functools.partial(decide_part, part))
        whole = _both(whole, decision)
    return whole, first


def of_part(facts: Facts, seen: Seen, deciding: Callable[[Facts], Decision | Need]) -> tuple[Decision, Facts]:
    """The decision of one part of a look, and the facts that it asked for."""
    for _ in range(8):
        outcome = deciding(facts)
        if isinstance(outcome, Decision):
            return outcome, facts
        facts = seen.with_more(facts, outcome)
    raise AssertionError(f"the decision never had enough: {outcome}")


def _both(first: Decision, second: Decision) -> Decision:
    """Two decisions of a look as one."""
    if not second.changed and not second.actions:
        return replace(first, again=first.again or second.again)
    return replace(
        second,
        entries=first.entries + second.entries,
        events=first.events + second.events,
        actions=first.actions + second.actions,
        changed=first.changed or second.changed,
    )


def after(decision: Decision) -> Record:
    """The record as it stands when all of a decision's actions succeeded."""
    record = decision.then or decision.record
    assert record is not None
    return record


def a_record(*packages: VersionDetail, **changes: Any) -> Record:
    """The record of a group whose decisions about these versions were all taken in."""
    return Record(
        **{
            "group": GROUP,
            "spec": a_spec(),
            "revision": 5,
            "versions": {p.version: known(p) for p in packages if p.approval is not Approval.PENDING},
            **changes,
        }
    )


def live_on(
    version: VersionDetail,
    *others: VersionDetail,
    spec: GroupSpec | None = None,
    kept: tuple[Placement, ...] = (),
    live_at: float = START + 5000.0,
    **changes: Any,
) -> Seen:
    """A settled group: `version` is live and serves; `others` are known, `kept` are further placements."""
    spec = spec or a_spec()
    placement = placed(version, spec, live_at=live_at)
    record = a_record(
        version,
        *others,
        spec=spec,
        live=placement.config,
        kept=(placement, *kept),
        phase=Phase.SETTLED,
        reason=f"v{version.version} is live, as the registry wants",
    )
    return Seen(
        **{
            "record": record,
            "packages": (version, *others),
            "endpoint": an_endpoint(placement.config, mode=spec.endpoint.mode),
            "spec": spec,
            **changes,
        }
    )


def rolling_to(seen: Seen, target: VersionDetail, **changes: Any) -> Seen:
    """The same group with a rollout to `target` on record, which AWS may or may not have begun."""
    assert seen.record is not None
    placement = changes.pop("placement", None) or placed(target, seen.spec, live_at=None)
    rollout = a_rollout(placement, **changes)
    present = seen.record.placement(placement.config) is not None
    record = replace(
        seen.record,
        versions={**seen.record.versions, target.version: known(target)},
        kept=seen.record.kept if present else (*seen.record.kept, placement),
        rollout=rollout,
        phase=Phase.ROLLING,
    )
    packages = {p.version: p for p in (*seen.packages, target)}
    return replace(seen, record=record, packages=tuple(packages.values()))


def having(seen: Seen, **changes: Any) -> Seen:
    """The same group with another record."""
    assert seen.record is not None
    return replace(seen, record=replace(seen.record, **changes))


def decided_as(seen: Seen, version: int, **changes: Any) -> Seen:
    """The same group, remembering something else of a version."""
    assert seen.record is not None
    versions = {**seen.record.versions, version: replace(seen.record.versions[version], **changes)}
    return having(seen, versions=versions)


def changed(seen: Seen, version: int, **changes: Any) -> Seen:
    """The same group after the registry's entry of a version changed."""
    packages = tuple(replace(p, **changes) if p.version == version else p for p in seen.packages)
    return replace(seen, packages=packages)


def only(actions: tuple[object, ...], kind: type[A]) -> A:
    """The one action of a kind."""
    found = [action for action in actions if isinstance(action, kind)]
    assert len(found) == 1, f"expected one {kind.__name__} in {actions}"
    return found[0]


def names(decision: Decision) -> list[str]:
    """What a decision does, in order: the names of its actions."""
    return [type(action).__name__ for action in decision.actions]


def told(decision: Decision) -> list[str]:
    """What a decision tells the ledger, in order."""
    return [event.kind.value for event in decision.events]
