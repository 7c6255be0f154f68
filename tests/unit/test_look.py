"""One look: read little, record before acting, act in order, and survive what AWS refuses."""

# ruff: noqa: ARG002 - fakes take the arguments of their ports

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from lambdas.adapters.calendar import holding
from lambdas.core.actions import Action, DeleteEndpoint
from lambdas.core.decide import afterwards
from lambdas.core.errors import (
    Conflict,
    GreenlightError,
    QuotaExceeded,
    Refused,
    Throttled,
    Unreadable,
)
from lambdas.core.facts import (
    AlarmState,
    Endpoint,
    EndpointStatus,
    Execution,
    Hint,
    Inspection,
    Lookup,
    Probe,
    SpecRead,
    Trail,
    Trial,
    VersionDetail,
    VersionSummary,
)
from lambdas.core.ledger import Entry
from lambdas.core.record import Approval, Phase, Record
from lambdas.core.turn import Decision
from lambdas.reconcile.look import Step, look
from lambdas.reconcile.ports import Ports
from tests.builders import (
    GROUP,
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    changed,
    event_of,
    live_on,
    package,
    placed,
    rolling_to,
)

V1, V2 = package(1), package(2)


@dataclass
class Objects:
    """Objects in S3."""

    objects: dict[str, bytes]
    calls: list[str]

    def read(self, role: str, uri: str, most: int) -> bytes:
        self.calls.append("object")
        if uri not in self.objects:
            raise Unreadable(f"{uri} is not there")
        return self.objects[uri]


@dataclass
class Desk:
    """All ports at once, showing a `Seen`; keeps what was asked for, committed and performed, in order."""

    seen: Seen
    calls: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    errors: dict[str, list[GreenlightError]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)

    @property
    def ports(self) -> Ports:
        objects = Objects(self.objects, self.calls)
        return Ports(
            self,
            self,
            self,
            self,
            self,
            self,
            self,
            objects,
            self,
            self,
            self,
            lambda: self.seen.now,
            holding,
        )

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        self._call("versions")
        return self.seen.facts().versions if group == GROUP else ()

    def detail(self, arn: str) -> VersionDetail | None:
        self._call("detail")
        return next((p for p in self.seen.packages if p.arn == arn), None)

    def describe(self, name: str) -> Endpoint | None:
        self._call("describe")
        return self.seen.endpoint if name == GROUP else None

    def tags(self, arn: str) -> Mapping[str, str]:
        self._call("tags")
        return self.seen.tags

    def states(self, names: Sequence[str]) -> Mapping[str, AlarmState]:
        self._call("alarms")
        return {name: self.seen.alarms.get(name, AlarmState.OK) for name in names}

    def writes(self, lookups: Sequence[Lookup]) -> Trail:
        self._call("trail")
        return self.seen.trail

    def read(self, group: str) -> SpecRead:
        self._call("spec")
        return self.seen.read()

    def make(self, probe: Probe) -> Trial:
        self._call("trial")
        return self.seen.trial

    def execution(self, arn: str) -> Execution:
        raise AssertionError(arn)

    def last(self, schedule: str) -> Inspection:
        raise AssertionError(schedule)

    def actors(self, group: str) -> Mapping[str, str]:
        return self.seen.actors

    def load(self, group: str) -> Record | None:
        self._call("load")
        return self.seen.record

    def commit(self, record: Record, entries: Sequence[Entry], unsettled: bool) -> Record:
        self._call("commit")
        if self.seen.record is not None and record.revision != self.seen.record.revision:
            raise Conflict("the record changed")
        self.entries += entries
        stored = replace(record, revision=record.revision + 1)
        self.seen = replace(self.seen, record=stored)
        return stored

    def note_failing(self, group: str, now: float, reason: str) -> None:
        self.calls.append("note failing")

    def group_of_endpoint(self, name: str) -> str | None:
        self._call("index")
        return None

    def perform(self, action: Action) -> None:
        self._call(type(action).__name__)

    def look(self, *hints: Hint) -> list[Step]:
        steps = list(look(self.ports, GROUP, hints))
        assert all(isinstance(step, Step) for step in steps), steps
        return [step for step in steps if isinstance(step, Step)]


def test_a_look_at_a_settled_group_makes_three_calls_and_writes_nothing() -> None:
    desk = Desk(live_on(V1))
    (step,) = desk.look(Hint("registry"))
    assert sorted(desk.calls) == ["describe", "load", "versions"]
    assert step.failure is None


def test_a_look_at_a_group_that_is_not_ours_reads_its_spec_and_stops() -> None:
    desk = Desk(Seen(None, (V1,), spec=None))
    desk.look()
    assert sorted(desk.calls) == ["load", "spec", "versions"]


def test_the_intent_is_recorded_before_the_first_action() -> None:
    desk = Desk(live_on(V1, V2))
    desk.look()
    acts = [call for call in desk.calls if call[0].isupper()]
    assert acts == ["CreateModel", "CreateConfig", "UpdateEndpoint"]
    assert desk.calls.index("commit") < desk.calls.index("CreateModel")


