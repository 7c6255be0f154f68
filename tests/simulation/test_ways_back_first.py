"""A rejection leads off the live version, and an abort aborts, whatever an optional part of a look does."""

# ruff: noqa: ARG002 - the reporter has the arguments of its protocol

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from lambdas.adapters.executor import Executor
from lambdas.core import decide, review
from lambdas.core.actions import Action, CreateModel, TripAbort, UpdateEndpoint
from lambdas.core.decide import Part
from lambdas.core.errors import Refused, SpecRefused
from lambdas.core.ledger import Kind
from lambdas.core.record import LOOK
from lambdas.core.spec import GatesSpec, MetricGate, RetrainingSpec, SmokeTest, Withdrawal
from lambdas.reconcile.look import PartFailed
from local.sagemaker.service import Switches
from tests.simulation.aws.queue import VISIBILITY
from tests.simulation.circle import DRIFT, MONITORING, PIPELINE, READER
from tests.simulation.fate import Killed, Rates
from tests.simulation.functions import Reporter
from tests.simulation.invariants import ledger
from tests.simulation.life import GROUP, Life, model_metrics

pytestmark = pytest.mark.usefixtures("one_thread")

Trouble = Callable[[], Any]
_REPORT = f"s3://models/{GROUP}/report.json"
_SAMPLE = f"s3://models/{GROUP}/sample.tar.gz"


