"""A batch of messages: one look for each group, and no trouble of one touches another."""

# ruff: noqa: ARG002 - fakes take the arguments of their ports

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.adapters.calendar import holding
from lambdas.core.actions import Action
from lambdas.core.errors import GreenlightError, Throttled
from lambdas.core.facts import Endpoint, SpecRead, VersionSummary
from lambdas.core.ledger import Entry
from lambdas.core.record import Record
from lambdas.core.turn import Decision
from lambdas.reconcile import batch
from lambdas.reconcile.batch import process
from lambdas.reconcile.look import PartFailed, Step
from lambdas.reconcile.ports import Ports
from tests.builders import a_record, a_spec, an_endpoint_spec


@dataclass
class Hall:
    """Every group of the world: its record by name, and what goes wrong with it."""

    records: dict[str, Record]
    trouble: dict[str, Exception] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)
    together: Callable[[], object] = lambda: None

    @property
    def ports(self) -> Ports:
        unused: Any = None
        return Ports(
            self, self, unused, unused, self, self, self, unused, unused, unused, unused, lambda: 0.0, holding
        )

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        self.looked.append(group)
        self.together()
        if group in self.trouble:
            raise self.trouble[group]
        return ()

    def detail(self, arn: str) -> None:
        raise AssertionError(arn)

    def describe(self, name: str) -> Endpoint | None:
        return None

    def tags(self, arn: str) -> dict[str, str]:
        raise AssertionError(arn)

    def read(self, group: str) -> SpecRead:
        return SpecRead(None, 0.0)

    def actors(self, group: str) -> dict[str, str]:
        return {}

    def load(self, group: str) -> Record | None:
        self.loads.append(group)
        return self.records.get(group)

    def commit(self, record: Record, entries: Sequence[Entry], unsettled: bool) -> Record:
        return record

    def note_failing(self, group: str, now: float, reason: str) -> None:
        if isinstance(self.trouble.get(group), Throttled):
            raise Throttled("slow down")
        self.noted[group] = reason

    def group_of_endpoint(self, name: str) -> str | None:
        if name in self.trouble:
            raise self.trouble[name]
        return self.endpoints.get(name)

    def perform(self, action: Action) -> None:
        raise AssertionError(action)


@dataclass
class Desk:
    """Queue, dead letters and reporter, remembering what they heard."""

    later: dict[str, int] = field(default_factory=dict)
    buried: list[tuple[str, str, str]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ignorances: list[str] = field(default_factory=list)
    broken: bool = False

    def retry_later(self, receipt_handle: str, seconds: int) -> None:
        if self.broken:
            raise Throttled("slow down")
        self.later[receipt_handle] = seconds

    def bury(self, body: str, group_id: str, reason: str, message_id: str) -> None:
        if self.broken:
            raise Throttled("slow down")
        self.buried.append((message_id, group_id, reason))

    def step(self, group: str, step: Step) -> None:
        self.steps.append(group)

    def part_failed(self, group: str, failed: PartFailed) -> None:
        raise failed.error

    def failed(self, group: str, error: Exception) -> None:
        self.failures.append(group)

    def ignored(self, reason: str) -> None:
        self.ignorances.append(reason)


@dataclass
class Ears:
    """The reporter, telling a desk what it hears."""

    desk: Desk

    def step(self, group: str, step: Step) -> None:
        self.desk.step(group, step)

    def part_failed(self, group: str, failed: PartFailed) -> None:
        self.desk.part_failed(group, failed)

    def failed(self, group: str, error: Exception) -> None:
        self.desk.failed(group, error)

    def ignored(self, reason: str) -> None:
        self.desk.ignored(reason)

    def buried(self, message_id: str, reason: str) -> None:
        self.desk.ignorances.append(f"buried {message_id}")


def message(number: int, body: object, *, tries: int = 1, group_id: str = "g") -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(tries), "MessageGroupId": group_id},
    }


