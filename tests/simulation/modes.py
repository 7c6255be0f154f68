"""Serverless and asynchronous endpoints: which schedules have one, and what people do to its mode."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.core.spec import Asynchronous, EndpointMode, EndpointSpec, Serverless
from tests.simulation.aws.account import ACCOUNT
from tests.simulation.life import EVE, GROUP

if TYPE_CHECKING:
    from tests.simulation.life import Life

READER = f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-reader"
_MEMBERS: dict[EndpointMode, dict[str, Any]] = {
    EndpointMode.REAL_TIME: {"instance_type": "ml.m5.large"},
    EndpointMode.SERVERLESS: {"serverless": Serverless(1024, 5)},
    EndpointMode.ASYNCHRONOUS: {
        "instance_type": "ml.m5.large",
        "asynchronous": Asynchronous("s3://answers/churn", "s3://answers/churn/failures"),
    },
}
_MODES = tuple(EndpointMode)
_GAPS = (0.0, 5.0, 60.0, 400.0, 400.0, 1500.0)  # seconds
_SHARE = 0.35  # of the schedules that may have one


@dataclass(frozen=True)
class Modes:
    """What of modes is in a schedule: the first, `ops` as a circle has them, and for how many requests an asynchronous
    endpoint has no answer at first."""

    first: EndpointMode
    silent: int
    ops: tuple[tuple[int, tuple[str, Any], float], ...]

    def spec(self) -> dict[str, Any]:
        """Of the group."""
        return {"endpoint": EndpointSpec(GROUP, **members(self.first)), "reader_role": READER}


def members(mode: EndpointMode) -> dict[str, Any]:
    """Those of an endpoint's spec that make it one of this mode."""
    plain = {"instance_type": None, "serverless": None, "asynchronous": None, "autoscaling": None}
    return {**plain, "network_isolation": False, **_MEMBERS[mode]}


def modes_of(seed: int) -> Modes | None:
    """The modes in a seed's schedule; None: it is real-time. By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"mode {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    first = chance.choice(_MODES)
    turns = chance.random() < 0.4 or first is EndpointMode.REAL_TIME
    ops: list[tuple[str, Any]] = [("mode", chance.choice(_MODES)) for _ in range(chance.randint(1, 3))]
    ops += [("drop", None)] * chance.randint(0, 2)
    placed = tuple((chance.randrange(12), op, chance.choice(_GAPS)) for op in ops)
    return Modes(first, chance.choice((0, 0, 1, 3)), placed if turns else ())


@dataclass
class ModeTurns:
    """Does the things of modes to a life."""

    life: Life
    modes: Modes

    def begin(self) -> None:
        """How long the endpoint is silent."""
        self.life.aws.inference.silent = self.modes.silent

    def _mode(self, mode: EndpointMode) -> None:
        """The group's spec asks for another mode."""
        self.life.respec(**members(mode))

    def _drop(self, _: object) -> None:
        """Somebody deletes the endpoint, if it is not busy."""
        with suppress(ClientError):
            self.life._call(EVE, "sagemaker", "delete_endpoint", EndpointName=GROUP)

    def end(self) -> bool:
        """Whoever is on call follows the runbook: an endpoint of another mode than the spec's is deleted."""
        found = self.life.endpoint()
        if found is None or self.life.endpoint_mode() is self.life.spec.endpoint.mode:
            return False
        self._drop(None)
        return True