@dataclass
class Ears(Reporter):
    """Hears what failed, and lets it pass."""

    parts: list[tuple[Part, str]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def part_failed(self, group: str, failed: PartFailed) -> None:
        self.parts.append((failed.part, type(failed.error).__name__))

    def failed(self, group: str, error: Exception) -> None:
        self.looks.append(f"{type(error).__name__}: {error}")


def _raises() -> Any:
    raise RecursionError("maximum recursion depth exceeded")


def _hangs() -> Any:
    raise Killed  # Lambda ends what hangs, and with it all that the invocation has not committed


def _tells_nonsense() -> Any:
    return "nonsense"


TROUBLES = {"raises": _raises, "hangs": _hangs, "tells-nonsense": _tells_nonsense}
PARTS = ("take_pending", "take_inspections", "take_runs", "follow_live")


@dataclass(frozen=True)
class Phase:
    """When the trouble begins and version 2 is rejected, in seconds after its approval; what the ledger ends with."""

    after: float
    ends: Kind
    probation: int = 0


PHASES = {
    "provisioning": Phase(60.0, Kind.ABORTED),
    "canary": Phase(200.0, Kind.ABORTED),
    "settled": Phase(1500.0, Kind.SUCCEEDED),
    "probation": Phase(1500.0, Kind.SUCCEEDED, probation=60),
}


def a_life(phase: Phase) -> tuple[Life, Ears]:
    """A group with everything that is optional; version 1 is live, version 2 was just approved."""
    life = Life.by_seed(
        0,
        Rates(),
        Switches(alarm_outside_baking_rolls_back=True),
        probation_minutes=phase.probation,
        reader_role=READER,
        monitoring=MONITORING,
        retraining=RetrainingSpec(PIPELINE, alarms=(DRIFT,)),
        gates=GatesSpec(metrics=(MetricGate("recall", at_least=0.5),)),
        smoke_test=SmokeTest(),
    )
    life.world.reporter = ears = Ears()
    life.begin()
    life.aws.alarms.make(DRIFT)
    life.aws.objects[_REPORT] = b'{"recall": 0.9}'
    life.world.pass_time(10)
    for gap in (1500.0, phase.after):
        number = life.register(ModelMetrics=model_metrics(_REPORT))
        life.decide(number, "Approved")
        life.world.pass_time(gap)
    return life, ears


def _leads_off(life: Life, ears: Ears, phase: Phase) -> None:
    """Reject version 2, and see what comes of it."""
    life.decide(2, "Rejected")
    life.world.pass_time(2 * VISIBILITY + 1500)
    assert life.live() == 1
    kinds = [entry["kind"] for entry in ledger(life)]
    assert phase.ends.value in kinds
    assert not ears.looks, ears.looks


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("part", PARTS)
def test_a_rejection_leads_off_whatever_an_optional_part_does(
    part: str, trouble: Trouble, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, ears = a_life(phase)
    monkeypatch.setattr(decide, part, lambda *_: trouble())
    life.register(
        ModelMetrics=model_metrics(_REPORT)
    )  # a pending version, of which the optional parts have something to say
    life.world.pass_time(5)
    _leads_off(life, ears, phase)
    if trouble is _hangs:
        assert life.world.kills
    else:
        assert ears.parts
        failing = life.stored().failing
        assert set(failing) == {part.value for part, _ in ears.parts}
        assert LOOK not in failing


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("what", ["a-pending-versions-report", "a-baseline", "comparisons"])
def test_a_rejection_leads_off_whatever_is_read_for_an_optional_part(
    what: str, trouble: Trouble, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, ears = a_life(phase)
    if what == "comparisons":
        monkeypatch.setattr(review, "reviewed", lambda *_: trouble())
    elif what == "a-baseline":
        life.aws.objects[f"s3://models/{GROUP}/1/its-own/constraints.json"] = _bytes(trouble)
    else:
        life.aws.objects[_REPORT] = _bytes(trouble)
    life.register(ModelMetrics=model_metrics(_REPORT))
    life.world.pass_time(5)
    _leads_off(life, ears, phase)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("what", ["report", "sample"])
def test_a_rejection_leads_off_though_a_younger_approval_waits_for_content_that_cannot_be_read(
    what: str, trouble: Trouble
) -> None:
    phase = PHASES["settled"]
    life, ears = a_life(phase)
    life.world.sweeping = False
    more: dict[str, Any] = {"ModelMetrics": model_metrics(_REPORT)}
    if what == "sample":
        more["SamplePayloadUrl"] = _SAMPLE
    number = life.register(**more)
    life.aws.objects[_REPORT if what == "report" else _SAMPLE] = _bytes(trouble)
    life.decide(number, "Approved")
    _leads_off(life, ears, phase)


def test_a_way_back_goes_before_a_younger_version_whose_gates_read_content_and_that_goes_next() -> None:
    life, _ = a_life(PHASES["settled"])
    number = life.register(ModelMetrics=model_metrics(_REPORT))
    life.decide(2, "Rejected")
    life.decide(number, "Approved")
    life.world.pass_time(6000)
    started = [entry["reason"] for entry in ledger(life) if entry["kind"] == Kind.STARTED.value]
    assert [reason.partition(" from")[0] for reason in started[2:]] == ["backward to v1", "forward to v3"]
    assert life.live() == number


@pytest.mark.parametrize("error", [KeyError("Image"), RecursionError(), TypeError("no container")], ids=repr)
def test_a_rejection_leads_off_though_a_younger_version_makes_an_action_fail_in_a_way_that_nobody_foresaw(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, ears = a_life(PHASES["settled"])
    number = life.register(ModelMetrics=model_metrics(_REPORT))
    perform = Executor.perform

    def failing(self: Executor, action: Action) -> None:
        if isinstance(action, CreateModel) and f"-v{number}-" in action.name:
            raise error
        perform(self, action)

    monkeypatch.setattr(Executor, "perform", failing)
    life.decide(number, "Approved")
    life.world.pass_time(600)
    assert life.live() == 2
    assert "CreateModel failed" in life.record().reason
    _leads_off(life, ears, PHASES["settled"])
    assert life.record().versions[number].failed is None


def test_what_failed_is_no_longer_shown_once_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    life, ears = a_life(PHASES["settled"])
    with monkeypatch.context() as patch:
        patch.setattr(decide, "take_pending", lambda *_: _raises())
        life.world.pass_time(4000)
        first = life.stored().failing[Part.REVIEW.value]
        life.world.pass_time(4000)
        assert life.stored().failing[Part.REVIEW.value] == first
    life.world.pass_time(4000)
    assert life.stored().failing == {}
    assert {part for part, _ in ears.parts} == {Part.REVIEW}


def test_that_whole_looks_fail_is_shown_and_since_when_until_one_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life, ears = a_life(PHASES["settled"])
    began = life.aws.clock.now()
    with monkeypatch.context() as patch:
        patch.setattr(decide, "take_decisions", lambda *_: _raises())
        life.decide(2, "Rejected")
        life.world.pass_time(4000)
        failing = life.stored().failing[LOOK]
        assert failing.reason.startswith("RecursionError: ")
        assert began <= failing.since < began + 60
        assert ears.looks
    life.world.pass_time(4000)
    assert life.stored().failing == {}
    assert life.live() == 1


def _bytes(trouble: Trouble) -> bytes | BaseException:
    """What lies in S3, or what is raised by who reads it."""
    try:
        trouble()
    except BaseException as error:  # noqa: BLE001 - one of them is no Exception, on purpose
        return error
    return b"nonsense"


# --- what AWS, or an action itself, refuses on the way ----------------------------------------------------------


def _fails_once(monkeypatch: pytest.MonkeyPatch, kind: type[Action], error: Exception) -> None:
    perform, left = Executor.perform, [error]

    def failing(self: Executor, action: Action) -> None:
        if isinstance(action, kind) and left:
            raise left.pop()
        perform(self, action)

    monkeypatch.setattr(Executor, "perform", failing)


ERRORS = (
    KeyError("unforeseen"),
    Refused("ValidationException: strange"),
    SpecRefused("this is not supported"),
)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_abort_whose_alarm_could_not_be_tripped_is_tripped_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, _ = a_life(PHASES["canary"])
    _fails_once(monkeypatch, TripAbort, error)
    life.decide(2, "Rejected")
    life.world.pass_time(1500)
    assert Kind.ABORTED.value in [entry["kind"] for entry in ledger(life)]
    assert life.live() == 1


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("withdrawal", Withdrawal)
def test_a_way_back_that_was_refused_once_is_tried_again_soon_and_nothing_is_deleted_meanwhile(
    withdrawal: Withdrawal, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, _ = a_life(PHASES["settled"])
    life.spec = replace(life.spec, withdrawal=withdrawal)
    life.write_spec()
    life.world.pass_time(60)
    _fails_once(monkeypatch, UpdateEndpoint, error)
    life.decide(2, "Rejected")
    life.world.pass_time(5)
    assert life.endpoint() is not None
    life.world.pass_time(1200)
    assert life.live() == 1
    assert not [call for call in life.aws.log if call.operation == "DeleteEndpoint"]


@pytest.mark.parametrize(
    ("kept", "error"),
    # What the spec gets wrong is tried again when the spec changes; a kept config needs nothing of it.
    [*((True, error) for error in ERRORS), *((False, error) for error in ERRORS[:2])],
    ids=repr,
)
def test_a_refused_forward_rollout_holds_no_later_way_off_a_rejected_version(
    kept: bool, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, _ = a_life(PHASES["settled"])
    _fails_once(monkeypatch, UpdateEndpoint, error)
    if not kept:
        life.decide(1, "Rejected")
        life.world.pass_time(60)
    life.decide(1, "Approved")
    life.world.pass_time(900)
    assert life.live() == 2
    life.decide(2, "Rejected")
    life.world.pass_time(2400)
    assert life.live() == 1
