"""Trains a version, evaluates it on held-out data, and packs it as SageMaker wants it."""

from dataclasses import dataclass
from typing import Any

from local.models import baselines
from local.models.data import body, split
from local.models.evaluation import evaluate
from local.models.packing import pack
from local.models.recipes import RECIPES

VERSIONS = tuple(RECIPES)


@dataclass(frozen=True)
class ModelArtifact:
    """A version, ready to be registered.

    `model_tar` is its model.tar.gz. For ModelMetrics: `evaluation`, a model quality report in SageMaker's format, and
    `metrics`, its values alone. For DriftCheckBaselines: `statistics` and `constraints` of the training data, in Model
    Monitor's format. `metadata` goes into CustomerMetadataProperties; `sample_request` is a real request body of
    three tumours.
    """

    name: str
    description: str
    model_tar: bytes
    evaluation: dict[str, Any]
    metrics: dict[str, float]
    statistics: dict[str, Any]
    constraints: dict[str, Any]
    metadata: dict[str, str]
    sample_request: bytes


def build(name: str) -> ModelArtifact:
    """Train, evaluate and pack a version, one of `VERSIONS`.

    The same bytes each time, in any order, in any process with the same scikit-learn on the same kind of machine.

    Raises:
        ValueError: there is no such version.
    """
    if name not in RECIPES:
        raise ValueError(f"there is no version {name!r}; there are {', '.join(VERSIONS)}")
    # Slow to import, and only training needs it. One thread: how a sum is split between threads shows in its last bits.
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - it ships no types

    recipe, data = RECIPES[name], split()
    columns = [data.features.index(feature) for feature in recipe.features()]
    with threadpool_limits(1):
        pipeline = recipe.pipeline()
        pipeline.fit(data.train[:, columns], data.train_labels)
        shares = pipeline.predict_proba(data.held_out[:, columns])[:, 1]
    evaluation = evaluate(data.held_out_labels, shares)
    statistics, constraints = baselines.of(recipe.asks_for(), data.train[:, columns])
    return ModelArtifact(
        name=name,
        description=recipe.description,
        model_tar=pack(pipeline, recipe.asks_for()),
        evaluation=evaluation.report(),
        metrics=evaluation.values,
        statistics=statistics,
        constraints=constraints,
        metadata={
            "accuracy": f"{evaluation.values['accuracy']:.4f}",
            "training-data": "wisconsin-diagnostic",
            "features": str(len(columns)),
        },
        sample_request=body(data.held_out[:3]),
    )
