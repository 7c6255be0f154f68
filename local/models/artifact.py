"""Trains a version, evaluates it on held-out data, and packs it as SageMaker wants it."""

import gzip
import io
import pickle
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.models.data import body, split
from local.models.recipes import RECIPES, Recipe

VERSIONS = tuple(RECIPES)
_SCRIPT = Path(__file__).parent / "inference" / "by_name.py"


@dataclass(frozen=True)
class ModelArtifact:
    """A version, ready to be registered.

    `evaluation` is a model quality report in SageMaker's format, `metrics` its numbers alone, `metadata` goes into
    CustomerMetadataProperties, `sample_request` is a real request body.
    """

    name: str
    description: str
    model_tar: bytes
    evaluation: dict[str, Any]
    metrics: dict[str, float]
    metadata: dict[str, str]
    sample_request: bytes


def build(name: str) -> ModelArtifact:
    """Train, evaluate and pack one of `VERSIONS`; the same bytes each time with the same scikit-learn."""
    recipe, data = RECIPES[name], split()
    columns = [data.features.index(feature) for feature in recipe.features]
    pipeline = recipe.pipeline()
    pipeline.fit(data.train[:, columns], data.train_labels)
    shares = pipeline.predict_proba(data.held_out[:, columns])[:, 1]
    metrics, matrix = _measure(data.held_out_labels, shares)
    return ModelArtifact(
        name=name,
        description=recipe.description,
        model_tar=_pack(pipeline, recipe),
        evaluation=_report(metrics, matrix),
        metrics=metrics,
        metadata={
            "accuracy": f"{metrics['accuracy']:.4f}",
            "training-data": "wisconsin-diagnostic",
            "features": str(len(recipe.features)),
        },
        sample_request=body(data.held_out[:3]),
    )


def _measure(labels: Any, shares: Any) -> tuple[dict[str, float], dict[str, dict[str, int]]]:
    from sklearn import metrics as measure  # noqa: PLC0415 - slow to import, and only training needs it

    predicted = (shares >= 0.5).astype(int)  # noqa: PLR2004 - more likely than not
    values = {
        "accuracy": float(measure.accuracy_score(labels, predicted)),
        "precision": float(measure.precision_score(labels, predicted)),
        "recall": float(measure.recall_score(labels, predicted)),
        "f1": float(measure.f1_score(labels, predicted)),
        "auc": float(measure.roc_auc_score(labels, shares)),
    }
    rows = measure.confusion_matrix(labels, predicted).tolist()
    return values, {str(i): {str(j): int(n) for j, n in enumerate(row)} for i, row in enumerate(rows)}


def _report(metrics: dict[str, float], matrix: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The report's shape: SageMaker Model Monitor, model quality metrics for binary classification."""
    values: dict[str, Any] = {
        name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()
    }
    return {"binary_classification_metrics": {"confusion_matrix": matrix, **values}}


def _pack(pipeline: Any, recipe: Recipe) -> bytes:
    """model.tar.gz: the pickled pipeline and its script, without times or owners, so that bytes repeat."""
    content = {
        "model.pkl": pickle.dumps({"pipeline": pipeline, "features": recipe.asks_for()}, protocol=4),
        "code/inference.py": _SCRIPT.read_bytes(),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
