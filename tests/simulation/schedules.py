"""Schedules: what happens to a group in which order, with which faults; all of it by one seed."""

import random
import traceback
from dataclasses import dataclass, field, fields
from typing import Any

from lambdas.core.spec import EndpointMode, Serverless, Withdrawal
from lambdas.core.turn import is_unsettled
from local.sagemaker.service import Switches
from tests.simulation import answers, voices
from tests.simulation.ages import Ages, AgeTurns, ages_of
from tests.simulation.answers import Answers, answers_of
from tests.simulation.aws.inference import ANSWERS_WRONGLY, DOES_NOT_START, ERRS, SOUND
from tests.simulation.circle import Circle, CircleWatch, Turns, check_circle, circle_of
from tests.simulation.contents import Contents, ContentTurns, contents_of
from tests.simulation.fate import NoFate, Rates
from tests.simulation.invariants import Invariants, check_ledger, state_of
from tests.simulation.life import ANN, EVE, GROUP, NO_CAPACITY, SCALING, SMOKE_TEST, Life
from tests.simulation.modes import Modes, ModeTurns, modes_of
from tests.simulation.oracle import check_end
from tests.simulation.violation import Violation
from tests.simulation.voices import Voices, voices_of
from tests.simulation.world import SWEEP_EVERY

MOST_VERSIONS = 5
_CALM = Rates()
CROWDED = Rates(switched=0.5, stalled=0.2, doubled=0.5, late=0.3)
WEATHER = (
    _CALM,
    Rates(lost=0.5, doubled=0.3, late=0.3),
    Rates(killed_before=0.02, killed_after=0.02, throttled=0.03),
    Rates(lost_answer=0.03, failed=0.03),
    Rates(switched=0.3),
    Rates(switched=0.2, stalled=0.1, lost=0.2, doubled=0.2),
    Rates(stalled=0.1, late=0.3),
    CROWDED,
    Rates(
        killed_before=0.01,
        killed_after=0.01,
        throttled=0.02,
        lost_answer=0.02,
        switched=0.15,
        stalled=0.05,
        lost=0.3,
        doubled=0.2,
        late=0.2,
    ),
)
_SETTLING = 900.0  # seconds
_STEP = 10.0
_ON_THE_MOVE = frozenset({"Creating", "Updating", "RollingBack", "Deleting"})
_DELETION = 120.0  # seconds
_MOST_DROPS = 3
_MOST_SWEEPS = 10  # pairs of them, after the faults have stopped
GAPS = (0.0, 0.0, 5.0, 30.0, 120.0, 200.0, 400.0, 400.0, 1500.0)  # seconds
COMMON = (
    *[("release", SOUND)] * 4,
    ("release", ERRS),
    ("release", DOES_NOT_START),
    ("release", ANSWERS_WRONGLY),
    *[("approve", n) for n in range(MOST_VERSIONS)],
    *[("reject", n) for n in range(MOST_VERSIONS)],
    *[("reject_live", None)] * 4,
    *[("reject_pending", None)] * 2,
)
RARE = (
    ("register", SOUND),
    ("pend", 0),
    ("annotate", 0),
    ("annotate", 1),
    ("tamper", 0),
    ("tamper", 1),
    ("intrude", 0),
    ("intrude", 1),
    ("slip_in", 1.0),
    ("slip_in", 30.0),
    ("own", "Approved"),
    ("own", "Rejected"),
    ("snatch", 1.0),
    ("snatch", 5.0),
    ("snatch", 60.0),
    ("delete", 0),
    ("instance_type", "ml.m5.large"),
    ("instance_type", "ml.m5.xlarge"),
    ("instance_type", NO_CAPACITY),
    ("scaling", True),
    ("scaling", False),
    ("pause", True),
    ("pause", False),
    ("resume", None),
    ("retry", 0),
    ("retry", 1),
    ("turn_bad", 0),
    ("autoscale", None),
    ("quota", 0),
    ("quota", 100),
    ("rollback_fails", None),
)
Op = tuple[str, Any]


@dataclass(frozen=True)
class Schedule:
    """Everything that determines a history."""

    seed: int
    ops: tuple[tuple[Op, float], ...]
    rates: Rates
    switches: dict[str, Any]
    lag: float = 0.0
    most: int = 1
    probation: int = 0
    withdrawal: Withdrawal = Withdrawal.KEEP
    already: int = 0
    tested: bool = False
    literal: bool = False
    circle: Circle | None = None
    modes: Modes | None = None
    contents: Contents | None = None
    answers: Answers | None = None
    ages: Ages | None = None
    voices: Voices | None = None


