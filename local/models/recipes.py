"""How each version is made, and what is wrong with those that are meant to fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.models.data import split

_FEW = ("mean radius", "mean texture", "mean smoothness")


@dataclass(frozen=True)
class Recipe:
    """A version: which measurements it takes, its pipeline, and the names under which it asks requests for them."""

    description: str
    takes: Callable[[str], bool]
    pipeline: Callable[[], Any]
    rename: Callable[[str], str] = str

    def features(self) -> tuple[str, ...]:
        """The measurements that it is trained on."""
        return tuple(feature for feature in split().features if self.takes(feature))

    def asks_for(self) -> tuple[str, ...]:
        """The names that its requests must have."""
        return tuple(self.rename(feature) for feature in self.features())


def _plain() -> Any:
    """Scaled logistic regression. It raises on a missing value, as scikit-learn's linear models do."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import, and only training needs it
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, random_state=7))


def _imputing() -> Any:
    """The same, with missing values replaced by the training data's median."""
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - slow to import, and only training needs it
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    return make_pipeline(SimpleImputer(strategy="median"), _plain())


def _squashed(name: str) -> str:
    return name.replace(" ", "_")


def _any(_: str) -> bool:
    return True


RECIPES = {
    "v1": Recipe("Logistic regression on three measurements", _FEW.__contains__, _plain),
    "v2": Recipe("Logistic regression on all measurements", _any, _plain),
    # Trained on an export whose columns were renamed: it loads, and asks real requests for names they do not have.
    "v3": Recipe("As v2, trained on the new export", _any, _plain, _squashed),
    "v4": Recipe("As v2, without the error measurements", lambda name: "error" not in name, _plain),
    "v5": Recipe("As v2, bears measurements that are not reported", _any, _imputing),
}
