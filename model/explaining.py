"""Why a prediction is what it is: exact tree SHAP values, by feature and by group.

Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree
Ensembles" (2018), as XGBoost computes it. Contributions are on the model's margin:
with the bias they sum to it, and the link turns the sum into the raw prediction.
"""

import msgspec
import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.definitions import FEATURES, GROUPS
from model.onnx_trees import link_of


class Group(msgspec.Struct, frozen=True):
    """What a group of features does to a prediction.

    `contribution` is on the margin. With the link `exp`, `factor` is what it multiplies
    the raw prediction by; with another link there is no such factor.
    """

    contribution: float
    factor: float | None


class Explanation(msgspec.Struct, frozen=True):
    """One prediction's reasons: `bias` + contributions = margin; link(margin) = raw."""

    bias: float
    link: str
    contributions: dict[str, float]
    groups: dict[str, Group]


def contributions(
    booster: xgb.Booster, vectors: NDArray[np.float32], threads: int = 0
) -> NDArray[np.float32]:
    """Every feature's contribution, and last the bias: (rows, 45), from (rows, 44)."""
    rows = xgb.DMatrix(vectors, feature_names=list(FEATURES), nthread=threads)
    return np.asarray(booster.predict(rows, pred_contribs=True), np.float32)


class Explainer:
    """Explains what a booster predicts."""

    def __init__(self, booster: xgb.Booster) -> None:
        self._booster = booster
        self._link = link_of(booster)

    def explain(self, vectors: NDArray[np.float32]) -> list[Explanation]:
        """The explanation of each vector of (rows, 44)."""
        values = contributions(self._booster, vectors, threads=1)
        return [self._one(row) for row in values.tolist()]

    def _one(self, values: list[float]) -> Explanation:
        *parts, bias = values
        contributions = dict(zip(FEATURES, parts, strict=True))
        sums = {
            name: sum(contributions[feature] for feature in features)
            for name, features in GROUPS.items()
        }
        groups = {
            name: Group(total, self._factor(total)) for name, total in sums.items()
        }
        return Explanation(bias, self._link, contributions, groups)

    def _factor(self, contribution: float) -> float | None:
        return float(np.exp(contribution)) if self._link == "exp" else None
