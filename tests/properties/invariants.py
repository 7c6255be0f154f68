"""The invariants of the design, checked against the truth: on every call, and on the ledger at the end."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lambdas.core import actions as do
from lambdas.core.facts import EndpointStatus, VersionDetail
from lambdas.core.ledger import Entry, first_broken
from lambdas.core.names import GROUP_TAG, abort_alarm
from lambdas.core.record import Approval, Direction, Phase, Record, Rollout
from lambdas.core.spec import Strategy
from tests.builders import APPROVER
from tests.properties.cloud import Cloud
from tests.properties.world import Watcher, World

AGAINST = {Approval.REJECTED, Approval.PENDING}


@dataclass
class People:
    """What people did, for invariants and oracle; `at` in epoch seconds.

    `approvals`: (at, version) by approvers; `contents`: fingerprints approved; `intruders`: versions whose
    last approval was by somebody who may not. `doubtful`: versions that may or may not have failed by what
    happened to them. `unordered`: an approval whose time only a lost event could tell.
    `hands_off`: a pause held aborts.
    """

    approvals: list[tuple[float, int]] = field(default_factory=list)
    contents: dict[int, set[str]] = field(default_factory=dict)
    intruders: set[int] = field(default_factory=set)
    tampered: set[int] = field(default_factory=set)
    before_us: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    respecs: list[float] = field(default_factory=list)
    unordered: bool = False
    hands_off: bool = False


@dataclass
class Invariants(Watcher):
    """Sees every call of the function; an assertion names the invariant that broke."""

    people: People
    fresh: dict[int, VersionDetail | None] = field(default_factory=dict)
    started: list[tuple[float, str, int]] = field(default_factory=list)

    def begin(self, world: World) -> None:  # noqa: ARG002 - the watcher's interface
        """Another invocation: nothing was read in it yet."""
        self.fresh = {}

    def before(self, world: World, call: str, arguments: tuple[Any, ...]) -> None:
        """Check what the function is about to do."""
        if call == "commit":
            _success_was_seen(world, arguments[1])
        if call != "perform":
            return
        action, cloud = arguments[0], world.cloud
        record = world.store.load(cloud.group)
        assert record is not None, "8: an effect before anything was recorded"
        if isinstance(action, do.UpdateEndpoint | do.CreateEndpoint):
            self._may_start(world, record, action)
        if isinstance(action, do.UpdateEndpoint):
            _keeps_guardrails_and_capacity(cloud, record, action)
        if isinstance(action, do.UpdateEndpoint | do.DeleteEndpoint) and cloud.endpoint is not None:
            assert cloud.endpoint_tags.get(GROUP_TAG) == cloud.group, (
                "5: an endpoint that is not ours is touched"
            )
        if isinstance(action, do.TripAbort):
            _may_abort(cloud, record)
        if isinstance(action, do.DeletePlacement):
            _may_delete(cloud, record, action, self.people)

    def after(self, world: World, call: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Remember what was read afresh, and what AWS took up."""
        if call == "detail" and result is not None:
            self.fresh[result.version] = result
        if call == "perform" and isinstance(arguments[0], do.UpdateEndpoint | do.CreateEndpoint):
            config = arguments[0].config
            self.started.append((world.cloud.now, config, world.cloud.configs[config].version))

    def _may_start(self, world: World, record: Record, action: do.UpdateEndpoint | do.CreateEndpoint) -> None:
        cloud, rollout = world.cloud, record.rollout
        assert rollout is not None, "8: a rollout without a recorded intent"
        if rollout.config != action.config:
            return  # another invocation went on with the record; AWS refuses the slower one, or it is undone
        version, config = rollout.version, cloud.configs.get(action.config)
        detail = self.fresh.get(version)
        assert detail is not None, f"1: v{version} starts without a fresh read"
        assert detail.approval is Approval.APPROVED, f"1: v{version} starts, and is {detail.approval}"
        assert version not in self.people.intruders, f"11: v{version} starts, approved by no approver"
        assert version not in self.people.before_us, f"9: v{version} starts, approved before the group's spec"
        if config is not None:
            content = json.dumps([[c.image, c.model_data] for c in cloud.models.get(config.model, ())])
            assert not cloud.models.get(config.model) or content in self.people.contents[version], (
                f"2: v{version} starts with content that nobody approved"
            )
        _pause_holds(cloud, record, rollout)
        self._not_again(cloud, rollout)

    def _not_again(self, cloud: Cloud, rollout: Rollout) -> None:
        """A config that failed is not started again without an approval in between."""
        failed = [at for at, config in cloud.failures if config == rollout.config]
        starts = [at for at, config, _ in self.started if config == rollout.config]
        if not failed or not starts or self.people.unordered:
            return  # unordered: the late event of an earlier approval may tell of it only now
        approvals = [at for at, version in self.people.approvals if version == rollout.version]
        approvals += self.people.respecs  # a person asked for this very spec again
        began = max((at for at in starts if at <= failed[-1]), default=failed[-1])
        assert any(at >= began for at in approvals), (
            f"7: v{rollout.version} failed and is tried again by itself"
        )


