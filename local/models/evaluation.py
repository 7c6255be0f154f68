"""Evaluates predictions as SageMaker Model Monitor does, in its format for binary classification.

Source: SageMaker Developer Guide, "Model quality metrics and Amazon CloudWatch monitoring"
(docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html): the report's shape, and that a
standard deviation is that of the metric over five random samples of 80 % of the data, given from 200 rows on. Of
its metrics, those that an approver reads are here.
"""

import statistics
from dataclasses import dataclass
from typing import Any

_SAMPLES, _SHARE, _ENOUGH = 5, 0.8, 200
_SEED = 7
_THRESHOLD = 0.5  # more likely than not


@dataclass(frozen=True)
class Evaluation:
    """`values` and `deviations` by metric; `matrix` counts rows by actual, then by predicted label."""

    values: dict[str, float]
    deviations: dict[str, float | str]
    matrix: dict[str, dict[str, int]]

    def report(self) -> dict[str, Any]:
        """The model quality report."""
        metrics = {
            name: {"value": value, "standard_deviation": self.deviations[name]}
            for name, value in self.values.items()
        }
        return {"binary_classification_metrics": {"confusion_matrix": self.matrix, **metrics}}


def evaluate(labels: Any, shares: Any) -> Evaluation:
    """Compare predictions with what is known.

    Args:
        labels: 0 or 1, shape (rows,).
        shares: the predicted probability of 1, shape (rows,).
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and only training needs it
    from sklearn.metrics import confusion_matrix  # noqa: PLC0415

    values = _metrics(labels, shares)
    deviations: dict[str, float | str] = dict.fromkeys(values, "NaN")
    if len(labels) >= _ENOUGH:
        random = np.random.default_rng(_SEED)
        picks = [
            random.choice(len(labels), int(_SHARE * len(labels)), replace=False) for _ in range(_SAMPLES)
        ]
        samples = [_metrics(labels[pick], shares[pick]) for pick in picks]
        deviations = {name: statistics.stdev(sample[name] for sample in samples) for name in values}
    rows = confusion_matrix(labels, shares >= _THRESHOLD).tolist()
    matrix = {str(i): {str(j): int(count) for j, count in enumerate(row)} for i, row in enumerate(rows)}
    return Evaluation(values, deviations, matrix)


def _metrics(labels: Any, shares: Any) -> dict[str, float]:
    from sklearn import metrics as measure  # noqa: PLC0415 - slow to import, and only training needs it

    predicted = (shares >= _THRESHOLD).astype(int)
    return {
        "accuracy": float(measure.accuracy_score(labels, predicted)),
        "precision": float(measure.precision_score(labels, predicted)),
        "recall": float(measure.recall_score(labels, predicted)),
        "f1": float(measure.f1_score(labels, predicted)),
        "auc": float(measure.roc_auc_score(labels, shares)),
    }
