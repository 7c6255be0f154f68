"""The Wisconsin diagnostic breast cancer data as scikit-learn ships it: a fixed split, and requests made of it.

569 tumours, 30 measurements each, benign or malignant (sklearn.datasets.load_breast_cancer).
"""

import csv
import functools
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CONTENT_TYPE, CSV = "application/json", "text/csv"
MISSING_AFTER_CHANGE = "worst concavity"
"""The measurement that the clinics' new device does not report: it arrives as null, in CSV as an empty field."""

RADII = ("mean radius", "radius error", "worst radius")
"""What another new device reports as diameters, twice as large."""


@dataclass(frozen=True)
class Split:
    """Measurements, shape (tumours, 30), and labels (1: malignant), for training and held out."""

    features: tuple[str, ...]
    train: Any
    train_labels: Any
    held_out: Any
    held_out_labels: Any


@functools.cache
def split() -> Split:
    """The same split on every machine: 40 % held out, stratified; enough rows for a standard deviation of metrics."""
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415 - slow to import, and only training needs it
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    data = load_breast_cancer()
    malignant = 1 - data.target  # the data set calls malignant 0
    train, held_out, train_labels, held_out_labels = train_test_split(
        data.data, malignant, test_size=0.4, random_state=7, stratify=malignant
    )
    features = tuple(str(name) for name in data.feature_names)
    return Split(features, train, train_labels, held_out, held_out_labels)


def requests(
    *, changed: bool = False, diameters: bool = False, content_type: str = CONTENT_TYPE
) -> Iterator[bytes]:
    """An endless stream of held-out tumours as request bodies, one each, in the same order on every machine.

    Args:
        changed: as after the clinics' change of device, which no longer reports one measurement.
        diameters: as after a change to one that reports diameters as radii: all is answered, and more of it is wrong.
        content_type: application/json, or text/csv with a line of names.
    """
    for row in itertools.cycle(split().held_out):
        yield body([row], changed=changed, diameters=diameters, content_type=content_type)


def labels() -> Iterator[int]:
    """Of the tumours in `requests`, in the same order: 1 for a malignant one."""
    for label in itertools.cycle(split().held_out_labels):
        yield int(label)


def body(
    rows: Any, *, changed: bool = False, diameters: bool = False, content_type: str = CONTENT_TYPE
) -> bytes:
    """A request body: named measurements of each tumour, rows of shape (tumours, 30)."""
    tumours: list[dict[str, float | None]] = [
        dict(zip(split().features, map(float, row), strict=True)) for row in rows
    ]
    if changed:
        tumours = [{**tumour, MISSING_AFTER_CHANGE: None} for tumour in tumours]
    if diameters:
        tumours = [{**tumour, **{name: 2 * (tumour[name] or 0.0) for name in RADII}} for tumour in tumours]
    if content_type == CSV:
        written = io.StringIO()
        table = csv.DictWriter(written, split().features, lineterminator="\n")
        table.writeheader()
        table.writerows(tumours)
        return written.getvalue().encode()
    return json.dumps({"tumours": tumours}).encode()
