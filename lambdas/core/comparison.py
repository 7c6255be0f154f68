"""Two versions side by side: every metric with its change, and what differs in containers, lineage and metadata."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lambdas.core.content import Container, shown
from lambdas.core.quality import MOST_FIGURES, Compared, figures, gated_first, is_named
from lambdas.core.spec import Better, GatesSpec, MetricGate


@dataclass(frozen=True)
class Metric:
    """A metric of both; None: that version has none. `better`: whether it changed for the better, None: not known."""

    name: str
    before: float | None
    after: float | None
    better: bool | None = None

    @property
    def change(self) -> float | None:
        """After less before; None: one of them is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Difference:
    """Something that is not the same in both; None: that version has none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Comparison:
    """How `after` differs from `before`, by number; of metrics at most 500, those that a gate is about first; the rest
    only where it differs."""

    before: int
    after: int
    metrics: tuple[Metric, ...]
    containers: tuple[Difference, ...]
    metadata: tuple[Difference, ...]


def compare(before: Compared, after: Compared, gates: GatesSpec) -> Comparison:
    """Put two versions side by side.

    Args:
        before: usually the live one.
        after: usually the one to be decided on.
        gates: of the group; they say whether more of a metric is better.
    """
    old, new = figures(before), figures(after)
    numbers = old.keys() | new.keys()
    told = gated_first(numbers, gates)[:MOST_FIGURES]
    return Comparison(
        before.detail.version,
        after.detail.version,
        tuple(_metric(name, old.get(name), new.get(name), gates) for name in told),
        _differences(_containers(before.detail.containers), _containers(after.detail.containers)),
        _differences(
            _told(before, numbers),
            _told(after, numbers),
        ),
    )


def _told(version: Compared, numbers: Collection[str]) -> dict[str, str]:
    """Its lineage, and what of its metadata is no metric."""
    lineage = {f"lineage {key}": value for key, value in version.detail.lineage.items()}
    told = version.detail.metadata.items()
    return lineage | {key: value for key, value in told if key not in numbers}


def _metric(name: str, before: float | None, after: float | None, gates: GatesSpec) -> Metric:
    gate = next((one for one in gates.metrics if is_named(name, one.name)), None)
    if gate is None or before is None or after is None or before == after:
        return Metric(name, before, after)
    return Metric(name, before, after, (after > before) is _more_is_better(gate))


def _more_is_better(gate: MetricGate) -> bool:
    """A gate that only sets a ceiling says so too."""
    only_ceiling = gate.at_most is not None and gate.at_least is None and gate.worse_than_live_by is None
    return gate.better is Better.HIGHER and not only_ceiling


def _containers(containers: Sequence[Container]) -> dict[str, str]:
    """What runs, member by member: the environment too."""
    found: dict[str, str] = {}
    for number, (container, told) in enumerate(zip(containers, shown(containers), strict=True), start=1):
        members = {name: value for name, value in told.items() if name != "pinned"}
        members |= {f"environment {key}": value for key, value in container.environment.items()}
        found |= {f"{number} {name}": str(value) for name, value in members.items() if value is not None}
    return found


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
