"""Counts in CloudWatch: lines in the embedded metric format, which Lambda's logs turn into metrics."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from lambdas.core.names import FUNCTION_DIMENSION, GROUP_DIMENSION, METRIC_NAMESPACE


def count(function: str, name: str, group: str | None = None) -> None:
    """Count one more.

    Args:
        function: that counts.
        name: the metric's.
        group: of whose metrics; None: of all groups together.
    """
    with single_metric(
        name=name,
        unit=MetricUnit.Count,
        value=1,
        namespace=METRIC_NAMESPACE,
        default_dimensions={FUNCTION_DIMENSION: function},
    ) as metric:
        if group is not None:
            metric.add_dimension(name=GROUP_DIMENSION, value=group)
