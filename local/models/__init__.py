"""The demo's real models: five classifiers of breast tumours, trained on the data set that scikit-learn ships."""

from local.models.artifact import VERSIONS, ModelArtifact, build
from local.models.data import CONTENT_TYPE, requests

__all__ = ["CONTENT_TYPE", "VERSIONS", "ModelArtifact", "build", "requests"]