def asking(number: int, group: str, **changes: Any) -> dict[str, Any]:
    return message(number, {"greenlight": {"group": group, "source": "test"}}, **changes)


def endpoint_event(number: int, name: str) -> dict[str, Any]:
    return message(
        number, {"detail-type": "SageMaker Endpoint State Change", "detail": {"EndpointName": name}}
    )


def group(name: str, endpoint: str | None = None) -> Record:
    spec = a_spec(endpoint=an_endpoint_spec(name=endpoint or name))
    return a_record(group=name, spec=replace(spec, name=name))


def work(hall: Hall, *messages: dict[str, Any], desk: Desk | None = None) -> tuple[list[str], Desk]:
    desk = desk or Desk()
    return process(messages, hall.ports, desk, desk, Ears(desk)), desk


def hall(*names: str, **changes: Any) -> Hall:
    return Hall({name: group(name) for name in names}, **changes)


def test_an_empty_batch_is_worked_off() -> None:
    assert work(hall())[0] == []


def test_several_messages_of_one_group_become_one_look() -> None:
    world = hall("a")
    failed, desk = work(world, asking(1, "a"), endpoint_event(2, "a"), asking(3, "a"))
    assert failed == []
    assert world.looked == ["a"]
    assert desk.steps == ["a"]


def test_an_endpoint_named_as_its_group_costs_no_further_read() -> None:
    world = hall("a")
    work(world, endpoint_event(1, "a"), endpoint_event(2, "a"))
    assert world.loads == ["a"]


def test_an_endpoint_named_unlike_its_group_is_found_by_the_index() -> None:
    world = Hall({"a": group("a", endpoint="serving")}, endpoints={"serving": "a"})
    work(world, endpoint_event(1, "serving"), asking(2, "a"))
    assert world.looked == ["a"]


def test_an_endpoint_named_as_another_group_is_not_mistaken_for_that_groups() -> None:
    world = Hall({"a": group("a", endpoint="b"), "b": group("b", endpoint="b-live")}, endpoints={"b": "a"})
    work(world, endpoint_event(1, "b"))
    assert world.looked == ["a"]


def test_the_endpoint_of_nobody_is_ignored_and_counted() -> None:
    world = hall("a")
    failed, desk = work(world, endpoint_event(1, "theirs"))
    assert (failed, world.looked) == ([], [])
    assert len(desk.ignorances) == 1


def test_a_group_without_a_spec_is_looked_at_and_left_alone() -> None:
    failed, desk = work(hall(), asking(1, "theirs"))
    assert failed == []
    assert desk.steps == ["theirs"]


def test_a_malformed_message_is_buried_with_a_reason_and_the_batch_goes_on() -> None:
    world = hall("a")
    failed, desk = work(world, message(1, "{", group_id="a"), asking(2, "a"), message(3, "[" * 50_000))
    assert failed == []
    assert world.looked == ["a"]
    assert [(m, g) for m, g, _ in desk.buried] == [("m1", "a"), ("m3", "g")]
    assert ["not JSON" in desk.buried[0][2], "64 levels" in desk.buried[1][2]] == [True, True]


def test_a_malformed_message_that_cannot_be_buried_comes_back() -> None:
    world = hall("a")
    failed, _ = work(world, message(1, "{"), asking(2, "a"), desk=Desk(broken=True))
    assert failed == ["m1"]
    assert world.looked == ["a"]


@pytest.mark.parametrize("error", [Throttled("slow down"), GreenlightError("odd"), RuntimeError("a bug")])
def test_the_trouble_of_one_group_leaves_the_others(error: Exception) -> None:
    world = hall("a", "b", "c", trouble={"b": error})
    failed, desk = work(world, asking(1, "a"), asking(2, "b"), asking(3, "c"), asking(4, "b"))
    assert failed == ["m2", "m4"]
    assert sorted(desk.steps) == ["a", "c"]
    assert desk.failures == ["b"]