def _success_was_seen(world: World, entries: Iterable[Entry]) -> None:
    for entry in entries:
        body = json.loads(entry.body)
        if body["kind"] == "rollout.succeeded":
            endpoint, served = world.cloud.endpoint, {s.config for s in world.cloud.served}
            assert body["data"]["config"] in served, "6: success of what never served"
            assert endpoint is not None


def _keeps_guardrails_and_capacity(cloud: Cloud, record: Record, action: do.UpdateEndpoint) -> None:
    assert record.spec is not None
    rollout = record.rollout
    if rollout is None or rollout.config != action.config:
        return
    assert action.retain_capacity == (record.spec.endpoint.autoscaling is not None), "13: capacity is dropped"
    live_now = record.live_placement()
    if rollout.direction is Direction.BACKWARD and live_now and live_now.version != rollout.version:
        assert not action.alarms, "14: an alarm can stop the way back"
    if action.alarms:
        assert abort_alarm(cloud.group) in action.alarms, "13: a rollout that cannot be aborted"
        assert any(action.config in name for name in action.alarms), "13: a rollout without its guardrail"
        live = cloud.endpoint.config if cloud.endpoint else None
        others = [n for n in action.alarms if n != abort_alarm(cloud.group) and action.config not in n]
        assert not others, f"14: an alarm of another fleet than the new one watches: {others}, live is {live}"
    else:
        assert rollout.direction is Direction.BACKWARD, "13: a rollout forward without alarms"
        assert action.rollout is not None
        assert action.rollout.strategy is Strategy.ALL_AT_ONCE


def _pause_holds(cloud: Cloud, record: Record, rollout: Rollout) -> None:
    pause = record.pause
    if pause is not None and (pause.until is None or cloud.now < pause.until):
        assert pause.rollbacks, "3: paused, and yet it moves"
        assert rollout.direction is Direction.BACKWARD, "3: paused, and yet it moves forward"


def _may_abort(cloud: Cloud, record: Record) -> None:
    assert record.rollout is not None, "4: an abort without a rollout"
    version = record.versions[record.rollout.version]
    assert record.rollout.abort_at is not None, "8: an abort that is not on record"
    assert (
        version.approval in AGAINST
        or not cloud.is_approved(record.rollout.version)
        or (
            version.at >= record.rollout.abort_at - 10_000  # approved again after the abort was recorded
        )
    ), "4: the abort of a version that nobody rejected"


def _may_delete(cloud: Cloud, record: Record, action: do.DeletePlacement, people: People) -> None:
    endpoint, pending = cloud.endpoint, cloud.deployment.config if cloud.deployment else None
    live = endpoint.config if endpoint else None
    assert action.config not in {live, pending}, "10: the live config is deleted"
    good = naive_last_known_good(cloud, record, people)
    assert action.config != good, "10: the last known good config is deleted"
    for name in {live, pending, good} - {None}:
        config = cloud.configs.get(str(name))
        assert config is None or action.model != config.model, "10: a model that is needed is deleted"


def naive_last_known_good(cloud: Cloud, record: Record, people: People) -> str | None:
    """Back through what was served, to another version than now that nothing speaks against."""
    if not cloud.served:
        return None
    now = cloud.served[-1].version
    for past in reversed(cloud.served):
        decided = record.versions.get(past.version)
        good = decided is not None and decided.approval is Approval.APPROVED and decided.failed is None
        good = good and past.version not in people.intruders
        # Approved again after a rejection, by whom nobody knows yet: it counts as nobody's.
        good = good and decided is not None and decided.by == APPROVER and decided.registrant is not None
        kept = past.config in cloud.configs and past.at > cloud.deleted.get(past.config, 0.0)
        if past.version != now and good and kept:
            return past.config
    return None


# --- at the end ------------------------------------------------------------------------------------------


