"""The demo's real models: five classifiers of breast tumours, trained on the data set that scikit-learn ships."""

from local.models.data import CONTENT_TYPE, CSV, labels, requests
from local.models.train import VERSIONS, ModelArtifact, build

__all__ = ["CONTENT_TYPE", "CSV", "VERSIONS", "ModelArtifact", "build", "labels", "requests"]
