"""What people register beside what runs: which schedules have reports, samples and words that are hard to read."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.core.spec import GatesSpec, MetricGate
from tests.simulation.aws.inference import SOUND
from tests.simulation.life import GROUP, model_metrics
from tests.simulation.modes import READER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.life import Life

_SHARE = 0.3  # of the schedules that may have some
_MOST_VERSIONS = 9  # of a group, with what is registered here
_GAPS = (0.0, 5.0, 60.0, 400.0, 1500.0)  # seconds
METRIC = "loss"


@dataclass(frozen=True)
class Contents:
    """What of contents is in a schedule: whether gates ask for a metric, and `ops` as a circle has them."""

    gated: bool
    ops: tuple[tuple[int, tuple[str, Any], float], ...]

    def spec(self) -> dict[str, Any]:
        """Of the group."""
        gates = GatesSpec(metrics=(MetricGate(METRIC, at_most=1.0),)) if self.gated else GatesSpec()
        return {"reader_role": READER, "gates": gates}


def contents_of(seed: int) -> Contents | None:
    """The contents in a seed's schedule; None: none. By chance of its own: the rest of the schedule stays."""
    chance = random.Random(f"contents {seed}")  # noqa: S311 - not a secret
    if chance.random() >= _SHARE:
        return None
    ops: list[tuple[str, Any]] = [
        ("litter", chance.choice(tuple(LITTER))) for _ in range(chance.randint(1, 4))
    ]
    ops += [("scorn", None)] * chance.randint(0, 2)
    placed = tuple((chance.randrange(12), op, chance.choice(_GAPS)) for op in ops)
    return Contents(chance.random() < 0.5, placed)


@dataclass
class ContentTurns:
    """Does the things of contents to a life."""

    life: Life
    contents: Contents

    def _litter(self, kind: str) -> None:
        """The registrant registers a version with something that is hard to read."""
        life = self.life
        if len(life.versions) >= _MOST_VERSIONS:
            return
        place = f"s3://models/{GROUP}/{kind}"
        members, content = LITTER[kind](place)
        if content is not None:
            life.aws.objects[place] = content
        number = life.register(SOUND, **members)
        life.versions[number].doubtful = True  # whether gates let it pass is not for a naive reading to say

    def _scorn(self, _: object) -> None:
        """The approver rejects the youngest version in as many words as AWS takes."""
        number = max(self.life.versions, default=None)
        if number is not None and self.life.package(number) is not None:
            self.life.decide(number, "Rejected", reason="😀" * 1024)


Litter = tuple[dict[str, Any], "bytes | BaseException | None"]


def _report(content: bytes | BaseException) -> Callable[[str], Litter]:
    return lambda place: ({"ModelMetrics": model_metrics(place)}, content)


def _sample(content: bytes) -> Callable[[str], Litter]:
    return lambda place: ({"SamplePayloadUrl": place}, content)


def _bomb() -> bytes:
    """An archive of some kilobytes whose first header unpacks to megabytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("payload.json")
        member.pax_headers = {"comment": "x" * 8_000_000}
        tar.addfile(member, io.BytesIO())
    return gzip.compress(packed.getvalue())


LITTER: dict[str, Callable[[str], Litter]] = {
    "deep report": _report(b'{"a":' * 1500 + b"1" + b"}" * 1500),
    "list for a metric": _report(json.dumps({METRIC: {"value": list(range(60_000))}}).encode()),
    "no JSON": _report(b"\xff\xfe\x00nonsense"),
    "many metrics": _report(json.dumps({f"m{n}" * 40: n for n in range(5_000)}).encode()),
    "huge number": _report(b'{"loss": ' + b"9" * 5_000 + b"}"),
    "no number": _report(b'{"loss": NaN, "x": 1e999}'),
    "reader that fails": _report(MemoryError("out of memory")),
    "access point": lambda _: (
        {
            "ModelMetrics": model_metrics(
                "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint:mine/report.json"
            )
        },
        RecursionError("it was asked"),
    ),
    "elsewhere": lambda _: ({"ModelMetrics": model_metrics("s3://elsewhere/report.json")}, None),
    "bomb": _sample(_bomb()),
    "no archive": _sample(b"\x1f\x8bnonsense"),
    "words": lambda _: ({"ModelPackageDescription": "😀" * 500}, None),
    "metadata": lambda _: (
        {
            "CustomerMetadataProperties": {f"k{n}": "ü" * 200 for n in range(45)}
        },  # people annotate versions, too
        None,
    ),
}
