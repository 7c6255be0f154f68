"""Random histories: what people, AWS and bad luck do to a group, and how it is done to the world."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from lambdas.core.facts import VersionDetail
from lambdas.core.record import Approval, Pause
from lambdas.core.spec import Autoscaling, GuardrailSpec, RolloutSpec, Strategy, Withdrawal
from tests.builders import APPROVER, GROUP, REGISTRANT, a_spec, package
from tests.properties.cloud import DOES_NOT_START, ERRS, SOUND, UNKNOWN_TYPE, Switches
from tests.properties.invariants import People
from tests.properties.world import Rates, World

MOST_VERSIONS = 6


@dataclass(frozen=True)
class Op:
    """One thing that happens: a method of `Life` and its argument."""

    name: str
    value: Any = None


def _ops(name: str, *values: Any) -> list[Op]:
    return [Op(name, value) for value in values or (None,)]


WHICH = tuple(range(MOST_VERSIONS))
COMMON = (
    *_ops("release", SOUND, SOUND, SOUND, SOUND, ERRS, DOES_NOT_START),
    *_ops("approve", *WHICH),
    *_ops("reject", *WHICH),
    *[Op("reject_newest")] * 6,
)
RARE = (
    *_ops("register", SOUND, ERRS),
    *_ops("approve_again", 0, 1, 2),
    *_ops("pend", 0, 1),
    *_ops("annotate", 0, 1, 2),
    *_ops("tamper", 0, 1, 2, 3),
    *_ops("delete", 0, 1),
    *_ops("intrude", *WHICH),
    *_ops("turn_bad", 0, 1),
    *_ops("instance_type", "ml.m5.large", "ml.m5.xlarge", UNKNOWN_TYPE),
    *_ops("scaling", True, False),
    *_ops("retain", 0, 3),
    *_ops("pause", True, False),
    *_ops("resume"),
    *_ops("quota", True, False),
    *_ops("autoscale"),
    *_ops("sweep"),
)
GAPS = (0.0, 0.0, 15.0, 100.0, 250.0, 300.0, 600.0, 600.0, 5000.0)  # seconds; 0: at once, before any look
OPS = st.lists(st.tuples(st.sampled_from((*COMMON, *RARE)), st.sampled_from(GAPS)), min_size=8, max_size=24)
"""What happens, and how long it is quiet afterwards."""
RATES = st.one_of(
    st.just(Rates()),
    st.just(Rates(lost=0.5, doubled=0.3, late=0.3)),
    st.just(Rates(killed=0.05, throttled=0.05)),
    st.just(Rates(touched=0.03)),
    st.just(Rates(lost=0.3, doubled=0.2, late=0.2, killed=0.04, throttled=0.04)),
    st.just(Rates(lost=0.3, doubled=0.2, late=0.2, interleaved=0.08)),
)
SWITCHES = st.builds(Switches, st.booleans(), st.booleans(), st.booleans())


@dataclass
class Life:
    """Does the things of a history to a world, and notes for the oracle what was done."""

    world: World
    people: People
    spec_changed: bool = False
    spec_is_bad: bool = False

    def begin(self, *, already: int, withdrawal: Withdrawal, probation: int) -> None:
        """Some versions are approved before the group's spec is written; then it is."""
        for _ in range(already):
            self.release(SOUND)
        self.people.before_us |= set(self.world.cloud.versions_)
        self.world.cloud.advance(1000.0)
        self.world.cloud.put_spec(
            a_spec(
                rollout=RolloutSpec(Strategy.ALL_AT_ONCE, bake_seconds=300),
                guardrails=GuardrailSpec(error_rate=0.05),
                withdrawal=withdrawal,
                probation_minutes=probation,
                retain_versions=1,
            )
        )

    def do(self, op: Op, gap: float = 0.0) -> None:
        """One thing; a second passes, so that no two happen at once; then the function works for a while."""
        self.world.cloud.advance(1.0)
        getattr(self, op.name)(*(() if op.value is None else (op.value,)))
        if gap:
            self.world.pass_time(gap)

    # --- people and the registry ------------------------------------------------------------------------

    def register(self, kind: str) -> None:
        """A new version, pending."""
        cloud = self.world.cloud
        number = max(cloud.kind, default=0) + 1
        if number > MOST_VERSIONS:
            return
        cloud.kind[number] = kind
        spec = cloud.spec
        unnoticed = spec is None or spec.probation_minutes == 0 or self.world.rates != Rates()
        if self.spec_is_bad or (kind == ERRS and unnoticed):
            self.people.doubtful.add(number)  # its first endpoint has no canary, and nobody may see its alarm
        version = package(number, approval=Approval.PENDING, at=cloud.now, author=REGISTRANT)
        cloud.write(version)

    def release(self, kind: str) -> None:
        """A new version, approved at once."""
        before = len(self.world.cloud.kind)
        self.register(kind)
        if len(self.world.cloud.kind) > before:
            self.world.cloud.advance(1.0)
            self._decide(max(self.world.cloud.kind), Approval.APPROVED)

    def approve(self, which: int) -> None:
        """An approver approves a version that is not approved."""
        self._decide_on(which, Approval.APPROVED)

    def reject(self, which: int) -> None:
        """An approver rejects a version."""
        self._decide_on(which, Approval.REJECTED)

    def reject_newest(self) -> None:
        """An approver rejects what is being, or was last, rolled out."""
        cloud = self.world.cloud
        config = cloud.deployment.config if cloud.deployment else cloud.endpoint and cloud.endpoint.config
        version = cloud.version_of(config) if config else None
        if version in cloud.versions_ and version is not None:
            self._decide(version, Approval.REJECTED)

    def pend(self, which: int) -> None:
        """A version goes back to pending."""
        self._decide_on(which, Approval.PENDING)

    def approve_again(self, which: int) -> None:
        """An approved version is approved again; only its event tells."""
        version = self._version(which)
        if version is None or version.approval is not Approval.APPROVED:
            return
        if self.world.rates.lost or self.world.rates.late or self.world.cloud.switches.nameless:
            self.people.unordered = (
                True  # nameless: CloudTrail alone tells, and not two within a minute apart
            )
        self._decide(version.version, Approval.APPROVED, again=True)
        # Whether the second approval was seen decides whether a failure before it still counts.
        self.people.doubtful.add(version.version)

    def intrude(self, which: int) -> None:
        """Somebody who may not approves a version; IAM let it pass."""
        version = self._version(which)
        if version is None or version.approval is Approval.APPROVED:
            return
        if self.world.queue or self.world.cloud.events or not self._rejection_known(version):
            return  # without the decision against it, or by the late event of an earlier approval, it looks right
        self.people.intruders.add(version.version)
        self._write(version, "ModelApprovalStatus", approval=Approval.APPROVED, author=REGISTRANT)

    def annotate(self, which: int) -> None:
        """The registrant notes something on a version: an event that says Approved, and is no approval."""
        version = self._version(which)
        if version is not None:
            self._write(version, "CustomerMetadataProperties", author=REGISTRANT)

    def tamper(self, which: int) -> None:
        """The content of an approved version changes, taken in or not: no permission can forbid the registrant to."""
        version = self._version(which)
        if version is None or version.approval is not Approval.APPROVED:
            return
        self.people.tampered.add(version.version)
        container = replace(version.containers[0], image=f"scorer:evil-{self.world.cloud.now}")
        self._write(version, "InferenceSpecification", containers=(container,), author=REGISTRANT)

    def delete(self, which: int) -> None:
        """A version leaves the registry."""
        version = self._version(which)
        if version is not None:
            self.world.cloud.delete(version.version)
            self.people.unordered = True

    # --- the spec, the world ----------------------------------------------------------------------------

    def instance_type(self, value: str) -> None:
        """The spec asks for another instance type; on one of them no fleet comes up."""
        self._respec(endpoint={"instance_type": value})
        self.spec_is_bad = value == UNKNOWN_TYPE
        if self.spec_is_bad:
            self.people.doubtful |= set(self.world.cloud.kind)

    def scaling(self, on: bool) -> None:
        """Autoscaling comes or goes."""
        self._respec(endpoint={"autoscaling": Autoscaling(1, 4, 500) if on else None})

    def retain(self, versions: int) -> None:
        """The retention changes."""
        self._respec(retain_versions=versions)

    def pause(self, rollbacks: bool) -> None:
        """A person pauses the group."""
        self.people.hands_off = self.people.hands_off or not rollbacks
        self._set_pause(Pause("by hand", rollbacks=rollbacks))

    def resume(self) -> None:
        """The pause ends, and a look is asked for."""
        self._set_pause(None)
        self.world.queue.append((self.world.cloud.now, self.world.asking("resume")))

    def turn_bad(self, which: int) -> None:
        """A version begins to err in production."""
        version = self._version(which)
        if version is not None and self.world.cloud.kind[version.version] == SOUND:
            self.people.doubtful.add(version.version)
            self.world.cloud.turn(version.version, ERRS)

    def quota(self, enough: bool) -> None:
        """The account's quota is used up, or is not."""
        self.world.cloud.quota = enough

    def autoscale(self) -> None:
        """Autoscaling takes the endpoint for a while."""
        if self.world.rates.killed:
            return  # open: a step that died before UpdateEndpoint looks rolled back once autoscaling passed
        self.world.cloud.autoscale()

    def sweep(self) -> None:
        """The schedule's sweep."""
        self.world.sweep()

    def end(self) -> None:
        """The faults stop; one sweep; all that must happen happens."""
        world = self.world
        world.rates = Rates()
        world.cloud.quota = True
        self._set_pause(None)
        world.cloud.advance(1.0)
        if self.spec_changed or world.store.load(GROUP) is None:
            world.queue.append((world.cloud.now, world.asking("sweep")))  # a full sweep's
        world.sweep()
        world.pass_time(20_000.0)
        for _ in range(3):  # who approved in the last minutes of the faults, CloudTrail tells only afterwards
            world.sweep()
            world.pass_time(20_000.0)

    # --- helpers ----------------------------------------------------------------------------------------

    def _version(self, which: int) -> VersionDetail | None:
        there = sorted(self.world.cloud.versions_)
        return self.world.cloud.versions_[there[which % len(there)]] if there else None

    def _known(self, which: int) -> bool:
        """Whether the last decision about a version was taken in."""
        record, version = self.world.store.load(GROUP), self._version(which)
        if record is None or version is None:
            return False
        decided = record.versions.get(version.version)
        last = max((at for at, v in self.people.approvals if v == version.version), default=None)
        return decided is not None and decided.approval is version.approval and decided.at == last

    def _rejection_known(self, version: VersionDetail) -> bool:
        record = self.world.store.load(GROUP)
        known = record.versions.get(version.version) if record else None
        return record is not None and (known is None or known.approval is version.approval)

    def _decide_on(self, which: int, approval: Approval) -> None:
        version = self._version(which)
        if version is not None and version.approval is not approval:
            self._decide(version.version, approval)

    def _decide(self, number: int, approval: Approval, *, again: bool = False) -> None:
        version = self.world.cloud.versions_[number]
        if approval is Approval.APPROVED:
            if number in self.people.contents and (self.world.rates.lost or self.world.rates.late):
                self.people.unordered = True  # the event of the first approval may be the only one that came
                self.people.doubtful.add(
                    number
                )  # approved before, rejected, approved: without events, no change
            self.people.approvals.append((self.world.cloud.now, number))
            content = str([[c.image, c.model_data] for c in version.containers])
            self.people.contents.setdefault(number, set()).add(content.replace("'", '"'))
            self.people.intruders.discard(number)
            self.people.before_us.discard(number)
            self.people.tampered.discard(number)
        if again and self.people.unordered:
            self.people.tampered.discard(number)
        self._write(version, "ModelApprovalStatus", approval=approval, author=APPROVER)

    def _write(self, version: VersionDetail, *fields: str, **changes: Any) -> None:
        self.world.cloud.write(replace(version, modified=self.world.cloud.now, **changes), *fields)

    def _respec(self, endpoint: dict[str, Any] | None = None, **changes: Any) -> None:
        spec = self.world.cloud.spec
        assert spec is not None
        self.spec_changed = True
        self.people.respecs.append(self.world.cloud.now)
        if self.world.store.load(GROUP) is None:  # the first look will find the spec younger than these
            self.people.before_us |= {
                v for v in self.world.cloud.versions_ if self.world.cloud.is_approved(v)
            }
        self.world.cloud.put_spec(
            replace(spec, endpoint=replace(spec.endpoint, **(endpoint or {})), **changes)
        )

    def _set_pause(self, pause: Pause | None) -> None:
        record = self.world.store.load(GROUP)
        if record is not None and record.pause != pause:
            unsettled = self.world.store.open[GROUP]
            self.world.store.commit(replace(record, pause=pause), (), unsettled)