def test_from_approval_to_update_endpoint_it_takes_at_most_nine_calls_one_after_the_other() -> None:
    desk = Desk(live_on(V1))
    desk.seen = replace(desk.seen, packages=(V1, V2))
    desk.look(event_of(V2))
    together = {"versions", "spec"}  # read side by side with others
    chain = [call for call in desk.calls[: desk.calls.index("UpdateEndpoint") + 1] if call not in together]
    assert len(chain) <= 9


def test_effects_that_are_safe_to_repeat_are_recorded_only_when_done() -> None:
    failed = placed(V2, live_at=None)
    desk = Desk(live_on(V1, kept=(failed,)), errors={"DeletePlacement": [Throttled("slow down")]})
    with pytest.raises(Throttled):
        desk.look()
    assert desk.seen.record is not None
    assert failed in desk.seen.record.kept
    desk.look()
    assert failed not in desk.seen.record.kept


def test_a_transient_error_is_raised_so_that_the_message_comes_back() -> None:
    desk = Desk(live_on(V1, V2), errors={"UpdateEndpoint": [Throttled("slow down")]})
    with pytest.raises(Throttled):
        desk.look()
    told = len(desk.entries)
    desk.look()
    assert desk.calls.count("UpdateEndpoint") == 2
    assert len(desk.entries) == told


def test_a_conflict_before_the_actions_lets_none_of_them_happen() -> None:
    desk = Desk(live_on(V1, V2), errors={"commit": [Conflict("changed")]})
    with pytest.raises(Conflict):
        desk.look()
    assert not [call for call in desk.calls if call[0].isupper()]


def test_after_a_refusal_no_further_action_of_the_step_is_tried() -> None:
    desk = Desk(live_on(V1, V2), errors={"CreateModel": [QuotaExceeded("quota")]})
    (step,) = desk.look()
    assert "UpdateEndpoint" not in desk.calls
    assert step.failure == "CreateModel: quota"
    assert desk.seen.record is not None
    assert desk.seen.record.phase is Phase.WAITING


def test_after_a_refused_version_the_next_step_follows_in_the_same_look() -> None:
    desk = Desk(live_on(V1, package(3), V2), errors={"UpdateEndpoint": [Refused("no such image")]})
    first, second = desk.look()
    assert first.failure is not None
    assert second.decision.record is not None
    assert second.decision.record.rollout is not None
    assert second.decision.record.rollout.version == 2


def test_many_decisions_are_taken_in_within_one_look() -> None:
    packages = tuple(package(v) for v in range(1, 201))
    desk = Desk(Seen(a_record(), packages))
    steps = desk.look(*map(event_of, packages))
    assert len(steps) == 3
    assert desk.seen.record is not None
    assert desk.seen.record.rollout is not None
    assert desk.seen.record.rollout.version == 200


def test_many_versions_that_must_not_start_do_not_hold_up_the_look() -> None:
    packages = tuple(package(v, author=REGISTRANT) for v in range(1, 31))
    desk = Desk(Seen(a_record(*packages), packages))
    desk.look()
    assert desk.seen.record is not None
    assert desk.seen.record.phase is Phase.BLOCKED


@pytest.mark.parametrize("source", ["spec", "sweep"])
def test_spec_events_and_the_sweep_read_the_spec_afresh(source: str) -> None:
    desk = Desk(live_on(V1))
    desk.look(Hint(source))
    assert "spec" in desk.calls


def test_a_record_just_loaded_is_not_loaded_again() -> None:
    desk = Desk(live_on(V1))
    list(look(desk.ports, GROUP, (), desk.seen.record))
    assert "load" not in desk.calls


def test_the_time_is_asked_once_for_each_turn() -> None:
    desk = Desk(live_on(V1, V2))
    desk.look()
    assert desk.seen.record is not None
    assert desk.seen.record.rollout is not None
    assert desk.seen.record.rollout.started_at == NOW
    assert desk.seen.now > START


def test_an_action_that_is_only_repeated_is_not_done_once_another_look_has_gone_on() -> None:
    """A late abort would otherwise stop the rollout after the one that it was meant for."""
    in_flight = rolling_to(live_on(V1, V2), V2)
    assert in_flight.endpoint is not None
    rejected = changed(in_flight, 2, approval=Approval.REJECTED, modified=NOW - 1)
    desk = Desk(replace(rejected, endpoint=replace(in_flight.endpoint, status=EndpointStatus.UPDATING)))
    desk.look()
    assert desk.calls[-1] == "TripAbort"
    desk.errors["commit"] = [Conflict("changed")]
    with pytest.raises(Conflict):
        desk.look()
    assert desk.calls.count("TripAbort") == 1


def test_nothing_is_made_for_an_endpoint_that_is_to_be_deleted_also_where_aws_did_not_delete_it_yet() -> None:
    """Its schedules would be made and deleted in turn, and each of it told."""
    seen = live_on(V1)
    facts = seen.facts()
    assert facts.endpoint is not None
    assert seen.record is not None
    doomed = Decision(seen.record, "", actions=(DeleteEndpoint(GROUP),))
    left = afterwards(facts, doomed, seen.record).endpoint
    assert left == replace(facts.endpoint, status=EndpointStatus.DELETING)
