"""A dry run: what would become of a group if a version were approved or rejected now, by the same decision."""

from dataclasses import dataclass, replace

from lambdas.core import actions as do
from lambdas.core.errors import GreenlightError
from lambdas.core.facts import (
    Execution,
    Hint,
    Inspection,
    Outcome,
    Probe,
    RunStatus,
    Told,
    Trial,
    VersionDetail,
    VersionSummary,
)
from lambdas.core.identity import Identity
from lambdas.core.ledger import Kind
from lambdas.core.names import SWEEP, account_of, partition_of, role_name
from lambdas.core.record import Approval
from lambdas.core.spec import RolloutSpec, Strategy
from lambdas.core.turn import Decision
from lambdas.reconcile.look import decided, observed
from lambdas.reconcile.ports import Ports, Registry

_BESIDE = frozenset({Kind.DRIFT, Kind.RETRAIN_HELD, Kind.RETRAIN_STARTED})
"""What a look may say beside what follows from a decision."""


class _NotTried:
    """A plan asks no endpoint anything."""

    def make(self, probe: Probe) -> Trial:
        return Trial(Outcome.INCONCLUSIVE, f"a plan does not invoke endpoint {probe.endpoint}")


class _NotAsked:
    """A plan is of versions: what monitoring and the pipeline found is not asked for, and people may not read it."""

    def execution(self, arn: str) -> Execution:
        return Execution(arn, RunStatus.EXECUTING)

    def last(self, schedule: str) -> Inspection:
        return Inspection(schedule, problem="a plan does not ask for it")


class UnknownVersionError(GreenlightError):
    """There is no such version in the group."""


@dataclass(frozen=True)
class _Supposing:
    """The registry as if a version had been decided on just now, by the group's approver."""

    registry: Registry
    group: str
    version: int
    approval: Approval
    at: float
    by: Identity | None

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        return tuple(
            replace(one, approval=self.approval) if one.version == self.version else one
            for one in self.registry.versions(group)
        )

    def detail(self, arn: str) -> VersionDetail | None:
        found = self.registry.detail(arn)
        if found is None or found.version != self.version:
            return found
        return replace(
            found,
            approval=self.approval,
            modified=self.at,
            author=self.by or self._an_approver(arn),
            reason="",
        )

    def _an_approver(self, arn: str) -> Identity:
        session = f"assumed-role/{role_name(self.group, 'approver')}/foreseen by nobody of this name"
        return Identity(f"arn:{partition_of(arn)}:sts::{account_of(arn)}:{session}")


def foresee(
    ports: Ports, group: str, version: int, approval: Approval, by: Identity | None = None
) -> Decision:
    """What the next look would decide if somebody decided so now. Reads only; nothing is recorded or performed.

    Args:
        ports: the world.
        group: the model package group's name.
        version: that is decided on.
        approval: APPROVED or REJECTED.
        by: who decides; None: some approver, who did not register it.

    Raises:
        UnknownVersionError: the group has no such version.
        GreenlightError: AWS cannot be asked.
    """
    supposed = _Supposing(ports.registry, group, version, approval, ports.now(), by)
    summary = next((one for one in supposed.versions(group) if one.version == version), None)
    if summary is None:
        raise UnknownVersionError(f"group {group} has no version {version}")
    detail = supposed.detail(summary.arn)
    hints = [Hint(SWEEP)]
    if detail is not None and approval is Approval.APPROVED:
        wrote = frozenset({"ModelApprovalStatus"})
        hints.append(Hint("foreseen", Told(version, approval, supposed.at, wrote, detail.containers)))
    beside = _NotAsked()
    supposing = replace(ports, registry=supposed, trials=_NotTried(), pipelines=beside, monitoring=beside)
    return decided(supposing, observed(supposing, group, hints))


def in_words(decision: Decision) -> list[str]:
    """A decision for people: what it would record, what it would do, and where the group would stand."""
    if decision.record is None:
        return [decision.reason]
    told = [f"records  {event.reason}" for event in decision.events if event.kind not in _BESIDE]
    done = [f"calls    {_said(action)}" for action in decision.actions]
    phase = decision.record.phase.value
    why = decision.reason.removeprefix(f"{phase.lower()}: ")  # a pause is told as one
    return [*told, *done, f"phase    {phase}: {why}"]


def _said(action: do.Action) -> str:
    match action:
        case do.UpdateEndpoint():
            watched = f"watched by {len(action.alarms)} alarms" if action.alarms else "watched by no alarm"
            how = f"{_strategy(action.rollout)}, {watched}"
            return f"UpdateEndpoint {action.name} to {action.config}: {how}"
        case do.CreateEndpoint():
            return f"CreateEndpoint {action.name} on {action.config}"
        case do.CreateModel() | do.CreateConfig() | do.DeleteEndpoint():
            return f"{type(action).__name__} {action.name}"
        case do.PutGuardrail():
            return (
                f"PutGuardrail {action.alarm}: {action.metric} {action.statistic} above {action.threshold:g}"
            )
        case do.DeletePlacement():
            return f"DeletePlacement {action.config}"
        case do.TripAbort() | do.ClearAbort():
            return f"{type(action).__name__} of group {action.group}"
        case do.RegisterScaling() | do.RemoveScaling():
            return f"{type(action).__name__} of endpoint {action.endpoint}"
        case do.PutMonitoring():
            return f"PutMonitoring {action.schedule} to {action.definition}"
        case do.RemoveMonitoring():
            return f"RemoveMonitoring {action.schedule}"
        case do.AskToRetrain():
            return f"AskToRetrain {action.run}"


def _strategy(rollout: RolloutSpec | None) -> str:
    if rollout is None or rollout.strategy is Strategy.ALL_AT_ONCE:
        return Strategy.ALL_AT_ONCE.value
    return f"{rollout.strategy.value} {rollout.step_percent} %"
