"""What comes with the years: very many decisions, and releases that take turns; which schedules have it.

A newer release is stood in for by what it would have left behind: keys that ours does not know, at every place of the
record, and a schema of its own. It says so when ours has lost any of them.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.core.desired import last_known_good
from lambdas.core.record import Approval
from tests.simulation.aws.account import STATE_TABLE
from tests.simulation.fate import NoFate
from tests.simulation.life import GROUP
from tests.simulation.violation import Violation

if TYPE_CHECKING:
    from tests.simulation.life import Life

CROWD = 130  # versions; more than twice what would fill a record of 64 KB if none were archived
REASON = "\N{PILE OF POO}" * 1024
MINOR, MAJOR = "1.7", "2.0"
_KEY, _OURS = "colour", "1.1"
_SHARE = 0.12  # of the schedules that may have it
_LONG = 1500.0  # seconds, in which a way back ends if nothing goes wrong
_GAPS = (0.0, 5.0, 120.0, 400.0, 1500.0)
_CROWDED = 0.2  # of these have a crowd: it takes seconds
_OPS = (
    ("written_by", MINOR),
    ("written_by", MINOR),
    ("written_by", MAJOR),
    ("written_by", _OURS),
    ("retreat", None),
)


@dataclass(frozen=True)
class Ages:
    """What of it is in a schedule: operations, as a circle has them."""

    ops: tuple[tuple[int, tuple[str, Any], float], ...]


def ages_of(seed: int) -> Ages | None:
    """By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"ages {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    chosen: list[tuple[str, Any]] = [chance.choice(_OPS) for _ in range(chance.randint(1, 3))]
    chosen += [("crowd", None)] * (chance.random() < _CROWDED)
    return Ages(tuple((chance.randrange(3, 12), op, chance.choice(_GAPS)) for op in dict.fromkeys(chosen)))


class _Silence(NoFate):
    """No event arrives."""

    def deliveries(self) -> list[float]:
        """None."""
        return []


@dataclass
class AgeTurns:
    """Does these things to a life."""

    life: Life
    ages: Ages
    colours: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Nothing."""

    def _crowd(self, _: object) -> None:
        """Very many versions are registered and rejected, with long reasons; no event comes, so that few looks do."""
        aws, fate = self.life.aws, self.life.aws.fate
        aws.fate = _Silence()
        numbers = [self.life.put_in() for _ in range(CROWD)]
        aws.advance_to(aws.clock.now() + 5)
        for number in numbers:
            self.life.decide(number, "Rejected", reason=REASON)
        aws.fate = fate

    def _written_by(self, schema: str) -> None:
        """Another release has written the record: its own keys are all there, and it leaves more of them."""
        life = self.life
        if not life.has_record():
            return
        (item,) = [i for i in life.aws.tables.items(STATE_TABLE) if i["group"]["S"] == GROUP]
        data = json.loads(item["body"]["S"])
        self._check(data)
        self.colours = {}
        for number, (path, part) in enumerate(_parts(data)):
            part[_KEY] = self.colours[path] = number
        data["schema"] = schema
        revision = str(int(item["revision"]["N"]) + 1)
        written = {**item, "revision": {"N": revision}, "body": {"S": json.dumps(data)}}
        life.aws.tables._put(STATE_TABLE, written)

    def _check(self, data: dict[str, Any]) -> None:
        for path, part in _parts(data):
            if path in self.colours and part.get(_KEY) != self.colours[path]:
                raise Violation(f"19: {path} has lost a newer release's key: {part}")

    def _retreat(self, _: object) -> None:
        """On the record of a newer major release, the live version is rejected: that leads off it. Nothing else goes
        wrong meanwhile that would put it off."""
        world, luck, fate = self.life.world, self.life.world.luck, self.life.aws.fate
        world.luck, world.aws.fate = None, NoFate()
        self._retreat_in_peace()
        world.luck, world.aws.fate = luck, fate

    def _retreat_in_peace(self) -> None:
        life = self.life
        if not life.has_record():
            return
        for _ in range(2):  # one to go back to, and one to reject
            life.release()
            life.world.pass_time(_LONG)
        record, live = life.record(), life.live()
        good = last_known_good(record)
        if life.hands_off or record.rollout is not None or live is None or good is None:
            return
        serves = record.live_placement()
        if (
            serves is None
            or serves.version != live
            or record.versions[live].approval is not Approval.APPROVED
        ):
            return
        found = life.package(good.version)
        if found is None or life.package(live) is None or found["ModelApprovalStatus"] != "Approved":
            return
        self._written_by(MAJOR)
        life.decide(live, "Rejected")
        life.world.pass_time(_LONG)
        if life.live() == live and life.record().phase.value in {"Blocked", "Settled", "Withdrawn"}:
            raise Violation(
                f"19: v{live}, rejected, serves on a newer release's record: {life.record().reason}"
            )
        self._written_by(_OURS)

    def end(self) -> None:
        """This release's functions are deployed for good."""
        self._written_by(_OURS)


def _parts(data: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The record and what is in it that another release may have added to, by what it is of."""
    found = [("record", data)]
    found += [(f"version {n}/{one['at']}", one) for n, one in data.get("versions", {}).items()]
    found += [(f"placement {one['config']}", one) for one in data.get("kept", ())]
    found += [(f"pending {n}", one) for n, one in data.get("pending", {}).items()]
    if "rollout" in data:
        found.append((f"rollout {data['rollout']['id']}", data["rollout"]))
    return found
