"""Serves a pickled scikit-learn pipeline; requests name their measurements."""

import json
import pickle
from pathlib import Path

MORE_LIKELY_THAN_NOT = 0.5


def model_fn(model_dir):
    """The pipeline, and the measurements that it takes in order."""
    return pickle.loads(Path(model_dir, "model.pkl").read_bytes())  # noqa: S301 - our own archive


def input_fn(body, content_type):
    """The tumours of a JSON request."""
    if not content_type.startswith("application/json"):
        raise ValueError(f"content type {content_type} is not supported; send application/json")
    return json.loads(body)["tumours"]


def predict_fn(tumours, model):
    """The probability that each tumour is malignant."""
    rows = [[tumour[name] for name in model["features"]] for tumour in tumours]
    # None becomes NaN: a measurement that was not reported.
    rows = [[float("nan") if value is None else value for value in row] for row in rows]
    return model["pipeline"].predict_proba(rows)[:, 1].tolist()


def output_fn(prediction, accept):  # noqa: ARG001 - the contract's arguments
    """One object for each tumour."""
    answers = [
        {"malignant": round(share, 4), "label": "malignant" if share >= MORE_LIKELY_THAN_NOT else "benign"}
        for share in prediction
    ]
    return json.dumps({"predictions": answers}), "application/json"
