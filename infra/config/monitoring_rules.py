"""Limits of `monitoring` and `retraining` that rest on more than one key."""

import re
from collections.abc import Iterator

from infra.config.breach import Breach
from infra.config.group import EndpointConfig
from infra.config.monitoring import (
    DriftConfig,
    ModelQualityConfig,
    MonitorConfig,
    MonitoringConfig,
    RetrainingConfig,
)
from infra.config.prefixes import overlap
from lambdas.core.spec import EndpointMode, Monitor

_HOUR, _DAY = 60, 1440  # minutes
# Of an hourly run; these two wait for what was right [B, MonitoringStoppingCondition].
_MOST_WITH_GROUND_TRUTH = 30
_WITH_GROUND_TRUTH = {Monitor.MODEL_QUALITY, Monitor.BIAS}
_METRICS = "publish_cloudwatch_metrics"


def monitoring_breaches(
    monitoring: MonitoringConfig, endpoint: EndpointConfig | None, artifacts: tuple[str, ...]
) -> Iterator[Breach]:
    """What is wrong with `monitoring`, as far as it can be judged.

    Args:
        monitoring: right by itself.
        endpoint: None: wrong, and told already.
        artifacts: of the group.
    """
    monitors = monitoring.monitors
    if not monitors:
        yield Breach("monitoring", [], f"watches nothing; give one of {', '.join(Monitor)}, or leave it out")
    if endpoint is not None and (mode := endpoint.mode) is not EndpointMode.REAL_TIME:
        yield Breach(
            "monitoring",
            [*monitors],
            f"needs captured requests and answers, which AWS has of no {mode.value} endpoint; leave it out, and name "
            "alarms of your own in retraining.alarms",
        )
    elif endpoint is not None and endpoint.data_capture is None:
        yield Breach(
            "monitoring",
            [*monitors],
            "needs endpoint.data_capture: what is looked at are captured requests and answers",
        )
    for uri in artifacts:
        if overlap(uri, monitoring.output):
            yield Breach(
                "monitoring.output",
                monitoring.output,
                f"must not lie below or above artifacts, {uri}: who writes reports could write artifacts",
            )
    for monitor, config in monitors.items():
        yield from _run(f"monitoring.{monitor}", monitor, config)
    if monitoring.model_quality is not None:
        yield from _answers(monitoring.model_quality)
    if monitoring.data_quality is not None and monitoring.drift is not None:
        yield from _drift(monitoring.drift, monitoring.data_quality.environment.get(_METRICS))


def retraining_breaches(retraining: RetrainingConfig, *, drift: bool) -> Iterator[Breach]:
    """What is wrong with `retraining`, right by itself; `drift`: whether the group has an alarm of its own."""
    if len(set(retraining.alarms)) < len(retraining.alarms):
        yield Breach("retraining.alarms", retraining.alarms, "must name each alarm once")
    if retraining.roll_back and not retraining.alarms and not drift:
        yield Breach(
            "retraining.roll_back",
            True,
            "needs an alarm that says when: name one in retraining.alarms, or give monitoring.data_quality.drift",
        )


def nothing_starts(retraining: RetrainingConfig, monitoring: MonitoringConfig | None) -> bool:
    """Whether nobody but a person could ever start the pipeline."""
    alarms = retraining.alarms or (monitoring is not None and monitoring.drift is not None)
    violations = retraining.on_violations and monitoring is not None
    return not (alarms or violations or retraining.on_rejection)


def _run(key: str, monitor: Monitor, config: MonitorConfig) -> Iterator[Breach]:
    every = _minutes_between_runs(config.schedule)
    most = _MOST_WITH_GROUND_TRUTH if every == _HOUR and monitor in _WITH_GROUND_TRUTH else every
    if config.most_minutes > most:
        yield Breach(
            f"{key}.most_minutes",
            config.most_minutes,
            f"must be at most {most} for {config.schedule}, or a run takes longer than AWS lets it",
        )
    if config.end_offset is not None and config.start_offset is None:
        yield Breach(f"{key}.end_offset", config.end_offset, "needs start_offset beside it")
    if config.start_offset is not None and config.end_offset is not None:
        start, end = _minutes_before(config.start_offset), _minutes_before(config.end_offset)
        if start <= end:
            yield Breach(
                f"{key}.start_offset",
                config.start_offset,
                f"must be longer ago than end_offset, {config.end_offset}",
            )
        elif start - end > _DAY:
            yield Breach(
                f"{key}.start_offset",
                config.start_offset,
                f"must be at most 24 hours before end_offset, {config.end_offset}: AWS looks at no more in a run",
            )


def _answers(config: ModelQualityConfig) -> Iterator[Breach]:
    """What Model Monitor compares with what was right [DG, "Model quality"]."""
    if config.problem_type == "BinaryClassification":
        if config.inference is None and config.probability is None:
            yield Breach(
                "monitoring.model_quality",
                config.problem_type,
                "needs inference or probability: what of an answer is compared with the ground truth",
            )
    elif config.inference is None:
        yield Breach(
            "monitoring.model_quality",
            config.problem_type,
            "needs inference: what of an answer is compared with the ground truth",
        )


def _drift(drift: DriftConfig, metrics: str | None) -> Iterator[Breach]:
    key = "monitoring.data_quality"
    if len(set(drift.features)) < len(drift.features):
        yield Breach(f"{key}.drift.features", drift.features, "must name each feature once")
    if metrics not in {None, "Enabled"}:
        yield Breach(
            f"{key}.environment.{_METRICS}",
            metrics,
            "must be Enabled, or left out: the alarm of drift looks at these metrics",
        )


def _minutes_between_runs(schedule: str) -> int:
    """Of `cron(0 * ? * * *)`, `cron(0 HOUR ? * * *)` or `cron(0 HOUR/EVERY ? * * *)`."""
    hours = schedule.removeprefix("cron(0 ").partition(" ")[0]
    if hours == "*":
        return _HOUR
    return int(hours.partition("/")[2] or 24) * _HOUR


def _minutes_before(offset: str) -> int:
    """Of `-P1DT2H3M`."""
    units = {"D": _DAY, "H": _HOUR, "M": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall("([0-9]+)([DHM])", offset))
