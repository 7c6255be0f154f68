"""What a version must show before it goes live: metrics, metadata, lineage, evaluation, model card, life cycle."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.core.errors import Unreadable
from lambdas.core.facts import Report, VersionDetail
from lambdas.core.spec import Better, GatesSpec, MetricGate

MOST_BYTES = 1_000_000  # of an evaluation report, or of an archive with a sample payload
_MOST_NAMED = 5  # metrics that a message lists


def report_of(content: bytes, what: str = "its evaluation report") -> Report:
    """Read an evaluation report, or another document that is JSON; what cannot be read is told."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        return Report(problem=f"{what} is not JSON: {error}")
    if not isinstance(data, dict):
        return Report(problem=f"{what} is {type(data).__name__}, not an object")
    return Report(data)


def report_from(read: Callable[[], bytes], what: str = "its evaluation report") -> Report:
    """A document, or why it cannot be read: that is no reason to look away from the group."""
    try:
        return report_of(read(), what)
    except Unreadable as error:
        return Report(problem=f"{what} cannot be read: {error}")


@dataclass(frozen=True)
class Compared:
    """A version and its report; `report` None: it has none."""

    detail: VersionDetail
    report: Report | None


def shortcomings(gates: GatesSpec, candidate: Compared, live: Compared | None) -> tuple[str, ...]:
    """Every gate that a version does not pass, in words; empty: it passes all.

    Args:
        gates: of its group.
        candidate: the version that is to go live.
        live: the version that it is compared with; None: nothing is live.
    """
    return (*_papers(gates, candidate.detail), *_metrics(gates, candidate, live))


def figures(version: Compared) -> dict[str, float]:
    """Every metric of a version: numbers of its report by their paths, and of its metadata by their keys."""
    report = version.report.data if version.report is not None else {}
    return _numbers({**version.detail.metadata, **dict(_leaves(report, ""))})


def numbers_in(report: Report) -> dict[str, float]:
    """Every metric of a report, by its path."""
    return _numbers(dict(_leaves(report.data, "")))


def _numbers(told: Mapping[str, Any]) -> dict[str, float]:
    """What of it is a number."""
    numbers = {name: _number(value) for name, value in told.items()}
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def _number(told: Any) -> float:
    """What was told as a number; NaN: it is none."""
    try:
        return math.nan if isinstance(told, bool) else float(told)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _papers(gates: GatesSpec, detail: VersionDetail) -> Iterator[str]:
    for key in gates.metadata:
        if not detail.metadata.get(key, "").strip():
            yield f"its metadata lacks {key!r}"
    if gates.lineage and not detail.lineage:
        yield "it has no lineage (MetadataProperties: commit, repository, what generated it)"
    if gates.evaluation and detail.evaluation is None:
        yield "it has no evaluation (ModelMetrics.ModelQuality.Statistics)"
    if gates.model_card and not detail.has_card:
        yield "it has no model card"
    stage = gates.stage
    if stage is not None and detail.stage != (stage.name, stage.status):
        is_ = " ".join(part for part in detail.stage or () if part) or "none"
        yield f"its life cycle is {is_}; {stage.name} {stage.status} is asked for"


def _metrics(gates: GatesSpec, candidate: Compared, live: Compared | None) -> Iterator[str]:
    for gate in gates.metrics:
        value = _value(gate.name, candidate)
        if isinstance(value, str):
            yield value
            continue
        if gate.at_least is not None and value < gate.at_least:
            yield f"its {gate.name} is {value:g}, below {gate.at_least:g}"
        if gate.at_most is not None and value > gate.at_most:
            yield f"its {gate.name} is {value:g}, above {gate.at_most:g}"
        if gate.worse_than_live_by is not None and live is not None:
            yield from _compared(gate, gate.worse_than_live_by, value, live)


def _compared(gate: MetricGate, margin: float, value: float, live: Compared) -> Iterator[str]:
    now = _value(gate.name, live)
    if isinstance(now, str):
        yield f"v{live.detail.version}, which is live, cannot be compared with: {now}"
        return
    worse = now - value if gate.better is Better.HIGHER else value - now
    if worse > margin:
        yield f"its {gate.name} is {value:g}, worse by more than {margin:g} than v{live.detail.version}'s {now:g}"


def _value(name: str, version: Compared) -> float | str:
    """A metric: of the report, else of the metadata; or why there is none, in words.

    A name is that of a metric anywhere in the report, or as many parts of its path as it takes to tell it apart.
    """
    report = version.report
    if report is not None and report.problem is not None:
        return report.problem
    found = dict(_named(name, report.data)) if report is not None else {}
    if len(found) > 1:
        listed = ", ".join(sorted(found)[:_MOST_NAMED])
        return f"its report has {name} more than once ({listed}); name it by its path"
    told: Any = next(iter(found.values()), version.detail.metadata.get(name))
    if told is None:
        return f"its {name} is missing: neither its evaluation report nor its metadata has it"
    number = _number(told)
    return number if math.isfinite(number) else f"its {name} is {told!r}, no number"


def _named(name: str, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Metrics of this name, by their paths. A metric is a number, or an object with one as its `value`."""
    for path, value in _leaves(data, ""):
        if is_named(path, name):
            yield path, value


def gated_first(names: Iterable[str], gates: GatesSpec) -> list[str]:
    """Names of metrics in the order in which people should see them: those that a gate is about, then the others."""
    asked = [gate.name for gate in gates.metrics]
    return sorted(names, key=lambda name: (not any(is_named(name, one) for one in asked), name))


def is_named(path: str, name: str) -> bool:
    """Whether a metric at a path is meant by a name: its own, or as much of its path as tells it apart."""
    return path == name or path.endswith(f".{name}")


def _leaves(data: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            if "value" in value and not isinstance(value["value"], Mapping):
                yield here, value["value"]
            else:
                yield from _leaves(value, here)
        elif not isinstance(value, list):
            yield here, value
