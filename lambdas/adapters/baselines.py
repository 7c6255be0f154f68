"""What a version's traffic is held against, as it was registered."""

from collections.abc import Mapping
from typing import Any

from lambdas.core.facts import Baseline
from lambdas.core.spec import Monitor

_QUALITY = {Monitor.DATA_QUALITY: "ModelDataQuality", Monitor.MODEL_QUALITY: "ModelQuality"}


def baselines(package: Mapping[str, Any]) -> dict[Monitor, Baseline]:
    """A version's own baselines, by what they are for.

    Of data and model quality those of DriftCheckBaselines, which a pipeline keeps for this, else those of ModelMetrics,
    which it calculated on the way; never one file of each. Of bias and explainability only the former: ModelMetrics has
    reports there, which need not be constraints, and no ConfigFile, without which no job definition is made. A bias
    monitor looks at predictions, so its constraints are those after training.

    Args:
        package: DescribeModelPackage's answer.

    Source: SageMaker developer guide, "Baseline calculation, drift detection and lifecycle with ClarifyCheck and
    QualityCheck steps"; "Create a Bias Drift Baseline": "the model and its post-training bias metrics".
    """
    kept, measured = package.get("DriftCheckBaselines", {}), package.get("ModelMetrics", {})
    found = {
        monitor: _quality(kept.get(name, {})) or _quality(measured.get(name, {}))
        for monitor, name in _QUALITY.items()
    }
    found[Monitor.BIAS] = _analysis(kept.get("Bias", {}), "PostTrainingConstraints")
    found[Monitor.EXPLAINABILITY] = _analysis(kept.get("Explainability", {}), "Constraints")
    return {monitor: one for monitor, one in found.items() if one is not None}


def _quality(source: Mapping[str, Any]) -> Baseline | None:
    constraints, statistics = _uri(source, "Constraints"), _uri(source, "Statistics")
    return None if constraints is None else Baseline(constraints, statistics)


def _analysis(source: Mapping[str, Any], name: str) -> Baseline | None:
    constraints, config = _uri(source, name), _uri(source, "ConfigFile")
    return None if constraints is None and config is None else Baseline(constraints, config=config)


def _uri(source: Mapping[str, Any], name: str) -> str | None:
    uri: str | None = source.get(name, {}).get("S3Uri")
    return uri or None