def test_an_endpoint_whose_group_cannot_be_found_now_comes_back_and_the_others_go_on() -> None:
    world = hall("a", trouble={"serving": Throttled("slow down")})
    failed, _ = work(world, endpoint_event(1, "serving"), asking(2, "a"))
    assert failed == ["m1"]
    assert world.looked == ["a"]


def test_groups_are_looked_at_side_by_side_so_that_none_waits_for_another() -> None:
    both = threading.Barrier(2, timeout=60)
    failed, _ = work(hall("a", "b", together=both.wait), asking(1, "a"), asking(2, "b"))
    assert failed == []


@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (60, 900)])
def test_a_failed_message_is_put_off_longer_each_time(tries: int, seconds: int) -> None:
    _, desk = work(hall("a", trouble={"a": Throttled("slow down")}), asking(1, "a", tries=tries))
    assert desk.later == {"r1": seconds}


def test_a_message_that_cannot_be_put_off_comes_back_all_the_same() -> None:
    failed, _ = work(hall("a", trouble={"a": Throttled("slow down")}), asking(1, "a"), desk=Desk(broken=True))
    assert failed == ["m1"]


MEMBERS = [
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "LastModifiedTime",
    "ModelApprovalStatus",
    "UpdatedModelPackageFields",
    "InferenceSpecification",
    "Containers",
    "Image",
    "ModelDataUrl",
    "Environment",
    "ModelDataSource",
    "S3DataSource",
    "EndpointName",
    "alarmName",
    "name",
    "eventName",
    "errorCode",
    "requestParameters",
    "responseElements",
    "modelPackageArn",
    "modelApprovalStatus",
    "eventTime",
    "userIdentity",
    "sessionContext",
    "sessionIssuer",
    "userName",
    "arn",
    "roleArn",
    "pipelineExecutionDisplayName",
    "MonitoringScheduleArn",
    "group",
    "source",
    "run",
    "execution",
    "problem",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=12,
)
KINDS = (
    "SageMaker Model Package State Change",
    "SageMaker Endpoint State Change",
    "SageMaker Endpoint Deployment State Change",
    "CloudWatch Alarm State Change",
    "Parameter Store Change",
    "AWS API Call via CloudTrail",
    "SageMaker Model Building Pipeline Execution Status Change",
    "SageMaker Processing Job State Change",
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.fixed_dictionaries({"detail-type": st.sampled_from(KINDS), "detail": JSON})
    | st.fixed_dictionaries({"greenlight": JSON})
    | JSON
)
def test_whatever_a_message_holds_the_others_of_its_batch_are_worked_off(body: object) -> None:
    world = hall("a")
    strange = {**asking(1, "a"), "body": json.dumps(body)}
    failed, desk = work(world, strange, asking(2, "a"))
    assert failed == []
    assert "a" in world.looked
    assert all(len(why) < 500 for _, _, why in desk.buried)


@pytest.mark.parametrize("detail", ["null", "[]", '[{"EndpointName": "a"}]', '"text"', "7"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_with_no_object_where_one_belongs_is_buried_alone(kind: str, detail: str) -> None:
    strange = {**asking(1, "a"), "body": f'{{"detail-type": "{kind}", "detail": {detail}}}'}
    failed, desk = work(hall("a"), strange, asking(2, "a"))
    assert (failed, desk.steps, [m for m, _, _ in desk.buried]) == ([], ["a"], ["m1"])


def test_a_look_that_met_what_passes_is_repeated_in_seconds_and_then_by_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = Step(Decision(a_record(), "it passes", soon=True))
    monkeypatch.setattr(batch, "look", lambda *_: iter([waits]))
    for tries, seconds in ((1, 5), (2, 10), (3, 20), (4, 30), (5, None)):
        again, desk = work(hall("a"), asking(1, "a", tries=tries))
        assert desk.later == ({} if seconds is None else {"r1": seconds})
        assert again == ([] if seconds is None else ["m1"])
        assert desk.failures == []
