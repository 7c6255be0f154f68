"""Serves a pickled scikit-learn pipeline; requests name their measurements."""

import csv
import json
import pickle
from pathlib import Path

MORE_LIKELY_THAN_NOT = 0.5


def model_fn(model_dir):
    """The pipeline, and the measurements that it takes in order."""
    return pickle.loads(Path(model_dir, "model.pkl").read_bytes())  # noqa: S301 - our own archive


def input_fn(body, content_type):
    """The tumours of a request: JSON, or CSV with a line of names."""
    if content_type.startswith("application/json"):
        return json.loads(body)["tumours"]
    if content_type.startswith("text/csv"):
        return list(csv.DictReader(body.splitlines()))
    raise ValueError(f"content type {content_type} is not supported; send application/json or text/csv")


def predict_fn(tumours, model):
    """The probability that each tumour is malignant."""
    rows = [[_number(tumour[name]) for name in model["features"]] for tumour in tumours]
    return model["pipeline"].predict_proba(rows)[:, 1].tolist()


def output_fn(prediction, accept):  # noqa: ARG001 - the contract's arguments
    """One object for each tumour, in JSON."""
    answers = [
        {"malignant": round(share, 4), "label": "malignant" if share >= MORE_LIKELY_THAN_NOT else "benign"}
        for share in prediction
    ]
    return json.dumps({"predictions": answers}), "application/json"


def _number(value):
    """A measurement; NaN if it was not reported (null in JSON, an empty field in CSV)."""
    return float("nan") if value in (None, "") else float(value)
