"""Feature vectors in, predicted units out."""

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.definitions import TARGET_RANGE


class Scorer:
    """Scores vectors with the trees of a booster.

    "Raw" predictions are after the link, before clipping; the others are clipped to
    TARGET_RANGE, as the target was.
    """

    def __init__(self, booster: xgb.Booster) -> None:
        self._booster = booster

    def raw(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw predictions, units: shape (rows,), float32, from (rows, 44)."""
        return np.asarray(self._booster.inplace_predict(vectors), np.float32)

    def many(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predictions, units: shape (rows,), float32, from (rows, 44)."""
        return self.raw(vectors).clip(*TARGET_RANGE)

    def one(self, vector: NDArray[np.float32]) -> np.float32:
        """The prediction, units, for one vector (44,)."""
        return np.float32(self.many(vector[np.newaxis])[0])
