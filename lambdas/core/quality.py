"""What a version must show before it goes live: metrics, metadata, lineage, evaluation, model card, life cycle."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.core.errors import Unreadable
from lambdas.core.facts import Report, VersionDetail
from lambdas.core.foreign import boundary, read_json
from lambdas.core.spec import Better, GatesSpec, MetricGate
from lambdas.core.text import cut, quoted

MOST_BYTES = 1_000_000  # of an evaluation report, or of an archive with a sample payload
LARGEST_BASELINE = (
    20_000_000  # bytes: Model Monitor's statistics hold a sketch of each feature, of up to 100 kB
)
MOST_FIGURES = 500  # metrics of a version that people are shown
_MOST_NAMED = 5  # metrics that a message lists
_LONGEST_NAME = 256  # characters of a metric's path, as a gate may name it; what is longer is no metric
_LONGEST_LISTED = 200 // _MOST_NAMED  # bytes of each metric's name that a message lists
_BYTES_A_PART = 5  # of a document that has as many members and items as it may for its size


def report_of(content: bytes, what: str = "its evaluation report", most: int = MOST_BYTES) -> Report:
    """Read an evaluation report, or another document that is JSON; what cannot be read is told.

    Args:
        content: the document, in any encoding of JSON.
        what: it is, in words.
        most: bytes that it may have.
    """
    try:
        with boundary(what):
            return Report(_object(read_json(content, most_bytes=most, most_parts=most // _BYTES_A_PART)))
    except Unreadable as error:
        return Report(problem=str(error))


def _object(data: object) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise Unreadable(f"it is {_shape(data)}, and must be an object: {{…}}")
    return data


def report_from(
    read: Callable[[], bytes], what: str = "its evaluation report", most: int = MOST_BYTES
) -> Report:
    """A document, or why it cannot be read: that is no reason to look away from the group."""
    try:
        with boundary(what):
            return report_of(read(), what, most)
    except Unreadable as error:
        return Report(problem=str(error))


def sound_report(content: bytes) -> Report:
    """An evaluation report with a metric in it, as a gate reads it.

    Raises:
        Unreadable: it cannot be read, or has no number in it.
    """
    report = report_of(content)
    if report.problem is not None:
        raise Unreadable(report.problem)
    if not numbers_in(report):
        raise Unreadable(
            'it has no metric; a metric is a number, or an object with one as its value: {"recall": {"value": 0.9}}'
        )
    return report


def sound_baseline(content: bytes, what: str) -> None:
    """Model Monitor's statistics or constraints (`what`), as a monitoring job reads them.

    Raises:
        Unreadable: it is neither, and says why.
    """
    report = report_of(content, "it", LARGEST_BASELINE)
    if report.problem is not None:
        raise Unreadable(report.problem)
    if not isinstance(report.data.get("features"), list):
        raise Unreadable(f"it has no list of features, which Model Monitor's {what} have")


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
        is_ = cut(" ".join(part for part in detail.stage or () if part), 200) or "none"
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
    found = _named(name, report.data) if report is not None else []
    if len(found) > 1:
        listed = ", ".join(cut(path, _LONGEST_LISTED) for path, _ in sorted(found, key=_path)[:_MOST_NAMED])
        return f"its report has {name} more than once ({listed}); name it by its path"
    told: Any = found[0][1] if found else version.detail.metadata.get(name)
    if told is None:
        return f"its {name} is missing: neither its evaluation report nor its metadata has it"
    number = _number(told)
    return number if math.isfinite(number) else f"its {name} is {_shape(told)}, not a number"


def _path(metric: tuple[str, Any]) -> str:
    return metric[0]


def _named(name: str, data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Metrics that a name means, with their paths: the one of exactly this path before any that recurs deeper, and
    what may be a number before lists, which are a metric's history more often than the metric."""
    found = [(path, value) for path, value in _leaves(data, "") if is_named(path, name)]
    found = [one for one in found if one[0] == name] or found
    return [one for one in found if not isinstance(one[1], list)] or found


def _shape(told: object) -> str:
    """What somebody told, in words of bounded length."""
    if isinstance(told, list):
        of = "numbers" if all(math.isfinite(_number(one)) for one in told) else "items"
        return f"a list of {len(told)} {of}" if told else "an empty list"
    return quoted(told)


def gated_first(names: Iterable[str], gates: GatesSpec) -> list[str]:
    """Names of metrics in the order in which people should see them: those that a gate is about, then the others."""
    asked = [gate.name for gate in gates.metrics]
    return sorted(names, key=lambda name: (not any(is_named(name, one) for one in asked), name))


def is_named(path: str, name: str) -> bool:
    """Whether a metric at a path is meant by a name: its own, or as much of its path as tells it apart."""
    return path == name or path.endswith(f".{name}")


def _leaves(data: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Everything in it that is no object, with its path; an object's `value` stands for it.

    A path that is too long to be named is left out with all below it: each path below would repeat it.
    """
    for key, value in data.items():
        here = f"{path}.{key}" if path else str(key)
        if len(here) > _LONGEST_NAME:
            continue
        if not isinstance(value, Mapping):
            yield here, value
        elif "value" in value and not isinstance(value["value"], Mapping):
            yield here, value["value"]
        else:
            yield from _leaves(value, here)