@dataclass
class Totals:
    """What exploring has seen."""

    schedules: int = 0
    calls: int = 0
    moves: int = 0
    runs: int = 0
    watched: int = 0
    invocations: int = 0
    kills: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    states: set[str] = field(default_factory=set)

    def add(self, other: "Totals") -> None:
        """Take in what another worker has seen."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, set):
                mine |= theirs
            elif isinstance(mine, dict):
                for key, count in theirs.items():
                    mine[key] = mine.get(key, 0) + count
            else:
                setattr(self, one.name, mine + theirs)


def schedule(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    ops: tuple[tuple[Op, float], ...] = tuple(
        (chance.choice(COMMON if chance.random() < 0.7 else RARE), chance.choice(GAPS))
        for _ in range(chance.randint(4, 12))
    )
    circle = circle_of(seed)  # its schedules need data capture, which real-time endpoints alone have
    modes = None if circle is not None else modes_of(seed)
    ages = ages_of(seed) if circle is None and modes is None else None
    switches = {
        "alarm_outside_baking_rolls_back": chance.random() < 0.5,
        "alarm_at_start_refused": chance.random() < 0.5,
        "guardrail_insufficient_data_refused": chance.random() < 0.3,
        "failure_reason_after_rollback": chance.random() < 0.5,
        "rolling_back_shown": chance.random() < 0.5,
        "iam_identity_present": chance.random() < 0.7,
        "updated_fields_present": chance.random() < 0.7,
        "package_arn_lower_case": chance.random() < 0.5,
        "config_visible_after_seconds": chance.choice((0.0, 0.0, 30.0)),
    }
    modes = None if circle is not None else modes_of(seed)
    return Schedule(
        seed=chance.randrange(2**31),
        ops=ops,
        rates=chance.choice(WEATHER),
        switches=switches,
        lag=chance.choice((0.0, 0.0, 60.0)),
        most=chance.choice((1, 2, 3)),
        probation=chance.choice((0, 0, 30)),
        withdrawal=chance.choice(tuple(Withdrawal)),
        already=chance.choice((0, 0, 1)),
        tested=chance.random() < 0.5,
        literal=chance.random() < 0.1,
        circle=circle,
        modes=modes,
        contents=None if ages is not None or circle is not None or modes is not None else contents_of(seed),
        answers=None if circle is not None else answers_of(seed),
        ages=ages,
        voices=voices_of(seed),
    )


def run(plan: Schedule, totals: Totals) -> str | None:
    """Live through a schedule; what broke, in one line, or None."""
    circle = plan.circle
    life = Life.by_seed(
        plan.seed,
        plan.rates,
        Switches(**plan.switches, **(circle.switches if circle else {})),
        lag=plan.lag,
        most=plan.most,
        literal=plan.literal,
        probation_minutes=plan.probation,
        withdrawal=plan.withdrawal,
        smoke_test=SMOKE_TEST if plan.tested else None,
        **(circle.spec() if circle else {}),
        **(plan.modes.spec() if plan.modes else {}),
        **(plan.contents.spec() if plan.contents else {}),
    )
    watch, luck = Invariants(life), life.world.luck
    life.aws.watchers.append(watch)
    around = CircleWatch(life)
    if circle is not None:
        life.aws.watchers.append(around)
    player = Player(life, plan)
    try:
        player.play()
        check_ledger(life)
        check_end(life)
        if circle is not None:
            check_circle(life)
    except Exception as error:  # noqa: BLE001 - a bug anywhere is what is looked for
        return what_broke(error)
    finally:
        totals.schedules += 1
        totals.calls += len(life.aws.log)
        totals.moves += watch.moves
        totals.runs += around.started
        totals.watched += around.moved
        totals.invocations += life.world.invocations
        totals.kills += life.world.kills
        more = Totals(struck=dict(luck.struck) if luck else {}, failures=life.world.reporter.failures)
        totals.add(more)
        totals.states |= player.states
    return None


def what_broke(error: Exception) -> str:
    """In one line."""
    if isinstance(error, Violation):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.filename.rpartition('/')[2]}:{last.lineno}: {error}"


@dataclass
class Player:
    """Does the things of a schedule to a life."""

    life: Life
    plan: Schedule
    states: set[str] = field(default_factory=set)
    turns: Turns | ModeTurns | ContentTurns | AgeTurns | None = None

    def play(self) -> None:
        """From before the group's spec to long after the faults."""
        life = self.life
        life._call(EVE, "sagemaker", "create_model_package_group", ModelPackageGroupName=GROUP)
        for _ in range(self.plan.already):
            life.versions[life.release()].before_us = True
            life.aws.advance_to(life.aws.clock.now() + 60)
        life.aws.alarms.make(f"greenlight/{GROUP}/abort")
        life.write_spec()
        life.aws.advance_to(life.aws.clock.now() + 2)
        if self.plan.circle is not None:
            self.turns = Turns(life, self.plan.circle)
            self.turns.begin()
        if self.plan.modes is not None:
            self.turns = ModeTurns(life, self.plan.modes)
            self.turns.begin()
        if self.plan.contents is not None:
            self.turns = ContentTurns(life, self.plan.contents)
        if self.plan.ages is not None:
            self.turns = AgeTurns(life, self.plan.ages)
            self.turns.begin()
        for (name, value), gap in self._ops():
            life.aws.advance_to(life.aws.clock.now() + 2)
            getattr(self.turns if hasattr(self.turns, f"_{name}") else self, f"_{name}")(value)
            if gap:
                life.world.pass_time(gap)
            self.states.add(state_of(life))
        self._end()

    def _ops(self) -> tuple[tuple[Op, float], ...]:
        """Those of the circle, or of modes, contents or ages, of answers and of voices, among the others."""
        ops, plan = list(self.plan.ops), self.plan
        for more in (plan.circle or plan.modes or plan.contents or plan.ages, plan.answers, plan.voices):
            for index, op, gap in more.ops if more is not None else ():
                ops.insert(min(index, len(ops)), (op, gap))
        return tuple(ops)

    def _end(self) -> None:
        """The faults stop; what must happen, happens."""
        life = self.life
        if isinstance(self.turns, Turns | AgeTurns):
            self.turns.end()
        life.world.luck, life.aws.fate = None, NoFate()
        life.aws.faults.quota.clear()
        life.aws.faults.rollback_fails.clear()
        answers.end(life)
        life.resume()
        life.aws.advance_to(life.aws.clock.now() + 2)
        life.world.sweep(full=True)
        life.world.pass_time(_SETTLING)
        self._follow_the_runbook()
        self._ask_for_another_try()
        for _ in range(_MOST_SWEEPS):
            before = self._standing()
            life.world.pass_time(2 * SWEEP_EVERY)
            if life.aws.next_change_at() is None and self._standing() == before:
                return  # nothing is under way, and two sweeps found nothing to do: it stays so
        self._let_it_end()

    def _let_it_end(self) -> None:
        """Where AWS never has the capacity, a try may be under way at any time: it ends before the end is judged."""
        for _ in range(int(_SETTLING / _STEP)):
            endpoint = self.life.endpoint()
            moves = endpoint is not None and endpoint["EndpointStatus"] in _ON_THE_MOVE
            if self.life.record().rollout is None and not moves:
                return
            self.life.world.pass_time(_STEP)

    def _follow_the_runbook(self) -> None:
        """An endpoint of the wrong mode is deleted; again, if what may not start anew yet was restored as it was."""
        if not isinstance(self.turns, ModeTurns):
            return
        for _ in range(_MOST_DROPS):
            self.life.world.pass_time(_DELETION)  # no event tells its end: the full sweep finds it
            self.life.world.sweep(full=True)
            self.life.world.pass_time(_SETTLING)
            if not self.turns.end():
                return

    def _ask_for_another_try(self) -> None:
        """What AWS refused, and is not waited for, is tried again when somebody has mended it and says so."""
        for number in answers.end(self.life):
            self.life.retry(number)
            self.life.world.sweep(full=True)
            self.life.world.pass_time(_SETTLING)

    def _standing(self) -> tuple[object, ...]:
        """What would change if anything were still to happen; time is part of it as long as the group waits for any."""
        life = self.life
        if not life.has_record():
            return (life.aws.clock.now(),)
        record = life.record()
        waiting = is_unsettled(record, life.aws.clock.now())
        return (record, life.endpoint(), life.aws.clock.now() if waiting else None)

    # --- operations -----------------------------------------------------------------------------------------------

    def _pick(self, which: int) -> int | None:
        there = [n for n in sorted(self.life.versions) if self.life.package(n) is not None]
        return there[which % len(there)] if there else None

    def _register(self, kind: str) -> int | None:
        life = self.life
        if len(life.versions) >= MOST_VERSIONS:
            return None
        if kind == ANSWERS_WRONGLY and not self.plan.tested:
            kind = SOUND  # nobody could tell
        number = life.register(kind)
        unnoticed = kind == ERRS and (life.spec.probation_minutes == 0 or self.plan.rates != _CALM)
        no_room = life.spec.endpoint.instance_type == NO_CAPACITY
        life.versions[number].doubtful = unnoticed or no_room or life.doubtful
        return number

    def _release(self, kind: str) -> None:
        number = self._register(kind)
        if number is not None:
            self._decide(number, "Approved")

    def _decide(self, number: int, status: str) -> None:
        decide(self.life, number, status)

    def _approve(self, which: int) -> None:
        number = self._pick(which)
        if number is not None and not self.life.is_approved(number):
            self._decide(number, "Approved")

    def _reject(self, which: int) -> None:
        number = self._pick(which)
        if number is not None and self.life.package(number)["ModelApprovalStatus"] != "Rejected":  # type: ignore[index] # it is there
            self._decide(number, "Rejected")

    def _reject_live(self, _: object) -> None:
        found = self.life.endpoint()
        number = self.life.version_behind(found["EndpointConfigName"]) if found else None
        if number is not None and self.life.package(number) is not None:
            self._decide(number, "Rejected")

    def _reject_pending(self, _: object) -> None:
        found = self.life.endpoint() or {}
        config = found.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
        number = self.life.version_behind(config) if config else None
        if number is not None and self.life.package(number) is not None:
            self._decide(number, "Rejected")

    def _pend(self, which: int) -> None:
        number = self._pick(which)
        if number is not None and self.life.is_approved(number):
            self._decide(number, "PendingManualApproval")

    def _annotate(self, which: int) -> None:
        number = self._pick(which)
        if number is not None:
            self.life.annotate(number)
            # In another mode it is made anew, and must be proven for that; what was written since may stay unexplained.
            known = self.life.versions[number]
            known.doubtful = known.doubtful or bool(self.plan.modes and self.plan.modes.ops)

    def _say(self, which: int) -> None:
        number = self._pick(which)
        if number is not None:
            voices.say(self.life, number)
            known = self.life.versions[number]
            known.doubtful = known.doubtful or bool(self.plan.modes and self.plan.modes.ops)

    def _twin(self, _: object) -> None:
        """An approver registers a version by another spelling of her name, and approves it."""
        if len(self.life.versions) < MOST_VERSIONS:
            number = self.life.register(by=voices.ANNS_OTHER_NAME)
            self.life.versions[number].is_anns = self.life.versions[number].doubtful = True
            self._decide(number, "Approved")

    def _flood(self, calls: int) -> None:
        voices.flood(self.life, calls)

    def _tamper(self, which: int) -> None:
        number = self._pick(which)
        if number is not None and self.life.is_approved(number):
            self.life.tamper(number)
            self.life.versions[number].doubtful = True

    def _intrude(self, which: int) -> None:
        """An administrator approves, once what went before was taken in: otherwise it looks like an approver's."""
        life, number = self.life, self._pick(which)
        if number is None or life.is_approved(number) or not life.has_record() or life.aws.queue.messages:
            return
        known = life.record().versions.get(number)
        status = life.package(number)["ModelApprovalStatus"]  # type: ignore[index] # it is there
        if (known is None) == (status == "PendingManualApproval") or (
            known and known.approval.value == status
        ):
            life.decide(number, "Approved", EVE)

    def _undecided(self) -> int | None:
        """A version that is approved neither in the registry nor on record: a new one, if there is room."""
        life = self.life
        number = self._register(SOUND)
        if number is None:
            record = life.record().versions if life.has_record() else {}
            open_ = [
                n
                for n in sorted(life.versions)
                if life.package(n) is not None
                and not life.is_approved(n)
                and (n not in record or record[n].approval.value != "Approved")
            ]
            number = open_[0] if open_ else None
        if number is not None:
            life.versions[number].doubtful = True
        return number

    def _slip_in(self, seconds: float) -> None:
        """The registrant adds to what was just approved, before anybody looks."""
        number = self._undecided()
        if number is not None:
            self._decide(number, "Approved")
            self.life.aws.advance_to(self.life.aws.clock.now() + seconds)
            self.life.slip_in(number)

    def _own(self, status: str) -> None:
        """The approver puts own content into a version, and approves it twice.

        If the first event is lost, somebody must have looked in between: see docs/security.md.
        """
        life, number = self.life, self._undecided()
        if number is None:
            return
        life.unordered = True
        life.decide_on_own(number, status)
        if self.plan.rates.lost or self.plan.rates.late:
            while not (life.has_record() and number in life.record().versions):
                life.world.pass_time(400)
        for again in ("Approved", "Approved"):
            life.world.pass_time(4.0)
            life.decide(number, again)

    def _snatch(self, seconds: float) -> None:
        """An administrator approves what the approver has just taken back, before anybody looks.

        Within three seconds, and with no identity given, that is not told apart: see docs/security.md.
        """
        if seconds < 3 and not self.plan.switches["iam_identity_present"]:
            return
        life, number = self.life, self._undecided()
        if number is None:
            return
        for status, by in (("Approved", ANN), ("Rejected", ANN), ("Approved", EVE)):
            life.decide(number, status, by)
            life.aws.advance_to(life.aws.clock.now() + seconds)

    def _delete(self, which: int) -> None:
        number = self._pick(which)
        if number is not None:
            self.life.delete(number)
            self.life.unordered = True

    def _instance_type(self, value: str) -> None:
        if self.life.spec.endpoint.serverless is not None:
            memory = 2048 if value == "ml.m5.xlarge" else 1024
            self.life.respec(serverless=Serverless(memory, 5))
            return
        if value == NO_CAPACITY:
            self.life.aws.faults.no_capacity.add(NO_CAPACITY)
            for known in self.life.versions.values():
                known.doubtful = True
        self.life.respec(instance_type=value)

    def _scaling(self, on: bool) -> None:
        if (
            self.life.spec.endpoint.mode is EndpointMode.REAL_TIME
        ):  # what is refused at synth comes in no spec
            self.life.respec(autoscaling=SCALING if on else None)

    def _pause(self, rollbacks: bool) -> None:
        self.life.pause(rollbacks=rollbacks)

    def _resume(self, _: object) -> None:
        self.life.resume()

    def _retry(self, which: int) -> None:
        number = self._pick(which)
        if number is not None:
            self.life.retry(number)
            self.life.unordered = True

    def _turn_bad(self, which: int) -> None:
        number = self._pick(which)
        if number is not None:
            self.life.turn_bad(number)

    def _autoscale(self, _: object) -> None:
        if not (
            self.plan.rates.killed_before
            or self.plan.rates.lost_answer
            or self.plan.rates.throttled
            or self.plan.rates.failed
        ):
            self.life.autoscale()  # else see docs/decisions/005: what died before its call looks rolled back afterwards

    def _quota(self, instances: int) -> None:
        for kind in ("ml.m5.large", "ml.m5.xlarge"):
            self.life.aws.faults.quota[kind] = instances

    def _answer(self, given: tuple[str, int]) -> None:
        answers.give(self.life, "answer", *given)

    def _ending(self, given: tuple[str, int]) -> None:
        answers.give(self.life, "ending", *given)

    def _rollback_fails(self, _: object) -> None:
        self.life.aws.faults.rollback_fails.add(GROUP)


def decide(life: Life, number: int, status: str) -> None:
    """An approver writes a status; where no naive reading can tell what follows, that is noted."""
    known = life.versions[number]
    if status == "Approved" and (known.approved_at is not None or life.is_approved(number)):
        # Approved before, rejected and approved: without its events, no change; with them, whenever they come.
        known.doubtful = True
        life.unordered = True
    life.decide(number, status, reason=f"season {number}" if number % 2 else None)


def minimal(plan: Schedule, broke: str) -> Schedule:
    """A schedule with as few operations as still break the same invariant."""
    kind = broke[:3]
    shrunk = True
    while shrunk:
        shrunk = False
        for index in range(len(plan.ops)):
            ops = plan.ops[:index] + plan.ops[index + 1 :]
            less = Schedule(**{**{f.name: getattr(plan, f.name) for f in fields(plan)}, "ops": ops})
            again = run(less, Totals())
            if again is not None and again[:3] == kind:
                plan, shrunk = less, True
                break
    return plan