def check_ledger(world: World) -> None:
    """8: whole, in order, and each thing in it once."""
    record = world.store.load(world.cloud.group)
    head = record.head if record else None
    assert first_broken(world.cloud.group, world.store.ledger, head) is None, "8: the chain is broken"
    bodies = [json.loads(entry.body) for entry in world.store.ledger]
    decisions = Counter(
        (b["version"], b["data"].get("decided_at"), b["data"]["after"])
        for b in bodies
        if b["kind"] == "decision"
    )
    decisions = Counter({k: n for k, n in decisions.items() if k[1] is not None})
    assert not decisions or max(decisions.values()) == 1, f"8: a decision twice: {decisions}"
    intent = {
        b["data"]["rollout"]: (b["data"]["config"], b["data"]["direction"])
        for b in bodies
        if b["kind"] == "rollout.started"
    }
    for one, next_ in itertools.pairwise(bodies):
        begins = next_["kind"] == "rollout.started"
        again = begins and intent.get(one["data"].get("rollout")) == intent[next_["data"]["rollout"]]
        assert not (again and one["kind"] == "rollout.superseded" and "never started" in one["reason"]), (
            f"8: the same intent twice: {next_}"
        )
    ends = ("rollout.succeeded", "rollout.failed", "rollout.aborted", "rollout.superseded")
    open_ = ""
    for body in bodies:
        if body["kind"] == "rollout.started":
            assert not open_, f"8: {body} begins before {open_} ended"
            open_ = body["data"]["rollout"]
        if body["kind"] in ends:
            assert body["data"]["rollout"] == open_, f"8: {body} ends what did not begin"
            open_ = ""
    started = [b["data"]["rollout"] for b in bodies if b["kind"] == "rollout.started"]
    assert len(started) == len(set(started)), "8: a rollout twice"
    aborts = Counter(b["data"]["rollout"] for b in bodies if b["kind"] == "rollout.abort")
    assert not aborts or max(aborts.values()) == 1, "4: aborted more than once"


def check_aborts(world: World, people: People, *, margin: float) -> None:
    """4: no version goes live forward that was rejected, and known to be, `margin` seconds before."""
    if people.hands_off:
        return  # a pause that holds the way back holds the abort too
    known: dict[int, float | None] = {}
    forward: dict[str, bool] = {}
    told = [json.loads(entry.body) for entry in world.store.ledger]
    for served in world.cloud.served:
        for body in told:
            if body["at"] > served.at:
                break
            if body["kind"] == "decision":
                against = body["data"]["after"] in {approval.value for approval in AGAINST}
                known[body["version"]] = body["at"] if against else None
            if body["kind"] == "rollout.started":
                updates = "a new endpoint" not in body["reason"]
                forward[body["data"]["config"]] = updates and body["data"]["direction"] != "backward"
        at = known.get(served.version)
        approved = any(v == served.version and at is not None and t >= at for t, v in people.approvals)
        late = at is not None and served.at - at > margin and not approved
        assert not (late and forward.get(served.config)), f"4: v{served.version} went live, rejected at {at}"


def check_convergence(world: World, people: People, *, deletes: bool) -> None:
    """3 and 9: what is served is what a naive reading of the registry wants."""
    cloud = world.cloud
    record = world.store.load(cloud.group)
    assert record is not None, "9: the group was never looked at"
    if record.phase is Phase.SETTLED and cloud.spec is not None:
        assert cloud.scaling == cloud.spec.endpoint.autoscaling, "13: autoscaling is not as the spec has it"
    assert record.rollout is None, f"9: a rollout hangs: {record.rollout}"
    endpoint = cloud.endpoint
    if endpoint is not None:
        assert endpoint.status in {EndpointStatus.IN_SERVICE, EndpointStatus.FAILED}, f"9: {endpoint.status}"
    leaked = cloud.configs.keys() - {placement.config for placement in record.kept}
    assert not leaked, f"10: configs that nobody remembers, and nobody will delete: {leaked}"
    wanted = {v for v in cloud.versions_ if _wanted(cloud, people, v)}
    sure = wanted - people.doubtful
    falsely = {v for v in sure if (d := record.versions.get(v)) is not None and d.failed is not None}
    assert not falsely, f"9: sound and failed on record: {[(v, record.versions[v].failed) for v in falsely]}"
    live = None
    if endpoint is not None and endpoint.status is EndpointStatus.IN_SERVICE:
        live = cloud.version_of(endpoint.config)
    decided = record.versions.get(live) if live is not None else None
    since = cloud.served[-1].at if cloud.served else 0.0
    excused = live in people.doubtful or any(v == live and at > since for at, v in people.approvals)
    if decided is not None and cloud.kind[live or 0] == "errs" and not excused:
        assert decided.failed or decided.approval in AGAINST or live in people.intruders, (
            f"8: v{live} errs on probation, and nobody minds"
        )
    if not sure:
        if deletes and live is not None and cloud.versions_.get(live) is not None and not wanted:
            assert cloud.is_approved(live), "10: withdrawn, to be deleted, and still there"
        return
    assert live is not None, f"9: nothing is served, and {sorted(sure)} could be"
    if live not in cloud.versions_:
        return  # deleted from the registry: it serves on
    if live in people.tampered:
        return  # its model was made before, of what was approved
    assert live in wanted | people.doubtful, f"3: v{live} is served, and {sorted(sure)} are wanted"
    assert cloud.is_approved(live), f"3: v{live} is served and not approved; {sorted(sure)} are"
    newest = max(people.approvals)[1]
    if newest in sure and not people.unordered:
        assert live == newest, f"9: v{live} is served, and v{newest} was approved last"


def _wanted(cloud: Cloud, people: People, version: int) -> bool:
    return (
        cloud.is_approved(version)
        and cloud.kind[version] == "sound"
        and version not in people.intruders | people.tampered | people.before_us
    )
