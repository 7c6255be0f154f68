"""Drift baselines of the training data: statistics.json and constraints.json in SageMaker Model Monitor's format.

Sources: SageMaker Developer Guide, "Schema for Statistics (statistics.json file)" and "Schema for Constraints
(constraints.json file)" (docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html and
model-monitor-byoc-constraints.html). A part of it: the buckets are counted exactly, and there is no KLL sketch, which
Model Monitor's own container needs to compare distributions. The local AWS compares the buckets.
"""

from typing import Any

_BUCKETS = 10
_TOO_FAR = 0.25  # a population stability index commonly taken for another population


def of(names: tuple[str, ...], rows: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The statistics and the constraints of a table of numbers.

    Args:
        names: of the columns.
        rows: floating point, shape (rows, columns); a NaN is a missing value.
    """
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": len(rows)},
        "features": [_statistics(name, rows[:, column]) for column, name in enumerate(names)],
    }
    constraints = {
        "version": 0.0,
        "features": [_constraints(name, rows[:, column]) for column, name in enumerate(names)],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": _TOO_FAR,
                "comparison_method": "Simple",
            },
        },
    }
    return statistics, constraints


def _statistics(name: str, values: Any) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 - slow to import, and only training needs it

    present = values[~np.isnan(values)]
    counts, bounds = np.histogram(present, bins=_BUCKETS)
    buckets = [
        {"lower_bound": float(bounds[i]), "upper_bound": float(bounds[i + 1]), "count": int(count)}
        for i, count in enumerate(counts)
    ]
    return {
        "name": name,
        "inferred_type": "Fractional",
        "numerical_statistics": {
            "common": {"num_present": len(present), "num_missing": len(values) - len(present)},
            "mean": float(present.mean()),
            "sum": float(present.sum()),
            "std_dev": float(present.std()),
            "min": float(present.min()),
            "max": float(present.max()),
            "distribution": {"kll": {"buckets": buckets}},
        },
    }


def _constraints(name: str, values: Any) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 - slow to import, and only training needs it

    present = values[~np.isnan(values)]
    return {
        "name": name,
        "inferred_type": "Fractional",
        "completeness": len(present) / len(values),
        "num_constraints": {"is_non_negative": bool((present >= 0).all())},
    }
